"""`waves template`: the command's words. What it does stands in template_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `template` to the app."""
    app.command(name="template", help=template.__doc__)(template)


def template(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan to be made (.xlsx).")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Write an empty plan that helps whoever fills it in: a guide, drop-downs, bounds, notes, and three worked rows.

    Exit code 2: the file is there already, or cannot be written.

    Example: waves template plan.xlsx
    """
    from flows.cli.template_command import main

    raise typer.Exit(main(plan, force=force, is_json=as_json))
