"""The promise, with real processes: 14 % of the creates broken, `kill -9` in the middle, a list that lags; still one task each."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.flows.submission.real_runs import Runs, kill
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 240
KILLS = 2


@pytest.mark.parametrize("guard", [True, False], ids=["guard on", "guard off"])
def test_killed_and_broken_at_random_a_wave_ends_with_one_task_for_each_server(tmp_path: Path, guard: bool) -> None:
    """After each kill the next run goes on; the last one ends the wave, and every outcome is what SMS really holds."""
    random = Random(guard)
    with SimulatorProcess(any_source=True, any_target=True, faults="14%", guard=guard, lag=0.3) as simulator:
        runs = Runs(tmp_path, ROWS, simulator)
        for number in range(1, KILLS + 1):
            run = runs.start(settle_seconds=1.0)
            runs.wait_for_tasks(number * 80 + random.randrange(20), run)
            kill(run)
        runs.end_done(runs.start(1000, settle_seconds=1.0))
        assert len(simulator.truth()["tasks"]) == ROWS
