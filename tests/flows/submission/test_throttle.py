"""The pace: never above the limit, held after a 429, and back again."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sms.errors import Throttled, ThrottleWindow
from flows.submission.pace_limits import PaceLimit
from flows.submission.pace_story import PaceStory
from flows.submission.throttle import Throttle
from tests.flows.submission.clocks import MovedClock
from tests.starts import most_in_a_second


class LateClock(MovedClock):
    """A clock whose sleeps end late, as an event loop's do."""

    def __init__(self, seed: int, late_seconds: float = 0.03) -> None:
        super().__init__()
        self._random = Random(seed)
        self._late_seconds = late_seconds

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + self._random.uniform(0, self._late_seconds))


class StoppedClock(MovedClock):
    """A clock whose next sleep takes much longer than asked for, once."""

    stands_still_for = 0.0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + self.stands_still_for)
        self.stands_still_for = 0.0


async def starts(throttle: Throttle, clock: MovedClock, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        await throttle.acquire()
        moments.append(clock.now)
    return moments


def throttled(retry_after: float | None = None, window: ThrottleWindow | None = None) -> Throttled:
    return Throttled("APIGW.0308", "slow down", retry_after=retry_after, window=window)


async def test_without_a_limit_nothing_waits() -> None:
    """No limit of ours and no 429: every request starts at once."""
    clock = MovedClock()
    assert await starts(Throttle(clock), clock, 1000) == [0.0] * 1000


@given(limit=st.integers(10, 2000).map(lambda tenths: tenths / 10), seed=st.integers(0, 1000))
async def test_no_second_holds_more_than_the_limit(limit: float, seed: int) -> None:
    """In any window of one second, however late the sleeps end; 2.5 is two in any second."""
    clock = LateClock(seed)
    moments = await starts(Throttle(clock, limit), clock, int(limit) * 3)
    assert most_in_a_second(moments) <= limit


async def test_less_than_one_a_second_is_one_in_so_many_seconds() -> None:
    """0.5/s: two starts lie at least two seconds apart, and not much more."""
    clock = LateClock(1)
    moments = await starts(Throttle(clock, 0.5), clock, 20)
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 2.0
    assert moments[-1] <= 19 * 2.1


async def test_who_asked_first_starts_first() -> None:
    """Rows that wait for the pace start in the order in which they asked."""
    clock, order = MovedClock(), []
    throttle = Throttle(clock, 10.0)

    async def row(number: int) -> None:
        await throttle.acquire()
        order.append(number)

    await asyncio.gather(*(row(number) for number in range(30)))
    assert order == list(range(30))


async def test_what_was_on_its_way_when_the_process_stood_still_counts_when_it_goes_on() -> None:
    """Stopped for a minute right after a start: that request may leave only now, so the next second holds one start fewer."""
    clock = StoppedClock()
    throttle = Throttle(clock, 10.0)
    before = await starts(throttle, clock, 10)
    clock.stands_still_for = 60.0
    after = await starts(throttle, clock, 30)
    assert after[0] >= before[-1] + 60.0
    assert most_in_a_second([after[0], *after]) <= 10


async def test_late_wake_ups_cost_no_pace() -> None:
    """At 50/s over 20 s, with sleeps that end up to 10 ms late, at least 0.98 of the limit is reached."""
    clock = LateClock(7, late_seconds=0.01)
    moments = await starts(Throttle(clock, 50.0), clock, 1000)
    assert 999 / (moments[-1] - moments[0]) >= 0.98 * 50


async def test_a_request_that_took_longer_than_usual_holds_back_the_one_a_second_behind_it() -> None:
    """It may have arrived that much later: the request that is a limit's worth after it starts that much later too."""
    clock = MovedClock()
    throttle = Throttle(clock, 10.0)
    moments = []
    for number in range(21):
        moments.append(await throttle.acquire())
        await clock.sleep(0.08 if number == 8 else 0.002)
        throttle.answered(moments[-1])
    assert moments[18] - moments[8] >= 1.0 + 0.078
    assert moments[20] - moments[10] < 1.0 + 0.04


async def test_a_request_that_waited_at_sms_costs_little_pace() -> None:
    """An answer that takes a second is SMS's affair: no more than a tenth of a second is taken for the way."""
    clock = MovedClock()
    throttle = Throttle(clock, 1.0)
    for seconds in (0.1, 0.1, 0.9):
        started = await throttle.acquire()
        await clock.sleep(seconds)
        throttle.answered(started)
    assert await throttle.acquire() - started <= 1.11


async def test_retry_after_holds_everyone() -> None:
    """A 429 with Retry-After holds the whole bucket for as long."""
    clock = MovedClock()
    throttle = Throttle(clock, 100.0)
    await starts(throttle, clock, 3)
    before = clock.now
    throttle.on_throttled(throttled(retry_after=7.0))
    assert (await starts(throttle, clock, 1))[0] >= before + 7.0


async def test_a_named_window_is_held_and_kept_to() -> None:
    """A 429 that says "limit:20,time:5 minute": nothing for five minutes, then never more than 20 in five minutes."""
    clock = MovedClock()
    throttle = Throttle(clock)
    await starts(throttle, clock, 30)
    throttle.on_throttled(throttled(window=ThrottleWindow(20, 300.0)))
    moments = await starts(throttle, clock, 60)
    assert moments[0] >= 300.0
    assert all(later - earlier >= 299.999 for earlier, later in zip(moments, moments[20:], strict=False))
    assert "20 in 300 s" in throttle.story.lines("creates")[0]


async def test_the_first_word_of_a_window_lowers_no_rate() -> None:
    """Thirty that are turned away at once, with the window named: once it opens its limit may start at once, not at a crawl.

    A 429 although the window is held, for others use the account too, does lower the rate.
    """
    clock = MovedClock()
    throttle = Throttle(clock)
    await starts(throttle, clock, 30)
    for _ in range(30):
        throttle.on_throttled(throttled(window=ThrottleWindow(20, 300.0)))
    moments = await starts(throttle, clock, 20)
    assert moments[-1] == moments[0]
    assert throttle.story.lowest_per_second is None
    throttle.on_throttled(throttled(window=ThrottleWindow(20, 300.0)))
    assert throttle.story.lowest_per_second is not None


async def test_the_way_up_from_the_floor_takes_no_minutes() -> None:
    """All turned away, nothing accepted: thirty requests later, in less than 20 s, it goes at 3/s and more."""
    clock = MovedClock()
    throttle = Throttle(clock)
    await starts(throttle, clock, 30)
    for _ in range(30):
        throttle.on_throttled(throttled())
    moments = await starts(throttle, clock, 30)
    assert throttle.story.lowest_per_second == 0.2
    assert moments[-1] - moments[0] <= 20.0
    assert moments[-1] - moments[-4] <= 1.0


async def test_what_was_started_before_a_window_was_named_counts() -> None:
    """Retry-After is shorter than the window that the same 429 names: the window still holds no more than its limit."""
    clock = MovedClock()
    throttle = Throttle(clock)
    before = await starts(throttle, clock, 20)
    throttle.on_throttled(throttled(retry_after=10.0, window=ThrottleWindow(20, 300.0)))
    assert (await starts(throttle, clock, 1))[0] >= before[0] + 300.0


async def test_429s_of_one_moment_count_as_one_setback() -> None:
    """Thirty requests in flight that are all turned away lower the rate once."""
    clock = MovedClock()
    one, many = Throttle(clock, 100.0), Throttle(clock, 100.0)
    await starts(one, clock, 4)
    await starts(many, clock, 4)
    one.on_throttled(throttled())
    for _ in range(30):
        many.on_throttled(throttled())
    assert one.story.lowest_per_second == many.story.lowest_per_second


async def test_a_flood_of_429s_takes_the_rate_to_what_was_accepted() -> None:
    """A burst of 40, of which 30 are turned away, goes on at no more than 10 a second."""
    clock = MovedClock()
    throttle = Throttle(clock)
    await starts(throttle, clock, 40)
    for _ in range(30):
        throttle.on_throttled(throttled())
    moments = await starts(throttle, clock, 12)
    assert moments[10] - moments[0] >= 0.9


async def test_the_rate_climbs_back() -> None:
    """After a stray 429 the limit is reached again within ten seconds, and never exceeded."""
    clock = MovedClock()
    throttle = Throttle(clock, 50.0)
    await starts(throttle, clock, 50)
    throttle.on_throttled(throttled())
    moments = await starts(throttle, clock, 1000)
    late = [moment for moment in moments if moment >= moments[0] + 10]
    assert len(late) / (late[-1] - late[0]) == pytest.approx(50, rel=0.05)


async def test_what_happened_is_told_in_one_line() -> None:
    """The report says that there were 429s, how low the pace went and for how long it was held; else it says nothing."""
    clock = MovedClock()
    throttle = Throttle(clock, 50.0)
    assert throttle.story.lines("creates") == []
    throttle.on_throttled(throttled(retry_after=2.0))
    (line,) = throttle.story.lines("creates")
    assert line.startswith("creates: SMS throttled 1 request (429); the pace went down to 37.5/s from 08:00:00 UTC on and was not ")
    assert line.endswith("not yet back up at the end; held for 2.0 s in all")


async def test_the_way_back_is_told() -> None:
    """Once the limit is reached again, the report says when."""
    clock = MovedClock()
    throttle = Throttle(clock, 50.0)
    throttle.on_throttled(throttled(retry_after=2.0))
    await starts(throttle, clock, 600)
    assert "37.5/s from 08:00:00 UTC on and was back at 50/s at 08:00:07 UTC" in throttle.story.lines("creates")[0]


def test_the_limits_are_told_with_who_set_them() -> None:
    """Sheet and environment both, and whether other runs went by them too; a limit that nobody set is none to tell."""
    limits = [PaceLimit(50.0, origin="SMS_RATE_PER_SECOND"), PaceLimit(2.5, "creates of w", origin="rate_per_second of the wave")]
    alone, shared = PaceStory(limits), PaceStory(limits, met_others=True)
    assert alone.lines("creates") == ["creates: at most 50/s (SMS_RATE_PER_SECOND) and 2.5/s (rate_per_second of the wave)"]
    assert shared.lines("creates")[0].endswith(", shared with other runs")
    assert PaceStory([PaceLimit(50.0)]).lines("reads") == []


def test_a_window_that_was_known_from_before_is_told() -> None:
    """A run that SMS never turned away says what held it all the same."""
    throttle = Throttle(MovedClock())
    throttle.hold_to(ThrottleWindow(200, 300.0))
    assert throttle.story.lines("creates") == ["creates: held to 200 in 300 s, which SMS has named within the last day"]
