"""Walk a wave along its path, stage by stage, each written down in the journal before it begins and when it ends.

Decides what a stage's result means for the night: whether it goes on, waits at a gate, or ends with its report. What a stage does
is the `Hands`' business; whoever walks the wave again, after a crash or a stop, does again only what is not done. Never raises for
what SMS does; a journal that cannot be used ends the night, for without it nothing can be written down. Called by the flow
`run-wave`, by `waves run` and by rehearsals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from flows.night import approvals, stages
from flows.night.approvals import Approval, Decision
from flows.night.criteria import evaluate
from flows.night.path import Stage
from flows.night.stages import StageRecord, StageState
from flows.sms.errors import SmsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from flows.night.criteria import WaveAtGate
    from flows.submission.clock import Clock
    from flows.submission.events import StopReason, StopSignal
    from flows.submission.journal import Journal
    from flows.submission.wave_key import WaveKey

GATE_LOOK_SECONDS = 2.0
"""How often the journal is asked whether somebody has decided."""
GATE_FIGURES_SECONDS = 300.0
"""How often the figures at an open gate are put anew: who decides in the fifth hour decides on those of the fifth hour."""

_DONE_ONCE = frozenset({Stage.PREFLIGHT, Stage.SUBMIT, Stage.START, Stage.APPROVE, Stage.CUTOVER})
"""What is not done again once it is done, by a night that is taken up again; the others look, and looking is cheap."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """What came of a stage: in one line, whether all is as it should be, and whether the night goes on with what is."""

    line: str
    is_good: bool = True
    goes_on: bool = True
    detail: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def refused(cls, problem: str) -> StageResult:
        """SMS, or the credentials, let nothing be asked."""
        return cls(f"SMS could not be asked: {problem}", is_good=False, goes_on=False, detail={"refused": True})


class Hands(Protocol):
    """What the stages do. Each returns when its stage is over, or as soon as the night is asked to stop."""

    async def preflight(self) -> StageResult:
        """Compare what the sheet and SMS know; send nothing."""

    async def submit(self) -> StageResult:
        """Make the tasks."""

    async def start(self) -> StageResult:
        """Start them, as places come free."""

    async def sync(self) -> StageResult:
        """Wait until every server is copied."""

    async def at_gate(self) -> WaveAtGate:
        """The figures that somebody decides by."""

    async def cut_over(self) -> StageResult:
        """Cut over what is in sync, and wait until it is."""

    async def verify(self) -> StageResult:
        """Compare each task with what was wanted."""

    async def report(self, story: NightStory) -> StageResult:
        """Write down for people what became of the night, also of one that ended early."""


class NightWatcher(Protocol):
    """What may be shown of a night. A watcher returns at once and never raises."""

    def stage(self, stage: Stage, state: StageState, line: str) -> None:
        """A stage begins (`line` is empty), or has ended so."""

    def gate(self, approval: Approval) -> None:
        """A gate is open, and somebody is asked; or it is decided."""

    def remark(self, text: str) -> None:
        """Something a person wants to know now, in one line."""


@dataclass(frozen=True, slots=True)
class NightOrder:
    """Which wave is walked along which path, under which run.

    `pin` names what the wave's rows say: a stage is done only for the rows that it was done for. `gate_closes_at` is until when
    a gate waits, in seconds since 1970, UTC; None: for ever. Every `gate_look_seconds` it is looked at, and every
    `gate_figures_seconds` its figures are put anew.
    """

    wave: WaveKey
    path: Sequence[Stage]
    run_id: str
    pin: str
    gate_closes_at: float | None = None
    gate_look_seconds: float = GATE_LOOK_SECONDS
    gate_figures_seconds: float = GATE_FIGURES_SECONDS


@dataclass(frozen=True, slots=True)
class NightStory:
    """The night so far: every stage that began, what was decided at its gates, and why it ends here where it ends early."""

    stages: Mapping[Stage, StageRecord]
    approvals: Sequence[Approval]
    ends_at: Stage | None = None
    stop: StopReason | None = None

    @property
    def is_refused(self) -> bool:
        """Whether it ended because SMS, or the credentials, let nothing be asked."""
        record = self.stages.get(self.ends_at) if self.ends_at is not None else None
        return record is not None and record.detail.get("refused") is True

    @property
    def is_done(self) -> bool:
        """Whether every stage is done; of the report, which tells of the others, its file says so."""
        records = [record for stage, record in self.stages.items() if stage is not Stage.REPORT]
        return self.ends_at is None and all(record.state is StageState.DONE for record in records)


async def walk(
    order: NightOrder, hands: Hands, journal: Journal, clock: Clock, watcher: NightWatcher, stop: StopSignal
) -> NightStory:
    """Walk the wave to the end of its path, or as far as it gets; the report is written in either case.

    Raises JournalUnavailableError where the journal cannot be used: there is no report of such a night.
    """
    return await _Walk(order, hands, journal, clock, watcher, stop).run()


class _Walk:
    def __init__(
        self, order: NightOrder, hands: Hands, journal: Journal, clock: Clock, watcher: NightWatcher, stop: StopSignal
    ) -> None:
        self._order = order
        self._hands = hands
        self._journal = journal
        self._clock = clock
        self._watcher = watcher
        self._stop = stop
        self._ends_at: Stage | None = None

    async def run(self) -> NightStory:
        before = await self._journal.read(partial(stages.read, wave=self._order.wave))
        try:
            for stage in self._order.path:
                if stage is Stage.REPORT:
                    break
                if self._is_done(stage, before):
                    self._watcher.stage(stage, StageState.DONE, "done before")
                elif not await self._pass(stage):
                    self._ends_at = stage
                    break
        finally:
            await self._report()
        return await self._story()

    def _is_done(self, stage: Stage, before: Mapping[Stage, StageRecord]) -> bool:
        found = before.get(stage)
        if found is None or stage not in _DONE_ONCE or found.state is not StageState.DONE:
            return False
        if stage is Stage.APPROVE and (until := found.detail.get("closes_at")) is not None and self._clock.wall() >= until:
            return False  # it was approved for a time that is over
        return bool(found.detail.get("pin") == self._order.pin)

    async def _pass(self, stage: Stage) -> bool:
        """Do a stage; whether the night goes on."""
        if self._is_stopped():
            return False
        await self._begin(stage)
        try:
            if stage is Stage.APPROVE:
                return await self._gate()
            result = await self._steps()[stage]()
        except SmsError as error:
            result = StageResult.refused(str(error))
        if self._is_stopped() and not result.is_good:
            self._watcher.stage(stage, StageState.RUNNING, f"stopped: {result.line}")
            return False
        await self._end(stage, StageState.DONE if result.is_good else StageState.FAILED, result)
        return result.goes_on

    def _steps(self) -> Mapping[Stage, Callable[[], Awaitable[StageResult]]]:
        hands = self._hands
        return {
            Stage.PREFLIGHT: hands.preflight,
            Stage.SUBMIT: hands.submit,
            Stage.START: hands.start,
            Stage.SYNCED: hands.sync,
            Stage.CUTOVER: hands.cut_over,
            Stage.VERIFY: hands.verify,
        }

    async def _gate(self) -> bool:
        """Ask, and wait until somebody decides, the time is over, or the night is asked to stop; whether it is approved."""
        asked = await self._ask()
        await self._end(Stage.APPROVE, StageState.HELD, StageResult("somebody is asked", detail=_figures(asked)))
        self._watcher.gate(asked)
        decided = await self._decision(asked)
        if decided is None:
            return False
        self._watcher.gate(decided)
        is_approved = decided.decision is Decision.APPROVED
        state = StageState.DONE if is_approved else StageState.HELD
        await self._end(Stage.APPROVE, state, StageResult(decided.line(), is_good=is_approved, detail=_figures(decided)))
        return is_approved

    async def _ask(self) -> Approval:
        """Put the question, or the figures of now to one that was left open. Raises an SmsError where there are none."""
        order = self._order
        criteria = evaluate(await self._hands.at_gate())
        put = partial(
            approvals.ask,
            wave=order.wave,
            gate=gate_of(order.path),
            run_id=order.run_id,
            criteria=criteria,
            now=self._clock.wall(),
            closes_at=order.gate_closes_at,
        )
        return await self._journal.transact(put)

    async def _decision(self, asked: Approval) -> Approval | None:
        """What is decided at the gate; None where the night is asked to stop before."""
        order, shown = self._order, asked
        figures_at = self._clock.steady() + order.gate_figures_seconds
        while not self._is_stopped():
            now = self._clock.wall()
            seen = await self._journal.transact(partial(approvals.look, wave=order.wave, gate=shown.gate, now=now))
            if seen is not None and seen.decision is not None:
                return seen
            if self._clock.steady() >= figures_at:
                shown = await self._asked_anew(shown)
                figures_at = self._clock.steady() + order.gate_figures_seconds
            left = order.gate_look_seconds if seen is None or seen.closes_at is None else max(0.0, seen.closes_at - now)
            await self._stop.sleep(min(order.gate_look_seconds, left), self._clock)
        return None

    async def _asked_anew(self, shown: Approval) -> Approval:
        """The open question with the figures of now, shown where they are others; the old ones where SMS cannot be asked."""
        order = self._order
        try:
            criteria = evaluate(await self._hands.at_gate())
        except SmsError as error:
            self._watcher.remark(f"warning: the figures at the gate are those of before, SMS could not be asked: {error}")
            return shown
        now = self._clock.wall()
        put = partial(approvals.renew, wave=order.wave, asked=shown, run_id=order.run_id, criteria=criteria, now=now)
        fresh = await self._journal.transact(put)
        if fresh.decision is not None:
            return shown  # decided while the figures were looked for: the next look sees it
        if [(each.name, each.holds) for each in fresh.criteria] != [(each.name, each.holds) for each in shown.criteria]:
            self._watcher.gate(fresh)
        return fresh

    async def _report(self) -> None:
        """The report comes whatever happened; it tells of itself only that it was begun."""
        if Stage.REPORT not in self._order.path:
            return
        await self._begin(Stage.REPORT)
        result = await self._hands.report(await self._story())
        await self._end(Stage.REPORT, StageState.DONE if result.is_good else StageState.FAILED, result)

    async def _story(self) -> NightStory:
        wave = self._order.wave
        told = await self._journal.read(partial(stages.read, wave=wave))
        asked = await self._journal.read(partial(approvals.history, wave=wave))
        there = {stage: told[stage] for stage in self._order.path if stage in told}
        return NightStory(there, asked, self._ends_at, self._stop.reason)

    async def _begin(self, stage: Stage) -> None:
        now = self._clock.wall()
        await self._journal.transact(partial(stages.begin, wave=self._order.wave, stage=stage, run_id=self._order.run_id, now=now))
        self._watcher.stage(stage, StageState.RUNNING, "")

    async def _end(self, stage: Stage, state: StageState, result: StageResult) -> None:
        detail = {**result.detail, "line": result.line, "pin": self._order.pin}
        now = self._clock.wall()
        await self._journal.transact(partial(stages.end, wave=self._order.wave, stage=stage, state=state, detail=detail, now=now))
        self._watcher.stage(stage, state, result.line)

    def _is_stopped(self) -> bool:
        return self._stop.is_set


def gate_of(path: Sequence[Stage]) -> str:
    """The gate of a path by its name: the stage that it opens."""
    place = list(path).index(Stage.APPROVE)
    return path[place + 1].value


def _figures(asked: Approval) -> dict[str, Any]:
    return {
        "gate": asked.gate,
        "number": asked.number,
        "closes_at": asked.closes_at,
        "criteria": [each.line() for each in asked.criteria],
        "decision": asked.decision.value if asked.decision else "",
        "approver": asked.approver,
        "comment": asked.comment,
    }
