"""A wave's night, with hands that do what the test says and a real journal: what is done, held, left, and taken up again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from flows.night import approvals
from flows.night.approvals import Approval, Ballot, Decision
from flows.night.criteria import ServerAtGate, WaveAtGate
from flows.night.path import Stage
from flows.night.stages import StageState
from flows.night.walk import NightOrder, NightStory, StageResult, walk
from flows.submission.clock import SystemClock
from flows.submission.events import StopReason, StopSignal
from flows.submission.journal import open_journal
from flows.submission.wave_key import WaveKey
from tests.flows.submission.places import InFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from flows.submission.journal import Journal

WAVE = WaveKey("account-1", "plan.xlsx", "wave-1")
PATH = tuple(Stage)
STEPS = {
    "preflight": Stage.PREFLIGHT,
    "submit": Stage.SUBMIT,
    "start": Stage.START,
    "sync": Stage.SYNCED,
    "cut_over": Stage.CUTOVER,
    "verify": Stage.VERIFY,
}


class Hands:
    """Does each stage as `results` say, well where they say nothing; `done` is what was done."""

    def __init__(self, **results: StageResult | Exception) -> None:
        self.results = results
        self.done: list[str] = []
        self.story: NightStory | None = None
        self.on: dict[str, Callable[[], None]] = {}

    async def _do(self, name: str) -> StageResult:
        self.done.append(name)
        self.on.get(name, lambda: None)()
        result = self.results.get(name, StageResult("well"))
        if isinstance(result, Exception):
            raise result
        return result

    async def preflight(self) -> StageResult:
        return await self._do("preflight")

    async def submit(self) -> StageResult:
        return await self._do("submit")

    async def start(self) -> StageResult:
        return await self._do("start")

    async def sync(self) -> StageResult:
        return await self._do("sync")

    async def at_gate(self) -> WaveAtGate:
        self.done.append("at_gate")
        return WaveAtGate([ServerAtGate("web-01", is_ready=True, downtime_seconds=60.0)], 0, 3600.0)

    async def cut_over(self) -> StageResult:
        return await self._do("cut_over")

    async def verify(self) -> StageResult:
        return await self._do("verify")

    async def report(self, story: NightStory) -> StageResult:
        self.story = story
        return await self._do("report")


class Seen:
    """A watcher; `at_gate` is called when a gate opens."""

    def __init__(self) -> None:
        self.stages: list[tuple[Stage, StageState]] = []
        self.gates: list[Approval] = []
        self.at_gate = asyncio.Event()

    def stage(self, stage: Stage, state: StageState, line: str) -> None:
        self.stages.append((stage, state))

    def gate(self, approval: Approval) -> None:
        self.gates.append(approval)
        self.at_gate.set()

    def remark(self, text: str) -> None:
        """Nothing."""


class Nights:
    """Nights of one wave, one after the other, in one journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.clock = SystemClock()
        self.stop = StopSignal()
        self.seen = Seen()

    async def walk(self, hands: Hands, path: tuple[Stage, ...] = PATH, **order: Any) -> NightStory:
        asked = NightOrder(**{"wave": WAVE, "path": path, "run_id": "run-1", "pin": "rows-1", "gate_look_seconds": 0.01, **order})
        return await walk(asked, hands, self.journal, self.clock, self.seen, self.stop)

    async def decide(self, decision: Decision) -> None:
        await self.seen.at_gate.wait()
        ballot = Ballot(decision, "Ann", "seen")
        now = self.clock.wall()
        await self.journal.transact(lambda connection: approvals.decide(connection, WAVE, "cutover", ballot, now))


@pytest.fixture
async def nights(tmp_path: Path) -> AsyncIterator[Nights]:
    async with open_journal(InFile(tmp_path).url, SystemClock(), print) as journal:
        yield Nights(journal)


UNGATED = tuple(stage for stage in PATH if stage is not Stage.APPROVE)
ALL = ["preflight", "submit", "start", "sync", "cut_over", "verify", "report"]


async def test_a_night_without_a_gate_goes_to_its_end(nights: Nights) -> None:
    hands = Hands()
    story = await nights.walk(hands, UNGATED)
    assert hands.done == ALL
    assert story.is_done
    assert list(story.stages) == list(UNGATED)


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.NOT_APPROVED])
async def test_a_gate_waits_for_a_person_and_does_what_is_decided(nights: Nights, decision: Decision) -> None:
    hands = Hands()
    story, _ = await asyncio.gather(nights.walk(hands), nights.decide(decision))
    is_approved = decision is Decision.APPROVED
    assert ("cut_over" in hands.done) is is_approved
    assert hands.done[-1] == "report"
    assert (story.is_done, story.ends_at) == (is_approved, None if is_approved else Stage.APPROVE)
    [approval] = story.approvals
    assert (approval.decision, approval.approver, approval.comment) == (decision, "Ann", "seen")
    assert [each.name for each in approval.criteria] == ["copied", "failed", "consistency", "downtime", "window"]
    assert story.stages[Stage.APPROVE].state is (StageState.DONE if is_approved else StageState.HELD)
    assert [gate.decision for gate in nights.seen.gates] == [None, decision]
    assert hands.story is not None
    assert hands.story.approvals == story.approvals


async def test_a_gate_that_nobody_answers_in_time_is_not_approved(nights: Nights) -> None:
    hands = Hands()
    story = await nights.walk(hands, gate_closes_at=nights.clock.wall() + 0.05)
    assert "cut_over" not in hands.done
    assert [each.decision for each in story.approvals] == [Decision.TIMED_OUT]


async def test_a_stage_that_does_not_go_on_ends_the_night_with_its_report(nights: Nights) -> None:
    hands = Hands(preflight=StageResult("2 errors", is_good=False, goes_on=False))
    story = await nights.walk(hands, UNGATED)
    assert hands.done == ["preflight", "report"]
    assert (story.ends_at, story.is_done) == (Stage.PREFLIGHT, False)
    assert story.stages[Stage.PREFLIGHT].detail["line"] == "2 errors"


async def test_what_is_not_good_is_told_and_the_rest_goes_on(nights: Nights) -> None:
    hands = Hands(submit=StageResult("1 REJECTED", is_good=False))
    story = await nights.walk(hands, UNGATED)
    assert hands.done == ALL
    assert (story.is_done, story.stages[Stage.SUBMIT].state) == (False, StageState.FAILED)


async def test_a_night_taken_up_again_does_what_is_not_done(nights: Nights) -> None:
    await nights.walk(Hands(submit=StageResult("1 REJECTED", is_good=False)), UNGATED)
    again = Hands()
    story = await nights.walk(again, UNGATED, run_id="run-2")
    assert again.done == ["submit", "sync", "verify", "report"]
    assert story.is_done


async def test_a_night_of_other_rows_does_all_again(nights: Nights) -> None:
    await nights.walk(Hands(), UNGATED)
    again = Hands()
    await nights.walk(again, UNGATED, pin="rows-2")
    assert again.done == ALL


async def test_a_crash_leaves_its_stage_begun_and_still_reports(nights: Nights) -> None:
    hands = Hands(start=RuntimeError("a defect"))
    with pytest.raises(RuntimeError, match="a defect"):
        await nights.walk(hands, UNGATED)
    assert hands.done == ["preflight", "submit", "start", "report"]
    again = Hands()
    await nights.walk(again, UNGATED)
    assert again.done == ["start", "sync", "cut_over", "verify", "report"]


async def test_a_stop_ends_the_night_where_it_is(nights: Nights) -> None:
    hands = Hands(start=StageResult("stopped", is_good=False))
    hands.on["start"] = lambda: nights.stop.request(StopReason.interrupted())
    story = await nights.walk(hands, UNGATED)
    assert hands.done == ["preflight", "submit", "start", "report"]
    assert (story.ends_at, story.stop) == (Stage.START, nights.stop.reason)
    assert story.stages[Stage.START].state is StageState.RUNNING


async def test_a_stop_at_the_gate_leaves_the_question_open(nights: Nights) -> None:
    async def stop() -> None:
        await nights.seen.at_gate.wait()
        nights.stop.request(StopReason.interrupted())

    hands = Hands()
    story, _ = await asyncio.gather(nights.walk(hands), stop())
    assert [each.decision for each in story.approvals] == [None]
    assert story.stages[Stage.APPROVE].state is StageState.HELD
    assert hands.done[-1] == "report"


async def test_what_was_approved_is_not_asked_again(nights: Nights) -> None:
    first = Hands(cut_over=StageResult("1 failed", is_good=False, goes_on=False))
    await asyncio.gather(nights.walk(first), nights.decide(Decision.APPROVED))
    again = Hands()
    story = await nights.walk(again)
    assert again.done == ["sync", "cut_over", "verify", "report"]
    assert len(story.approvals) == 1


async def test_what_was_approved_for_a_time_that_is_over_is_asked_again(nights: Nights) -> None:
    first = Hands(cut_over=StageResult("stopped", is_good=False, goes_on=False))
    closes_at = nights.clock.wall() + 0.6
    await asyncio.gather(nights.walk(first, gate_closes_at=closes_at), nights.decide(Decision.APPROVED))
    await asyncio.sleep(closes_at + 0.01 - nights.clock.wall())
    again = Hands()
    story = await nights.walk(again, gate_closes_at=nights.clock.wall() + 0.05)
    assert "cut_over" not in again.done
    assert [each.decision for each in story.approvals] == [Decision.APPROVED, Decision.TIMED_OUT]


async def test_an_open_gate_gets_the_figures_of_now(nights: Nights) -> None:
    class Failing(Hands):
        async def at_gate(self) -> WaveAtGate:
            has_failed = "at_gate" in self.done
            self.done.append("at_gate")
            return WaveAtGate([ServerAtGate("web-01", is_ready=not has_failed, has_failed=has_failed)], 0, 3600.0)

    async def look_twice() -> None:
        while len(nights.seen.gates) < 2:  # noqa: ASYNC110 - what is awaited is the night's own news
            await asyncio.sleep(0.01)
        await nights.decide(Decision.NOT_APPROVED)

    story, _ = await asyncio.gather(nights.walk(Failing(), gate_figures_seconds=0.02), look_twice())
    before, after = nights.seen.gates[:2]
    assert [each.holds for each in before.criteria if each.name == "failed"] == [True]
    assert [each.holds for each in after.criteria if each.name == "failed"] == [False]
    assert story.approvals[0].number == 1


async def test_a_decision_that_comes_while_the_figures_are_looked_for_is_not_asked_again(nights: Nights) -> None:
    """The look takes a while, and somebody approves in the meantime: that counts, and nobody is asked a second time."""

    class Slow(Hands):
        async def at_gate(self) -> WaveAtGate:
            if self.done.count("at_gate") == 1:
                await nights.decide(Decision.APPROVED)
            return await super().at_gate()

    hands = Slow()
    story = await asyncio.wait_for(nights.walk(hands, gate_figures_seconds=0.02), 30)
    assert story.is_done
    [approval] = story.approvals
    assert (approval.number, approval.decision) == (1, Decision.APPROVED)
