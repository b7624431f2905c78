"""What each of several copies would get of a line that is shared fairly: nobody more than it can take, the rest the same (max-min).

Mbit/s throughout. Pure; called by tracker.py, so that a task that reached little of its due is told from one that was due little.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def fair_shares(line: float, caps: Sequence[float]) -> list[float]:
    """The share of each, in the order of `caps`; infinity where neither the line nor a cap bounds it."""
    shares = [0.0] * len(caps)
    left, count = line, len(caps)
    for place in sorted(range(len(caps)), key=lambda each: caps[each]):
        fair = left / count if left < inf else inf
        shares[place] = min(caps[place], fair)
        left, count = left - (shares[place] if left < inf else 0.0), count - 1
    return shares
