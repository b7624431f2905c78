"""Exact interleavings that once ended in an untrue outcome, a lost doubt or no report at all; each with SMS by script."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from flows.sms.errors import Ambiguous
from flows.submission.events import Phase, Silent, StopReason, StopSignal
from flows.submission.journal import open_journal
from flows.submission.life import RowState
from flows.submission.survey import Survey
from flows.submission.throttle import Throttle
from tests.flows.submission.clocks import PLENTY, MovedClock
from tests.flows.submission.scripted import ACCOUNT, SOURCE, Script, Scripted, SteppedJournal, lies, plan_of, scripted, told
from tests.plans import server

if TYPE_CHECKING:
    from pathlib import Path

VM = server(1)["target_vm_id"]


async def test_stopped_before_it_is_settled_an_inherited_request_stays_in_doubt(tmp_path: Path) -> None:
    """The last run was killed on the wire; this one is stopped while it asks for the source: it cannot know that nothing left."""
    night = scripted(tmp_path, lag_seconds=4.0, guard=False)
    await night.run(event="kill", at=_step("answer"))
    no_disks = plan_of(tmp_path, 1, disks=False, name="no disks.xlsx")
    assert told(await night.run(no_disks, event="stop at once", at=2)) == ["UNCERTAIN"]
    assert night.sms.steps.taken[2] == "source"
    assert (await night.records())[SOURCE].state is RowState.SENDING
    assert told(await night.run()) == ["EXISTS"]
    assert len(night.sms.of()) == 1


async def test_an_intent_that_is_taken_back_is_journalled_as_not_sent(tmp_path: Path) -> None:
    """Stopped between the intent and the request: nobody reads later that no answer was written down, or that a look was needed."""
    night = scripted(tmp_path)
    assert told(await night.run(event="stop", at=_step("sending is durable"))) == ["DEFERRED"]
    journal = open_journal(f"sqlite+aiosqlite:///{tmp_path / 'journal.sqlite'}", night.sms.clock, print)
    async with journal:
        [attempt] = await journal.attempts(ACCOUNT, SOURCE)
    assert attempt.end is not None
    assert (attempt.end.answer, attempt.end.error_message) == ("not sent", "taken back before it left")


async def test_stopped_too_early_a_task_that_is_shown_late_is_not_gone(tmp_path: Path) -> None:
    """`--recreate`, and a stop before the task could be shown: it is neither told as deleted, nor forgotten."""
    night = scripted(tmp_path, lag_seconds=4.0, guard=False)
    await night.run()
    again = await night.run(recreate=True, event="stop", at=2)
    assert night.sms.steps.taken[2] == "show"
    assert told(again) == ["UNCERTAIN"]
    assert (await night.records())[SOURCE].state is RowState.BOUND
    assert len(night.sms.of()) == 1


@pytest.mark.parametrize("is_source_known", [True, False])
async def test_a_row_whose_body_can_no_longer_be_made_is_told_by_its_task(tmp_path: Path, is_source_known: bool) -> None:
    """In flight, and the source now unknown to SMS: it is settled and EXISTS, not INVALID; the same once it is bound."""
    night = scripted(tmp_path)
    await night.run(event="kill", at=_step("answer") if is_source_known else None)
    no_disks = plan_of(tmp_path, 1, disks=False, name="no disks.xlsx")
    for _ in range(2):
        end = await night.run(no_disks)
        assert told(end) == ["EXISTS"]
        assert lies(end, night.sms) == []


async def test_two_rows_that_wait_for_another_source_write_it_down_once(tmp_path: Path) -> None:
    """Both want the target of an attempt that an earlier wave left in flight: the journal does not refuse the second of them."""
    night = scripted(tmp_path, answers=["never"])
    await night.run(event="kill", at=_step("answer"))
    rows = [server(2, target_vm_id=VM), server(3, target_vm_id=VM)]
    end = await night.run(plan_of(tmp_path, rows, name="next.xlsx"))
    assert end is not None
    assert end.stop is None
    assert sorted(told(end)) == ["CONFLICT", "CREATED"]
    assert (await night.records())[SOURCE].state is RowState.IDLE


async def test_bound_and_nobody_to_ask_is_uncertain(tmp_path: Path) -> None:
    """SMS.7605 on a first attempt, and no look is answered: nobody has shown that it is another task."""
    night = scripted(tmp_path, answers=["bound"], is_blind=True)
    assert told(await night.run()) == ["UNCERTAIN"]


async def test_a_defect_on_the_wire_leaves_the_row_in_doubt_and_the_others_their_outcomes(tmp_path: Path) -> None:
    """Something nobody foresaw, after the task was made: the run ends with a report, and the next one finds the task."""
    night = scripted(tmp_path, 2, answers=["defect"])
    end = await night.run()
    assert sorted(told(end)) == ["CREATED", "UNCERTAIN"]
    assert (await night.records())[SOURCE].state is RowState.UNSETTLED
    assert sorted(told(await night.run())) == ["EXISTS", "EXISTS"]


class _BreakAtTheEnd(Silent):
    def phase(self, phase: Phase, rows: int) -> None:
        if phase is Phase.VERIFY:
            raise RuntimeError("nobody foresaw this")


async def test_a_defect_of_the_run_costs_no_row_its_outcome(tmp_path: Path) -> None:
    """The last look fails in a way without a name: the rows keep what they have, and the run says what happened."""
    end = await scripted(tmp_path).run(watcher=_BreakAtTheEnd())
    assert told(end) == ["CREATED"]
    assert end is not None
    assert end.stop is not None
    assert end.stop.code == "WAVES.DEFECT"


class _EventAtTheEnd(Silent):
    """Has the event happen when the last listing is there."""

    def __init__(self, sms: Script) -> None:
        self._sms = sms

    def phase(self, phase: Phase, rows: int) -> None:
        if phase is Phase.VERIFY:
            self._sms.steps.at = len(self._sms.steps.taken) + 1


async def test_a_server_with_two_tasks_is_named_although_the_journal_fails_at_the_end(tmp_path: Path) -> None:
    """The last listing shows it, and a late task of ours that can then not be written down."""
    night = scripted(tmp_path, answers=["lost"], is_blind=True)
    night.sms.put("src-x", "vm-x")
    night.sms.put("src-x", "vm-y")
    end = await night.run(event="journal fails", watcher=_EventAtTheEnd(night.sms))
    assert told(end) == ["UNCERTAIN"]
    assert end is not None
    assert [(finding.code, finding.value) for finding in end.findings] == [("TWICE", "src-x")]


async def test_a_late_task_goes_to_the_row_that_was_sent_not_to_its_skipped_twin(tmp_path: Path) -> None:
    """Found by the last listing, when no look was answered: the row that the planner skipped stays SKIPPED."""
    night = scripted(tmp_path, [server(1), server(1, skip="yes")], answers=["lost"], is_blind=True)
    end = await night.run()
    assert told(end) == ["CREATED", "SKIPPED"]


async def test_a_late_task_with_another_target_than_todays_sheet_is_a_conflict(tmp_path: Path) -> None:
    """The target was edited after the run that made the task died, and only the last listing shows the task."""
    night = scripted(tmp_path)
    await night.run(event="kill", at=_step("answer"))
    night.sms.is_blind = True
    edited = plan_of(tmp_path, [server(1, target_vm_id="vm-edited")], name="edited.xlsx")
    assert told(await night.run(edited), "status", "task_id") == [("CONFLICT", night.sms.of()[0])]


async def test_a_row_that_has_its_task_is_not_deferred_for_another_that_wanted_its_target(tmp_path: Path) -> None:
    """Another source's attempt on the target is in doubt and cannot be settled: the task of the row is there all the same."""
    night = scripted(tmp_path, guard=False)
    await night.run()
    night.sms.tasks, there = {}, night.sms.tasks
    night.sms.answers = ["never"]
    await night.run(plan_of(tmp_path, [server(2, target_vm_id=VM)], name="other.xlsx"), event="kill", at=_step("answer"))
    night.sms.tasks, night.sms.is_blind = there, True
    assert told(await night.run()) == ["EXISTS"]


async def test_what_was_in_the_way_of_the_intent_may_be_what_todays_sheet_asks_for(tmp_path: Path) -> None:
    """Another task of the source came up meanwhile, and the sheet was edited to its target: EXISTS, not CONFLICT with itself."""
    night = scripted(tmp_path, answers=["never"])
    await night.run(event="kill", at=_step("answer"))
    made = night.sms.put(SOURCE, "vm-edited")
    edited = plan_of(tmp_path, [server(1, target_vm_id="vm-edited")], name="edited.xlsx")
    assert told(await night.run(edited), "status", "task_id") == [("EXISTS", made)]


async def test_a_conflict_after_a_doubt_is_not_remembered_as_a_refusal(tmp_path: Path) -> None:
    """Once the other task is gone, the row is sent again: SMS never said no to it."""
    night = scripted(tmp_path, answers=["never"])
    await night.run(event="kill", at=_step("answer"))
    foreign = night.sms.put(SOURCE, "vm-other")
    assert told(await night.run()) == ["CONFLICT"]
    del night.sms.tasks[foreign]
    assert told(await night.run()) == ["CREATED"]


class _Hanging(Script):
    """Lists nothing, ever."""

    async def list_tasks(self, source_server_id: str = "", *, vm_id: str = "") -> Any:
        await asyncio.Event().wait()


async def test_a_stop_does_not_wait_for_the_first_look(tmp_path: Path) -> None:
    """SMS does not answer, and reads are repeated for minutes: a stop ends the run all the same."""
    night = Scripted(tmp_path, plan_of(tmp_path, 2), _Hanging(MovedClock()))
    stop = StopSignal()
    asyncio.get_running_loop().call_later(0.2, stop.request, StopReason.interrupted())
    async with asyncio.timeout(PLENTY):
        assert told(await night.run(stop=stop)) == ["DEFERRED"] * 2


async def test_a_stopped_run_tells_rows_that_are_done_as_done(tmp_path: Path) -> None:
    """Stopped when the listing has been read: what it showed EXISTS; a task that nobody could look at is not said to be missing."""
    night = scripted(tmp_path)
    await night.run()
    assert told(await night.run(event="stop", at=1)) == ["EXISTS"]
    stop = StopSignal()
    stop.request(StopReason.interrupted())
    assert told(await night.run(stop=stop), "status", "task_id") == [("UNCERTAIN", night.sms.of()[0])]


@pytest.mark.parametrize("step", range(1, 4))
async def test_a_stopped_run_tells_what_the_listing_showed_as_there(tmp_path: Path, step: int) -> None:
    """The journal never heard of a task that somebody made by hand: with the row's target it EXISTS, whatever else is not known."""
    night = scripted(tmp_path)
    made = night.sms.put(SOURCE, VM)
    stopped = await night.run(event="journal fails", at=step)
    assert night.sms.steps.taken == ["list", "listed", "write bound", "bound is durable"][: max(2, step + 1)]
    assert told(stopped, "status", "task_id") == [("EXISTS", made)]


async def test_a_journal_that_cannot_be_written_is_read_all_the_same(tmp_path: Path) -> None:
    """The disk is full: nothing is sent, and what earlier runs did is not denied. Unreadable, nobody knows."""
    night = scripted(tmp_path)
    await night.run()
    assert told(await night.run(is_broken=True)) == ["UNCERTAIN"]
    assert told(await night.run(is_unreadable=True)) == ["UNCERTAIN"]
    assert len(night.sms.bodies) == 1


class _RealClock(MovedClock):
    """The loop's own time."""

    def steady(self) -> float:
        self.now = asyncio.get_running_loop().time()
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class _Stalling(Script):
    """The first creates are answered only after a second; notes when each was sent."""

    def __init__(self, clock: MovedClock) -> None:
        super().__init__(clock)
        self.sent_at: list[float] = []

    async def create_task(self, body: bytes) -> Any:
        self.sent_at.append(self.clock.steady())
        if len(self.sent_at) <= 4:
            await asyncio.sleep(1.0)
        return await super().create_task(body)


async def test_rows_that_wait_for_a_slot_do_not_leave_in_a_burst(tmp_path: Path) -> None:
    """All slots are held by slow answers; when they come, the limit of 20 a second holds as before."""
    clock = _RealClock()
    sms = _Stalling(clock)
    night = Scripted(tmp_path, plan_of(tmp_path, 40), sms)
    assert told(await night.run(concurrency=4, throttle=Throttle(clock, 20.0))) == ["CREATED"] * 40
    assert max(sum(1 for other in sms.sent_at if at <= other < at + 1.0) for at in sms.sent_at) <= 20


class _Sleeping(Script):
    """The machine sleeps for longer than a lease when a source is first asked for, and another run does the work meanwhile."""

    other: Scripted | None = None
    stop: StopSignal | None = None

    async def show_source(self, source_server_id: str) -> Any:
        if self.other is not None:
            other, self.other = self.other, None
            self.clock.now += 100.0
            assert told(await other.run()) == ["CREATED"]
            if self.stop is not None:
                self.stop.request(StopReason.interrupted())
        raise Ambiguous("HTTP.503", "away")


@pytest.mark.parametrize(("is_stopped", "status"), [(True, "EXISTS"), (False, "UNCERTAIN")])
async def test_after_a_lease_is_over_nobody_says_that_nothing_was_made(tmp_path: Path, is_stopped: bool, status: str) -> None:
    """The row had not been sent, and its lease lapsed: what another run made is named, whether this one stops or goes on."""
    sms = _Sleeping(MovedClock())
    sms.other = Scripted(tmp_path, plan_of(tmp_path, 1), sms, runs=7)
    sms.stop = StopSignal() if is_stopped else None
    night = Scripted(tmp_path, plan_of(tmp_path, 1, disks=False, name="no disks.xlsx"), sms)
    end = await night.run(stop=sms.stop)
    assert told(end, "status", "task_id") == [(status, sms.of()[0])]


class _Overtaken(Script):
    """The look at the first source is answered only when another run has ended this one's leases; tells when the second is sent."""

    def __init__(self, clock: MovedClock) -> None:
        super().__init__(clock, guard=False, answers=["never"])
        self.is_asked, self.is_overtaken, self.is_sent = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def list_tasks(self, source_server_id: str = "", *, vm_id: str = "") -> Any:
        if source_server_id == SOURCE:
            self.is_asked.set()
            await self.is_overtaken.wait()
        return await super().list_tasks(source_server_id, vm_id=vm_id)

    async def create_task(self, body: bytes) -> Any:
        if server(2)["source_server_id"].encode() in body:
            self.is_sent.set()
        return await super().create_task(body)


async def test_a_row_that_its_neighbour_was_given_anew_is_not_sent_without_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second row settles what the first left on its target, before and after the run was taken for dead.

    The first, which the sheet now gives another target, has not begun: another run has that target meanwhile.
    """
    sms = _Overtaken(MovedClock())
    night = Scripted(tmp_path, plan_of(tmp_path, 1), sms)
    await night.run(event="kill", at=_step("answer"))
    sms.clock.now += 10.0
    rows = [server(1, target_vm_id="vm-new"), server(2, target_vm_id=VM)]
    theirs = plan_of(tmp_path, [server(3, target_vm_id="vm-new")], name="theirs.xlsx")
    other = Scripted(tmp_path, theirs, Script(sms.clock, guard=False, tasks=sms.tasks, _number=100), runs=7)
    prepare = Survey.prepare

    async def overtaken(survey: Survey, row: Any) -> Any:
        if row.text("target_vm_id") == "vm-new" and not sms.is_asked.is_set():
            await sms.is_asked.wait()
            sms.clock.now += 100.0
            await other.run(event="kill", at=_step("answer"))
            sms.is_overtaken.set()
            await sms.is_sent.wait()
        return await prepare(survey, row)

    monkeypatch.setattr(Survey, "prepare", overtaken)
    async with asyncio.timeout(PLENTY):
        end = await night.run(plan_of(tmp_path, rows, name="edited.xlsx"))
    assert told(end) == ["CONFLICT", "CREATED"]
    assert [task.id for task, _ in sms.tasks.values() if task.target_vm_id == "vm-new"] == ["t-101"]


def _step(name: str) -> int:
    """The number of a step of a first run of one row with its disks in the sheet."""
    return ["list", "listed", "write sending", "sending is durable", "create", "answer"].index(name)


class _Locking(Script):
    """Another process takes the journal's lock when the first create comes."""

    def __init__(self, clock: MovedClock, holder: sqlite3.Connection) -> None:
        super().__init__(clock)
        self._holder = holder

    async def create_task(self, body: bytes) -> Any:
        if not self._holder.in_transaction and not self.bodies:
            self._holder.execute("BEGIN IMMEDIATE")
        return await super().create_task(body)


async def test_a_stop_does_not_wait_for_a_locked_journal(tmp_path: Path) -> None:
    """Another process holds the journal's lock for minutes: the run that is told to stop ends, and the next one goes on."""
    clock = _RealClock()
    holder = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    night, stop = Scripted(tmp_path, plan_of(tmp_path, 2), _Locking(clock, holder)), StopSignal()
    asyncio.get_running_loop().call_later(0.5, lambda: stop.request(StopReason.interrupted(), at_once=True))
    async with asyncio.timeout(PLENTY):
        end = await night.run(stop=stop)
    assert told(end) == ["CREATED"] * 2
    holder.close()
    assert told(await night.run()) == ["EXISTS"] * 2


class _NoSource(Script):
    """Never tells of a source."""

    async def show_source(self, source_server_id: str) -> Any:
        await asyncio.Event().wait()


async def test_what_is_granted_after_the_grace_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal gives the rows their leases only when those under way have been cut short: nobody would cut these short."""
    stop, lease = StopSignal(), SteppedJournal.lease

    async def slowly(journal: SteppedJournal, requests: Any) -> Any:
        found = await lease(journal, requests)
        stop.request(StopReason.interrupted(), at_once=True)
        for _ in range(20):
            await asyncio.sleep(0)
        return found

    monkeypatch.setattr(SteppedJournal, "lease", slowly)
    night = Scripted(tmp_path, plan_of(tmp_path, 2, disks=False), _NoSource(MovedClock()))
    async with asyncio.timeout(PLENTY):
        assert told(await night.run(stop=stop)) == ["DEFERRED"] * 2


async def test_a_window_that_the_gateway_named_is_held_by_the_next_run(tmp_path: Path) -> None:
    """One create a minute, says a 429: the run after it keeps to that from its first create on."""
    night = scripted(tmp_path, answers=["429 names a window"])
    night.options = replace(night.options, lease_slack_seconds=300.0)  # this clock leaps over a window: no lease is renewed in it
    await night.run()
    three = plan_of(tmp_path, [server(number) for number in (2, 3, 4)], name="three.xlsx")
    began = night.sms.clock.now
    assert told(await night.run(three)) == ["CREATED"] * 3
    assert night.sms.clock.now - began >= 120.0
