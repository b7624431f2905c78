"""Following one wave, from a plan's file to its last picture: what `waves track`, the flow track-wave and a test all run.

Plain asyncio and no Prefect. `prepare` reads the plan; `run` opens client and journal, reckons what was to be expected, and tracks.
What is shown of it, and who may stop it, is the caller's. Errors in the sheet stop nobody here: what runs is followed.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission.clock import SystemClock
from flows.submission.events import StopSignal
from flows.submission.journal import JournalUnavailableError, open_journal
from flows.submission.throttle import Throttle
from flows.tracking.events import Unwatched
from flows.tracking.observations import observed
from flows.tracking.polling import INTERVAL_SECONDS
from flows.tracking.standing import Goal
from flows.tracking.tracker import TrackDesk, Tracker, TrackOrder, track
from flows.wave_job import PlanRefusedError
from flows.where import rows_that_fit
from inventory.checks import check_plan
from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from flows.settings import Settings
    from flows.submission.clock import Clock
    from flows.submission.journal import Journal
    from flows.tracking.events import TrackWatcher
    from flows.tracking.picture import Picture
    from flows.tracking.tracker import TrackResult
    from flows.where import Where
    from inventory.forecast import WaveForecast
    from inventory.forecast_terms import Observation
    from inventory.plan import Plan, ServerRow

READS = "reads"
"""The kind of requests whose window the journal remembers here."""


@dataclass(frozen=True, slots=True)
class TrackRequest:
    """What is asked for: a wave, or those of its rows that fit all of `where`, until when, and how often it is looked at.

    Not `waits_for_people`: whoever starts tasks waits for the end of this, so that a server that nobody has started is no reason to
    go on.
    """

    plan: Path
    wave: str
    where: Sequence[Where] = ()
    goal: Goal = Goal.DONE
    interval_seconds: float = INTERVAL_SECONDS
    waits_for_people: bool = True


@dataclass(frozen=True, slots=True)
class PreparedTrack:
    """A wave that can be followed: its plan, and the rows that are told of."""

    request: TrackRequest
    plan: Plan
    rows: tuple[ServerRow, ...]


def prepare(request: TrackRequest) -> PreparedTrack:
    """Read the plan. Raises PlanError (no plan), PlanRefusedError (no such wave, no row to follow), WhereError (no such column)."""
    plan = read_plan(request.plan)
    if request.wave not in plan.waves:
        findings = tuple(check_plan(plan, request.wave))
        raise PlanRefusedError(f"{plan.name} has no wave of the name {request.wave}: its waves are {_listed(plan)}", findings)
    rows = tuple(row for row in rows_that_fit(plan, plan.rows(request.wave), request.where) if not row.skip)
    if not rows:
        raise PlanRefusedError(f"{plan.name} moves no server in the wave {request.wave}")
    return PreparedTrack(request, plan, rows)


async def run(
    prepared: PreparedTrack, settings: Settings, watcher: TrackWatcher, stop: StopSignal, *, clock: Clock | None = None
) -> TrackResult:
    """Follow the wave.

    Raises JournalUnavailableError where the journal cannot be opened, an SmsError where SMS cannot even be asked once.
    """
    clock = clock or SystemClock()
    reads = Throttle(clock)
    async with service(settings, clock, watcher, reads) as (client, journal):
        order = await order_of(prepared, settings.account, journal, clock)
        known = (await journal.known_windows(settings.account)).get(READS)
        if known is not None:
            reads.hold_to(known)
        result = await track(order, TrackDesk(client, journal, clock, watcher, stop, reads))
        if reads.story.window is not None and reads.story.window != known:
            await journal.remember_window(settings.account, READS, reads.story.window)
    return result


async def look_once(prepared: PreparedTrack, account: str, client: SmsClient, journal: Journal, clock: Clock) -> Picture:
    """The wave at this moment. Raises an SmsError where SMS cannot be asked, JournalUnavailableError."""
    order = await order_of(prepared, account, journal, clock)
    return await Tracker(order, TrackDesk(client, journal, clock, Unwatched(), StopSignal())).poll()


async def order_of(prepared: PreparedTrack, account: str, journal: Journal, clock: Clock) -> TrackOrder:
    """What is tracked, with what was to be expected of it, by the sheet and by what earlier waves of the account have taught."""
    request = prepared.request
    own = prepared.plan.name, request.wave
    learned = await journal.read(lambda connection: observed(connection, account, clock.wall(), but=own))
    forecast = forecast_of(prepared.plan, request.wave, learned)
    return TrackOrder(
        prepared.plan,
        request.wave,
        prepared.rows,
        account,
        request.goal,
        request.interval_seconds,
        forecast=forecast,
        waits_for_people=request.waits_for_people,
    )


def forecast_of(plan: Plan, wave: str, learned: Sequence[Observation] = ()) -> WaveForecast | None:
    """What is to be expected of the whole wave; None where it moves nothing."""
    return next(iter(forecast_plan(plan, terms_of(observations=learned), wave=wave, is_advising=False)), None)


@asynccontextmanager
async def service(
    settings: Settings, clock: Clock, watcher: TrackWatcher, reads: Throttle
) -> AsyncIterator[tuple[SmsClient, Journal]]:
    """SMS and the journal, open; reads of SMS go by the bucket `reads`."""
    client = SmsClient(ClientOptions.of(settings), make_auth(settings, clock.wall), pace=reads, sleep=clock.sleep)
    try:
        async with open_journal(settings.journal_url, clock, watcher.remark) as journal, client:
            yield client, journal
    except JournalUnavailableError as error:
        raise JournalUnavailableError(settings.journal_problem(error)) from error


def _listed(plan: Plan) -> str:
    return ", ".join(plan.waves) or "none"
