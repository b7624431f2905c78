"""`waves schedule`: the command's words. What it does stands in schedule_command.py, which is imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `schedule` to the app."""
    app.command(name="schedule", help=schedule.__doc__)(schedule)


def schedule(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="The plan workbook: a path that the workers see too, or a URL (see `waves push`).")
    ],
    wave: Annotated[
        list[str] | None, typer.Option("--wave", metavar="WAVE", help="Only this wave; the others are left alone. Repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be created, kept, moved, changed and cancelled; do nothing.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Start whatever the sheet says then, even if it was edited after this.")
    ] = False,
    allow_invalid: Annotated[
        bool, typer.Option("--allow-invalid", help="Schedule waves with errors: their good rows are sent, the others reported.")
    ] = False,
    pool: Annotated[
        str, typer.Option("--pool", metavar="NAME", help="The work pool whose workers run it. Default: waves.")
    ] = "waves",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What the plan's deployment is called. Default: the file's name.")
    ] = None,
    moved: Annotated[
        bool, typer.Option("--moved", help="The plan lies elsewhere now: take over what was scheduled from its old place.")
    ] = False,
    credentials: Annotated[
        str, typer.Option("--credentials", metavar="BLOCK", help="The block of SMS credentials to use. Default: the workers' own.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Have each wave start by itself at its starts_at: one scheduled run of Prefect's for each, kept to what the sheet says.

    Run it again after every change of the sheet: it moves, adds and cancels what has to be, and never doubles. A wave waits for the
    waves that it depends on; a start that was missed is made up for as long as the window is open; where a wave's rows were edited
    after this, its run refuses to start and says so. Exit code 0: it is scheduled as the sheet says; 1: it is, and some waves have
    missed their window; 2: the plan, the call or Prefect's API does not do, nothing was changed.

    Example: waves schedule plan.xlsx --dry-run
    """
    from flows.cli.schedule_command import main
    from flows.scheduling.schedule_plan import ScheduleOrder

    order = ScheduleOrder(plan, tuple(wave or ()), dry_run, follow, allow_invalid, pool, name, moved, credentials)
    raise typer.Exit(main(order, is_json=as_json))
