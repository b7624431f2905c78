"""The model of a wave: as an independent one says, and rules that hold whatever the jobs are.

The independent one looks at everything anew at every moment at which anything can change: who may start by a full search, who
copies how fast by pouring the line out over the copies that are not full yet. It shares no code and no structure with ours.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.forecast_run import SYNC_ROUNDS, Job, Span, run_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 1e-7


@dataclass
class Plain:
    """The independent model: the state of every job, and one clock."""

    jobs: Sequence[Job]
    capacity: float
    max_running: int
    limits: Sequence[int]
    now: float = 0.0
    states: list[str] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    until: list[float] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def run(self) -> list[tuple[float, float]]:
        """Start and end of each job."""
        count = len(self.jobs)
        self.states, self.left = ["waiting"] * count, [job.size for job in self.jobs]
        self.until, self.begun, self.rounds = [0.0] * count, [0.0] * count, [0] * count
        self.starts, self.ends = [inf] * count, [inf] * count
        while True:
            while self.settle():
                pass
            speeds = self.pour()
            moments = [self.until[place] for place in self.those("preparing", "cutting")]
            moments += [job.not_before for place, job in enumerate(self.jobs) if self.is_waiting(place)]
            moments += [self.now + self.left[place] / speed for place, speed in speeds.items() if speed > 0]
            if not moments:
                return list(zip(self.starts, self.ends, strict=True))
            then = min(moments)
            for place, speed in speeds.items():
                self.left[place] -= speed * (then - self.now)
            self.now = then

    def is_waiting(self, place: int) -> bool:
        return self.states[place] == "waiting" and self.jobs[place].not_before > self.now + AT_ONCE

    def those(self, *states: str) -> list[int]:
        return [place for place, state in enumerate(self.states) if state in states]

    def settle(self) -> bool:
        """Whether anything changed at this very moment."""
        before = (list(self.states), list(self.rounds))
        for place in self.those("preparing"):
            if self.until[place] <= self.now + AT_ONCE:
                self.states[place], self.begun[place] = "copying", self.now
        for place in self.those("copying"):
            if self.left[place] <= AT_ONCE * 1e-2:
                self.copied(place)
        for place in self.those("cutting"):
            if self.until[place] <= self.now + AT_ONCE:
                self.states[place], self.ends[place] = "done", self.now
        if before != (self.states, self.rounds):
            return True
        for place in sorted(self.those("waiting"), key=lambda each: (-self.jobs[each].priority, each)):
            if self.may_start(place):
                self.states[place], self.starts[place] = "preparing", self.now
                self.until[place] = self.now + self.jobs[place].prepare
        return before != (self.states, self.rounds)

    def copied(self, place: int) -> None:
        changed = self.jobs[place].changes * (self.now - self.begun[place])
        if changed > 0 and self.rounds[place] < SYNC_ROUNDS:
            self.rounds[place] += 1
            self.left[place], self.begun[place] = changed, self.now
        else:
            self.states[place], self.until[place] = "cutting", self.now + self.jobs[place].cut_over

    def may_start(self, place: int) -> bool:
        running = self.those("preparing", "copying", "cutting")
        job = self.jobs[place]
        return (
            len(running) < self.max_running
            and job.not_before <= self.now + AT_ONCE
            and all(self.states[need] == "done" for need in job.needs)
            and all(sum(group in self.jobs[other].groups for other in running) < self.limits[group] for group in job.groups)
        )

    def pour(self) -> dict[int, float]:
        """Max-min fairness by its definition: all are raised alike until they are full or the line is used up."""
        speeds = dict.fromkeys(self.those("copying"), 0.0)
        left, open_ones = self.capacity, set(speeds)
        while open_ones and left > 1e-12:
            step = min(left / len(open_ones), *(self.jobs[place].cap - speeds[place] for place in open_ones))
            for place in open_ones:
                speeds[place] += step
            left -= step * len(open_ones)
            open_ones = {place for place in open_ones if self.jobs[place].cap - speeds[place] > 1e-12}
        return speeds


@st.composite
def waves(draw: st.DrawFn) -> tuple[list[Job], float, int, list[int]]:
    """A wave of a few jobs of every kind: equal and unequal ones, so that things happen at once and apart."""
    limits = draw(st.lists(st.integers(1, 3), max_size=3))
    whole, odd = st.sampled_from([0.0, 1.0, 5.0, 10.0]), st.floats(0.01, 50)
    jobs = []
    for place in range(draw(st.integers(1, 12))):
        needs = draw(st.sets(st.integers(0, place - 1), max_size=2)) if place else set()
        groups = draw(st.sets(st.integers(0, len(limits) - 1), max_size=2)) if limits else set()
        jobs.append(
            Job(
                size=draw(whole | odd),
                cap=draw(st.sampled_from([inf, inf, 1.0, 2.0]) | st.floats(0.1, 8)),
                priority=draw(st.integers(0, 2)),
                needs=tuple(needs),
                groups=tuple(groups),
                prepare=draw(st.sampled_from([0.0, 1.0, 2.5])),
                cut_over=draw(st.sampled_from([0.0, 1.0])),
                changes=draw(st.sampled_from([0.0, 0.0, 0.05])),
                not_before=draw(st.sampled_from([0.0, 0.0, 7.3])),
            )
        )
    return jobs, draw(st.sampled_from([0.5, 2.0, 7.0]) | st.floats(0.2, 40)), draw(st.sampled_from([1, 2, 3, 100])), limits


@given(waves())
@settings(max_examples=100)
def test_as_an_independent_model_says(wave: tuple[list[Job], float, int, list[int]]) -> None:
    """Every start and every end, to a hundredth of a percent."""
    jobs, capacity, max_running, limits = wave
    expected = Plain(jobs, capacity, max_running, limits).run()
    for span, (start, end) in zip(run_jobs(jobs, capacity, max_running, limits), expected, strict=True):
        assert span.start == pytest.approx(start, rel=1e-4, abs=1e-5)
        assert span.end == pytest.approx(end, rel=1e-4, abs=1e-5)


@given(waves())
@settings(max_examples=40)
def test_no_limit_is_broken(wave: tuple[list[Job], float, int, list[int]]) -> None:
    """At the start of each job: no more run than may, of each group too, all that it needs is done, and nothing took less time."""
    jobs, capacity, max_running, limits = wave
    spans = run_jobs(jobs, capacity, max_running, limits)
    for job, span in zip(jobs, spans, strict=True):
        running = [place for place, other in enumerate(spans) if other.start <= span.start < other.end - 1e-6]
        assert len(running) <= max_running
        for group in job.groups:
            assert sum(group in jobs[place].groups for place in running) <= limits[group]
        assert all(spans[need].end <= span.start + 1e-6 for need in job.needs)
        assert span.copied - span.copy >= job.size / min(job.cap, capacity) * (1 - 1e-6)


def test_the_line_is_shared_fairly() -> None:
    """Two without a limit share what one with a limit leaves, and have more once it is done."""
    jobs = [Job(200, cap=20), Job(800), Job(1200)]
    assert ends(run_jobs(jobs, 100)) == pytest.approx([10, 18, 22])


def test_a_level_that_rises_again_is_found() -> None:
    """A newcomer pushes a copy off its cap, which leaves more for the newcomer than it first seemed: its own cap holds it."""
    jobs = [Job(8.7, cap=4.35), Job(3, cap=3, not_before=1)]
    assert ends(run_jobs(jobs, 7)) == pytest.approx([2 + 0.35 / 4.35, 2])


def test_priority_then_order() -> None:
    """High before standard before low, and the sheet's order among equals."""
    jobs = [Job(1, priority=0), Job(1), Job(1, priority=2), Job(1, priority=2)]
    assert [span.start for span in run_jobs(jobs, 1, max_running=1)] == pytest.approx([3, 2, 0, 1])


def test_a_full_group_holds_up_nobody_else() -> None:
    """Who waits for its group leaves the slot to the next, and has it back as soon as there is room."""
    jobs = [Job(4, cap=1, groups=(0,)), Job(1, cap=1, groups=(0,), priority=2), Job(1, cap=1), Job(1, cap=1, groups=(0,))]
    assert [span.start for span in run_jobs(jobs, 10, max_running=2, limits=[1])] == pytest.approx([1, 0, 0, 5])


def test_syncing_copies_what_changed_meanwhile() -> None:
    """Each round is as long as what changed during the one before; the rest is left to the cutover."""
    (span,) = run_jobs([Job(100, cap=1, changes=0.1)], 1)
    assert span.copied == pytest.approx(100 + 10 + 1 + 0.1)


def test_those_that_wait_for_each_other_never_start() -> None:
    """A circle, and what hangs on it, has no end; the rest runs."""
    spans = run_jobs([Job(1, needs=(1,)), Job(1, needs=(0,)), Job(1, needs=(0,)), Job(1)], 1)
    assert spans[:3] == [Span()] * 3
    assert spans[3].end == pytest.approx(1)


@pytest.mark.parametrize("at_once", [20, 2000])
def test_work_grows_no_faster_than_n_log_n(at_once: int) -> None:
    """Four times the jobs, each with a speed of its own: the calls that are made, which no busy machine changes."""
    chance = random.Random(3)
    jobs = [Job(chance.uniform(1, 1000), cap=chance.uniform(1, 100), prepare=1, cut_over=1) for _ in range(1600)]
    allowed = 4 * math.log(1600) / math.log(400)
    assert calls(jobs, at_once) < 1.1 * allowed * calls(jobs[:400], at_once)


def calls(jobs: Sequence[Job], at_once: int) -> int:
    """How many calls a run makes."""
    made = itertools.count()
    sys.setprofile(lambda *_: next(made) and None)
    try:
        run_jobs(jobs, 500, at_once)
    finally:
        sys.setprofile(None)
    return next(made)


def ends(spans: Sequence[Span]) -> list[float]:
    """The ends alone."""
    return [span.end for span in spans]
