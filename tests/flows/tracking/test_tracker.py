from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from flows.simulator.options import Rate
from flows.sms.errors import StopRun
from flows.tracking.standing import Goal, Standing
from tests.flows.tracking.duty import GIB

if TYPE_CHECKING:
    from tests.flows.tracking.conftest import MakeDuty


async def test_a_wave_is_followed_until_it_is_done(on_duty: MakeDuty) -> None:
    """One listing a look, each change of state told once, and the end is the goal."""
    duty = on_duty(3, migration_seconds=600.0)
    for number in (1, 2, 3):
        duty.operate(duty.make(number), "start")
    result = await duty.track()
    assert result.is_reached
    assert result.picture is not None
    assert result.picture.states == {"MIGRATE_SUCCESS": 3}
    assert sorted(duty.changes) == [f"web-0{number}: RUNNING -> MIGRATE_SUCCESS" for number in (1, 2, 3)]
    assert set(duty.calls) == {"GET /v3/tasks"}
    assert len(duty.calls) == len(duty.pictures)


async def test_the_goal_may_be_nearer(on_duty: MakeDuty) -> None:
    """A server that syncs has migrated once it syncs, and is done only by its cutover."""
    duty = on_duty(1, migration_seconds=600.0)
    task = duty.make(1, syncing=True)
    duty.operate(task, "start")
    assert (await duty.track(Goal.STARTED)).is_reached
    assert duty.clock.now == 0
    assert (await duty.track(Goal.MIGRATED)).is_reached
    result = await duty.track(Goal.SYNCED)
    assert result.picture is not None
    assert (result.is_reached, result.picture.states) == (True, {"SYNCING": 1})
    duty.ends_after = duty.clock.now + 60
    assert not (await duty.track(Goal.DONE)).is_reached


async def test_who_has_to_do_something_is_told_apart(on_duty: MakeDuty) -> None:
    """Waiting for us, waiting for SMS, running, failed, without a task."""
    duty = on_duty(5, migration_seconds=600.0)
    ready, running, stopping, failed = (duty.make(number) for number in (1, 2, 3, 4))
    duty.operate(running, "start")
    duty.put(stopping, "ABORTING")
    duty.put(failed, "MIGRATE_FAIL")
    async with duty.tracker() as tracker:
        picture = await tracker.poll()
    found = {view.label: view.standing for view in picture.servers}
    assert ready
    assert found == {
        "web-01": Standing.WAITING,
        "web-02": Standing.RUNNING,
        "web-03": Standing.CHANGING,
        "web-04": Standing.FAILED,
        "web-05": Standing.NO_TASK,
    }
    assert picture.as_json()["states"]["NO_TASK"] == 1


async def test_a_task_that_others_delete_is_told_and_not_waited_for(on_duty: MakeDuty) -> None:
    """Only SMS's own word on its id counts; the wave ends without it, and says so."""
    duty = on_duty(2, migration_seconds=300.0)
    tasks = [duty.make(number) for number in (1, 2)]
    await duty.know(*tasks)
    for task in tasks:
        duty.operate(task, "start")
    async with duty.tracker() as tracker:
        await tracker.poll()
        duty.delete(tasks[0])
        await duty.clock.sleep(30)
        picture = await tracker.poll()
    assert f"GET /v3/tasks/{tasks[0]}" in duty.calls
    assert duty.changes == ["web-01: RUNNING -> GONE"]
    assert picture.lost[0].advice
    result = await duty.track()
    assert result.picture is not None
    assert (result.is_reached, result.picture.states) == (False, {"GONE": 1, "MIGRATE_SUCCESS": 1})
    assert duty.changes.count("web-01: RUNNING -> GONE") == 1


async def test_a_task_that_is_not_listed_yet_is_not_gone(on_duty: MakeDuty) -> None:
    """The journal knows it, SMS shows it neither in the listing nor on its page for a moment after it was made."""
    duty = on_duty(1, lag=20.0, migration_seconds=300.0)
    await duty.know(duty.make(1))
    async with duty.tracker() as tracker:
        first = await tracker.poll()
        await duty.clock.sleep(30)
        second = await tracker.poll()
    assert [first.servers[0].state, second.servers[0].state] == ["NO_TASK", "READY"]
    assert duty.changes == []


async def test_a_look_in_vain_is_told_once_and_tried_again(on_duty: MakeDuty) -> None:
    """However often SMS does not answer, tracking goes on, and says when it is back."""
    duty = on_duty(1, migration_seconds=600.0)
    duty.operate(duty.make(1), "start")
    async with duty.tracker() as tracker:
        await tracker.poll()
        duty.broken = [httpx.ReadTimeout("no answer")] * 8
        vain = [await tracker.poll() for _ in range(2)]
        well = await tracker.poll()
    assert [picture.failed_polls for picture in vain] == [1, 2]
    assert all(picture.problem for picture in vain)
    assert vain[1].next_in > vain[0].next_in
    assert not well.problem
    assert [text.split(":")[0] for text in duty.remarks] == ["warning", "SMS can be looked at again, after 2 looks in vain"]


async def test_refused_credentials_end_it(on_duty: MakeDuty) -> None:
    """Five bad signatures lock a key: nobody asks twice."""
    duty = on_duty(1, authentication=True)
    with pytest.raises(StopRun):
        await duty.track()
    assert len(duty.calls) == 1


async def test_a_state_that_nobody_knows_is_shown_and_ends_nothing(on_duty: MakeDuty) -> None:
    """As it is, and followed on."""
    duty = on_duty(1)
    duty.make(1)
    duty.renamed = b"READY", b"REPLICATING_V2"
    duty.ends_after = 60.0
    result = await duty.track()
    assert result.picture is not None
    assert (result.is_reached, result.picture.states) == (False, {"REPLICATING_V2": 1})
    assert len(duty.pictures) > 1


async def test_who_will_miss_the_window_is_said_as_soon_as_it_is_known_and_once(on_duty: MakeDuty) -> None:
    """200 GiB over 20 Mbit/s into a window of six hours: known at the first look, said once, by the next process neither."""
    duty = on_duty(1, wave={"bandwidth_mbps": 20}, sizes=[200 * 1024**3], bandwidth=20.0)
    duty.operate(duty.make(1, size=200 * 1024**3), "start")
    duty.ends_after = 3600.0
    result = await duty.track()
    assert result.picture is not None
    assert [view.label for view in result.picture.late] == ["web-01"]
    said = [text for text in duty.remarks if text.startswith("late:")]
    assert len(said) == 1
    assert "web-01 will miss its window by" in said[0]
    duty.stop = type(duty.stop)()
    duty.ends_after = duty.clock.now
    await duty.track()
    assert len([text for text in duty.remarks if text.startswith("late:")]) == 1


async def test_only_the_rows_that_fit_are_told(on_duty: MakeDuty) -> None:
    """--where: the others share the line, and are nobody's business."""
    duty = on_duty(3, migration_seconds=300.0)
    for number in (1, 2):
        duty.operate(duty.make(number), "start")
    result = await duty.track(where=(("source_name", "web-01"),))
    assert result.picture is not None
    assert [view.label for view in result.picture.servers] == ["web-01"]
    assert result.is_reached


async def test_a_server_that_syncs_is_synced_by_a_round_of_changes(on_duty: MakeDuty) -> None:
    """Copied is not synced; and it is expected to end by its cutover, whenever that is ordered."""
    night = {"bandwidth": 200.0, "preparation": 300.0, "configuration": 300.0, "change_per_day": 0.3}
    duty = on_duty(1, wave={"bandwidth_mbps": 200}, sizes=[50 * GIB], **night)
    duty.operate(duty.make(1, size=50 * GIB, syncing=True), "start")
    migrated = await duty.track(Goal.MIGRATED)
    copied_at = duty.clock.now
    synced = await duty.track(Goal.SYNCED)
    assert migrated.is_reached
    assert synced.picture is not None
    assert (synced.is_reached, synced.picture.states) == (True, {"SYNCING": 1})
    assert duty.clock.now > copied_at
    assert synced.picture.servers[0].sub_task == ""


async def test_rounds_that_follow_one_another_without_a_pause_are_rounds_all_the_same(on_duty: MakeDuty) -> None:
    """No look ever shows all of them between two rounds at once: each has synced, and that is what was asked."""
    night = {"bandwidth": 200.0, "preparation": 30.0, "configuration": 300.0, "change_per_day": 30.0, "sync_seconds": 0.0}
    sizes = [20 * GIB, 31 * GIB, 47 * GIB]
    duty = on_duty(3, wave={"bandwidth_mbps": 200}, sizes=sizes, **night)
    for number, size in enumerate(sizes, 1):
        duty.operate(duty.make(number, size=size, syncing=True), "start")
    duty.ends_after = duty.clock.now + 20 * 3600
    result = await duty.track(Goal.SYNCED)
    assert result.is_reached
    assert result.picture is not None
    assert result.picture.states == {"SYNCING": 3}


async def test_who_starts_tasks_does_not_wait_for_those_that_nobody_starts(on_duty: MakeDuty) -> None:
    """One was never started, one was stopped by a person: the third is followed to its end, and that is the end."""
    duty = on_duty(3, migration_seconds=900.0)
    ready, stopped, running = (duty.make(number) for number in (1, 2, 3))
    duty.operate(running, "start")
    duty.put(stopped, "ABORT")
    result = await duty.track(waits_for_people=False)
    assert ready
    assert result.picture is not None
    assert [view.standing for view in result.picture.servers] == [Standing.WAITING, Standing.WAITING, Standing.DONE]


async def test_looks_leave_half_of_the_reads_to_others(on_duty: MakeDuty) -> None:
    """A gateway that names its window, 4 reads a minute: no look is refused twice, and looks keep to two a minute from then on."""
    duty = on_duty(1, rate=Rate(4, 60.0, is_window=True), migration_seconds=1800.0)
    duty.operate(duty.make(1), "start")
    result = await duty.track(interval_seconds=5.0)
    assert result.is_reached
    assert duty.simulator.ledger.refusals["APIGW.0308"] <= 1
    waits = [picture.next_in for picture in duty.pictures[len(duty.pictures) // 2 :]]
    assert min(waits) >= 30.0


async def test_a_wave_that_waits_is_looked_at_less_often(on_duty: MakeDuty) -> None:
    """That it is expected to end later the longer it waits is no news; a start brings the looks back."""
    duty = on_duty(2, wave={"bandwidth_mbps": 100}, migration_seconds=3600.0)
    tasks = [duty.make(number) for number in (1, 2)]
    async with duty.tracker() as tracker:
        waits = []
        for _ in range(8):
            waits.append((await tracker.poll()).next_in)
            await duty.clock.sleep(waits[-1])
        duty.operate(tasks[0], "start")
        back = (await tracker.poll()).next_in
    assert waits == sorted(waits)
    assert (waits[0], waits[-1], back) == (30.0, 120.0, 30.0)
