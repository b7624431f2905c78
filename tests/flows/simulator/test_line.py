"""The line that copies share: against a fluid that is reckoned step by step, and against what any sharing must keep."""

from __future__ import annotations

from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.line import Copies, FixedTimes, Line, Lines

SIZES = st.floats(1.0, 1000.0)
CAPS = st.sampled_from([0.5, 1.0, 2.0, 3.5, 10.0, inf])
COPIES = st.lists(st.tuples(st.floats(0.0, 50.0), SIZES, CAPS), min_size=1, max_size=8)


def fair_speeds(caps: dict[int, float], capacity: float) -> dict[int, float]:
    """Max-min fairness by its definition: raise all alike until a cap or the line stops them."""
    speeds: dict[int, float] = {}
    waiting = dict(caps)
    while waiting:
        even = (capacity - sum(speeds.values())) / len(waiting)
        held = {copy: cap for copy, cap in waiting.items() if cap <= even}
        if not held:
            return speeds | dict.fromkeys(waiting, even)
        speeds |= held
        waiting = {copy: cap for copy, cap in waiting.items() if copy not in held}
    return speeds


def fluid_ends(copies: list[tuple[float, float, float]], capacity: float) -> dict[int, float]:
    """When each copy ends, reckoned from event to event with every speed worked out anew."""
    now, left, ends = 0.0, {place: size for place, (_, size, _) in enumerate(copies)}, {}
    while left:
        active = {place: copies[place][2] for place in left if copies[place][0] <= now}
        speeds = fair_speeds(active, capacity)
        begins = [copies[place][0] for place in left if copies[place][0] > now]
        done = {place: now + left[place] / speed for place, speed in speeds.items()}
        then = min([*begins, *done.values()])
        for place, speed in speeds.items():
            left[place] -= speed * (then - now)
        for place in [place for place, end in done.items() if end <= then]:
            del left[place]
            ends[place] = then
        now = then
    return ends


def run(line: Copies, copies: list[tuple[float, float, float]]) -> dict[int, float]:
    """When each copy ends on a line."""
    ends: dict[int, float] = {}
    begins = sorted((begin, place) for place, (begin, _, _) in enumerate(copies))
    while begins or line.next_end() < inf:
        if begins and begins[0][0] <= line.next_end():
            begin, place = begins.pop(0)
            line.add(str(place), copies[place][1], copies[place][2], begin, copies[place][1], f"line {place % 2}")
        else:
            end = line.next_end()
            ends[int(line.take_next())] = end
    return ends


@given(COPIES, st.sampled_from([1.0, 3.0, 7.5, 100.0]))
def test_every_copy_ends_when_the_fluid_does(copies: list[tuple[float, float, float]], capacity: float) -> None:
    """Whatever begins when, however large and however it is capped."""
    assert run(Lines(capacity), copies) == pytest.approx(fluid_ends(copies, capacity), rel=1e-6)


@given(COPIES, st.floats(0.1, 40.0), st.sampled_from([1.0, 7.5]))
def test_a_moment_in_between_keeps_every_byte(copies: list[tuple[float, float, float]], passed: float, capacity: float) -> None:
    """What is left and what was copied are the size; the line is never overfull; no copy is faster than its cap."""
    line = Line(capacity)
    for place, (_, size, cap) in enumerate(copies):
        line.add(str(place), size, cap, 0.0)
    speeds = {str(place): line.speed(str(place)) for place in range(len(copies))}
    assert sum(speeds.values()) <= capacity * (1 + 1e-9)
    assert all(speed <= copies[int(key)][2] for key, speed in speeds.items())
    passed = min(passed, line.next_end())
    left = {key: line.left(key, passed) for key in speeds}
    for key, speed in speeds.items():
        size = copies[int(key)][1]
        assert isclose(left[key] + speed * passed, size, rel_tol=1e-9, abs_tol=1e-6)
        assert isclose(line.remove(key, passed), left[key], rel_tol=1e-9, abs_tol=1e-6)
    assert (line.keys(), line.next_end()) == ([], inf)


@given(COPIES)
def test_lines_with_names_do_not_share(copies: list[tuple[float, float, float]]) -> None:
    """Every other copy on a line of its own name: each line is a fluid of its own."""
    lines = Lines(99.0)
    for name, capacity in (("line 0", 3.0), ("line 1", 7.5)):
        lines.set_capacity(capacity, 0.0, name)
    even, odd = fluid_ends(copies[::2], 3.0), fluid_ends(copies[1::2], 7.5)
    expected = {2 * place: end for place, end in even.items()} | {2 * place + 1: end for place, end in odd.items()}
    assert run(lines, copies) == pytest.approx(expected, rel=1e-6)


@given(SIZES, st.lists(st.tuples(st.floats(0.1, 20.0), CAPS), max_size=6))
def test_a_cap_that_changes_loses_no_byte(size: float, changes: list[tuple[float, float]]) -> None:
    """The copy goes on at its new speed with the bytes that it had left; 0 stalls it."""
    line, now, left, speed = Line(5.0), 0.0, size, 5.0
    line.add("a", size, inf, 0.0)
    for seconds, cap in changes:
        if now + seconds >= line.next_end():
            break
        now, left = now + seconds, left - speed * seconds
        line.recap("a", cap, now)
        speed = min(cap, 5.0)
    line.recap("a", 0.0, now)
    assert (line.next_end(), line.speed("a")) == (inf, 0.0)
    assert line.left("a", now + 99) == pytest.approx(left)


@given(COPIES)
def test_fixed_times_share_nothing(copies: list[tuple[float, float, float]]) -> None:
    """Each whole copy takes its seconds, whoever else copies."""
    assert run(FixedTimes(9.0), copies) == {place: begin + 9.0 for place, (begin, _, _) in enumerate(copies)}


def test_a_fixed_time_is_stalled_and_shared_out() -> None:
    """A part of a copy takes its share; what stalls goes on afterwards."""
    line = FixedTimes(100.0)
    line.add("a", 30.0, inf, 1000.0, 60.0)
    line.recap("a", 0.0, 1020.0)
    assert (line.next_end(), line.left("a", 1090.0)) == (inf, 18.0)
    line.recap("a", inf, 1100.0)
    assert (line.next_end(), line.take_next(), line.keys()) == (1130.0, "a", [])
