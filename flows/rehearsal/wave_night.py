"""One wave's night: at its time it is submitted, started, followed, asked about at its gate, cut over, and followed to its end.

Drives the engine as a person does who types one command after the other, and types it again where its report says so. Keeps when it
came to what; what became of the servers, the simulator knows. Called by programme.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from flows.night import approvals
from flows.night.criteria import ServerAtGate, WaveAtGate, evaluate
from flows.night.path import Stage, path_of
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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.night.approvals import Approval
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
_DECIDES_WITHIN_SECONDS = 4 * 3600.0
_UNANSWERED_SECONDS = 30.0
_READING_SECONDS = 30.0
"""How long it takes somebody to read what one command says, and to type the next."""
_DAY_SECONDS = 86_400.0


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

    `runs` counts how often it was submitted, `orders` are the operations as they ended.
    """

    began_at: float | None = None
    submitted_at: float | None = None
    cutover_at: float | None = None
    ended_at: float | None = None
    runs: int = 0
    outcomes: Sequence[Outcome] = ()
    orders: list[ActionResult] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
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
        self.diary.began_at = self.world.clock.wall()
        await self._submit()
        await self.world.clock.sleep(_READING_SECONDS)
        async with self.world.open_journal() as journal:
            for stage in path_of(self.wave, self.rows):
                if stage is Stage.START:
                    await self._bring_on(journal, Operation.START, Goal.SYNCED)
                elif stage is Stage.APPROVE and not await self._is_approved(journal):
                    break
                elif stage is Stage.CUTOVER:
                    self.diary.cutover_at = self.world.clock.wall()
                    await self._bring_on(journal, Operation.CUTOVER, Goal.DONE)
        self.diary.ended_at = self.world.clock.wall()

    async def _submit(self) -> None:
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
            if all(each.status.is_done for each in result.outcomes) or self.diary.runs == MOST_RUNS or not self._is_open:
                return
            await clock.sleep(AGAIN_SECONDS)

    @property
    def _rate(self) -> float | None:
        said = self.wave.decimal("rate_per_second")
        return None if said is None else float(said)

    @property
    def _is_open(self) -> bool:
        """Whether the wave's window is not over."""
        return self.wave.ends_at is None or self.world.clock.wall() < self.wave.ends_at.timestamp()

    async def _operate(self, journal: Journal, operation: Operation) -> ActionResult:
        setting = self.world.setting
        order = ActionOrder(
            setting.plan, self.wave.name, self.rows, operation, ACCOUNT, AUTHOR, restarts=_RESTARTS, options=_RareSigns()
        )
        desk = ActDesk.open(
            order,
            client=self.party.client,
            journal=journal,
            throttle=Throttle(self.world.clock),
            clock=self.party.poll_clock,
            random=setting.chance(f"order {len(self.diary.orders)} of {self.wave.name}"),
            watcher=self.watcher,
            stop=StopSignal(),
        )
        result = await operate(desk)
        self.diary.orders.append(result)
        return result

    async def _bring_on(self, journal: Journal, operation: Operation, goal: Goal) -> None:
        """Order it, and follow the wave until nothing more is to come of it; order it again where that helps, some times."""
        tracker = self._tracker(journal, goal)
        result = await self._operate(journal, operation)
        orders = 1
        while True:
            picture = await self._look(tracker)
            left = _given_up(result)
            if orders < MOST_RUNS and self._is_open and any(_would_help(server, result, left) for server in picture.servers):
                await self.world.clock.sleep(AGAIN_SECONDS)
                result = await self._operate(journal, operation)
                orders += 1
            elif not picture.problem and not any(_goes_on(server, goal, left) for server in picture.servers):
                return
            else:
                await self.party.poll_clock.sleep(picture.next_in)

    def _tracker(self, journal: Journal, goal: Goal) -> Tracker:
        order = TrackOrder(self.world.setting.plan, self.wave.name, self.rows, ACCOUNT, goal, forecast=self.forecast)
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

    async def _is_approved(self, journal: Journal) -> bool:
        """Ask whether the wave goes on; the answer."""
        clock, setting = self.world.clock, self.world.setting
        picture = await self._look(self._tracker(journal, Goal.SYNCED))
        key, now = WaveKey(ACCOUNT, setting.plan.name, self.wave.name), clock.wall()
        criteria = evaluate(self._at_gate(picture, now))
        closes_at = now + _DECIDES_WITHIN_SECONDS
        asked = await journal.transact(
            lambda connection: approvals.ask(connection, key, Stage.APPROVE.value, AUTHOR, criteria, now, closes_at)
        )
        approver = Approver(setting.chance(f"approver of {self.wave.name}"), clock, self.world.news)
        decided = await approver.decide(journal, key, asked)
        self.diary.approvals.append(decided)
        return decided.decision is approvals.Decision.APPROVED

    def _at_gate(self, picture: Picture, now: float) -> WaveAtGate:
        servers = [
            ServerAtGate(
                server.label,
                is_ready=server.standing in {Standing.SYNCING, Standing.DONE},
                has_failed=server.standing.is_lost,
                is_moved=server.standing is Standing.DONE,
            )
            for server in picture.servers
        ]
        budget = self.wave.failure_budget
        may_fail = ceil(budget * len(servers)) if isinstance(budget, float) else budget or 0
        ends_at = self.wave.ends_at
        return WaveAtGate(servers, may_fail, None if ends_at is None else ends_at.timestamp() - now)


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
