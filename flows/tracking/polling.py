"""When to look next: by default every 30 s, less often when nothing moves, more often when the end is near.

Never so often that the looks would use up the window that SMS's gateway names for reads: they take half of it at most, since others
read too. The bucket itself is the throttle's. Pure; called by tracker.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.sms.errors import ThrottleWindow

INTERVAL_SECONDS = 30.0
"""How often SMS is looked at unless somebody says otherwise."""

SLOWEST_SECONDS = 120.0
"""A wave in which nothing moves is looked at so often at least (or at the interval asked for, where that is longer)."""

QUICKEST_SECONDS = 5.0
"""Near the wave's expected end it is looked at so often at most (or at the interval asked for, where that is shorter).

Not near each server's: among thousands there is always one that ends.
"""

_SLOWER = 1.5
_STILL_POLLS = 3
"""So many looks in a row have to show nothing new before they become rarer."""
_SHARE_OF_READS = 0.5


@dataclass(slots=True)
class Polling:
    """The interval between looks, as it adapts. Seconds throughout."""

    interval: float = INTERVAL_SECONDS
    still: int = 0
    failed: int = 0

    def after(self, *, has_moved: bool, end_in: float | None) -> float:
        """How long to wait after a look: did anything move, and in how many seconds is the last server expected to end."""
        self.failed = 0
        self.still = 0 if has_moved else self.still + 1
        slower: float = _SLOWER ** max(0, self.still - _STILL_POLLS + 1)
        wait = min(self.interval * slower, max(SLOWEST_SECONDS, self.interval))
        if end_in is not None and end_in < wait:
            wait = max(min(QUICKEST_SECONDS, self.interval), end_in)
        return wait

    def after_failure(self) -> float:
        """How long to wait after a look that failed: longer each time, up to the slowest."""
        self.failed += 1
        return min(self.interval * 2.0 ** (self.failed - 1), max(SLOWEST_SECONDS, self.interval))


def least_interval(calls: int, window: ThrottleWindow | None) -> float:
    """How long looks of so many calls have to be apart, so that they leave half of what SMS allows to others."""
    return calls / (window.per_second * _SHARE_OF_READS) if window is not None else 0.0
