"""How many requests were started in any second: what a limit on the pace is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def most_in_a_second(moments: Iterable[float], seconds: float = 1.0) -> int:
    """The most of the moments that any span of so many seconds holds, wherever it begins."""
    ordered, most, first = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
