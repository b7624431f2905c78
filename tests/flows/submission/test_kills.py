"""The promise, with real processes: 14 % of the creates broken, `kill -9` in the middle, a list that lags; still one task each."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 600
KILLS = 2


def one_run(plan: Path, folder: Path, simulator: SimulatorProcess, rate: float) -> subprocess.Popen[str]:
    arguments = [str(plan), str(folder), simulator.url, str(rate)]
    return subprocess.Popen([sys.executable, "-m", "tests.flows.submission.one_run", *arguments], stdout=subprocess.PIPE, text=True)


def kill_when_made(process: subprocess.Popen[str], simulator: SimulatorProcess, tasks: int) -> None:
    """Kill the process as soon as the simulator holds so many tasks, or let it end if it comes to that first."""
    while process.poll() is None and len(simulator.truth()["tasks"]) < tasks:
        pass
    process.kill()
    process.communicate(timeout=30)


@pytest.mark.parametrize("guard", [True, False], ids=["guard on", "guard off"])
def test_killed_and_broken_at_random_a_wave_ends_with_one_task_for_each_server(tmp_path: Path, guard: bool) -> None:
    """After each kill the next run goes on; the last one ends the wave, and every outcome is what SMS really holds."""
    servers = [server(number) for number in range(1, ROWS + 1)]
    plan = make_plan(tmp_path / "plan.xlsx", servers, disks=[disk(number) for number in range(1, ROWS + 1)])
    random = Random(guard)
    with SimulatorProcess(any_source=True, any_target=True, faults="14%", guard=guard, lag=1.0) as simulator:
        for kill in range(1, KILLS + 1):
            kill_when_made(one_run(plan, tmp_path, simulator, 400), simulator, kill * 200 + random.randrange(50))
        last = one_run(plan, tmp_path, simulator, 1000)
        printed, _ = last.communicate(timeout=150)
        truth = simulator.truth()
    outcomes = json.loads(printed.splitlines()[-1])
    assert truth["duplicates"] == []
    assert {status for _, status, _ in outcomes} <= {"CREATED", "EXISTS"}
    assert {source: [task] for source, _, task in outcomes} == truth["tasks_by_source"]
    assert len(outcomes) == ROWS
