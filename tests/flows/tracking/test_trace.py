from __future__ import annotations

from dataclasses import replace

import pytest

from flows.sms.task_sight import TaskSight
from flows.tracking.observations import observation_of
from flows.tracking.standing import Standing
from flows.tracking.trace import Trace

GB = 10**9
RUNNING = TaskSight("t-1", state="RUNNING", copy_progress=0.0, progress=0.0, sub_task="SSL_CONFIG")
COPYING = replace(RUNNING, copy_progress=20.0, progress=20.0, sub_task="MIGRATE_LINUX_FILE", speed_mbps=90.0)
CONFIGURING = replace(COPYING, copy_progress=100.0, progress=95.0, sub_task="CONFIGURE_LINUX_FILE", speed_mbps=0.0)
DONE = replace(CONFIGURING, state="MIGRATE_SUCCESS", progress=100.0, sub_task="")


def followed(*sights: TaskSight, step: float = 60.0, size: float = 6 * GB, due_mbps: float = 200.0) -> Trace:
    """A trace that saw these, a step apart, after it had seen the task READY at 0."""
    trace = Trace("t-1", "s-1", bytes=size)
    trace.see(TaskSight("t-1", state="READY"), 1000.0)
    for number, sight in enumerate(sights, 1):
        if trace.is_copying:
            trace.note_due(due_mbps, 1000.0 + number * step)
        trace.see(sight, 1000.0 + number * step)
    return trace


def test_what_was_seen_is_timed_by_the_look_that_showed_it() -> None:
    """Begun, copying, copied, ended; the mean speed of its copy is the plan's bytes over that time."""
    trace = followed(RUNNING, RUNNING, COPYING, COPYING, COPYING, CONFIGURING, DONE)
    assert (trace.started_at, trace.copying_at, trace.copied_at, trace.finished_at) == (1060.0, 1180.0, 1360.0, 1420.0)
    assert trace.speed_mbps == pytest.approx(6 * GB * 8 / 1e6 / 180)


def test_the_times_of_sms_win() -> None:
    """Where it tells them, however seldom somebody looked."""
    trace = followed(replace(DONE, started_at=1.0, copying_at=2.0, copied_at=602.0, finished_at=700.0), step=3600.0)
    assert (trace.started_at, trace.copying_at, trace.copied_at, trace.finished_at) == (1.0, 2.0, 602.0, 700.0)


def test_a_time_that_nobody_saw_stays_unknown() -> None:
    """A look after an hour does not say when in it the copy began: nothing is learned of such a task."""
    trace = followed(COPYING, DONE, step=3600.0)
    assert (trace.started_at, trace.copying_at, trace.finished_at) == (None, None, None)
    assert observation_of(trace, "wave-1") is None


def test_a_copy_that_is_said_to_be_whole_and_is_not_was_not_copied() -> None:
    """SMS has shown 100 % and more of a task that copied still: what the next look takes back was none."""
    too_much = replace(COPYING, copy_progress=100.0)
    failed = replace(COPYING, state="MIGRATE_FAIL", copy_progress=40.0, speed_mbps=0.0)
    assert followed(RUNNING, COPYING, too_much).copied_at == 1180.0
    assert followed(RUNNING, COPYING, too_much, COPYING, CONFIGURING, DONE).copied_at == 1300.0
    trace = followed(RUNNING, COPYING, too_much, failed)
    assert (trace.copied_at, trace.speed_mbps) == (None, 0.0)


def test_a_task_that_is_restarted_forgets_its_first_try() -> None:
    """Its times are those of the try that counts."""
    failed = replace(COPYING, state="MIGRATE_FAIL", error_code="SMS.0805")
    trace = followed(RUNNING, COPYING, failed, RUNNING, COPYING)
    assert (trace.started_at, trace.copying_at, trace.standing) == (1240.0, 1300.0, Standing.RUNNING)
    assert trace.error_code == ""


def test_only_what_is_new_is_written() -> None:
    """A state, a sub-task, an error, a time, five per cent; not each per cent, and not that it is still there."""
    trace = followed(COPYING)
    trace.written_progress = 20.0
    assert [trace.see(replace(COPYING, progress=share), 1100.0) for share in (20.0, 24.9, 25.0)] == [False, False, True]
    assert trace.see(replace(COPYING, sub_task="CONFIGURE_LINUX_FILE"), 1110.0)
    assert trace.see(replace(COPYING, state="ABORTING"), 1120.0)


def test_a_forecast_learns_speed_and_overhead() -> None:
    """The share of its due that it reached, and the minutes before and after its copy."""
    trace = followed(RUNNING, RUNNING, COPYING, COPYING, COPYING, CONFIGURING, DONE, due_mbps=400.0)
    learned = observation_of(trace, "wave-1")
    assert learned is not None
    assert learned.efficiency == pytest.approx(6 * GB * 8 / 1e6 / 180 / 400)
    assert learned.overhead_minutes == pytest.approx(2 + 1)


def test_a_task_that_syncs_teaches_by_its_first_half() -> None:
    """When it is cut over is people's choice: what comes before its copy counts twice."""
    trace = followed(RUNNING, RUNNING, COPYING, COPYING, replace(CONFIGURING, state="SYNCING"))
    trace.see(DONE, 90_000.0)
    learned = observation_of(trace, "wave-1")
    assert learned is not None
    assert learned.overhead_minutes == pytest.approx(2 + 2)


def test_what_a_copy_is_due_is_the_mean_over_its_time() -> None:
    """60 s at 100 Mbit/s and 120 s at 400: 300."""
    trace = followed(RUNNING, COPYING)
    for at, mbps in ((1120.0, 100.0), (1180.0, 100.0), (1240.0, 400.0), (1300.0, 400.0)):
        trace.note_due(mbps, at)
        trace.see(COPYING, at)
    assert trace.due_mbps == pytest.approx(300.0)


def test_what_was_done_and_deleted_then_is_done() -> None:
    """Finished tasks are deleted to make room for others."""
    trace = followed(RUNNING, COPYING, DONE)
    trace.lose(2000.0)
    assert (trace.is_gone, trace.standing) == (True, Standing.DONE)
