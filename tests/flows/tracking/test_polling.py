from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sms.errors import ThrottleWindow
from flows.tracking.polling import QUICKEST_SECONDS, SLOWEST_SECONDS, Polling, least_interval


def test_looks_become_rarer_while_nothing_moves_and_are_back_at_once() -> None:
    """From the third look that shows nothing new, up to a bound."""
    polling = Polling(30.0)
    waits = [polling.after(has_moved=False, end_in=None) for _ in range(8)]
    assert waits[:2] == [30.0, 30.0]
    assert waits == sorted(waits)
    assert waits[-1] == SLOWEST_SECONDS
    assert polling.after(has_moved=True, end_in=None) == 30.0


def test_near_an_end_looks_are_closer() -> None:
    """When the end is expected, but not closer than the quickest."""
    polling = Polling(30.0)
    assert [polling.after(has_moved=True, end_in=seconds) for seconds in (300.0, 12.0, 1.0)] == [30.0, 12.0, QUICKEST_SECONDS]


def test_looks_in_vain_back_off() -> None:
    """Doubled each time, up to the slowest; one that succeeds forgets it."""
    polling = Polling(30.0)
    assert [polling.after_failure() for _ in range(4)] == [30.0, 60.0, 120.0, 120.0]
    polling.after(has_moved=True, end_in=None)
    assert polling.failed == 0


@given(
    st.floats(1.0, 3600.0),
    st.lists(st.tuples(st.booleans(), st.none() | st.floats(-100.0, 1e6)), max_size=30),
)
def test_whatever_happens_looks_stay_within_bounds(interval: float, looks: list[tuple[bool, float | None]]) -> None:
    """Never closer than the quickest, unless closer was asked for; never rarer than the slowest, unless rarer was."""
    polling = Polling(interval)
    for has_moved, ahead in looks:
        wait = polling.after(has_moved=has_moved, end_in=ahead)
        assert min(QUICKEST_SECONDS, interval) <= wait <= max(SLOWEST_SECONDS, interval)


def test_half_of_what_the_gateway_allows_is_left_to_others() -> None:
    """27 calls a look at 200 in 5 minutes: a look each 81 s at most."""
    assert least_interval(27, ThrottleWindow(200, 300.0)) == pytest.approx(81.0)
    assert least_interval(27, None) == 0.0
