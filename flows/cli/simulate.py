"""`waves simulate`: the command's words. What it does stands in simulate_command.py, which is imported when it is called.

The options are those of `flows.simulator.options`, by the same names; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

_DEFAULT_PORT = 9099
_MOST = 1e9


class Switch(StrEnum):
    """An option that is on or off."""

    ON = "on"
    OFF = "off"


class Order(StrEnum):
    """Which tasks a listing shows first."""

    NEWEST = "newest"
    OLDEST = "oldest"


def register(app: typer.Typer) -> None:
    """Add `simulate` to the app."""
    app.command(name="simulate", help=simulate.__doc__)(simulate)


def _faults(text: str) -> str:
    from flows.simulator.faults import FaultError, parse_faults

    try:
        parse_faults(text)
    except FaultError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def _fail(text: str) -> str:
    from flows.simulator.agent_faults import parse_fail
    from flows.simulator.faults import FaultError

    try:
        parse_fail(text)
    except FaultError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def _operations(words: list[str] | None) -> list[str] | None:
    from flows.simulator.states import OPERATIONS

    for word in words or ():
        if word not in OPERATIONS:
            raise typer.BadParameter(f'"{word}" is no operation: there are {", ".join(OPERATIONS)}')
    return words


def _rate(text: str) -> str:
    from flows.simulator.arguments import RATE_HELP, parse_rate

    try:
        parse_rate(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a rate: {RATE_HELP}') from None
    return text


def simulate(
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = _DEFAULT_PORT,
    fleet: Annotated[
        Path | None, typer.Option("--fleet", metavar="PLAN", help="The sources, targets and templates of this plan exist.")
    ] = None,
    faults: Annotated[
        str, typer.Option("--faults", metavar="SPEC", callback=_faults, help="Such as 14%, or reset-after=0.03,read-drop=0.02.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="For ids and faults.")] = 0,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="Keep tasks in this file, and take them up again.")
    ] = None,
    sources: Annotated[int, typer.Option("--sources", metavar="N", min=0, help="Add N made-up source servers.")] = 0,
    any_source: Annotated[bool, typer.Option("--any-source", help="Accept every source server id.")] = False,
    any_target: Annotated[bool, typer.Option("--any-target", help="Accept every target server and template id.")] = False,
    guard: Annotated[
        Switch, typer.Option("--guard", metavar="on|off", help="Refuse a second task of a source or target (SMS.7605).")
    ] = Switch.ON,
    rate: Annotated[
        str,
        typer.Option(
            "--rate",
            metavar="N[/WINDOW]",
            callback=_rate,
            help="Requests a key: 50, 200/5m, limit:200,time:5 minute.",
        ),
    ] = "0",
    lag: Annotated[float, typer.Option("--lag", metavar="SECONDS", min=0, help="Show a new task only after so long.")] = 0.0,
    latency: Annotated[float, typer.Option("--latency", metavar="SECONDS", min=0, help="What every answer takes.")] = 0.0,
    late_seconds: Annotated[
        float, typer.Option("--late-seconds", metavar="SECONDS", min=0, help="How late the fault `late` performs its create.")
    ] = 5.0,
    slow_seconds: Annotated[
        float, typer.Option("--slow-seconds", metavar="SECONDS", min=0, help="How late the answer of the fault `slow` comes.")
    ] = 5.0,
    order: Annotated[
        Order, typer.Option("--order", metavar="newest|oldest", help="Which tasks a listing shows first.")
    ] = Order.NEWEST,
    migration_seconds: Annotated[
        float,
        typer.Option(
            "--migration-seconds", metavar="SECONDS", min=0, help="How long a started task copies where no bandwidth is given."
        ),
    ] = 900.0,
    bandwidth: Annotated[
        float, typer.Option("--bandwidth", metavar="MBPS", min=0, max=_MOST, help="The line that all copies share, fairly.")
    ] = 0.0,
    efficiency: Annotated[
        float,
        typer.Option(
            "--efficiency", metavar="SHARE", min=0.001, max=1, help="The share of a line's rate that copies really reach."
        ),
    ] = 1.0,
    source_line: Annotated[
        float, typer.Option("--source-line", metavar="MBPS", min=0, max=_MOST, help="What each source's own line carries.")
    ] = 0.0,
    preparation: Annotated[
        float,
        typer.Option("--preparation", metavar="SECONDS", min=0, max=_MOST, help="What the sub-tasks before a copy take."),
    ] = 0.0,
    configuration: Annotated[
        float, typer.Option("--configuration", metavar="SECONDS", min=0, max=_MOST, help="What the sub-task after it takes.")
    ] = 0.0,
    change_per_day: Annotated[
        float,
        typer.Option(
            "--change-per-day", metavar="SHARE", min=0, max=_MOST, help="The share of a server's bytes that change in a day."
        ),
    ] = 0.0,
    sync_seconds: Annotated[
        float,
        typer.Option("--sync-seconds", metavar="SECONDS", min=0, max=_MOST, help="A syncing task copies its changes so often."),
    ] = 900.0,
    quirks: Annotated[
        float,
        typer.Option(
            "--quirks", metavar="SHARE", min=0, max=1, help="How often a running task shows speed 0, no progress or over 100 %."
        ),
    ] = 0.0,
    fail: Annotated[
        str, typer.Option("--fail", metavar="SPEC", callback=_fail, help="What agents suffer: 5%, or SMS.0805=0.02,away=0.1.")
    ] = "",
    refuse: Annotated[
        list[str] | None,
        typer.Option(
            "--refuse", metavar="OPERATION", callback=_operations, help="Refuse this operation, such as cutover. Repeatable."
        ),
    ] = None,
    max_running: Annotated[
        int, typer.Option("--max-running", metavar="N", min=0, help="Refuse a start while so many tasks run; 0 for any number.")
    ] = 0,
    inconsistent: Annotated[
        float,
        typer.Option("--inconsistent", metavar="SHARE", min=0, max=1, help="How many consistency checks find differences."),
    ] = 0.0,
    delete_seconds: Annotated[
        float, typer.Option("--delete-seconds", metavar="SECONDS", min=0, help="How long a deleted task is DELETING.")
    ] = 0.0,
    lenient: Annotated[bool, typer.Option("--lenient", help="Require only what the official SDK requires.")] = False,
    strict_names: Annotated[bool, typer.Option("--strict-names", help="Require task names of 4-20 characters.")] = False,
    check_floating_ip: Annotated[
        bool, typer.Option("--check-floating-ip", help="Refuse a private migration_ip with use_public_ip (SMS.6602).")
    ] = False,
    auth: Annotated[
        Switch, typer.Option("--auth", metavar="on|off", help="Whether tokens and signatures are checked.")
    ] = Switch.ON,
    token_seconds: Annotated[
        float, typer.Option("--token-seconds", metavar="SECONDS", min=0, help="How long a token is valid.")
    ] = 86400.0,
    deny: Annotated[
        list[str] | None, typer.Option("--deny", metavar="ACTION", help="Answer this IAM action with 403. Repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as one JSON object on stdout.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,  # noqa: ARG001 - main.py reads it
) -> None:
    """Run a stand-in for SMS on this machine: a real HTTP server that validates, authenticates, throttles and breaks requests.

    It prints the environment that points `waves` at it, and tells what really happened at /admin. It listens on 127.0.0.1 only,
    until Ctrl-C. A fault such as reset-after=0.05 breaks that share of the creates; 14% is a mixture of all of them.
    With --bandwidth the tasks share a line as in a night; --fail has agents fail as they do.

    Example: waves simulate --fleet plan.xlsx --faults 14%
    """
    from flows.cli.simulate_command import main
    from flows.simulator.arguments import parse_rate
    from flows.simulator.options import SimulatorOptions

    options = SimulatorOptions(
        port=port,
        seed=seed,
        fleet=fleet,
        sources=sources,
        any_source=any_source,
        any_target=any_target,
        guard=guard is Switch.ON,
        lenient=lenient,
        strict_names=strict_names,
        check_floating_ip=check_floating_ip,
        lag=lag,
        faults=faults,
        late_seconds=late_seconds,
        slow_seconds=slow_seconds,
        latency=latency,
        rate=parse_rate(rate),
        state=state,
        authentication=auth is Switch.ON,
        token_seconds=token_seconds,
        denied_actions=frozenset(deny or ()),
        list_order=order.value,
        migration_seconds=migration_seconds,
        bandwidth=bandwidth,
        efficiency=efficiency,
        source_line=source_line,
        preparation=preparation,
        configuration=configuration,
        change_per_day=change_per_day,
        sync_seconds=sync_seconds,
        quirks=quirks,
        fail=fail,
        refused_operations=frozenset(refuse or ()),
        max_running=max_running,
        inconsistent=inconsistent,
        delete_seconds=delete_seconds,
    )
    raise typer.Exit(main(options, is_json=as_json))
