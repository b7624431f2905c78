"""One wave's night: at its time it is submitted, started, followed, asked about at its gate, cut over, and followed to its end.

Drives the engine as a person does who types one command after the other, and types it again where its report says so. Keeps when it
came to what; what became of the servers, the simulator knows. Called by programme.py.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.night.figures import asks_for_check, wave_at_gate
from flows.night.path import path_of
from flows.night.walk import NightOrder, StageResult, walk
from flows.online_check import OnlineCheck
from flows.operating.desk import ActDesk
from flows.operating.operate import operate
from flows.operating.operations import Ended, Operation
from flows.operating.orders import ActionOrder, ActOptions
from flows.rehearsal.people import AGAIN_SECONDS, MOST_RUNS, Approver
from flows.rehearsal.world import ACCOUNT
from flows.sms.codes import is_cured_by_restart
from flows.sms.errors import SmsError
from flows.submission.desk import Desk, Options
from flows.submission.events import StopSignal
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_key import WaveKey
from flows.submission.wave_run import submit_wave
from flows.tracking.standing import Goal, Standing
from flows.tracking.tracker import TrackDesk, Tracker, TrackOrder
from inventory.account_limits import MOST_RUNNING
from inventory.findings import Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from flows.night.criteria import WaveAtGate
    from flows.night.walk import NightStory
    from flows.operating.orders import ActionResult
    from flows.rehearsal.bystanders import Unshown
    from flows.rehearsal.world import Party, World
    from flows.submission.journal import Journal
    from flows.tracking.picture import Picture, ServerView
    from inventory.findings import Finding
    from inventory.forecast import WaveForecast
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow, Wave

AUTHOR = "rehearsal"
_RESTARTS = 2
_GATE_SECONDS = 12 * 3600.0
"""How long a gate waits where the window has no end."""
_GATE_LOOK_SECONDS = 30.0
_UNANSWERED_SECONDS = 30.0
_PLACES_SECONDS = 10.0
_LOOK_SECONDS = 120.0
"""How often a wave is looked at: what happens is known to the second all the same, and a night costs a quarter of the looks."""
_READING_SECONDS = 30.0
"""How long it takes somebody to read what one command says, and to type the next."""
_DAY_SECONDS = 86_400.0
_PATIENCE_SECONDS = 60 * _DAY_SECONDS


class _RareSigns(ActOptions):
    """Options of an order that gives a sign of life once a day: in a rehearsal nobody is there who would take over."""

    @property
    def lease_seconds(self) -> float:
        """Longer than any wave lasts."""
        return 1_000 * _DAY_SECONDS

    @property
    def renew_seconds(self) -> float:
        """As rarely as makes no difference."""
        return _DAY_SECONDS


@dataclass(slots=True)
class Diary:
    """When it came to what, in seconds since 1970, None where never. `outcomes` are the submission's last, `last` the last picture.

    `runs` counts how often it was submitted, `orders` are the operations as they ended; `preflight` is what was found before,
    `story` the path as it was walked.
    """

    began_at: float | None = None
    submitted_at: float | None = None
    ended_at: float | None = None
    runs: int = 0
    outcomes: Sequence[Outcome] = ()
    orders: list[ActionResult] = field(default_factory=list)
    preflight: Sequence[str] = ()
    story: NightStory | None = None
    last: Picture | None = None


@dataclass(frozen=True, slots=True)
class WaveNight:
    """One wave that is played. `invalid` are the findings that rule out rows, by their position."""

    world: World
    party: Party
    wave: Wave
    rows: Sequence[ServerRow]
    forecast: WaveForecast | None
    invalid: Mapping[int, Finding]
    watcher: Unshown
    diary: Diary = field(default_factory=Diary)

    async def play(self) -> None:
        """From its start to its end, which comes when nothing is left to wait for."""
        clock, plan = self.world.clock, self.world.setting.plan
        self.diary.began_at = clock.wall()
        ends_at = self.wave.ends_at
        order = NightOrder(
            wave=WaveKey(ACCOUNT, plan.name, self.wave.name),
            path=path_of(self.wave, self.rows),
            run_id=AUTHOR,
            pin=plan.sha256,
            gate_closes_at=ends_at.timestamp() if ends_at is not None else clock.wall() + _GATE_SECONDS,
            gate_look_seconds=_GATE_LOOK_SECONDS,
        )
        async with self.world.open_journal() as journal, self._approver(journal, order) as watcher:
            hands = _Hands(self, journal)
            self.diary.story = await walk(order, hands, journal, self.party.poll_clock, watcher, StopSignal())
        self.diary.ended_at = clock.wall()

    @asynccontextmanager
    async def _approver(self, journal: Journal, order: NightOrder) -> AsyncIterator[Unshown]:
        """The night's watcher: as soon as a gate is open, somebody begins to think about it."""
        approver = Approver(self.world.setting.chance(f"approver of {self.wave.name}"), self.world.clock, self.world.news)
        async with asyncio.TaskGroup() as thinking:
            self.watcher.on_gate = lambda asked: thinking.create_task(approver.decide(journal, order.wave, asked))
            yield self.watcher

    async def submit(self) -> None:
        """Submit, and again while rows are left that another run may bring about."""
        while True:
            self.diary.runs += 1
            async with self.world.open_journal() as journal:
                setting, clock = self.world.setting, self.world.clock
                request = WaveRequest(setting.plan, self.wave.name, self.rows, ACCOUNT, AUTHOR, self.invalid, Options())
                desk = Desk.open(
                    request,
                    client=self.party.client,
                    journal=journal,
                    throttle=Throttle(clock, self._rate),
                    clock=clock,
                    random=setting.chance(f"run {self.diary.runs} of {self.wave.name}"),
                    watcher=self.watcher,
                    stop=StopSignal(),
                )
                result = await submit_wave(request, desk)
            self.diary.outcomes = result.outcomes
            self.diary.submitted_at = clock.wall()
            if all(each.status.is_done for each in result.outcomes) or self.diary.runs == MOST_RUNS or not self.is_open:
                return
            await clock.sleep(AGAIN_SECONDS)

    @property
    def _rate(self) -> float | None:
        said = self.wave.decimal("rate_per_second")
        return None if said is None else float(said)

    @property
    def is_open(self) -> bool:
        """Whether the wave's window is not over."""
        return self.wave.ends_at is None or self.world.clock.wall() < self.wave.ends_at.timestamp()

    async def operate(self, operation: Operation) -> ActionResult:
        """Order an operation for the wave's servers; returns when each has its result."""
        setting = self.world.setting
        order = ActionOrder(
            setting.plan,
            self.wave.name,
            self.rows,
            operation,
            ACCOUNT,
            AUTHOR,
            restarts=_RESTARTS,
            options=_RareSigns(poll_seconds=_PLACES_SECONDS),
        )
        async with self.world.open_journal() as own:
            desk = ActDesk.open(
                order,
                client=self.party.client,
                journal=own,
                throttle=Throttle(self.world.clock),
                clock=self.party.poll_clock,
                random=setting.chance(f"order {len(self.diary.orders)} of {self.wave.name}"),
                watcher=self.watcher,
                stop=StopSignal(),
            )
            result = await operate(desk)
        self.diary.orders.append(result)
        return result

    async def follow(self, journal: Journal, goal: Goal, result: ActionResult) -> None:
        """Follow the wave until nothing more is to come of it; give the last order again where that helps, some times."""
        tracker, orders = self._tracker(journal, goal), 1
        while True:
            picture = await self._look(tracker)
            left = _given_up(result)
            if orders < MOST_RUNS and self.is_open and any(_would_help(server, result, left) for server in picture.servers):
                await self.world.clock.sleep(AGAIN_SECONDS)
                result = await self.operate(result.operation)
                orders += 1
            elif self._is_given_up or (not picture.problem and not any(_goes_on(server, goal, left) for server in picture.servers)):
                return
            else:
                await self.party.poll_clock.sleep(picture.next_in)

    @property
    def _is_given_up(self) -> bool:
        """Whether it has gone on for so long that nobody would still wait for it."""
        return self.world.clock.wall() - (self.diary.began_at or 0.0) > _PATIENCE_SECONDS

    async def look(self, journal: Journal) -> Picture:
        """The wave at this moment."""
        return await self._look(self._tracker(journal, Goal.DONE))

    def _tracker(self, journal: Journal, goal: Goal) -> Tracker:
        order = TrackOrder(self.world.setting.plan, self.wave.name, self.rows, ACCOUNT, goal, _LOOK_SECONDS, self.forecast)
        desk = TrackDesk(self.party.client, journal, self.party.poll_clock, self.watcher, StopSignal(), self.party.reads)
        return Tracker(order, desk)

    async def _look(self, tracker: Tracker) -> Picture:
        """Look, and again where the very first look is in vain."""
        while True:
            try:
                self.diary.last = await tracker.poll()
            except SmsError:
                await self.world.clock.sleep(_UNANSWERED_SECONDS)
            else:
                return self.diary.last


@dataclass(frozen=True, slots=True)
class _Hands:
    """What the stages of the night do (`flows.night.walk.Hands`). A rehearsal goes on with whatever is there: it is to show all."""

    night: WaveNight
    journal: Journal

    async def preflight(self) -> StageResult:
        """Ask SMS about every row; what it says is told, and stops nobody here."""
        night = self.night
        asked = await OnlineCheck(night.world.setting.plan, night.rows, night.party.client, MOST_RUNNING).ask()
        errors = [each for each in asked.findings if each.severity is Severity.ERROR]
        night.diary.preflight = [each.line() for each in errors] + ([asked.problem] if asked.problem else [])
        return StageResult(f"{len(errors)} errors", is_good=not night.diary.preflight)

    async def submit(self) -> StageResult:
        """Make the tasks, and let somebody read what came of it."""
        await self.night.submit()
        await self.night.world.clock.sleep(_READING_SECONDS)
        outcomes = self.night.diary.outcomes
        done = sum(outcome.status.is_done for outcome in outcomes)
        return StageResult(f"{done} of {len(outcomes)} are done", is_good=done == len(outcomes))

    async def start(self) -> StageResult:
        """Start them, as places come free."""
        return _told(await self.night.operate(Operation.START))

    async def sync(self) -> StageResult:
        """Follow the wave until all is copied that can be."""
        started = next(order for order in reversed(self.night.diary.orders) if order.operation is Operation.START)
        await self.night.follow(self.journal, Goal.SYNCED, started)
        return self._seen(Goal.SYNCED)

    async def at_gate(self) -> WaveAtGate:
        """The figures of this moment."""
        night = self.night
        picture = await night.look(self.journal)
        checked = {}
        for view in picture.servers:
            if view.task_id and asks_for_check(view):
                try:
                    checked[view.task_id] = await night.party.client.show_consistency(view.task_id)
                except SmsError:
                    checked[view.task_id] = None
        return wave_at_gate(picture, night.wave, night.forecast, checked, night.world.clock.wall())

    async def cut_over(self) -> StageResult:
        """Cut over what is in sync, and follow it until it is."""
        result = await self.night.operate(Operation.CUTOVER)
        await self.night.follow(self.journal, Goal.DONE, result)
        return self._seen(Goal.DONE)

    async def verify(self) -> StageResult:
        """See how every server ended."""
        await self.night.look(self.journal)
        return self._seen(Goal.DONE)

    async def report(self, story: NightStory) -> StageResult:
        """The rehearsal's report is written when all waves are over."""
        return StageResult(f"{len(story.stages)} stages")

    def _seen(self, goal: Goal) -> StageResult:
        picture = self.night.diary.last
        if picture is None:
            return StageResult("nothing was seen", is_good=False)
        return StageResult(picture.line(), is_good=all(server.reaches(goal) for server in picture.servers))


def _told(result: ActionResult) -> StageResult:
    return StageResult(", ".join(f"{many} {ended}" for ended, many in result.counts.items()), is_good=result.is_all_done)


def _given_up(result: ActionResult) -> frozenset[str]:
    """The tasks that the same order would not bring on: another word of SMS, or a person, has to come first."""
    return frozenset(each.task_id for each in result.results if not (each.ended.is_done or each.ended is Ended.DEFERRED))


def _would_help(server: ServerView, result: ActionResult, given_up: frozenset[str]) -> bool:
    """Whether a server is where the same order, once more, would bring it on."""
    if server.task_id in given_up:
        return False
    if result.operation is Operation.CUTOVER:
        ended = {each.task_id: each.ended for each in result.results}
        return server.standing is Standing.SYNCING and ended.get(server.task_id) is Ended.DEFERRED
    return server.standing is Standing.WAITING or (server.standing is Standing.FAILED and is_cured_by_restart(server.error_code))


def _goes_on(server: ServerView, goal: Goal, given_up: frozenset[str]) -> bool:
    """Whether a server is on its way to the goal by itself."""
    is_kept = goal is Goal.DONE and server.task_id in given_up
    return not is_kept and not server.reaches(goal) and (server.standing.is_under_way or server.standing is Standing.UNKNOWN)
