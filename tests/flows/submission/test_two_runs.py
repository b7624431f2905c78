"""Two runs of one wave at once, in processes of their own: they share the rows, and both reports are whole and true."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from tests.flows.submission.real_runs import Runs, stop_between_writes
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 300


def test_both_reports_are_whole_and_true_and_each_server_has_one_task(tmp_path: Path) -> None:
    """Begun at the same moment over a journal that neither has made yet, with 14 % of the creates broken and no guard at SMS."""
    with SimulatorProcess(any_source=True, any_target=True, faults="14%", guard=False, lag=0.3) as simulator:
        runs = Runs(tmp_path, ROWS, simulator)
        processes = [runs.start(100, settle_seconds=1.0) for _ in range(2)]
        reports = [runs.end_done(process) for process in processes]
    made = [{source for source, status, _ in report if status == "CREATED"} for report in reports]
    assert not made[0] & made[1]
    assert len(made[0] | made[1]) == ROWS
    assert all(made), "one run did all the work"


def test_a_run_that_is_stopped_for_longer_than_its_lease_does_no_harm(tmp_path: Path) -> None:
    """SIGSTOP in mid-wave: the other run takes over what the sleeper held; woken, it finds that out, and both reports are true."""
    with SimulatorProcess(any_source=True, any_target=True, faults="14%", guard=False, lag=0.3) as simulator:
        runs = Runs(tmp_path, ROWS, simulator)
        sleeper, other = (runs.start(100, settle_seconds=1.0) for _ in range(2))
        runs.wait_for_tasks(ROWS // 4, sleeper, other)
        stop_between_writes(sleeper, tmp_path / "journal.sqlite")
        try:
            runs.end_done(other)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
        runs.end_done(sleeper)
