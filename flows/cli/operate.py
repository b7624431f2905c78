"""`waves start`, `stop`, `restart`, `sync`, `cutover`, `delete`, `speed`: the commands' words.

What they do stands in operate_command.py, which is imported when one is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Plan = Annotated[Path, typer.Argument(metavar="PLAN", help="The plan workbook (.xlsx, .xlsm) or its servers as .csv.")]
Wave = Annotated[str, typer.Option("--wave", metavar="WAVE", help="The wave that is meant, as the sheet names it.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="COLUMN=PATTERN", help="Only rows that fit, with * and ?. Repeatable: all must hold."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say for each server what would be done, and why not. Sends nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: needed for a deletion that no person on a terminal confirms.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")]

SUMMARIES = {
    "start": "Start a wave's servers as places come free, by priority and dependencies.",
    "stop": "Stop the tasks of a wave that run.",
    "restart": "Restart the tasks of a wave that have failed or were stopped.",
    "sync": "Copy once more what has changed on servers that were migrated.",
    "cutover": "Cut over the servers of a wave that are in step.",
    "speed": "Limit the speed of a wave's servers, for a part of the day or all of it.",
    "delete": "Delete the tasks of a wave that this tool made.",
}
"""The commands of this module, each with its line in `waves --help`."""


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for name, function in _FUNCTIONS.items():
        app.command(name=name, help=function.__doc__, short_help=SUMMARIES[name])(function)


def start(
    plan: Plan,
    wave: Wave,
    where: Where = None,
    restarts: Annotated[
        int,
        typer.Option(
            "--restarts", metavar="N", min=0, max=100, help="Restart a task by itself so often, if that cures its failure."
        ),
    ] = 2,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Start the servers of a wave as places come free: max_running of Waves, Limits and the account are kept.

    Goes by priority, then the sheet's order, dependencies first; waits for sources that are offline, and stays until every server
    is started or the wave's window ends. Run it again at any time: what is started is not started twice. Exit code 0: all are
    started; 1: some are not, each with the reason; 2: the plan or the call is wrong; 3: SMS or the credentials refused; 130:
    interrupted.

    Example: waves start plan.xlsx --wave wave-1
    """
    _give("start", plan, wave, where, dry_run=dry_run, yes=yes, as_json=as_json, debug=debug, restarts=restarts)


def stop(
    plan: Plan,
    wave: Wave,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Stop the tasks of a wave that run; `waves start` goes on with them.

    Example: waves stop plan.xlsx --wave wave-1 --where "source_name=web-*"
    """
    _give("stop", plan, wave, where, dry_run=dry_run, yes=yes, as_json=as_json, debug=debug)


def restart(
    plan: Plan,
    wave: Wave,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Restart the tasks of a wave that have failed or were stopped, once what their error names is mended.

    Example: waves restart plan.xlsx --wave wave-1
    """
    _give("restart", plan, wave, where, dry_run=dry_run, yes=yes, as_json=as_json, debug=debug)


def sync(
    plan: Plan,
    wave: Wave,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Copy once more what has changed since on servers that were migrated.

    Example: waves sync plan.xlsx --wave wave-1
    """
    _give("sync", plan, wave, where, dry_run=dry_run, yes=yes, as_json=as_json, debug=debug)


def cutover(
    plan: Plan,
    wave: Wave,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Cut over the servers of a wave that are in step: their last changes are copied and their targets are launched.

    Only tasks that are SYNCING can be cut over, and only inside the wave's window. Where the endpoint does not know the operation,
    that is said, with what the console offers.

    Example: waves cutover plan.xlsx --wave wave-1 --dry-run
    """
    _give("cutover", plan, wave, where, dry_run=dry_run, yes=yes, as_json=as_json, debug=debug)


def speed(
    plan: Plan,
    wave: Wave,
    limit: Annotated[
        int, typer.Option("--limit", metavar="MBPS", min=0, max=1000, help="At most so many Mbit/s a server; 0: no limit.")
    ],
    start: Annotated[str, typer.Option("--from", metavar="HH:MM", help="From when in each day. Default: 00:00.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="HH:MM", help="Until when in each day. Default: 24:00.")] = "",
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Limit the speed of a wave's servers, for a part of the day or all of it, also while they run.

    The rules that a task has stay, except where the new limit holds: what gives way is said. A task takes five rules at most.

    Example: waves speed plan.xlsx --wave wave-1 --limit 200 --from 08:00 --to 18:00
    """
    _give(
        "speed",
        plan,
        wave,
        where,
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
        debug=debug,
        limit=limit,
        limit_from=start,
        limit_to=end,
    )


def delete(
    plan: Plan,
    wave: Wave,
    where: Where = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Delete the tasks of a wave that this tool made, after a typed confirmation with their count.

    A task that the journal does not say this tool made is never deleted, nor one that runs: stop it first. Servers and templates
    stay as they are.

    Example: waves delete plan.xlsx --wave wave-1 --where "source_name=web-01"
    """
    _give("delete", plan, wave, where, dry_run=dry_run, yes=yes, as_json=as_json, debug=debug)


_FUNCTIONS: Mapping[str, Callable[..., None]] = {
    "start": start,
    "stop": stop,
    "restart": restart,
    "sync": sync,
    "cutover": cutover,
    "speed": speed,
    "delete": delete,
}


def _give(
    operation: str,
    plan: Path,
    wave: str,
    where: list[str] | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    debug: bool,
    restarts: int = 0,
    limit: int = 0,
    limit_from: str = "",
    limit_to: str = "",
) -> None:
    from flows.cli.operate_command import Call, main

    call = Call(operation, plan, wave, tuple(where or ()), dry_run, yes, as_json, debug, restarts, limit, limit_from, limit_to)
    raise typer.Exit(main(call))
