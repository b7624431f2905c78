"""`waves push`: the command's words. What it does stands in push_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `push` to the app."""
    app.command(name="push", help=push.__doc__)(push)


def push(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="URL", help="A folder that the workers reach: s3://bucket/waves, or a shared path."),
    ] = None,
    pool: Annotated[
        str, typer.Option("--pool", metavar="NAME", help="The work pool whose workers run it. Default: waves.")
    ] = "waves",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What the plan's deployment is called. Default: the file's name.")
    ] = None,
    moved: Annotated[
        bool, typer.Option("--moved", help="The plan lies elsewhere now: take over the deployment of its old place.")
    ] = False,
    credentials: Annotated[
        str, typer.Option("--credentials", metavar="BLOCK", help="The block of SMS credentials to use. Default: the workers' own.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Store a plan where the workers reach it, and print the link to Prefect's run form, filled in.

    The form offers the plan's own waves. Without --to the plan stays where it is: the workers must see that path. Exit code 0:
    it is there; 2: the plan, the place or Prefect's API does not do.

    Example: waves push plan.xlsx --to /srv/waves
    """
    from flows.cli.push_command import Call, main

    raise typer.Exit(main(Call(plan, to, pool, name, moved, credentials, as_json)))
