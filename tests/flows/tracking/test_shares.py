from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.tracking.shares import fair_shares

CAPS = st.lists(st.floats(0.1, 1e4) | st.just(inf), min_size=1, max_size=12)


@given(st.floats(0.1, 1e5), CAPS)
def test_a_line_is_shared_fairly(line: float, caps: list[float]) -> None:
    """Nobody more than it can take; the line is full unless all have what they can take; who has less than another is capped."""
    shares = fair_shares(line, caps)
    assert all(share <= cap for share, cap in zip(shares, caps, strict=True))
    assert sum(shares) == pytest.approx(min(line, sum(caps)))
    most = max(shares)
    assert all(share == cap or share == pytest.approx(most) for share, cap in zip(shares, caps, strict=True))


def test_without_a_line_each_takes_what_it_can() -> None:
    """Infinity where nothing bounds it."""
    assert fair_shares(inf, [10.0, inf, 5.0]) == [10.0, inf, 5.0]
