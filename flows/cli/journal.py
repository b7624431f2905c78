"""`waves journal`: the command's words. What it does stands in journal_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `journal` to the app."""
    app.command(name="journal", help=journal.__doc__)(journal)


def journal(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    wave: Annotated[str | None, typer.Option("--wave", metavar="WAVE", help="Only the rows of this wave.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Only this source server, by its id, or by its name in the sheet.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=PATTERN", help="Only rows that fit, with * and ?. Repeatable: all must hold."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Tell what was sent for each row, when, what came back, what was decided and why, and where the row stands now.

    Asks the journal alone: no credentials, no network, nothing is sent. SMS_ENDPOINT and SMS_PROJECT_ID say whose tasks are meant,
    and may be left out where the journal knows one account only. Exit code 0: told; 2: a plan, a row or a journal that is not
    there; 3: settings that cannot be read.

    Example: waves journal plan.xlsx --wave wave-1
    """
    from flows.cli.journal_command import Call, main

    raise typer.Exit(main(Call(plan, wave, source, tuple(where or ()), as_json)))
