"""Hold the account's pace: how soon the next request may leave, and what a 429 does to that.

One `Throttle` a kind of request (creates, reads), shared by all rows of a run. Starts are spread evenly, never in bursts, so that
no second
holds more than the rate. A 429 pauses everyone (for as long as Retry-After or the named window says), halves the rate, and lets
it climb back while all goes well (additive increase, multiplicative decrease). Knows no HTTP; time is passed in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.sms.errors import Throttled, ThrottleWindow
    from flows.submission.clock import Clock

_MARGIN = 0.99
_DECREASE = 0.5
_CLIMB_PER_SECOND = 0.05
_FLOOR_PER_SECOND = 0.2
_PAUSE_SECONDS = 1.0
_SAME_SETBACK_SECONDS = 1.0
_MEASURED_SECONDS = 2.0
_CATCH_UP_SECONDS = 0.02


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
    _rate_since: float = 0.0
    _next_at: float = 0.0
    _held_until: float = 0.0
    _last_setback: float = -1e9
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=4096))
    _window: ThrottleWindow | None = None
    _window_starts: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if self.limit_per_second is not None:
            self._rate = self.limit_per_second

    async def acquire(self) -> None:
        """Return when one more request may start."""
        while True:
            now = self.clock.steady()
            due = max(self._held_until, self._window_opens_at(now), self._next_at if self._rate_now(now) else 0.0)
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
        pause = error.retry_after if error.retry_after is not None else self._own_pause(error.window)
        if now + pause > self._held_until:
            self.story.held_seconds += now + pause - max(now, self._held_until)
            self._held_until = now + pause
        if now - self._last_setback >= _SAME_SETBACK_SECONDS:
            self._slow_down(now, error.window)
        self._last_setback = now

    def hold_to(self, window: ThrottleWindow) -> None:
        """Keep to a window that the gateway names (or named in an earlier run): so many starts in so many seconds."""
        self._window = window
        self.story.window = window

    def _own_pause(self, window: ThrottleWindow | None) -> float:
        return window.seconds if window is not None else _PAUSE_SECONDS

    def _slow_down(self, now: float, window: ThrottleWindow | None) -> None:
        current = self._rate_now(now) or self._measured(now)
        lowered = max(_FLOOR_PER_SECOND, current * _DECREASE)
        if window is not None:
            lowered = min(lowered, window.per_second) if window.seconds <= _SAME_SETBACK_SECONDS else lowered
        self._rate, self._rate_since = lowered, now + max(0.0, self._held_until - now)
        self.story.lowest_per_second = min(lowered, self.story.lowest_per_second or lowered)

    def _rate_now(self, now: float) -> float | None:
        """The rate, climbing back towards the limit since it was last lowered; None where nothing limits it."""
        if self._rate is None:
            return None
        climbed: float = self._rate * (1 + _CLIMB_PER_SECOND) ** max(0.0, now - self._rate_since)
        if self.limit_per_second is None:
            return climbed
        return min(climbed, self.limit_per_second)

    def _measured(self, now: float) -> float:
        """How many starts a second there were lately."""
        recent = sum(1 for at in self._recent if now - at <= _MEASURED_SECONDS)
        return max(1.0, recent / _MEASURED_SECONDS)

    def _window_opens_at(self, now: float) -> float:
        if self._window is None:
            return 0.0
        while self._window_starts and now - self._window_starts[0] > self._window.seconds:
            self._window_starts.popleft()
        if len(self._window_starts) < self._window.limit:
            return 0.0
        return self._window_starts[0] + self._window.seconds

    def _take(self, now: float) -> None:
        rate = self._rate_now(now)
        if rate:
            self._next_at = max(self._next_at, now - _CATCH_UP_SECONDS) + 1 / (rate * _MARGIN)
        self._recent.append(now)
        if self._window is not None:
            self._window_starts.append(now)
