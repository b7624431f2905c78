"""An order for a wave, against the real simulator: what became of each server, and what the journal holds of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from flows.operating.evidence import Verdict
from flows.operating.speed import SpeedWish
from flows.submission.events import StopReason, StopSignal
from tests.conftest import wait_until
from tests.flows.operating.evening import ACTION, DELETE, SPEED, Evening, Heard, flat, tally
from tests.plans import server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_wave_is_started_once_and_told_so_again(evening: Evening) -> None:
    """DONE for each server; the same order again sends nothing and is done as well."""
    plan = await evening.made(3)
    result = await evening.order(plan, "start")
    assert tally(result) == {"DONE": 3}
    assert [evening.state(number) for number in (1, 2, 3)] == ["RUNNING"] * 3
    assert tally(await evening.order(plan, "start")) == {"ALREADY": 3}
    assert evening.asked() == 3
    (action,) = await evening.actions()
    assert (action.operation, action.before.state, action.answer, action.verdict) == ("start", "READY", "performed", Verdict.DONE)


async def test_each_operation_moves_the_task_that_it_is_for(evening: Evening) -> None:
    """The way of one server through its night, and what is illegal on it."""
    plan = await evening.made(1)
    assert flat(await evening.order(plan, "restart")) == ["ILLEGAL"]
    assert flat(await evening.order(plan, "start")) == ["DONE"]
    assert flat(await evening.order(plan, "cutover")) == ["ILLEGAL"]
    assert flat(await evening.order(plan, "delete")) == ["ILLEGAL"]
    assert flat(await evening.order(plan, "stop")) == ["DONE"]
    assert flat(await evening.order(plan, "stop")) == ["ALREADY"]
    evening.simulator.set_state(evening.task_id(), "ABORT")
    assert flat(await evening.order(plan, "restart")) == ["DONE"]
    evening.simulator.set_state(evening.task_id(), "SYNCING")
    assert flat(await evening.order(plan, "cutover")) == ["DONE"]
    assert evening.state() == "MIGRATE_SUCCESS"
    assert flat(await evening.order(plan, "sync")) == ["DONE"]
    assert evening.state() == "SYNCING"
    evening.simulator.set_state(evening.task_id(), "MIGRATE_SUCCESS")
    assert flat(await evening.order(plan, "delete")) == ["DONE"]


LOST = ["reset-after", "drop-after", "500-after", "504-after", "408-after", "half-after"]
UNDONE = ["reset-before", "drop-before", "503-before", "302-before"]


@pytest.mark.parametrize("fault", LOST)
async def test_an_operation_whose_answer_is_lost_is_found_and_not_sent_again(evening: Evening, fault: str) -> None:
    """A look shows that it was performed: DONE, asked once."""
    plan = await evening.made(1)
    evening.simulator.fault_once(fault, route=ACTION)
    assert flat(await evening.order(plan, "start")) == ["DONE"]
    assert evening.asked() == 1
    (action,) = await evening.actions()
    assert action.verdict is Verdict.DONE


@pytest.mark.parametrize("fault", UNDONE)
async def test_an_operation_that_was_not_performed_is_sent_again_after_the_settle_time(evening: Evening, fault: str) -> None:
    """A look excludes it: the second request is another action, from the same state."""
    plan = await evening.made(1)
    evening.simulator.fault_once(fault, route=ACTION)
    assert flat(await evening.order(plan, "start")) == ["DONE"]
    assert evening.asked() == 2
    first, second = await evening.actions()
    assert (first.verdict, second.verdict) == (Verdict.NOT_DONE, Verdict.DONE)


@pytest.mark.parametrize("fault", ["429-before", "429-retry-before"])
async def test_a_throttled_operation_is_sent_again(evening: Evening, fault: str) -> None:
    """Nothing was performed, and the pace goes down."""
    plan = await evening.made(1)
    evening.simulator.fault_once(fault, route=ACTION)
    assert flat(await evening.order(plan, "start")) == ["DONE"]
    first, second = await evening.actions()
    assert (first.answer, first.verdict, second.verdict) == ("throttled", Verdict.NOT_DONE, Verdict.DONE)


async def test_a_refusal_is_told_with_what_to_do(evening: Evening) -> None:
    """SMS's own no: code, words, advice."""
    plan = await evening.made(1)
    evening.simulator.fault_once("SMS.0204", route=ACTION)
    (result,) = (await evening.order(plan, "start")).results
    assert (result.ended.value, result.code) == ("REFUSED", "SMS.0204")
    assert "grant" in result.advice


async def test_refused_credentials_stop_the_order(evening: Evening) -> None:
    """One 403, and the rest is not asked for."""
    plan = await evening.made(30)
    evening.simulator.set_access(denied_actions=["sms:server:manageTask"])
    result = await evening.order(plan, "start")
    assert tally(result) == {"DEFERRED": 30}
    assert result.stop is not None
    assert result.stop.code == "SMS.9004"
    assert evening.asked() <= 16


async def test_a_cutover_that_the_endpoint_does_not_know_is_said_once(evening: Evening) -> None:
    """The word is refused: what the console offers is told, and the others are not asked for."""
    plan = await evening.made(30)
    for number in range(1, 31):
        evening.simulator.set_state(evening.task_id(number), "SYNCING")
    evening.simulator.fault_once("SMS.9001", times=30, route=ACTION)
    result = await evening.order(plan, "cutover")
    refused = [one for one in result.results if one.ended.value == "REFUSED"]
    assert 1 <= len(refused) <= 16
    assert "SMS console" in refused[0].advice
    assert tally(result)["DEFERRED"] == 30 - len(refused)
    assert evening.state() == "SYNCING"


async def test_only_what_this_tool_made_is_deleted(evening: Evening) -> None:
    """A task of somebody else for a row of the plan stays, whoever asks."""
    plan = evening.plan(2)
    foreign = evening.simulator.add_task("src-0001-a1b2", target_vm_id="vm-0001-c3d4", name="by-hand")
    await evening.submit(plan)
    result = await evening.order(plan, "delete")
    assert flat(result) == ["ILLEGAL", "DONE"]
    assert result.results[0].code == "WAVES.NOT_OURS"
    assert evening.task_id() == foreign
    assert evening.asked(DELETE) == 1


async def test_a_deletion_whose_answer_is_lost_is_done_when_the_task_is_gone(evening: Evening) -> None:
    """Nothing is there any more, or it is on its way out."""
    plan = await evening.made(1)
    evening.simulator.fault_once("reset-after", route=DELETE)
    assert flat(await evening.order(plan, "delete")) == ["DONE"]
    assert evening.asked(DELETE) == 1


async def test_rows_without_a_task_are_told(evening: Evening) -> None:
    """Never submitted, deleted by hand, skipped by the planner: nothing is sent for any."""
    plan = await evening.made([server(1), server(2), server(3, skip=True)])
    evening.simulator.delete_task(evening.task_id(2))
    more = evening.plan([server(1), server(2), server(3, skip=True), server(4)])
    result = await evening.order(more, "stop")
    assert flat(result) == ["ALREADY", "NO TASK", "SKIPPED", "NO TASK"]
    assert [one.code for one in result.results] == ["", "WAVES.GONE", "", "WAVES.NO_TASK"]
    assert plan == more


async def test_a_task_that_the_journal_does_not_know_is_found_by_its_source(evening: Evening) -> None:
    """Submitted elsewhere: the listing tells which task it is."""
    evening.simulator.add_task("src-0001-a1b2", target_vm_id="vm-0001-c3d4")
    evening.simulator.add_task("src-0002-a1b2", target_vm_id="vm-of-another-plan")
    result = await evening.order(evening.plan(2), "start")
    assert flat(result) == ["DONE", "NO TASK"]


async def test_a_speed_limit_is_laid_over_the_rules_that_are_there(evening: Evening) -> None:
    """What gives way is said; the same again sends nothing."""
    plan = await evening.made(1)
    await evening.order(plan, "start")
    day = SpeedWish.of(200, "08:00", "18:00")
    assert flat(await evening.order(plan, "speed", speed=SpeedWish.of(500))) == ["DONE"]
    (result,) = (await evening.order(plan, "speed", speed=day)).results
    assert (result.ended.value, result.note) == ("DONE", "replaced 00:00-23:59 500 Mbit/s")
    assert flat(await evening.order(plan, "speed", speed=day)) == ["ALREADY"]
    assert evening.asked(SPEED) == 2


@pytest.mark.parametrize(("fault", "asked"), [("reset-after", 1), ("reset-before", 2)])
async def test_a_speed_limit_whose_answer_is_lost_is_settled_by_the_rules(evening: Evening, fault: str, asked: int) -> None:
    """What the task has is what was sent, or what was there."""
    plan = await evening.made(1)
    evening.simulator.fault_once(fault, route=SPEED)
    assert flat(await evening.order(plan, "speed", speed=SpeedWish.of(500))) == ["DONE"]
    assert evening.asked(SPEED) == asked


async def test_an_order_that_is_given_up_leaves_what_is_on_the_wire_to_the_next(evening: Evening) -> None:
    """Ctrl-C twice while an answer is waited for: UNCERTAIN; the next order settles it, and sends nothing again."""
    plan, stop = await evening.made(1), StopSignal()
    evening.simulator.fault_once("hang-after", route=ACTION)
    order = asyncio.create_task(evening.order(plan, "start", stop=stop))
    await asyncio.to_thread(wait_until, evening.asked)
    stop.request(StopReason.interrupted(), at_once=True)
    (result,) = (await order).results
    assert (result.ended.value, result.code) == ("UNCERTAIN", "WAVES.STOPPED")
    (action,) = await evening.actions()
    assert action.verdict is None
    assert flat(await evening.order(plan, "start")) == ["ALREADY"]
    (action,) = await evening.actions()
    assert action.verdict is Verdict.DONE
    assert evening.asked() == 1


async def test_an_order_that_is_stopped_sends_nothing_new(evening: Evening) -> None:
    """Stopped before it began: every server is told so."""
    plan, stop = await evening.made(2), StopSignal()
    stop.request(StopReason.interrupted())
    assert flat(await evening.order(plan, "start", stop=stop)) == ["DEFERRED", "DEFERRED"]
    assert evening.asked() == 0


async def test_a_task_that_is_not_shown_yet_is_waited_for(tmp_path: Path) -> None:
    """Submitted a moment ago, and listed late: it is not taken for deleted."""
    with SimulatorProcess(any_source=True, any_target=True, lag=0.8) as simulator:
        evening = Evening(simulator, tmp_path, {"settle_seconds": 2.0})
        plan = await evening.made(2)
        assert tally(await evening.order(plan, "start")) == {"DONE": 2}


async def test_an_order_goes_by_a_journal_on_a_server(on_server: Evening) -> None:
    """Intents, leases, the turn of starters and what is settled, on PostgreSQL; two starters at once."""
    evening = on_server
    plan = await evening.made(6)
    evening.simulator.fault_once("reset-after", route=ACTION)
    evening.simulator.fault_once("reset-before", route=ACTION)
    results = await asyncio.gather(evening.order(plan, "start"), evening.order(plan, "start"))
    assert all(result.is_all_done for result in results)
    assert tally(await evening.order(plan, "speed", speed=SpeedWish.of(300))) == {"DONE": 6}
    assert tally(await evening.order(plan, "stop")) == {"DONE": 6}
    made = [(action.operation.value, action.verdict) for number in range(1, 7) for action in await evening.actions(number)]
    assert sorted({operation for operation, _ in made}) == ["speed", "start", "stop"]
    assert sum(verdict is Verdict.NOT_DONE for _, verdict in made) == 1
    assert len(made) == 19


async def test_what_a_start_does_not_hold_is_said(evening: Evening) -> None:
    """The wave's own dependencies, its approval, a window that has not begun: the order is a person's, who is told."""
    waves = [{"wave": "wave-1", "starts_at": "2040-01-01 20:00", "timezone": "UTC", "needs_approval": True, "depends_on": "w0"}]
    heard = Heard()
    await evening.order(evening.plan(1, waves=waves), "start", watcher=heard)
    told = [remark.partition(" ")[2].partition(":")[0] for remark in heard.remarks]
    assert told == [
        "Waves!B2 begins the window at 2040-01-01 20",
        "Waves!E2 asks for w0 to be done first",
        "Waves!D2 asks for an approval",
    ]


async def test_a_task_that_this_tool_deleted_is_told_so(evening: Evening) -> None:
    """Not as a deletion by hand."""
    plan = await evening.made(1)
    await evening.order(plan, "delete")
    (result,) = (await evening.order(plan, "start")).results
    assert (result.ended.value, result.code) == ("NO TASK", "WAVES.GONE")
    assert "`waves delete` has deleted it" in result.message
