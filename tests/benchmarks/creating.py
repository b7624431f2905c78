"""Creates a second: ours with everything on, against a bare loop, the official SDK and Prefect's task.map, with the same bodies."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.benchmarks.counted_prefect import CountedPrefect
from tests.benchmarks.measure import Figure, in_own_process, in_turn, ratio_of
from tests.benchmarks.plans import Wave, make_wave
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROWS = 5000


def figures() -> Iterator[Figure]:
    """In turn, each on an empty service and in a process of its own; a pair goes by the same credentials.

    `task.map` has a turn of its own, the last: Prefect's server works on for a while after each, at the cost of whoever comes next.
    """
    with (
        TemporaryDirectory() as name,
        SimulatorProcess(any_source=True, any_target=True, authentication=False) as by_token,
        SimulatorProcess(any_source=True, any_target=True) as by_key,
    ):
        wave = make_wave(Path(name), ROWS)
        ours = _ours(wave, by_token, "token")
        found = in_turn(
            {
                "ours": ours,
                "bare": _peer("bare", wave, by_token, ROWS),
                "bare-as-ours": _peer("bare-as-ours", wave, by_token, ROWS),
                "ours, signed": _ours(wave, by_key, "key"),
                "sdk-threads": _peer("sdk-threads", wave, by_key, 2000),
                "sdk": _peer("sdk", wave, by_key, 600),
            }
        )
        yield _figure(found, "ours", "bare", "bare httpx-aiohttp loop", 0.75)
        yield _figure(found, "ours", "bare-as-ours", "the same on uvloop, which ours runs on", None)
        yield _figure(found, "ours, signed", "sdk-threads", "the official SDK on 16 threads", 1.3)
        yield _figure(found, "ours, signed", "sdk", "the official SDK in a loop", None)
        with CountedPrefect(Path(name)) as prefect:
            task_map = _peer("task-map", wave, by_token, 500, {**os.environ, **prefect.environment})
            beside = in_turn({"ours": ours, "task-map": task_map})
        yield _figure(beside, "ours", "task-map", "Prefect's `task.map`, 500 rows", 10.0)


def _figure(found: Mapping[str, list[float]], ours: str, peer: str, name: str, bar: float | None) -> Figure:
    mine, other, ratio = ratio_of(found[ours], found[peer])
    what = f"{ROWS:,} creates{ours.removeprefix('ours')}, journal on, no limit"
    return Figure(what, f"{mine:,.0f}/s", f"{name} {other:,.0f}/s", ratio, bar, at_most=False)


def _ours(wave: Wave, simulator: SimulatorProcess, credentials: str) -> Callable[[], float]:
    def per_second() -> float:
        simulator.reset()
        return ROWS / float(in_own_process("engine", wave.plan, ROWS, simulator.url, credentials)["seconds"])

    return per_second


def _peer(
    peer: str, wave: Wave, simulator: SimulatorProcess, rows: int, environment: Mapping[str, str] | None = None
) -> Callable[[], float]:
    def per_second() -> float:
        simulator.reset()
        found = in_own_process("peers", peer, wave.bodies, rows, simulator.url, environment=environment)
        return rows / float(found["seconds"])

    return per_second
