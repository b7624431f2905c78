"""Paired timings: two things in turn, A B A B, and the median of the ratios: a machine whose speed drifts does not matter."""

from __future__ import annotations

import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RUNS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a ratio, and the bar that it is to reach (`at_most` or at least)."""

    name: str
    ours: str
    other: str
    ratio: float
    bar: float
    at_most: bool

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    def line(self) -> str:
        """The figure as a row of a Markdown table."""
        bar = f"{'<=' if self.at_most else '>='} {self.bar:g}"
        return f"| {self.name} | {self.ours} | {self.other} | {self.ratio:.2f} | {bar} | {'yes' if self.holds else 'NO'} |"


HEADER = "| what | ours | compared with | ratio | bar | holds |\n| --- | --- | --- | --- | --- | --- |"


def paired(ours: Callable[[], float], other: Callable[[], float], runs: int = RUNS) -> tuple[float, float, float]:
    """Medians of both, and the median of their ratios, over so many pairs after one that does not count."""
    ours()
    other()
    pairs = [(ours(), other()) for _ in range(runs)]
    return (
        statistics.median(first for first, _ in pairs),
        statistics.median(second for _, second in pairs),
        statistics.median(first / second for first, second in pairs),
    )


def seconds_of(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How long a command takes as a whole process; raises CalledProcessError where it fails."""
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begun
