"""Creates a second at a limit of 50/s, of one run and of two at once on one journal, as the server sees them arrive."""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.benchmarks.measure import RUNS, Figure
from tests.paced_wave import run_at_once
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.starts import most_in_a_second
from tests.waves_process import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 50


def figures(rows: int = 1000) -> Iterator[Figure]:
    """The pace that is reached, and the most that any second holds, wherever it begins: the worst of all runs."""
    for runs, bar in ((1, 0.98), (2, 0.95)):
        measured = [_measure(rows, runs) for _ in range(RUNS)]
        per_second, most = statistics.median(pace for pace, _ in measured), max(most for _, most in measured)
        name = f"{rows:,} creates at {LIMIT}/s" + (f", {runs} runs at once" if runs > 1 else "")
        yield Figure(name, f"{per_second:.1f}/s", f"limit {LIMIT}/s", per_second / LIMIT, bar, at_most=False)
        yield Figure(f"{name}: most in any second", f"{most}", f"limit {LIMIT}", most / LIMIT, 1.0)


def _measure(rows: int, runs: int) -> tuple[float, int]:
    """Creates a second while all runs were at it, and the most in any second."""
    numbers = range(rows)
    with TemporaryDirectory() as name, SimulatorProcess(any_source=True, any_target=True) as simulator:
        folder = Path(name)
        servers = [server(number, wave=f"wave-{number % runs}") for number in numbers]
        plan = make_plan(folder / "plan.xlsx", servers, disks=[disk(number) for number in numbers])
        env = environment(folder, simulator, SMS_RATE_PER_SECOND=str(LIMIT))
        told = run_at_once([(plan, f"wave-{number}") for number in range(runs)], folder, env)
        arrivals = simulator.arrivals()
    if any(run["statuses"] != {"CREATED": rows // runs} for run in told):
        raise RuntimeError("a wave did not end well: the figure would be worthless")
    begun, ended = max(min(run["starts"]) for run in told), min(max(run["starts"]) for run in told)
    among = [moment for moment in arrivals if begun <= moment <= ended]
    return (len(among) - 1) / (among[-1] - among[0]), most_in_a_second(arrivals)
