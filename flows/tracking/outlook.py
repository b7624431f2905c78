"""When each server of a wave will be done, by all that is known now: the forecast's model, begun anew from how things stand.

Before a wave the forecast tells (`expected`); while it runs the same model goes on from what is copied already, at the share of the
line that the wave's copies really reach. A copy that gets much less than its share is held back by itself: its own speed bounds it.
Pure; called by tracker.py, which says how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from flows.tracking.standing import Standing
from inventory.forecast_load import BYTES_PER_MBIT, limits_of
from inventory.forecast_run import Job, run_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flows.tracking.trace import Trace
    from inventory.forecast import WaveForecast
    from inventory.forecast_load import Load

_RUNS_ALREADY = 1_000_000
"""The priority of what runs: the model has to give it its place first."""

_FEWEST_COPIES = 3
_LONG_ENOUGH_SECONDS = 300.0
_HELD_BACK = 0.6
_LEAST_EFFICIENCY = 0.02
_ALL = 100.0


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a server stands: its trace (None where it has no task), and how much of its copy is done, 0-100."""

    standing: Standing
    trace: Trace | None = None
    copy_progress: float = 0.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """A wave's forecast, and what becomes of it. Times are seconds since 1970, UTC; servers are named by their rows' positions."""

    forecast: WaveForecast

    def expected(self, began: float | None = None) -> Mapping[int, float]:
        """When each server was to end by the forecast, started at its time, or at `began` where the sheet has none."""
        case = self.forecast.case
        start = case.starts_at.timestamp() if case.starts_at is not None else began
        if start is None:
            return {}
        spans = zip(case.loads, self.forecast.spans, strict=True)
        return {load.row.position: start + span.end for load, span in spans if case.is_known(load) and span.end < inf}

    @property
    def window_ends_at(self) -> float | None:
        """When the wave's window closes."""
        closes = self.forecast.case.window_ends_at
        return None if closes is None else closes.timestamp()

    def from_now(self, standpoints: Mapping[int, Standpoint], now: float) -> Mapping[int, float]:
        """When each server that is not done and not lost will end; those of which nobody can tell are left out."""
        case = self.forecast.case
        kept = [load for load in case.loads if _is_ahead(standpoints.get(load.row.position))]
        places = {load.row.position: place for place, load in enumerate(kept)}
        most, _, groups = limits_of(case.plan, [load.row for load in kept])
        efficiency = self.efficiency(standpoints.values())
        jobs = [
            self._job(load, standpoints.get(load.row.position), places, groups[place], now, efficiency)
            for place, load in enumerate(kept)
        ]
        running = sum(job.priority == _RUNS_ALREADY for job in jobs)
        line = case.bandwidth_mbps * efficiency * BYTES_PER_MBIT
        spans = run_jobs(jobs, line, max(case.max_running, running), most)
        found = zip(kept, spans, strict=True)
        return {load.row.position: now + span.end for load, span in found if span.end < inf and case.is_known(load)}

    def efficiency(self, standpoints: Iterable[Standpoint]) -> float:
        """The share of the line that the copies under way reach, where enough of them tell; else the forecast's."""
        reached = due = 0.0
        count = 0
        for each in standpoints:
            trace = each.trace
            if trace is None or not trace.is_copying or not trace.due_mbps or trace.due_mbps == inf or not _is_long(trace):
                continue
            mean = trace.mean_mbps(each.copy_progress)
            if mean is not None:
                reached, due, count = reached + mean, due + trace.due_mbps, count + 1
        if count < _FEWEST_COPIES:
            return self.forecast.case.terms.efficiency
        return min(1.0, max(_LEAST_EFFICIENCY, reached / due))

    def _job(
        self,
        load: Load,
        at: Standpoint | None,
        places: Mapping[int, int],
        groups: tuple[int, ...],
        now: float,
        efficiency: float,
    ) -> Job:
        case = self.forecast.case
        half = case.terms.overhead_minutes * 60 / 2
        size = float(load.size or 0) if case.is_known(load) else 0.0
        cap = min(load.limit_mbps, load.measured_mbps * efficiency)
        needs = tuple(places[need] for need in case.needs.of_row.get(load.row.position, ()) if need in places)
        trace = at.trace if at is not None else None
        if at is None or trace is None or at.standing not in {Standing.RUNNING, Standing.SYNCING}:
            starts = max(0.0, case.starts_at.timestamp() - now) if case.starts_at is not None else 0.0
            return Job(size, cap * BYTES_PER_MBIT, load.priority, needs, groups, half, half, not_before=starts)
        if at.standing is Standing.SYNCING:  # copied: what is left is the cutover, whenever it comes
            return Job(0.0, inf, _RUNS_ALREADY, (), groups, 0.0, half)
        if trace.copied_at is not None:
            return Job(0.0, inf, _RUNS_ALREADY, (), groups, 0.0, max(0.0, half - (now - trace.copied_at)))
        if trace.copying_at is None and not at.copy_progress:
            began = trace.started_at if trace.started_at is not None else now
            return Job(size, cap * BYTES_PER_MBIT, _RUNS_ALREADY, (), groups, max(0.0, half - (now - began)), half)
        own = self._own_pace(trace, at.copy_progress, efficiency)
        left = size * (1 - at.copy_progress / _ALL)
        return Job(left, min(cap, own) * BYTES_PER_MBIT, _RUNS_ALREADY, (), groups, 0.0, half)

    def _own_pace(self, trace: Trace, copy_progress: float, efficiency: float) -> float:
        """What a copy is bounded by, by what it has reached itself: nothing, unless that is much less than its share."""
        mean = trace.mean_mbps(copy_progress)
        if mean is None or not _is_long(trace):
            return inf
        if not trace.due_mbps or trace.due_mbps == inf:
            return mean if self.forecast.case.bandwidth_mbps == inf else inf
        return mean if mean < _HELD_BACK * efficiency * trace.due_mbps else inf


def _is_ahead(at: Standpoint | None) -> bool:
    return at is None or not (at.standing is Standing.DONE or at.standing.is_lost)


def _is_long(trace: Trace) -> bool:
    return trace.copying_at is not None and trace.seen_at - trace.copying_at >= _LONG_ENOUGH_SECONDS
