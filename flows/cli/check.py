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
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="COPY.xlsx", help="Also write a copy of the plan with each finding at its cell."),
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask SMS, too: sources, checks, disks, templates, tasks that exist, account limits.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Tell every problem of a plan at once, each by sheet and cell with its remedy. Sends nothing.

    Asks nobody; with --online reads SMS, too, and tells what its sources, templates, tasks and limits have against the plan. The
    copy of --annotate has a first sheet with links to all findings; the plan itself is never written. Exit code 0: no errors
    (warnings refuse nothing); 1: the copy could not be written; 2: errors, or a file that cannot be read as a plan; 3: SMS could
    not be asked, or the credentials are missing or refused: what the sheet alone shows is told all the same.

    Example: waves check plan.xlsx --wave wave-1
    """
    from flows.cli.check_command import Call, main

    raise typer.Exit(main(Call(plan, wave, tuple(where or ()), as_json, annotate, online)))
