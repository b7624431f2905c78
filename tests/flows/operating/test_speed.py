"""A speed limit laid over the rules that a task has: minute by minute it is what was asked for, or what was there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.operating.speed import MOST_RULES, SpeedError, SpeedWish, merge, same_rules
from flows.sms.speed_rules import SpeedRule

DAY = 24 * 60


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def at(rules: tuple[SpeedRule, ...], minute: int) -> float:
    """The limit at a minute of the day; 0 where there is none."""
    for rule in rules:
        start, end = (int(text[:2]) * 60 + int(text[3:]) for text in (rule.start, rule.end))
        if start <= minute < (DAY if end >= DAY - 1 else end):
            return rule.mbps
    return 0.0


@st.composite
def days(draw: st.DrawFn) -> tuple[SpeedRule, ...]:
    """Up to five rules that do not overlap, as SMS may have them."""
    edges = sorted(draw(st.sets(st.integers(0, 47), min_size=0, max_size=6)))
    spans = [(low * 30, high * 30) for low, high in pairwise(edges)]
    kept = [span for span in spans if draw(st.booleans())]
    return tuple(SpeedRule(clock(low), clock(high), float(draw(st.integers(1, 3)) * 100)) for low, high in kept)


@given(days(), st.integers(0, 1000), st.integers(0, 47), st.integers(0, 47))
def test_each_minute_has_the_new_limit_or_the_one_it_had(there: tuple[SpeedRule, ...], mbps: int, low: int, high: int) -> None:
    """Also over midnight, and where the new limit is none."""
    if low == high:
        return
    wish = SpeedWish.of(mbps, clock(low * 30), clock(high * 30))
    try:
        merged = merge(there, wish)
    except SpeedError:
        return  # too many: told below
    assert len(merged.rules) <= max(MOST_RULES, len(there))
    for minute in range(0, DAY, 30):
        is_meant = any(start <= minute < end for start, end in wish.spans)
        assert at(merged.rules, minute) == (mbps if is_meant else at(there, minute)), (merged, minute)
    assert merge(merged.rules, wish).rules == merged.rules


def test_a_whole_day_replaces_all() -> None:
    """Without times; what gives way is told."""
    there = (SpeedRule("08:00", "18:00", 100.0), SpeedRule("20:00", "24:00", 50.0))
    merged = merge(there, SpeedWish.of(200))
    assert merged.rules == (SpeedRule("00:00", "23:59", 200.0),)
    assert merged.replaced == there
    assert merge(there, SpeedWish.of(0)).rules == ()


def test_over_midnight_it_is_two_rules() -> None:
    """SMS's rules end with the day."""
    merged = merge((), SpeedWish.of(200, "22:00", "06:00"))
    assert merged.rules == (SpeedRule("00:00", "06:00", 200.0), SpeedRule("22:00", "23:59", 200.0))


def test_more_rules_than_a_task_takes_are_refused_before_anything_is_sent() -> None:
    """The text names them."""
    there = tuple(SpeedRule(clock(hour * 60), clock(hour * 60 + 60), 10.0 + hour) for hour in range(0, 10, 2))
    with pytest.raises(SpeedError, match="6 rules, and a task takes 5"):
        merge(there, SpeedWish.of(200, "20:00", "21:00"))


@pytest.mark.parametrize(
    ("limit", "start", "end"), [(1001, "", ""), (-1, "", ""), (200, "8", ""), (200, "25:00", ""), (200, "08:00", "08:00")]
)
def test_a_limit_that_cannot_be_is_said_with_what_can(limit: int, start: str, end: str) -> None:
    """Before anything is looked at."""
    with pytest.raises(SpeedError, match=r"give|write"):
        SpeedWish.of(limit, start, end)


def test_the_end_of_the_day_has_two_spellings() -> None:
    """23:59 and 24:00 are one moment to SMS."""
    assert same_rules([SpeedRule("00:00", "24:00", 5.0)], [SpeedRule("00:00", "23:59", 5.0)])
    assert not same_rules([SpeedRule("00:00", "24:00", 5.0)], [SpeedRule("00:00", "12:00", 5.0)])
