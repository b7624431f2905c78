"""What a row costs in waves of every size, and what a large one weighs: memory, journal, calls of Prefect's API."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.benchmarks.counted_prefect import CountedPrefect
from tests.benchmarks.measure import Figure, in_own_process, in_turn, ratio_of
from tests.benchmarks.plans import make_wave
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE, MIDDLE, SMALL = 20_000, 5000, 2000
SIZES = (1000, SMALL, MIDDLE, LARGE)
MOST_MEGABYTES = 450
MOST_TASK_RUNS = 60


def figures() -> Iterator[Figure]:
    """The figures of scale, one after another."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan = make_wave(folder, LARGE).plan
        yield from _cost_of_a_row(plan)
        yield from _whole_command(folder, plan)


def _cost_of_a_row(plan: Path) -> Iterator[Figure]:
    """Sizes in turn, so that a machine whose speed drifts slows all of them down."""
    last: dict[str, Any] = {}
    with SimulatorProcess(any_source=True, any_target=True, authentication=False) as simulator:

        def cost(rows: int) -> float:
            simulator.reset()
            last.update(in_own_process("engine", plan, rows, simulator.url, "token"))
            return float(last["seconds"]) / rows * 1e6

        found = in_turn({str(rows): partial(cost, rows) for rows in SIZES})
    large, small, ratio = ratio_of(found[str(LARGE)], found[str(SMALL)])
    yield Figure(f"a row of {LARGE:,}", f"{large:,.0f} µs", f"a row of {SMALL:,} {small:,.0f} µs", ratio, 1.15)
    for rows in (1000, MIDDLE):
        yield Figure(f"a row of {rows:,}", f"{statistics.median(found[str(rows)]):,.0f} µs")
    yield Figure(f"journal on disk, a row of {LARGE:,}", f"{last['journal_bytes'] / LARGE:,.0f} bytes")
    yield Figure(f"report, a row of {LARGE:,}, on top", f"{last['report_seconds'] / LARGE * 1e6:,.0f} µs")


def _whole_command(folder: Path, plan: Path) -> Iterator[Figure]:
    """`waves submit` as a user runs it, Prefect included: the server's count of calls, and the process's peak of memory."""
    middle = make_wave(folder, MIDDLE).plan
    with SimulatorProcess(any_source=True, any_target=True) as simulator, CountedPrefect(folder) as prefect:
        environment = {**os.environ, **simulator.environment, **prefect.environment}
        before = prefect.calls()
        _peak_megabytes(folder, middle, environment)
        calls, task_runs = prefect.calls() - before, prefect.task_runs()
        name = f"Prefect task runs for {MIDDLE:,} rows"
        yield Figure(name, f"{task_runs}", f"{MOST_TASK_RUNS}", task_runs / MOST_TASK_RUNS, 1.0)
        yield Figure(f"calls of Prefect's API for {MIDDLE:,} rows", f"{calls}")
        simulator.reset()
        peak = _peak_megabytes(folder, plan, environment)
        limit = f"{MOST_MEGABYTES} MB"
        yield Figure(f"peak memory of `waves submit` of {LARGE:,} rows", f"{peak:.0f} MB", limit, peak / MOST_MEGABYTES, 1.0)


def _peak_megabytes(folder: Path, plan: Path, environment: dict[str, str]) -> float:
    """Run the command; its own peak, not that of what it starts."""
    environment = {**environment, "WAVES_JOURNAL": f"sqlite+aiosqlite:///{folder.as_posix()}/{plan.stem}.sqlite"}
    command = [sys.executable, "-m", "flows.cli", "submit", str(plan), "--wave", "wave-1"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("the command did not end well: the figure would be worthless")
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
