"""One wave as it would run: who starts when, who copies how fast, who is done when. Event by event, exact for the model.

Decides by the model alone: jobs start by priority, then in their order, what they need first; never more than `max_running` at
once, and never more of a group than its limit. Each prepares, copies (forecast_line.py shares the line), copies what changed
meanwhile where it syncs, and is cut over. Knows no plan and no clock: times are seconds from the wave's start, speeds bytes a
second. Called by forecast_case.py.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from inventory.account_limits import MOST_RUNNING
from inventory.forecast_line import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

_ONE_MOMENT = 1e-10
"""What ends within this share of the time that has passed ends at once: who starts next is then chosen among all of them."""

SYNC_ROUNDS = 3
"""What changed during a copy is copied by a next round, which is shorter; after so many the rest is nothing that counts."""


@dataclass(frozen=True, slots=True)
class Job:
    """One server's work. `needs` and `groups` are places in the lists of jobs and limits; `not_before` is seconds from the start.

    `changes` is how many bytes change in a second while it copies, 0 for a job that does not sync.
    """

    size: float
    cap: float = inf
    priority: int = 1
    needs: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    prepare: float = 0.0
    cut_over: float = 0.0
    changes: float = 0.0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """When a job's steps begin, in seconds from the start; all infinity for one that never starts."""

    start: float = inf
    copy: float = inf
    copied: float = inf
    end: float = inf


def run_jobs(
    jobs: Sequence[Job], capacity: float = inf, max_running: int = MOST_RUNNING, limits: Sequence[int] = (), until: float = inf
) -> list[Span]:
    """The spans of all jobs, in their order. What waits for itself, or could never copy, never starts or never ends.

    `until` ends the run once the time is past it, when nobody wants to know more: what was not done by then has no end.
    """
    was_on = gc.isenabled()
    gc.disable()  # nothing of a run is garbage before its end, and looking for some costs a fifth of it
    try:
        return _Run(jobs, capacity, max_running, limits).to(until)
    finally:
        if was_on:
            gc.enable()


class _Run:
    def __init__(self, jobs: Sequence[Job], capacity: float, max_running: int, limits: Sequence[int]) -> None:
        self.jobs = jobs
        self.line = Line(capacity)
        self.queue = Queue(jobs, max_running, limits)
        self.events: list[tuple[float, int, int]] = []  # time, what, job
        self.steps = [[inf, inf, inf, inf] for _ in jobs]
        self.rounds = [SYNC_ROUNDS if job.changes else 0 for job in jobs]
        self.began = [0.0] * len(jobs)

    def to(self, until: float) -> list[Span]:
        for place, job in enumerate(self.jobs):
            if job.not_before > 0:
                heappush(self.events, (job.not_before, _RELEASED, place))
            else:
                self.queue.release(place)
        self._start(0.0)
        while (now := self._next()) < inf and now <= until:
            moment = now + _ONE_MOMENT * (1.0 + now)
            while (now := self._next()) <= moment:
                self._step(now)
            self._start(moment)
        return [Span(*step) for step in self.steps]

    def _next(self) -> float:
        return min(self.events[0][0] if self.events else inf, self.line.next_end())

    def _step(self, now: float) -> None:
        if not self.events or self.line.next_end() <= self.events[0][0]:
            self._copied(self.line.take_next(), now)
        else:
            self.line.advance(now)
            _, what, place = heappop(self.events)
            self._event(what, place, now)

    def _event(self, what: int, place: int, now: float) -> None:
        if what == _RELEASED:
            self.queue.release(place)
        elif what == _PREPARED:
            self.steps[place][1] = now
            self._copy(place, self.jobs[place].size, now)
        else:
            self.steps[place][3] = now
            self.queue.finish(place)

    def _start(self, now: float) -> None:
        while (place := self.queue.take()) is not None:
            self.steps[place][0] = now
            heappush(self.events, (now + self.jobs[place].prepare, _PREPARED, place))

    def _copy(self, place: int, size: float, now: float) -> None:
        self.began[place] = now
        if size > 0:
            self.line.add(place, size, self.jobs[place].cap)
        else:
            self._copied(place, now)

    def _copied(self, place: int, now: float) -> None:
        changed = self.jobs[place].changes * (now - self.began[place])
        if self.rounds[place] and changed > 0:
            self.rounds[place] -= 1
            self._copy(place, changed, now)
            return
        self.steps[place][2] = now
        heappush(self.events, (now + self.jobs[place].cut_over, _DONE, place))


_DONE, _RELEASED, _PREPARED = 0, 1, 2
"""What comes first of several events at one moment: what is done makes room."""


class Queue:
    """Who starts next. A job that a full group keeps waiting is parked there: nobody looks at it again until there is room."""

    def __init__(self, jobs: Sequence[Job], max_running: int, limits: Sequence[int]) -> None:
        self._jobs = jobs
        self._free = max_running
        self._room = list(limits)
        self._parked: list[list[tuple[int, int]]] = [[] for _ in limits]
        self._ready: list[tuple[int, int]] = []
        self._woken: dict[int, int] = {}
        self._missing = [len(job.needs) + 1 for job in jobs]  # what it needs, and its release
        self._dependents: list[list[int]] = [[] for _ in jobs]
        for place, job in enumerate(jobs):
            for need in job.needs:
                self._dependents[need].append(place)

    def release(self, place: int) -> None:
        """One of the things that a job waits for has come."""
        self._missing[place] -= 1
        if not self._missing[place]:
            heappush(self._ready, (-self._jobs[place].priority, place))

    def take(self) -> int | None:
        """The job that starts now; None where nobody can."""
        while self._free and self._ready:
            entry = heappop(self._ready)
            place = entry[1]
            groups = self._jobs[place].groups
            full = next((group for group in groups if not self._room[group]), None)
            woken = self._woken.pop(place, None)
            if full is None:
                self._free -= 1
                for group in groups:
                    self._room[group] -= 1
                return place
            heappush(self._parked[full], entry)
            if woken is not None and self._room[woken]:
                self._wake(woken)
        return None

    def finish(self, place: int) -> None:
        """A job is done: its slot and its room are free, and who needs it has one thing less to wait for."""
        self._free += 1
        for group in self._jobs[place].groups:
            self._room[group] += 1
            self._wake(group)
        for dependent in self._dependents[place]:
            self.release(dependent)

    def _wake(self, group: int) -> None:
        if self._parked[group]:
            entry = heappop(self._parked[group])
            self._woken[entry[1]] = group
            heappush(self._ready, entry)
