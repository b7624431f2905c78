"""What a forecast reckons with beside the sheet: overhead, how much of a line is reached, how much changes meanwhile.

Decides the defaults and says where they come from, and what observations of earlier tasks make of them: the middle one (P50), and
the one that nine of ten keep to (P90). Called by forecast.py; observations are handed in by whoever has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OVERHEAD_MINUTES = 15.0
OVERHEAD_SOURCE = "small Linux servers take 15 to 18 minutes in all, as logs of runs tell"
EFFICIENCY = 0.7
EFFICIENCY_SOURCE = "SMS FAQ, How Long Does a Migration Take: 50 to 80% of the line, reckoned with 70%"
CHANGES_PER_DAY = 0.05
CHANGES_SOURCE = "a planner's rule of thumb: give your own with --change"
FEWEST_OBSERVATIONS = 5
"""Fewer say too little about the tenth that is slowest."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Overhead in minutes a server, half before its copy (target made, disks formatted) and half after it (configured, launched).

    `efficiency` is the share of a line's rate that copies really reach; `changes_per_day` the share of a server's bytes that change
    in a day, which servers with `syncing` copy on. `said_from` tells where the numbers come from.
    """

    overhead_minutes: float = OVERHEAD_MINUTES
    efficiency: float = EFFICIENCY
    changes_per_day: float = CHANGES_PER_DAY
    said_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """A task of an earlier wave: the speed that it reached, the speed that it was due under the model (both Mbit/s), its overhead.

    `due_mbps` is what the model gives it at an efficiency of 1, so that a slow limit is not taken for a slow line.
    """

    wave: str
    speed_mbps: float
    due_mbps: float
    overhead_minutes: float

    @property
    def efficiency(self) -> float:
        """The share of its due that it reached."""
        return min(1.0, self.speed_mbps / self.due_mbps)


@dataclass(frozen=True, slots=True)
class Range:
    """The terms of the middle and of the cautious forecast; `cautious` is None where nothing was observed."""

    middle: Terms
    cautious: Terms | None = None


def terms_of(
    overhead_minutes: float | None = None,
    efficiency: float | None = None,
    changes_per_day: float | None = None,
    observations: Sequence[Observation] = (),
) -> Range:
    """The terms of a forecast: what is said outright, else what was observed, else the defaults.

    No overhead and an efficiency of 1, both said outright, is the pure fluid model: then nothing changes meanwhile unless said.
    """
    seen = [each for each in observations if each.due_mbps > 0 and each.speed_mbps > 0 and each.overhead_minutes >= 0]
    is_enough = len(seen) >= FEWEST_OBSERVATIONS
    is_pure = overhead_minutes == 0 and efficiency == 1
    changes = changes_per_day if changes_per_day is not None else 0.0 if is_pure else CHANGES_PER_DAY
    of_changes = f"by default ({CHANGES_SOURCE})" if changes_per_day is None else "as given"
    said_from = [
        _told("overhead", overhead_minutes, is_enough, OVERHEAD_SOURCE, seen),
        _told("efficiency", efficiency, is_enough, EFFICIENCY_SOURCE, seen),
        f"change {of_changes}" if changes else "no change",
    ]

    def at(share: float) -> Terms:
        minutes = _quantile([each.overhead_minutes for each in seen], share) if is_enough else OVERHEAD_MINUTES
        reached = _quantile([each.efficiency for each in seen], 1 - share) if is_enough else EFFICIENCY
        return Terms(
            minutes if overhead_minutes is None else overhead_minutes,
            reached if efficiency is None else efficiency,
            changes,
            tuple(said_from),
        )

    return Range(at(0.5), at(0.9) if is_enough else None)


def _told(what: str, said: float | None, is_enough: bool, source: str, seen: Sequence[Observation]) -> str:
    if said is not None:
        return f"{what} as given"
    if is_enough:
        waves = ", ".join(dict.fromkeys(each.wave for each in seen))
        return f"{what} as observed in {len(seen)} tasks of {waves}"
    few = f"; only {len(seen)} tasks were observed, {FEWEST_OBSERVATIONS} are needed" if seen else ""
    return f"{what} by default ({source}{few})"


def _quantile(values: Sequence[float], share: float) -> float:
    """The value that so great a share of the values does not exceed, between two where it falls between."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
