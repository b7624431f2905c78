"""`waves diff`: the command's words. What it does stands in diff_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `diff` to the app."""
    app.command(name="diff", help=diff.__doc__)(diff)


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The plan as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The plan as it is.")],
    wave: Annotated[str | None, typer.Option("--wave", metavar="WAVE", help="Only rows that are or were in this wave.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Tell what an edited plan changes, by cell, and what that means for rows that were sent already.

    Rows are the same by their source server's id, then its name, then its address, wherever they stand. What holds for a row
    counts, so that a changed default is a change of the rows that take it. What was sent is in the journal, which is only read;
    SMS is not asked. Exit code 0: no difference; 1: differences; 2: a plan that cannot be read.

    Example: waves diff plan-monday.xlsx plan.xlsx
    """
    from flows.cli.diff_command import Call, main

    raise typer.Exit(main(Call(old, new, wave, as_json)))
