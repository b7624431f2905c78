"""`waves explain`: the command's words. What it does stands in explain_command.py, which is imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `explain` to the app."""
    app.command(name="explain", help=explain.__doc__)(explain)


def explain(
    code: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE]", help="A code, in any spelling: PLAN-112, plan112, sms 7605, drift.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py
) -> None:
    """Tell what a code means, with an example and what to do: a code of a finding, of SMS, of a report.

    Without a code all of them are listed, by group. Exit code 0: told; 2: there is no such code, and those like it are named.

    Example: waves explain PLAN-112
    """
    from flows.cli.explain_command import main

    raise typer.Exit(main(" ".join(code or ()), is_json=as_json))
