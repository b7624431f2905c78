"""Two runs of one wave at once, in processes of their own: they share the rows, and both reports are whole and true."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS = 300


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    """A plan of one wave."""
    numbers = range(1, ROWS + 1)
    return make_plan(tmp_path / "plan.xlsx", [server(number) for number in numbers], disks=[disk(number) for number in numbers])


def begin(plan: Path, simulator: SimulatorProcess, rate: float) -> subprocess.Popen[str]:
    """One run in a process of its own; all share the journal in the plan's folder."""
    arguments = [str(plan), str(plan.parent), simulator.url, str(rate)]
    return subprocess.Popen([sys.executable, "-m", "tests.flows.submission.one_run", *arguments], stdout=subprocess.PIPE, text=True)


def report_of(process: subprocess.Popen[str]) -> list[tuple[str, str, str]]:
    printed, _ = process.communicate(timeout=120)
    return [(source, status, task) for source, status, task in json.loads(printed.splitlines()[-1])]


def wait_for_tasks(simulator: SimulatorProcess, tasks: int, processes: Sequence[subprocess.Popen[str]]) -> None:
    while len(simulator.truth()["tasks"]) < tasks and any(process.poll() is None for process in processes):
        pass


def test_both_reports_are_whole_and_true_and_each_server_has_one_task(wave: Path) -> None:
    """Begun at the same moment over a journal that neither has made yet, with 14 % of the creates broken and no guard at SMS."""
    with SimulatorProcess(any_source=True, any_target=True, faults="14%", guard=False, lag=0.3) as simulator:
        processes = [begin(wave, simulator, 100) for _ in range(2)]
        reports = [report_of(process) for process in processes]
        truth = simulator.truth()
    assert truth["duplicates"] == []
    for report in reports:
        assert {source: [task] for source, _, task in report} == truth["tasks_by_source"]
        assert {status for _, status, _ in report} <= {"CREATED", "EXISTS"}
    made = [{source for source, status, _ in report if status == "CREATED"} for report in reports]
    assert not made[0] & made[1]
    assert len(made[0] | made[1]) == ROWS
    assert all(made), "one run did all the work"


def stop_between_writes(process: subprocess.Popen[str], journal: Path) -> None:
    """SIGSTOP the process at a moment when it does not hold the journal's write lock, for which the other would have to wait."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        with closing(sqlite3.connect(journal, isolation_level=None, timeout=1.0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(process.pid, signal.SIGCONT)
            else:
                return


def test_a_run_that_is_stopped_for_longer_than_its_lease_does_no_harm(wave: Path) -> None:
    """SIGSTOP in mid-wave: the other run takes over what the sleeper held; woken, it finds that out, and both reports are true."""
    with SimulatorProcess(any_source=True, any_target=True, faults="14%", guard=False, lag=0.3) as simulator:
        sleeper, other = (begin(wave, simulator, 100) for _ in range(2))
        wait_for_tasks(simulator, ROWS // 4, [sleeper, other])
        stop_between_writes(sleeper, wave.parent / "journal.sqlite")
        try:
            report = report_of(other)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
        late = report_of(sleeper)
        truth = simulator.truth()
    assert truth["duplicates"] == []
    for found in (report, late):
        assert {source: [task] for source, _, task in found} == truth["tasks_by_source"]
        assert {status for _, status, _ in found} <= {"CREATED", "EXISTS"}
