"""How many requests a key may make: a bucket for each key, and the gateway's 429 when it is empty.

The bucket holds `limit` and fills at `limit` in `seconds`, so a client that keeps the pace is never refused. The message is a real
one's (facts section 10), which names its window in seconds, minutes or hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.simulator.answers import GatewayRefusal, Headers

if TYPE_CHECKING:
    from flows.simulator.options import Rate

_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


class Throttle:
    """One bucket a key. The time is handed in, in seconds."""

    def __init__(self, rate: Rate, retry_after_seconds: int = 0) -> None:
        self._rate = rate
        self._retry_after = retry_after_seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, now: float) -> None:
        """Take one request of `key` from its bucket. Raises GatewayRefusal 429 APIGW.0308 when there is none left."""
        limit, seconds = self._rate.limit, self._rate.seconds
        if limit <= 0:
            return
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
