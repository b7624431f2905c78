"""Hold the account's pace: how soon the next request may leave, and what a 429 does to that.

One `Throttle` a kind of request (creates, reads), shared by all rows of a run. Starts are spread evenly, never in bursts, so that
no second holds more than the rate. A 429 pauses everyone (for as long as Retry-After or the named window says), lowers the rate,
and lets it climb back while all goes well (additive increase, multiplicative decrease). Knows no HTTP; time is passed in.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.sms.errors import Throttled, ThrottleWindow
    from flows.submission.clock import Clock

_STRAY_SHARE = 0.25
"""Up to this share of 429s the rate is lowered by it; above it is a flood."""
_ENOUGH_TO_JUDGE = 8
_RECOVERY_SECONDS = 8.0
_FLOOR_PER_SECOND = 0.2
_PAUSE_SECONDS = 0.5
_SAME_SETBACK_SECONDS = 1.0
_MEASURED_SECONDS = 1.0
_JUDGED_SECONDS = 5.0
_SHORTEST_SPAN_SECONDS = 0.1
_CATCH_UP_SECONDS = 0.05
_LONGEST_MEMORY = 10_001


@dataclass(slots=True)
class PaceStory:
    """What happened to the pace, for the report."""

    throttled: int = 0
    lowest_per_second: float | None = None
    window: ThrottleWindow | None = None
    held_seconds: float = 0.0

    def lines(self, kind: str) -> list[str]:
        """One sentence for people where the pace was ever touched, else none."""
        if not self.throttled:
            return []
        said = f"{kind}: SMS throttled {self.throttled} request{'s' if self.throttled > 1 else ''} (429)"
        if self.window:
            said += f", naming {self.window.limit} in {self.window.seconds:g} s: held to that"
        if self.lowest_per_second is not None:
            said += f"; the pace went down to {self.lowest_per_second:.3g}/s"
        return [f"{said}; held for {self.held_seconds:.1f} s in all"]


@dataclass(slots=True)
class Throttle:
    """A pace of at most `limit_per_second` starts a second (None: no limit of ours, until SMS sets one)."""

    clock: Clock
    limit_per_second: float | None = None
    story: PaceStory = field(default_factory=PaceStory)
    _rate: float | None = None
    _climb_per_second: float = 0.0
    _rate_since: float = 0.0
    _next_at: float = 0.0
    _held_until: float = 0.0
    _last_setback: float = -1e9
    _started_at: deque[float] = field(default_factory=lambda: deque(maxlen=_LONGEST_MEMORY))
    _throttled_at: deque[float] = field(default_factory=lambda: deque(maxlen=_LONGEST_MEMORY))
    _window: ThrottleWindow | None = None
    _window_starts: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if self.limit_per_second is not None:
            self._rate = self.limit_per_second

    async def acquire(self) -> None:
        """Return when one more request may start."""
        while True:
            now = self.clock.steady()
            spread = self._next_at if self._rate_now(now) else 0.0
            due = max(self._held_until, self._window_opens_at(now), self._second_opens_at(), spread)
            if due <= now:
                self._take(now)
                return
            await self.clock.sleep(due - now)

    def on_throttled(self, error: Throttled) -> None:
        """Learn of a 429: pause everyone, go slower afterwards. 429s of one and the same moment count as one setback."""
        now = self.clock.steady()
        self.story.throttled += 1
        if error.window is not None and error.window.seconds > _SAME_SETBACK_SECONDS:
            self.hold_to(error.window)
        self._throttled_at.append(now)
        share = self._turned_away(now)
        pause = error.retry_after if error.retry_after is not None else _own_pause(error.window, share)
        if now + pause > self._held_until:
            self.story.held_seconds += now + pause - max(now, self._held_until)
            self._held_until = now + pause
        self._slow_down(now, error.window, share, is_new=now - self._last_setback >= _SAME_SETBACK_SECONDS)
        self._last_setback = now

    def hold_to(self, window: ThrottleWindow) -> None:
        """Keep to a window that the gateway names (or named in an earlier run): so many starts in so many seconds.

        What was started before it was named counts: a Retry-After shorter than the window opens no second one.
        """
        if self._window is None:
            self._window_starts.extend(self._started_at)
        self._window = window
        self.story.window = window

    def _turned_away(self, now: float) -> float:
        """The share of the last seconds' starts that were turned away; where there were too few to judge, that of a stray 429."""
        started = _since(self._started_at, now, _JUDGED_SECONDS)
        return _since(self._throttled_at, now, _JUDGED_SECONDS) / started if started >= _ENOUGH_TO_JUDGE else _STRAY_SHARE

    def _slow_down(self, now: float, window: ThrottleWindow | None, share: float, *, is_new: bool) -> None:
        """Lower the rate by the share that was turned away, and at a flood to what SMS accepted in the last second."""
        current = self._rate_now(now) or self._started_per_second(now)
        lowered = current * (1 - min(share, _STRAY_SHARE)) if is_new else current
        is_flood = share > _STRAY_SHARE
        if is_flood:
            lowered = min(lowered, _since(self._started_at, now) * max(0.0, 1 - share) / _MEASURED_SECONDS)
        if window is not None and window.seconds <= _SAME_SETBACK_SECONDS:
            lowered = min(lowered, window.per_second)
        self._rate, self._rate_since = max(_FLOOR_PER_SECOND, lowered), max(now, self._held_until)
        if is_new or is_flood:
            way_back = self._rate / 2 if is_flood else max(current - self._rate, self._rate / 2)
            self._climb_per_second = way_back / _RECOVERY_SECONDS
        self.story.lowest_per_second = min(self._rate, self.story.lowest_per_second or self._rate)

    def _rate_now(self, now: float) -> float | None:
        """The rate, climbing back since it was last lowered, to where it was in 8 s and on from there; None: nothing limits it."""
        if self._rate is None:
            return None
        climbed = self._rate + self._climb_per_second * max(0.0, now - self._rate_since)
        return climbed if self.limit_per_second is None else min(climbed, self.limit_per_second)

    def _started_per_second(self, now: float) -> float:
        """How fast requests were started lately, over the time in which there were any."""
        recent = [at for at in self._started_at if now - at <= _MEASURED_SECONDS]
        return len(recent) / max(_SHORTEST_SPAN_SECONDS, now - recent[0]) if recent else 1.0

    def _window_opens_at(self, now: float) -> float:
        if self._window is None:
            return 0.0
        while self._window_starts and self._window_starts[0] + self._window.seconds <= now:
            self._window_starts.popleft()
        if len(self._window_starts) < self._window.limit:
            return 0.0
        return self._window_starts[-self._window.limit] + self._window.seconds

    def _second_opens_at(self) -> float:
        """When a start would be the first of its second over the limit: a late waker may catch up, but never above the limit."""
        per_second = math.ceil(self.limit_per_second or 0)
        if not per_second or len(self._started_at) < per_second:
            return 0.0
        return self._started_at[-per_second] + 1.0

    def _take(self, now: float) -> None:
        rate = self._rate_now(now)
        if rate:
            self._next_at = max(self._next_at, now - _CATCH_UP_SECONDS) + 1 / rate
        self._started_at.append(now)
        if self._window is not None:
            self._window_starts.append(now)


def _since(moments: Iterable[float], now: float, seconds: float = _MEASURED_SECONDS) -> int:
    """How many of the moments lie in so many seconds before `now`."""
    return sum(1 for at in moments if now - at <= seconds)


def _own_pause(window: ThrottleWindow | None, share: float) -> float:
    """How long everyone waits after a 429 that does not say: its window, else less the rarer 429s are."""
    return window.seconds if window is not None else _PAUSE_SECONDS * min(1.0, share / _STRAY_SHARE)
