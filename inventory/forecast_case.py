"""One wave to be forecast, with all that its run depends on, so that what would help can be tried by changing one thing of it.

Decides what of the sheet becomes what of the model (forecast_run.py), and what a window is in seconds: times with an offset are
compared in UTC, so that a night in which the clocks change is as long as it is. Called by forecast.py and forecast_advice.py.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING

from inventory.account_limits import MOST_RUNNING
from inventory.forecast_load import BYTES_PER_MBIT, NOTHING_LEARNED, in_wave, limits_of, load_of
from inventory.forecast_run import Job, Span, run_jobs
from inventory.server_checks import split_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.forecast_load import Learned, Load
    from inventory.forecast_terms import Terms
    from inventory.plan import Plan, ServerRow, Wave

_SECONDS_A_MINUTE, _SECONDS_A_DAY = 60.0, 86400.0
_LATE_SECONDS = 0.5
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Needs:
    """Who depends on whom: for a row's position the positions of the rows that it needs, in every wave."""

    of_row: Mapping[int, tuple[int, ...]]

    @classmethod
    def of(cls, rows: Sequence[ServerRow]) -> Needs:
        """The dependencies of all rows of a plan that are not skipped: what is left out holds nobody up."""
        kept = [row for row in rows if not row.skip]
        dependent = [row for row in kept if row.text("depends_on")]
        if not dependent:
            return cls({})
        named: dict[str, set[int]] = defaultdict(set)
        for row in kept:
            for text in {row.source_name, row.source_server_id, row.source_ip} - {""}:
                named[text].add(row.position)
        found = {}
        for row in dependent:
            needs = {place for name in split_names(row.text("depends_on")) for place in named.get(name, ())}
            found[row.position] = tuple(sorted(needs - {row.position}))
        return cls(found)


@dataclass(frozen=True, slots=True)
class Case:
    """A wave as it is, or as it would be. `starts_at` is when it really starts, None where nobody says.

    `bandwidth_mbps` is infinity where the sheet has none. `ended` are the ends of servers of other waves, by position, None for one
    that nobody knows; `waits_for` are the ends of the waves that this one depends on.
    """

    plan: Plan = field(repr=False)
    wave: Wave
    loads: tuple[Load, ...]
    terms: Terms
    needs: Needs
    starts_at: datetime | None
    window_ends_at: datetime | None
    bandwidth_mbps: float = inf
    max_running: int = MOST_RUNNING
    ended: Mapping[int, datetime | None] = field(default_factory=dict)
    waits_for: tuple[datetime, ...] = ()
    learned: Learned = NOTHING_LEARNED

    @property
    def window_seconds(self) -> float:
        """From the start to the window's end, as a stopwatch tells; infinity where either is not said."""
        if self.starts_at is None or self.window_ends_at is None:
            return inf
        return (self.window_ends_at.astimezone(UTC) - self.starts_at.astimezone(UTC)).total_seconds()

    def speed_of(self, load: Load) -> float:
        """The highest speed that a server can have, in Mbit/s; infinity where nothing limits it."""
        return min(load.limit_mbps, load.measured_mbps * self.terms.efficiency, self.bandwidth_mbps * self.terms.efficiency)

    def is_known(self, load: Load) -> bool:
        """Whether it can be told how long the server's copy takes."""
        return load.size is not None and self.speed_of(load) < inf

    def run(self, until: float = inf) -> list[Span]:
        """The spans of the loads, in order. A server of unknown bytes or speed counts its overhead only: it ends no sooner."""
        return self._run(self._groups(), until)

    def _groups(self) -> tuple[list[int], list[tuple[int, ...]]]:
        """How many of each group of `Limits` may run, and which groups each load is in."""
        most, _, groups = limits_of(self.plan, [load.row for load in self.loads])
        return most, groups

    def _run(self, limits: tuple[list[int], list[tuple[int, ...]]], until: float) -> list[Span]:
        most, groups = limits
        places = {load.row.position: place for place, load in enumerate(self.loads)}
        jobs = [self._job(load, places, groups[place]) for place, load in enumerate(self.loads)]
        return run_jobs(jobs, self.bandwidth_mbps * self.terms.efficiency * BYTES_PER_MBIT, self.max_running, most, until)

    def late(self, spans: Sequence[Span]) -> list[Load]:
        """The servers that are not done when the window closes, the last first."""
        closes = self.window_seconds + _LATE_SECONDS
        found = [(span.end, place) for place, span in enumerate(spans) if span.end > closes]
        return [self.loads[place] for _, place in sorted(found, key=lambda each: (-each[0], each[1]))]

    def fits(self) -> bool:
        """Whether every server is done before the window closes, as far as bytes and speeds are known.

        Advice asks this of hundreds of cases, most of which no order of work could save: those are told without a run.
        """
        closes = self.window_seconds + _LATE_SECONDS
        if closes == inf:
            return all(span.end < inf for span in self.run())
        limits = self._groups()
        if self._is_hopeless(closes * (1 + _ROUNDING), *limits):
            return False
        return all(span.end <= closes for span in self._run(limits, closes))

    def _is_hopeless(self, closes: float, most: Sequence[int], groups: Sequence[tuple[int, ...]]) -> bool:
        """Whether the servers' least times alone, or their bytes on the line, are more than there is room for until it closes."""
        overhead = self.terms.overhead_minutes * _SECONDS_A_MINUTE
        busy, busy_in = 0.0, [0.0] * len(most)
        to_copy = 0
        for load, of_load in zip(self.loads, groups, strict=True):
            least = overhead
            if self.is_known(load) and load.size:
                to_copy += load.size
                least += load.size / BYTES_PER_MBIT / self.speed_of(load)
            if least > closes:
                return True
            busy += least
            for group in of_load:
                busy_in[group] += least
        line_seconds = to_copy / BYTES_PER_MBIT / (self.bandwidth_mbps * self.terms.efficiency)
        if line_seconds > max(0.0, closes - overhead) or busy > self.max_running * closes:
            return True
        return any(of_group > limit * closes for of_group, limit in zip(busy_in, most, strict=True))

    def load_of(self, row: ServerRow) -> Load:
        """What a row means that this wave would hold."""
        return load_of(self.plan, in_wave(self.plan, row, self.wave), self.learned)

    def with_loads(self, loads: Iterable[Load]) -> Case:
        """The same wave with other servers."""
        return replace(self, loads=tuple(loads))

    def moment(self, seconds: float) -> datetime | None:
        """A time of the run, in the wave's own time zone; None where the start is not known, or it never comes."""
        if self.starts_at is None or seconds == inf:
            return None
        return (self.starts_at.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(self.starts_at.tzinfo)

    def _job(self, load: Load, places: Mapping[int, int], groups: tuple[int, ...]) -> Job:
        needs = self.needs.of_row.get(load.row.position, ())
        half = self.terms.overhead_minutes * _SECONDS_A_MINUTE / 2
        size = float(load.size or 0) if self.is_known(load) else 0.0
        return Job(
            size=size,
            cap=min(load.limit_mbps, load.measured_mbps * self.terms.efficiency) * BYTES_PER_MBIT,
            priority=load.priority,
            needs=tuple(places[need] for need in needs if need in places) if needs else (),
            groups=groups,
            prepare=half,
            cut_over=half,
            changes=size * self.terms.changes_per_day / _SECONDS_A_DAY if load.is_syncing else 0.0,
            not_before=self._not_before(needs, places) if needs else 0.0,
        )

    def _not_before(self, needs: Iterable[int], places: Mapping[int, int]) -> float:
        if self.starts_at is None:
            return 0.0
        ends = [end for need in needs if need not in places and (end := self.ended.get(need)) is not None]
        starts = self.starts_at.astimezone(UTC)
        return max((max(0.0, (end.astimezone(UTC) - starts).total_seconds()) for end in ends), default=0.0)
