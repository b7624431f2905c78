"""Look at a whole programme once: every wave of a plan, by one listing of SMS and what the journal holds.

Called by `waves status`. Writes into the journal only what tracking writes (the sights), so that forecasts learn from it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from flows.night import approvals, stages
from flows.programme.drift import Drift, Placed, find_drift
from flows.programme.wave_line import COLUMNS, WaveLine, WayMark, wave_line
from flows.submission import history, schema
from flows.submission.wave_key import WaveKey
from flows.tracking.events import Unwatched
from flows.tracking.look import look
from flows.tracking.observations import observed
from flows.tracking.tracker import TrackDesk, Tracker, TrackOrder
from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.forecast_words import length

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from flows.sms.client import SmsClient
    from flows.submission.clock import Clock
    from flows.submission.events import StopSignal
    from flows.submission.journal import Journal
    from flows.submission.records import RowRecord
    from flows.submission.throttle import Throttle
    from flows.tracking.picture import Picture
    from inventory.forecast import WaveForecast
    from inventory.plan import Plan


@dataclass(frozen=True, slots=True)
class Programme:
    """All waves of a plan at one moment (`at`, seconds since 1970, UTC), and where the cloud is not what the sheet says."""

    plan_name: str
    at: float
    waves: Sequence[WaveLine]
    drift: Sequence[Drift]
    pictures: Mapping[str, Picture]

    @property
    def needs_attention(self) -> bool:
        """Whether anything needs a person: what the exit code tells a monitor."""
        return bool(self.drift) or any(wave.attention for wave in self.waves)

    @property
    def tally(self) -> Mapping[str, int]:
        """The servers of all waves by COLUMNS."""
        return {name: sum(wave.tally.get(name, 0) for wave in self.waves) for name in COLUMNS}

    def as_json(self) -> dict[str, Any]:
        """The one object of `waves status --json`."""
        return {
            "plan": self.plan_name,
            "at": round(self.at, 3),
            "waves": [wave.as_json() for wave in self.waves],
            "drift": [each.as_json() for each in self.drift],
            "attention": self.needs_attention,
        }


@dataclass(frozen=True, slots=True)
class StatusDesk:
    """What looking is done with; all of it passed in. `reads` is the bucket of reads, `stop` ends the look."""

    account: str
    client: SmsClient
    journal: Journal
    clock: Clock
    reads: Throttle
    stop: StopSignal


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the journal holds of the programme, read in one transaction."""

    rows: Mapping[str, RowRecord]
    placed: Mapping[int, str]
    sent_from_here: Mapping[str, str]
    ways: Mapping[str, WayMark]


async def gather(plan: Plan, desk: StatusDesk) -> Programme:
    """Look at every wave that moves a server. Raises JournalUnavailableError, and an SmsError where SMS cannot be asked."""
    learned = await desk.journal.read(lambda connection: observed(connection, desk.account, desk.clock.wall()))
    forecasts = {each.wave: each for each in forecast_plan(plan, terms_of(observations=learned), is_advising=False)}
    trackers = {wave: _tracker(plan, wave, forecasts.get(wave), desk) for wave in _moving(plan)}
    for tracker in trackers.values():
        await tracker.begin()
    wanted = [task_id for tracker in trackers.values() for task_id in tracker.wanted()]
    seen = await look(desk.client, desk.clock, wanted)
    pictures = {wave: await tracker.take_in(seen) for wave, tracker in trackers.items()}
    kept = await desk.journal.read(lambda connection: _kept(connection, plan, desk.account, desk.clock.wall()))
    lines = [wave_line(plan.waves[wave], picture, kept.ways.get(wave, WayMark()), seen.at) for wave, picture in pictures.items()]
    drift = find_drift(_placed(plan, kept), await desk.client.list_tasks(), _left(plan, kept))
    return Programme(plan.name, seen.at, lines, drift, pictures)


def _moving(plan: Plan) -> list[str]:
    return [wave for wave in plan.waves if any(not row.skip for row in plan.rows(wave))]


def _tracker(plan: Plan, wave: str, forecast: WaveForecast | None, desk: StatusDesk) -> Tracker:
    rows = tuple(row for row in plan.rows(wave) if not row.skip)
    # There is one look alone, and nobody asks for the programme in the seconds in which a new task is not shown yet.
    order = TrackOrder(plan, wave, rows, desk.account, forecast=forecast, gone_after=1)
    return Tracker(order, TrackDesk(desk.client, desk.journal, desk.clock, Unwatched(), desk.stop, desk.reads))


def _kept(connection: Connection, plan: Plan, account: str, now: float) -> _Kept:
    row, run = schema.row.c, schema.run.c
    sent = select(row.source_server_id, row.task_id).join(schema.run, run.run_id == row.run_id)
    of_plan = sent.where(row.account == account, run.plan_name == plan.name, row.task_id != "")
    return _Kept(
        rows=history.records(connection, account),
        placed=history.placed(connection, account, plan.sha256),
        sent_from_here={each.source_server_id: each.task_id for each in connection.execute(of_plan)},
        ways={wave: _way(connection, WaveKey(account, plan.name, wave), now) for wave in plan.waves},
    )


def _way(connection: Connection, wave: WaveKey, now: float) -> WayMark:
    """The last stage that the wave has entered, and the gate at which it waits."""
    gone = list(stages.read(connection, wave).values())
    asked = [each for each in approvals.history(connection, wave) if each.decision is None]
    waits = [each for each in asked if each.closes_at is None or each.closes_at > now]
    gate = f"{waits[-1].gate}, since {length(now - waits[-1].asked_at)}" if waits else ""
    key = f"{waits[-1].gate}/{waits[-1].number}" if waits else ""
    return WayMark(gone[-1].stage.value if gone else "", gone[-1].state.value if gone else "", gate, key)


def _placed(plan: Plan, kept: _Kept) -> list[Placed]:
    found = []
    for row in plan.servers:
        source = row.source_server_id or kept.placed.get(row.position, "")
        record = kept.rows.get(source)
        found.append(Placed(row, source, record.task_id if record is not None else ""))
    return found


def _left(plan: Plan, kept: _Kept) -> dict[str, str]:
    """What was sent from a plan of this name, and is in no row of it now: told only where every row's server is known."""
    there = {row.source_server_id or kept.placed.get(row.position, "") for row in plan.servers}
    return {} if "" in there else {source: task for source, task in kept.sent_from_here.items() if source not in there}
