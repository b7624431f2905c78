"""What the pace of one kind of request was, and why, in sentences for the report. Told by throttle.py; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.submission.clock import time_of_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.sms.errors import ThrottleWindow
    from flows.submission.pace_limits import PaceLimit


@dataclass(slots=True)
class PaceStory:
    """What happened to the pace. Moments are wall time; rates are starts a second.

    `limits` are those that somebody set, `met_others` says that other runs went by them too; `lowered_at` is when a 429 first
    lowered the rate, `back_at` when it was back at `back_to`, None while it is not.
    """

    limits: Sequence[PaceLimit] = ()
    met_others: bool = False
    throttled: int = 0
    lowest_per_second: float | None = None
    lowered_at: float | None = None
    back_at: float | None = None
    back_to: float = 0.0
    window: ThrottleWindow | None = None
    held_seconds: float = 0.0

    def lines(self, kind: str) -> list[str]:
        """Sentences for people: the limits where somebody set one, and what SMS's 429s did; none where nothing held the pace."""
        told = [self._limits(), self._window_known(), self._throttling()]
        return [f"{kind}: {line}" for line in told if line]

    def _limits(self) -> str:
        named = [f"{limit.per_second:g}/s ({limit.origin})" for limit in self.limits if limit.origin]
        shared = ", shared with other runs" if self.met_others else ""
        return f"at most {' and '.join(named)}{shared}" if named else ""

    def _window_known(self) -> str:
        if self.window is None or self.throttled:
            return ""
        return f"held to {_named(self.window)}, which SMS has named within the last day"

    def _throttling(self) -> str:
        if not self.throttled:
            return ""
        said = f"SMS throttled {self.throttled} request{'s' if self.throttled > 1 else ''} (429)"
        if self.window is not None:
            said += f", naming {_named(self.window)}: held to that"
        if self.lowest_per_second is not None:
            said += f"; the pace went down to {self.lowest_per_second:.3g}/s{_since(self.lowered_at)}{self._way_back()}"
        return f"{said}; held for {self.held_seconds:.1f} s in all"

    def _way_back(self) -> str:
        if self.lowered_at is None:
            return ""
        if self.back_at is None:
            return " and was not yet back up at the end"
        return f" and was back at {self.back_to:.3g}/s at {time_of_day(self.back_at)}"


def _named(window: ThrottleWindow) -> str:
    return f"{window.limit} in {window.seconds:g} s"


def _since(moment: float | None) -> str:
    return "" if moment is None else f" from {time_of_day(moment)} on"
