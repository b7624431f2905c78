"""One order for a wave from a plan's file to its results: what `waves start` and its sisters, the Prefect flow and a test all run.

Plain asyncio and no Prefect. `prepare` reads the plan and sends nothing; `run` opens client and journal and carries out the order;
`look` says what that would do. What is shown of it, and who may stop it, is the caller's.
"""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING

from flows.command_words import quoted
from flows.operating.desk import ActDesk
from flows.operating.operate import operate, preview
from flows.operating.operations import Operation
from flows.operating.orders import ActionOrder, ActOptions
from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission.clock import SystemClock
from flows.submission.journal import JournalUnavailableError, open_journal
from flows.submission.lease_clock import lease_time
from flows.submission.pace_limits import ACTIONS, PaceLimit
from flows.submission.pace_shared import SharedPace
from flows.submission.throttle import Throttle
from flows.wave_job import PlanRefusedError, author
from flows.where import rows_that_fit
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from flows.operating.operate import Preview
    from flows.operating.orders import ActionResult, ActWatcher
    from flows.operating.speed import SpeedWish
    from flows.settings import Settings
    from flows.submission.clock import Clock
    from flows.submission.events import StopSignal
    from flows.submission.journal import Journal
    from flows.where import Where
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class OperateOrder:
    """What is asked for, as typed. `where` holds (column, pattern) pairs that must all hold; `speed` is for SPEED alone."""

    plan: Path
    wave: str
    operation: Operation
    where: Sequence[Where] = ()
    speed: SpeedWish | None = None
    restarts: int = 2

    def command(self, *extra: str) -> str:
        """The command line that gives this order again, with `extra` words."""
        words = ["waves", self.operation.value, quoted(str(self.plan)), "--wave", quoted(self.wave)]
        for column, pattern in self.where:
            words += ["--where", quoted(f"{column}={pattern}")]
        return " ".join([*words, *extra])


@dataclass(frozen=True, slots=True)
class PreparedOrder:
    """An order that may be carried out: the plan and the rows that are meant."""

    order: OperateOrder
    plan: Plan
    rows: tuple[ServerRow, ...]


def prepare(order: OperateOrder) -> PreparedOrder:
    """Read the plan. What is wrong with rows is no matter here: their tasks are there already.

    Raises PlanError (no plan), PlanRefusedError (no such wave, or no row in it), WhereError (no such column, or no row fits).
    """
    plan = read_plan(order.plan)
    if order.wave not in plan.waves:
        raise PlanRefusedError(f"{plan.name} has no wave {order.wave}: its waves are {', '.join(plan.waves) or 'none'}")
    rows = rows_that_fit(plan, plan.rows(order.wave), order.where)
    if not rows:
        raise PlanRefusedError(f"no row of Servers is in the wave {order.wave}")
    return PreparedOrder(order, plan, rows)


async def run(
    prepared: PreparedOrder,
    settings: Settings,
    watcher: ActWatcher,
    stop: StopSignal,
    *,
    clock: Clock | None = None,
    poll_seconds: float = 5.0,
    offline_seconds: float = 30.0,
    offline_patience_seconds: float | None = None,
    is_alone: bool = True,
) -> ActionResult:
    """Carry out the order; `start` looks at who runs, and at sources that are offline, every so many seconds.

    `offline_patience_seconds` is how long `start` stays for sources that stay offline, where nothing else is left; None: as long as
    the window is open. Not `is_alone`: it is a stage of a night, which holds what an order does not.

    Raises JournalUnavailableError where the journal cannot even be opened: nothing was sent.
    """
    clock = clock or SystemClock()
    for line in not_held(prepared, clock.wall()) if is_alone else ():
        watcher.remark(line)
    pauses = ActOptions(
        poll_seconds=poll_seconds, offline_seconds=offline_seconds, offline_patience_seconds=offline_patience_seconds
    )
    async with _desk(prepared, settings, watcher, stop, clock, pauses) as desk:
        return await operate(desk)


def not_held(prepared: PreparedOrder, wall: float) -> list[str]:
    """What the sheet says of the wave that a start does not hold, one line each: whoever gives the order has to."""
    wave = prepared.plan.waves[prepared.order.wave]
    if prepared.order.operation is not Operation.START:
        return []
    begins = wave.starts_at
    said = {
        "starts_at": f"begins the window at {begins:%Y-%m-%d %H:%M %Z}" if begins and begins.timestamp() > wall else "",
        "depends_on": f"asks for {wave.text('depends_on')} to be done first" if wave.text("depends_on") else "",
        "needs_approval": "asks for an approval" if wave.flag("needs_approval") else "",
    }
    return [f"warning: {wave.cell(name)} {what}: `waves start` does not wait for it" for name, what in said.items() if what]


async def look(prepared: PreparedOrder, settings: Settings, watcher: ActWatcher, stop: StopSignal) -> list[Preview]:
    """Say what `run` would do with each row; sends nothing that changes anything. Raises an SmsError, JournalUnavailableError."""
    async with _desk(prepared, settings, watcher, stop, SystemClock(), ActOptions()) as desk:
        return await preview(desk)


@asynccontextmanager
async def _desk(
    prepared: PreparedOrder, settings: Settings, watcher: ActWatcher, stop: StopSignal, clock: Clock, pauses: ActOptions
) -> AsyncIterator[ActDesk]:
    """A desk with SMS and the journal open; reads go by a bucket of their own."""
    client = SmsClient(ClientOptions.of(settings), make_auth(settings, clock.wall), pace=Throttle(clock), sleep=clock.sleep)
    try:
        async with (
            open_journal(settings.journal_url, clock, watcher.remark) as journal,
            client,
            _shared_pace(settings, clock, journal) as shared,
        ):
            throttle = Throttle(clock, shared=shared)
            if (window := (await journal.known_windows(settings.account)).get(ACTIONS)) is not None:
                throttle.hold_to(window)
            yield ActDesk.open(
                _order(prepared, settings, pauses),
                client=client,
                journal=journal,
                throttle=throttle,
                clock=clock,
                random=SystemRandom(),
                watcher=watcher,
                stop=stop,
            )
    except JournalUnavailableError as error:
        raise JournalUnavailableError(settings.journal_problem(error)) from error


def _order(prepared: PreparedOrder, settings: Settings, pauses: ActOptions) -> ActionOrder:
    order = prepared.order
    options = replace(
        pauses,
        settle_seconds=settings.settle_seconds,
        deadline_seconds=ClientOptions.of(settings).deadline_seconds,
        lease_slack_seconds=settings.lease_slack_seconds,
        concurrency=min(settings.concurrency, pauses.concurrency),
        account_running=settings.max_running,
    )
    return ActionOrder(
        prepared.plan,
        order.wave,
        prepared.rows,
        order.operation,
        settings.account,
        author(),
        speed=order.speed,
        restarts=order.restarts,
        options=options,
    )


def _shared_pace(settings: Settings, clock: Clock, journal: Journal) -> SharedPace:
    """What this order shares of the account's pace of actions with others: as many a second as creates, counted apart."""
    limits = [PaceLimit(settings.rate_per_second, ACTIONS, "SMS_RATE_PER_SECOND")] if settings.rate_per_second else []
    return SharedPace(
        account=settings.account,
        holder=uuid.uuid4().hex,
        limits=limits,
        clock=clock,
        transact=journal.transact,
        read_time=partial(lease_time, clock=clock),
        kind=ACTIONS,
    )
