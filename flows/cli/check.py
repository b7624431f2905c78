"""`waves check`: the command's words. What it does stands in check_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `check` to the app."""
    app.command(name="check", help=check.__doc__)(check)


def check(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    wave: Annotated[str | None, typer.Option("--wave", metavar="WAVE", help="Only what concerns this wave.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=PATTERN", help="Only rows that fit, with * and ?. Repeatable: all must hold."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Tell every problem of a plan at once, each by sheet and cell with its remedy. Asks nobody and sends nothing.

    Exit code 0: no errors (warnings refuse nothing); 2: errors, or a file that cannot be read as a plan.

    Example: waves check plan.xlsx --wave wave-1
    """
    from flows.cli.check_command import Call, main

    raise typer.Exit(main(Call(plan, wave, tuple(where or ()), as_json)))
