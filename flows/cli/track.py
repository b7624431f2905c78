"""`waves track`: the command's words. What it does stands in track_command.py, which is imported when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from flows.tracking.standing import Goal


def register(app: typer.Typer) -> None:
    """Add `track` to the app."""
    app.command(name="track", help=track.__doc__)(track)


def track(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")],
    wave: Annotated[str, typer.Option("--wave", metavar="WAVE", help="The wave to follow, as the sheet names it.")],
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=PATTERN", help="Only rows that fit, with * and ?. Repeatable: all must hold."),
    ] = None,
    until: Annotated[Goal, typer.Option("--until", help="Follow until every server is that far.")] = Goal.DONE,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=1.0, max=3600.0, help="How often SMS is looked at.")
    ] = 30.0,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write a page for a wall screen at each look.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Follow the tasks of one wave: how far each server is, who fails and why, and who will miss the wave's window.

    Looks at all tasks of the account with one listing each 30 seconds: less often while nothing moves, more often near an end.
    Changes nothing; interrupt it and run it again at any time. Exit code 0: every server is as far as --until says, in time; 1:
    some failed, are late or have no task; 2: the plan or the call is wrong; 3: SMS or the credentials refused; 130: interrupted.

    Example: waves track plan.xlsx --wave wave-1 --html wall.html
    """
    from flows.cli.track_command import Call, main

    raise typer.Exit(main(Call(plan, wave, tuple(where or ()), until, interval, html, as_json, debug)))
