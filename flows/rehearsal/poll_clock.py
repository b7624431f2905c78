"""The clock of whoever looks at SMS again and again: it leaves out the looks that would show nothing new.

A wave is looked at every few seconds for a night and longer, and most looks show what the one before did. A sleep of `s` seconds
ends here at the first of the moments `s`, 2 `s`, 3 `s` ... from now by which something has happened at SMS: the same look as in a
night, without those in vain before it. What waits for people or for a time of day is woken by `news` or by `moments`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import dataclass, field
from math import ceil, inf
from typing import TYPE_CHECKING

from flows.rehearsal.clock import RehearsalClock

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_SECONDS = 3600.0
"""So long nobody sleeps, whatever happens."""
_SHORTEST_SECONDS = 2.0
"""A sleep of less is no wait for a next look."""
_ROUNDING = 1e-6


@dataclass(slots=True)
class News:
    """What happens at SMS because somebody asked for it. `count` grows by one each time; whoever sleeps is told."""

    count: int = 0
    _sleepers: list[asyncio.Future[None]] = field(default_factory=list)

    def happen(self) -> None:
        """Something was changed."""
        self.count += 1
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)

    async def next(self, seconds: float) -> None:
        """Return when the next thing happens, or after `seconds`."""
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        self._sleepers.append(sleeper)
        timer = loop.call_later(seconds, _wake, sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


@dataclass(slots=True)
class Listed:
    """What the last listing of one client showed: so much of the news, and nothing else before `next_change_at` (wall clock)."""

    news: int = -1
    next_change_at: float = 0.0


@dataclass(frozen=True, slots=True)
class PollClock(RehearsalClock):
    """A clock for one wave. `moments` are times of the wall that are not slept through, in their order: ends of windows."""

    news: News
    listed: Listed
    moments: Sequence[float] = ()

    async def sleep(self, seconds: float) -> None:
        """Sleep, and through what nothing happens in."""
        if seconds < _SHORTEST_SECONDS:
            await asyncio.sleep(max(0.0, seconds))
            return
        began = self.wall()
        latest = began + max(seconds, _LONGEST_SECONDS)
        while (left := self._wakes_at(began, seconds, latest) - self.wall()) > 0:
            await self.news.next(left)

    def _wakes_at(self, began: float, seconds: float, latest: float) -> float:
        """The first moment of the sleep's own steps by which there is something to see."""
        is_new = self.news.count != self.listed.news
        due = self.wall() if is_new else min(self.listed.next_change_at, self._next_moment(began), latest)
        return began + max(1, ceil((due - began) / seconds - _ROUNDING)) * seconds

    def _next_moment(self, began: float) -> float:
        place = bisect_right(self.moments, began)
        return self.moments[place] if place < len(self.moments) else inf
