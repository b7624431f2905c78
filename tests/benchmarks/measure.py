"""Paired timings: two things in turn, A B A B, and the median of the ratios: a machine whose speed drifts does not matter."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RUNS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a ratio, and the bar that it is to reach (`at_most` or at least); None where it only informs."""

    name: str
    ours: str
    other: str = ""
    ratio: float | None = None
    bar: float | None = None
    at_most: bool = True

    @property
    def holds(self) -> bool:
        """Whether the bar is reached; what only informs has none to miss."""
        if self.ratio is None or self.bar is None:
            return True
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    def line(self) -> str:
        """The figure as a row of a Markdown table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        bar = "" if self.bar is None else f"{'<=' if self.at_most else '>='} {self.bar:g}"
        holds = "" if self.bar is None else "yes" if self.holds else "NO"
        return f"| {self.name} | {self.ours} | {self.other} | {ratio} | {bar} | {holds} |"


HEADER = "| what | ours | compared with | ratio | bar | holds |\n| --- | --- | --- | --- | --- | --- |"


def paired(ours: Callable[[], float], other: Callable[[], float], runs: int = RUNS) -> tuple[float, float, float]:
    """Medians of both, and the median of their ratios, over so many pairs after one that does not count."""
    ours()
    other()
    found = in_turn({"ours": ours, "other": other}, runs)
    return ratio_of(found["ours"], found["other"])


def in_turn(measures: Mapping[str, Callable[[], float]], runs: int = RUNS) -> dict[str, list[float]]:
    """What each of them measures, one after another and all over again."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(runs):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def ratio_of(ours: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """Medians of both, and the median of the ratios of those that were measured in the same turn."""
    ratios = [first / second for first, second in zip(ours, other, strict=True)]
    return statistics.median(ours), statistics.median(other), statistics.median(ratios)


def seconds_of(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How long a command takes as a whole process; raises CalledProcessError where it fails."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begun


def in_own_process(module: str, *words: object, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a module of this package measured in a process of its own: the JSON object that it prints.

    It warms up by itself before it measures. Raises CalledProcessError where it fails; its words are on standard error.
    """
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, words)]
    done = subprocess.run(command, env=environment or os.environ, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def peak_megabytes() -> float:
    """The most memory that this process has had. Linux's `ru_maxrss` begins with that of the process that started it: not asked."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
