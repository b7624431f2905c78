"""Looks in vain are left out: a sleep ends at the first of its own steps by which there is something to see."""

from __future__ import annotations

import asyncio
from math import inf

import pytest

from flows.rehearsal import virtual_time
from flows.rehearsal.poll_clock import Listed, News, PollClock


def slept(seconds: float, next_change_at: float, *, news_at: float = inf, moments: tuple[float, ...] = ()) -> float:
    """How long a sleep of `seconds` really lasts; SMS changes by itself, or by somebody's request, at those times."""

    async def night() -> float:
        loop, news = asyncio.get_running_loop(), News()
        clock = PollClock(loop, 0.0, news, Listed(news.count, next_change_at), moments)
        if news_at < inf:
            loop.call_later(news_at, news.happen)
        await clock.sleep(seconds)
        return clock.steady()

    return virtual_time.run(night())


@pytest.mark.parametrize(
    ("next_change_at", "ends_at"),
    [(0.0, 30.0), (10.0, 30.0), (30.0, 30.0), (31.0, 60.0), (601.0, 630.0), (3000.0, 3000.0)],
)
def test_it_ends_at_the_first_step_after_the_next_change(next_change_at: float, ends_at: float) -> None:
    assert slept(30.0, next_change_at) == pytest.approx(ends_at)


def test_news_end_it_at_the_step_after_them() -> None:
    assert slept(30.0, inf, news_at=100.0) == pytest.approx(120.0)


def test_nobody_sleeps_through_the_end_of_a_window() -> None:
    assert slept(30.0, inf, moments=(50.0, 1000.0)) == pytest.approx(60.0)


def test_nobody_sleeps_for_ever() -> None:
    assert slept(30.0, inf) == pytest.approx(3600.0)


def test_a_pause_of_a_moment_is_no_wait_for_a_look() -> None:
    assert slept(0.5, inf) == pytest.approx(0.5)


def test_what_has_happened_since_the_last_listing_is_looked_at_without_delay() -> None:
    async def night() -> float:
        news = News()
        clock = PollClock(asyncio.get_running_loop(), 0.0, news, Listed(news.count, inf))
        news.happen()
        await clock.sleep(5.0)
        return clock.steady()

    assert virtual_time.run(night()) == pytest.approx(5.0)
