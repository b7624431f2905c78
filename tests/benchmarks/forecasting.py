"""Forecasts: a second for 5,000 servers, what advice for late waves adds, and a cost that grows no faster than n log n."""

from __future__ import annotations

import math
import random
import statistics
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from inventory.forecast import forecast_plan
from inventory.forecast_run import Job, run_jobs
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan
from tests.benchmarks.measure import RUNS, Figure, in_turn
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.plan import Plan

SERVERS, TIMES = 5_000, 4
LIMITS = (0, 50, 100, 200, 300, 500)
GIB = 1024**3


def figures() -> Iterator[Figure]:
    """The figures of the forecast, one after another."""
    with TemporaryDirectory() as name:
        for waves, fitting in ((50, True), (50, False), (1, True)):
            plan = read_plan(_plan(Path(name), waves, fits=fitting))
            seconds = statistics.median(_seconds(plan) for _ in range(RUNS))
            what = f"{waves} waves" if waves > 1 else "one wave"
            late = "" if fitting else ", every one late and advised"
            bar = 1.0 if fitting else None  # each piece of advice is a forecast or a dozen: it only informs
            yield Figure(f"forecast of {SERVERS:,} servers in {what}{late}", f"{seconds:.2f} s", "a second", seconds, bar)
    yield _growth("100 at once", 100)
    yield _growth("all at once", SERVERS * TIMES)


def _seconds(plan: Plan) -> float:
    begun = time.perf_counter()
    found = forecast_plan(plan, terms_of())
    seconds = time.perf_counter() - begun
    if sum(each.servers for each in found) != SERVERS:
        raise RuntimeError("servers are missing: the figure would be worthless")
    return seconds


def _plan(folder: Path, waves: int, *, fits: bool) -> Path:
    chance, per_wave = random.Random(7), SERVERS // waves
    rows: list[dict[str, Any]] = []
    for number in range(1, SERVERS + 1):
        more = {"priority": chance.choice((0, 1, 1, 2)), "speed_limit": chance.choice(LIMITS), "esx_host": f"esx-{number % 40}"}
        rows.append(server(number, wave=f"wave-{(number - 1) // per_wave + 1}", **more))
    disks = [disk(number, size=400 * GIB, used_size=chance.randint(2, 80) * GIB) for number in range(1, SERVERS + 1)]
    begin = datetime(2030, 1, 5, 20)  # noqa: DTZ001 - a sheet's time
    # 41 GiB a server on average: three quarters of the line's eight hours, or three times as much.
    mbps = 41 * GIB * 8 * per_wave / 1e6 / (8 * 3600) / 0.7 * (2 if fits else 0.4)
    nights = [
        {
            "wave": f"wave-{wave + 1}",
            "starts_at": begin + timedelta(days=wave),
            "ends_at": begin + timedelta(days=wave, hours=8 if waves > 1 else 24 * 30),
            "bandwidth_mbps": round(mbps),
            "max_running": 60 if waves > 1 else 1000,
        }
        for wave in range(waves)
    ]
    limits = [{"column": "esx_host", "value": "*", "max_running": 3 if waves > 1 else 50}]
    return make_plan(folder / "plan.xlsx", rows, disks=disks, waves=nights, Limits=limits)


def _growth(what: str, at_once: int) -> Figure:
    """How much more so many times as many jobs cost, against what n log n allows; every job with a speed of its own."""
    few, many = _jobs(SERVERS), _jobs(SERVERS * TIMES)
    found = in_turn({"large": lambda: _seconds_of(many, at_once), "small": lambda: _seconds_of(few, at_once)}, 7)
    large, small = min(found["large"]), min(found["small"])  # the least disturbed of each: what is asked is how much there is to do
    allowed = TIMES * math.log(SERVERS * TIMES) / math.log(SERVERS)
    name = f"the model, {SERVERS * TIMES:,} servers against {SERVERS:,}, {what}"
    return Figure(name, f"{large:.2f} s", f"n log n: {small * allowed:.2f} s", large / (small * allowed), 1.25)


def _jobs(count: int) -> list[Job]:
    chance = random.Random(count)
    return [Job(chance.uniform(1e9, 1e12), cap=chance.uniform(1e6, 1e8), prepare=450, cut_over=450) for _ in range(count)]


def _seconds_of(jobs: list[Job], at_once: int) -> float:
    begun = time.process_time()
    run_jobs(jobs, 2.5e8, at_once)
    return time.process_time() - begun
