"""How many requests a key may make: a bucket for each key, or a window for each key and API, and the gateway's 429 past it.

The bucket holds `limit` and fills at `limit` in `seconds`, so a client that keeps the pace is never refused. The window lets
`limit` through in any `seconds`, wherever they begin; who is turned away is not counted. The message is a real one's (facts
section 10), which names its window in seconds, minutes or hours.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from flows.simulator.answers import GatewayRefusal, Headers

if TYPE_CHECKING:
    from flows.simulator.options import Rate

_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


class Throttle:
    """One bucket a key, or one window a key and API. The time is handed in, in seconds."""

    def __init__(self, rate: Rate, retry_after_seconds: int = 0) -> None:
        self._rate = rate
        self._retry_after = retry_after_seconds
        self._buckets: dict[str, tuple[float, float]] = {}
        self._windows: dict[tuple[str, str], deque[float]] = {}

    def take(self, key: str, now: float, api: str = "") -> None:
        """Take one request of `key` to `api`. Raises GatewayRefusal 429 APIGW.0308 when there is none left."""
        if self._rate.limit <= 0:
            return
        if self._rate.is_window:
            self._take_of_window(key, now, api)
        else:
            self._take_of_bucket(key, now)

    def _take_of_window(self, key: str, now: float, api: str) -> None:
        limit, seconds = self._rate.limit, self._rate.seconds
        through = self._windows.setdefault((key, api), deque(maxlen=limit))
        if len(through) == limit and now - through[0] < seconds:
            raise throttled(limit, seconds, self._retry_after)
        through.append(now)

    def _take_of_bucket(self, key: str, now: float) -> None:
        limit, seconds = self._rate.limit, self._rate.seconds
        left, since = self._buckets.get(key, (float(limit), now))
        left = min(float(limit), left + max(0.0, now - since) * limit / seconds)
        self._buckets[key] = (left if left < 1 else left - 1, now)
        if left < 1:
            raise throttled(limit, seconds, self._retry_after)


def throttled(limit: int, seconds: float, retry_after: int = 0) -> GatewayRefusal:
    """The gateway's 429 for a limit and its window; `retry_after` 0 leaves the header out."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size and seconds % size == 0), (1, "second"))
    window = f"limit:{limit},time:{int(seconds / size) or 1} {unit}"
    message = f"The throttling threshold has been reached: policy user over ratelimit,{window}"
    headers: Headers = ((b"retry-after", str(retry_after).encode()),) if retry_after else ()
    return GatewayRefusal(429, "APIGW.0308", message, headers)
