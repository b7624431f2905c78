"""A wave's whole night, from a plan's file to its report: what `waves run`, the flow run-wave and a test all run.

Plain asyncio and no Prefect. `prepare` reads and checks the plan and sends nothing; `run` walks the wave's path (flows.night), each
stage done by the job that does it alone, too: the check against SMS, submit, start, track, cutover. What is shown of it, and who
may stop it, is the caller's. A night that is run again does what is not done.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flows import operate_job, track_job, wave_job
from flows.command_words import quoted
from flows.night import stages
from flows.night.figures import asks_for_check, wave_at_gate
from flows.night.path import Stage, moved_unasked, path_of
from flows.night.walk import NightOrder, NightStory, StageResult, walk
from flows.night_report import NightReport, write_night_report
from flows.online_check import OnlineCheck
from flows.operating.operations import Operation
from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.codes import is_cured_by_restart
from flows.sms.errors import SmsError
from flows.submission.clock import SystemClock
from flows.submission.events import StopSignal
from flows.submission.journal import JournalUnavailableError, open_journal
from flows.submission.throttle import Throttle
from flows.submission.wave_key import WaveKey
from flows.teller import telling
from flows.tracking.standing import Goal, Standing
from inventory.findings import Severity
from inventory.forecast_words import named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from flows.night.criteria import WaveAtGate
    from flows.night_board import NightBoard
    from flows.operating.orders import ActionResult
    from flows.settings import Settings
    from flows.sms.consistency import ConsistencyResult
    from flows.submission.clock import Clock
    from flows.submission.journal import Journal
    from flows.tracking.picture import Picture
    from flows.wave_job import PreparedWave, WaveEnd, WaveOrder
    from inventory.plan import ServerRow

GATE_HOURS = 12.0
"""How long a gate waits where the wave's window has no end."""
_RESTARTS = 2
_OFFLINE_PATIENCE_SECONDS = 900.0
"""So long a night stays for sources that are offline once nothing else of the wave is left to start: the gate is to come."""
_CHECKS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class NightRequest:
    """What is asked for: the wave, as its submission is ordered, and how the rest of the night goes.

    `is_anew` forgets which stages were done before. `gate_hours` is how long a gate waits, None until the window's end. `interval`
    is how often SMS is looked at, in seconds.
    """

    order: WaveOrder
    is_anew: bool = False
    gate_hours: float | None = None
    interval: float = 30.0
    restarts: int = _RESTARTS

    def command(self, *extra: str) -> str:
        """The command line that runs this night again."""
        words = self.order.command().split(" ", 2)
        words[1] = "run"
        if self.gate_hours is not None:
            words += ["--gate-hours", f"{self.gate_hours:g}"]
        return " ".join([*words, *extra])

    def approve_command(self) -> str:
        """The command line that decides at this night's gate."""
        return f"waves approve {quoted(self.order.plan.name)} --wave {quoted(self.order.wave)}"


@dataclass(frozen=True, slots=True)
class PreparedNight:
    """A night that may begin."""

    request: NightRequest
    wave: PreparedWave


@dataclass(frozen=True, slots=True, repr=False)
class NightEnd:
    """How a night ended: its story, and where its report lies (None where it could not be written; then `report_problem`)."""

    prepared: PreparedNight
    story: NightStory
    report: Path | None
    report_problem: str = ""
    page: Path | None = None
    picture: Picture | None = None

    @property
    def is_all_done(self) -> bool:
        """Whether every stage is done, and the report says so on disk."""
        return self.story.is_done and self.report is not None


def prepare(request: NightRequest) -> PreparedNight:
    """Read and check the plan. Raises as `wave_job.prepare`."""
    return PreparedNight(request, wave_job.prepare(request.order))


async def run(
    prepared: PreparedNight, settings: Settings, board: NightBoard, stop: StopSignal, *, clock: Clock | None = None
) -> NightEnd:
    """Walk the wave's path to its end, or as far as it gets, and write the report.

    Raises JournalUnavailableError where the journal cannot be used, and an SmsError where SMS cannot even be asked.
    """
    clock = clock or SystemClock()
    try:
        async with (
            open_journal(settings.journal_url, clock, board.remark) as journal,
            telling(settings, prepared.wave.plan.name, clock, board.remark) as board.teller,
        ):
            hands = JobHands(prepared, settings, board, stop, clock, journal)
            order = await _order(prepared, settings, journal, clock)
            story = await walk(order, hands, journal, clock, board, stop)
    except JournalUnavailableError as error:
        raise JournalUnavailableError(settings.journal_problem(error)) from error
    return replace(hands.end, story=story)


async def _order(prepared: PreparedNight, settings: Settings, journal: Journal, clock: Clock) -> NightOrder:
    plan, request, name = prepared.wave.plan, prepared.request, prepared.request.order.wave
    wave, key = plan.waves[name], WaveKey(settings.account, plan.name, name)
    if request.is_anew:
        await journal.transact(partial(stages.forget, wave=key))
    ends_at = wave.ends_at.timestamp() if wave.ends_at is not None else None
    closes_at = clock.wall() + request.gate_hours * 3600 if request.gate_hours is not None else ends_at
    return NightOrder(
        wave=key,
        path=path_of(wave, prepared.wave.rows),
        run_id=uuid.uuid4().hex[:16],
        pin=_pin(prepared.wave),
        gate_closes_at=closes_at if closes_at is not None else clock.wall() + GATE_HOURS * 3600,
    )


def _pin(wave: PreparedWave) -> str:
    """What a stage is done for: the plan as it is, and those of its rows that are meant."""
    positions = ",".join(str(row.position) for row in wave.rows)
    return hashlib.sha256(f"{wave.plan.sha256} {positions}".encode()).hexdigest()


class JobHands:
    """The hands of a real night. `end` is how it stands, and where its report lies once that is written."""

    def __init__(
        self, prepared: PreparedNight, settings: Settings, board: NightBoard, stop: StopSignal, clock: Clock, journal: Journal
    ) -> None:
        self._prepared = prepared
        self._settings = settings
        self._board = board
        self._stop = stop
        self._clock = clock
        self._journal = journal
        self._submitted: WaveEnd | None = None
        self._picture: Picture | None = None
        self.end = NightEnd(prepared, NightStory({}, ()), None, "it was not written")

    # -- the stages

    async def preflight(self) -> StageResult:
        """Ask SMS about every row; errors end the night unless invalid rows are allowed."""
        wave = self._prepared.wave
        row = wave.plan.waves[wave.order.wave]
        if row.starts_at is not None and row.starts_at.timestamp() > self._clock.wall():
            self._board.remark(
                f"warning: {row.cell('starts_at')} opens the window at {row.starts_at:%Y-%m-%d %H:%M %Z}: it is not waited for"
            )
        if (unasked := self._unasked()) and Stage.CUTOVER not in path_of(row, wave.rows):
            problem = f"{named(unasked)} would be moved before the gate is asked: set auto_start to no, or syncing to yes"
            return StageResult(problem, is_good=False, goes_on=False)
        if unasked:
            self._board.remark(
                f"warning: {named(unasked)}: the gate does not hold what is not in sync: SMS moves it as soon as it is copied"
            )
        async with self._client() as client:
            asked = await OnlineCheck(wave.plan, wave.rows, client, self._settings.max_running).ask()
        errors = [each for each in asked.findings if each.severity is Severity.ERROR]
        warnings = len(asked.findings) - len(errors)
        for each in errors:
            self._board.remark(f"error: {each.line()}")
        if asked.problem:
            return StageResult.refused(asked.problem)
        line = f"{len(errors)} errors, {warnings} warnings"
        goes_on = not errors or self._prepared.request.order.allow_invalid
        return StageResult(line, is_good=not errors, goes_on=goes_on, detail={"errors": len(errors), "warnings": warnings})

    async def submit(self) -> StageResult:
        """Make the tasks; the night goes on with those that are there, unless the run itself was stopped."""
        async with self._own_stop() as stop:
            end = await wave_job.run(self._prepared.wave, self._settings, self._board, stop, clock=self._clock, is_alone=False)
        self._submitted = end
        tally = ", ".join(f"{number} {status}" for status, number in end.counts.items())
        is_good = all(outcome.status.is_done for outcome in end.result.outcomes)
        is_there = any(outcome.status.is_done and outcome.task_id for outcome in end.result.outcomes)
        reason = end.result.stop
        line = f"{tally}: {reason.message}" if reason is not None else tally
        return StageResult(line, is_good=is_good, goes_on=is_there and reason is None, detail={"counts": dict(end.counts)})

    async def start(self) -> StageResult:
        """Start the tasks as places come free."""
        return self._told(await self._order(Operation.START))

    async def sync(self) -> StageResult:
        """Follow the wave until all is copied; what fails and a restart cures is started again, as often as that is allowed."""
        await self._follow(Goal.SYNCED)
        for _ in range(self._prepared.request.restarts):
            if not self._may_start_again():
                break
            await self._order(Operation.START)
            await self._follow(Goal.SYNCED)
        return self._seen(Goal.SYNCED)

    async def at_gate(self) -> WaveAtGate:
        """The figures, of a look of this moment and of the consistency checks."""
        wave = self._prepared.wave
        picture = await self._look()
        forecast = track_job.forecast_of(wave.plan, wave.order.wave)
        checked = await self._checked(picture)
        return wave_at_gate(picture, wave.plan.waves[wave.order.wave], forecast, checked, self._clock.wall())

    async def cut_over(self) -> StageResult:
        """Cut over what is in sync, and follow it until it is."""
        result = await self._order(Operation.CUTOVER)
        told = self._told(result)
        sent = [each.row for each in result.results if each.ended.is_done and not each.row.skip]
        if self._stop.is_set or not sent:
            return told
        await self._follow(Goal.DONE, sent)
        if not (self._stop.is_set or told.is_good):
            await self._look()  # at all of them: what was not cut over is not waited for
        seen = self._seen(Goal.DONE)
        return seen if told.is_good else replace(seen, line=f"{told.line}; {seen.line}", is_good=False)

    async def verify(self) -> StageResult:
        """Every server of the wave: its task is done, checked where that was asked for, and the only one of its source."""
        picture = await self._look()
        checked = await self._checked(picture)
        not_done = [view.label for view in picture.servers if view.standing is not Standing.DONE]
        differing = [
            view.label for view in picture.servers if (found := checked.get(view.task_id)) and (found.different or found.missing)
        ]
        unchecked = [view.label for view in picture.servers if view.task_id in checked and checked[view.task_id] is None]
        twice = await self._twice(picture)
        done = len(picture.servers) - len(not_done)
        parts = [f"{done} of {len(picture.servers)} moved"]
        parts += [f"{len(differing)} with files that differ or are missing"] if differing else []
        parts += [f"{len(unchecked)} without the result of their check"] if unchecked else []
        parts += [f"{named(twice)} with more than one task"] if twice else []
        detail = {"not_done": not_done, "differing": differing, "unchecked": unchecked, "twice": twice}
        return StageResult(", ".join(parts), is_good=not any(detail.values()), detail=detail)

    async def report(self, story: NightStory) -> StageResult:
        """Write the report of the night."""
        with suppress(SmsError):  # what was last seen is told then
            await self._look()
        found = NightReport(
            self._prepared.wave, story, self._settings, self._submitted, self._picture, self._prepared.request.command()
        )
        written = await write_night_report(found, self._journal, self._clock)
        self.end = NightEnd(self._prepared, story, written.report, written.problem, written.page, self._picture)
        return StageResult(written.problem or str(written.report), is_good=not written.problem)

    # -- the jobs

    async def _twice(self, picture: Picture) -> list[str]:
        """The servers whose source has more than one task, whoever made them. Raises an SmsError."""
        async with self._client() as client:
            tasks = Counter(task.source_server_id for task in await client.list_sights() if task.state != "DELETING")
        return [view.label for view in picture.servers if tasks[view.source_server_id] > 1]

    def _unasked(self) -> list[str]:
        wave = self._prepared.wave
        return [row.label for row in moved_unasked(wave.plan.waves[wave.order.wave], wave.rows)]

    async def _order(self, operation: Operation) -> ActionResult:
        order = self._prepared.request.order
        asked = operate_job.OperateOrder(order.plan, order.wave, operation, order.where, restarts=self._prepared.request.restarts)
        prepared = operate_job.PreparedOrder(asked, self._prepared.wave.plan, self._prepared.wave.rows)
        async with self._own_stop() as stop:
            return await operate_job.run(
                prepared,
                self._settings,
                self._board,
                stop,
                clock=self._clock,
                offline_patience_seconds=_OFFLINE_PATIENCE_SECONDS,
                is_alone=False,
            )

    def _told(self, result: ActionResult) -> StageResult:
        tally = ", ".join(f"{number} {ended}" for ended, number in result.counts.items())
        line = f"{tally}: {result.stop.message}" if result.stop is not None else tally
        is_any = any(each.ended.is_done and each.task_id for each in result.results)
        return StageResult(line, is_good=result.is_all_done, goes_on=is_any, detail={"counts": dict(result.counts)})

    async def _follow(self, goal: Goal, rows: Sequence[ServerRow] = ()) -> None:
        """Track `rows`, or all, until the goal, or until nothing is to be waited for any more."""
        async with self._own_stop() as stop:
            result = await track_job.run(self._track(goal, rows), self._settings, self._board, stop, clock=self._clock)
        self._picture = result.picture or self._picture

    async def _look(self) -> Picture:
        """One look at the wave. Raises an SmsError where SMS cannot be asked."""
        async with track_job.service(self._settings, self._clock, self._board, Throttle(self._clock)) as (client, journal):
            self._picture = await track_job.look_once(self._track(Goal.DONE), self._settings.account, client, journal, self._clock)
        self._board.tell(self._picture)
        return self._picture

    def _track(self, goal: Goal, rows: Sequence[ServerRow] = ()) -> track_job.PreparedTrack:
        wave, request = self._prepared.wave, self._prepared.request
        order = wave.order
        asked = track_job.TrackRequest(order.plan, order.wave, order.where, goal, request.interval, waits_for_people=False)
        return track_job.PreparedTrack(asked, wave.plan, tuple(rows) or tuple(row for row in wave.rows if not row.skip))

    def _may_start_again(self) -> bool:
        servers = self._picture.servers if self._picture is not None else []
        waits = any(
            view.standing is Standing.WAITING or (view.standing is Standing.FAILED and is_cured_by_restart(view.error_code))
            for view in servers
        )
        return waits and not self._stop.is_set and self._is_open()

    def _is_open(self) -> bool:
        ends_at = self._prepared.wave.plan.waves[self._prepared.request.order.wave].ends_at
        return ends_at is None or self._clock.wall() < ends_at.timestamp()

    def _seen(self, goal: Goal) -> StageResult:
        picture = self._picture
        if picture is None:
            return StageResult("SMS could not be looked at", is_good=False, goes_on=False)
        reached = sum(view.reaches(goal) for view in picture.servers)
        is_good = reached == len(picture.servers)
        detail = {"reached": reached, "servers": len(picture.servers), "lost": [view.label for view in picture.lost]}
        return StageResult(picture.line(), is_good=is_good, goes_on=reached > 0, detail=detail)

    async def _checked(self, picture: Picture) -> Mapping[str, ConsistencyResult | None]:
        """What the consistency checks found of the tasks whose rows ask for one; None where there is no result, or no answer."""
        wanted = [view.task_id for view in picture.servers if view.task_id and asks_for_check(view)]
        slots = asyncio.Semaphore(_CHECKS_AT_ONCE)

        async def ask(client: SmsClient, task_id: str) -> ConsistencyResult | None:
            async with slots:
                try:
                    return await client.show_consistency(task_id)
                except SmsError as error:
                    self._board.remark(f"warning: the consistency check of task {task_id} could not be read: {error}")
                    return None

        if not wanted:
            return {}
        async with self._client() as client:
            return dict(zip(wanted, await asyncio.gather(*(ask(client, task_id) for task_id in wanted)), strict=True))

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[SmsClient]:
        settings, clock = self._settings, self._clock
        async with SmsClient(
            ClientOptions.of(settings), make_auth(settings, clock.wall), pace=Throttle(clock), sleep=clock.sleep
        ) as client:
            yield client

    @asynccontextmanager
    async def _own_stop(self) -> AsyncIterator[StopSignal]:
        """A signal for one job: it stops as the night does, and what stops it by itself does not stop the night."""
        own = StopSignal()
        passing_on = asyncio.create_task(self._stop.pass_on(own))
        try:
            yield own
        finally:
            passing_on.cancel()
            with suppress(asyncio.CancelledError):
                await passing_on
