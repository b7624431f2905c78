"""Hold the account's pace: how soon the next request may leave, and what a 429 does to that.

One `Throttle` a kind of request (creates, reads), shared by all rows of a run. Starts are spread evenly, never in bursts, so that
no second holds more than the limit; where other processes go by the same limit, each start has a slot that pace_shared.py reserved
in the journal. A 429 pauses everyone (for as long as Retry-After or the named window says), lowers the rate, and lets it climb
back while all goes well (additive increase, multiplicative decrease). Knows no HTTP; time is passed in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from flows.submission.pace_limits import GUARD_SECONDS, PaceLimit
from flows.submission.pace_shared import CHUNK_SECONDS
from flows.submission.pace_story import PaceStory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.sms.errors import Throttled, ThrottleWindow
    from flows.submission.clock import Clock
    from flows.submission.pace_shared import SharedPace

_STRAY_SHARE = 0.25
"""Up to this share of 429s the rate is lowered by it; above it is a flood."""
_ENOUGH_TO_JUDGE = 8
_RECOVERY_SECONDS = 8.0
_FLOOR_PER_SECOND = 0.2
_SLOWEST_CLIMB = 0.25
"""Starts a second, each second: from the floor it would take minutes to get anywhere else."""
_PAUSE_SECONDS = 0.5
_SAME_SETBACK_SECONDS = 1.0
_MEASURED_SECONDS = 1.0
_JUDGED_SECONDS = 5.0
_SHORTEST_SPAN_SECONDS = 0.1
_CATCH_UP_SECONDS = 0.05
_STANDSTILL_SECONDS = 0.05
_ON_THE_WAY_SECONDS = 0.01
"""A start of less than so long before the process stood still may not have left the machine before it went on."""
_LATEST_SECONDS = 0.1
"""A request that took longer than that beyond what is usual waited at SMS: nobody would know of it from outside."""
_USUAL_OF = 31
_LONGEST_MEMORY = 10_001


@dataclass(slots=True)
class Throttle:
    """A pace of at most `limit_per_second` starts a second (None: no limit of ours, until SMS sets one).

    With `shared`, its limits hold instead, over all processes. One process's starts alone are held to either by their exact
    moments, however late it is woken.
    """

    clock: Clock
    limit_per_second: float | None = None
    shared: SharedPace | None = None
    story: PaceStory = field(default_factory=PaceStory)
    _limits: tuple[PaceLimit, ...] = ()
    _rate: float | None = None
    _climb_per_second: float = 0.0
    _rate_since: float = 0.0
    _rate_before: float = 0.0
    _next_at: float = 0.0
    _held_until: float = 0.0
    _last_setback: float = -1e9
    _started_at: deque[float] = field(default_factory=lambda: deque(maxlen=_LONGEST_MEMORY))
    _throttled_at: deque[float] = field(default_factory=lambda: deque(maxlen=_LONGEST_MEMORY))
    _window: ThrottleWindow | None = None
    _window_since: float = -1e9
    _window_starts: deque[float] = field(default_factory=deque)
    _lately_took: deque[float] = field(default_factory=lambda: deque(maxlen=_USUAL_OF))
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    def __post_init__(self) -> None:
        if self.shared is not None:
            self._limits = self.shared.limits
            self.limit_per_second = min((limit.per_second for limit in self._limits), default=None)
        elif self.limit_per_second is not None:
            self._limits = (PaceLimit(self.limit_per_second),)
        self._rate = self.limit_per_second
        self.story.limits = self._limits

    async def acquire(self) -> float:
        """Return when one more request may start, in the order of asking; the moment, for `answered`.

        Raises JournalUnavailableError where slots are shared.
        """
        if (now := self.take_if_free()) is not None:
            return now
        self._waiting += 1
        try:
            async with self._turn:
                now = await self._allowed()
                self._take(now)
                return now
        finally:
            self._waiting -= 1

    def take_if_free(self) -> float | None:
        """As `acquire`, where nothing holds anything back; else None, and nothing is taken."""
        now = self.clock.steady()
        if not self._is_free(now):
            return None
        self._take(now)
        return now

    def answered(self, started: float) -> None:
        """Learn that the request which started at that moment has ended.

        One that took longer than others do may have arrived that much later: then the request that is to be a second behind it
        is held back as well, here and, through the journal, elsewhere.
        """
        if not self._limits:
            return
        took = self.clock.steady() - started
        late = min(took - median(self._lately_took), _LATEST_SECONDS) - GUARD_SECONDS / 2 if self._lately_took else 0.0
        self._lately_took.append(took)
        if late <= 0:
            return
        for index in range(len(self._started_at) - 1, -1, -1):
            if self._started_at[index] == started:
                self._started_at[index] = started + late
                break
        if self.shared is not None:
            self.shared.note_late(late)

    def _is_free(self, now: float) -> bool:
        """Whether nothing holds anything back."""
        nothing_set = self._rate is None and self._window is None and (self.shared is None or not self.shared.is_used)
        return nothing_set and self._held_until <= now and not self._turn.locked()

    async def _allowed(self) -> float:
        """Wait until a request may start; the moment at which it does."""
        while True:
            now = self.clock.steady()
            wait = self._due(now) - now
            if wait <= 0:
                slot_in = self._slot_in(now)
                if slot_in == 0:
                    return now
                if slot_in is None:
                    await self._journal_answered()
                    continue
                wait = slot_in
            await self.clock.sleep(wait)
            self._note_standstill(now, now + wait)

    def _due(self, now: float) -> float:
        """When this process may start its next request, for all that it knows by itself."""
        spread = self._next_at if self._rate_now(now) else 0.0
        return max(self._held_until, self._window_opens_at(now), self._seconds_open_at(), spread)

    def _slot_in(self, now: float) -> float | None:
        """In how many seconds the next slot is; 0: it is taken. None: the journal is being asked."""
        if self.shared is None or not self.shared.is_used:
            return 0
        rate = self._rate_now(now)
        # A slot that is lost counts in a window for minutes: there, no more than are waited for.
        demand = self._waiting if self._window else max(self._waiting, _since(self._started_at, now, CHUNK_SECONDS))
        slot_in = self.shared.take(demand if rate is None else min(demand, 1 + rate * CHUNK_SECONDS))
        self.story.met_others = self.shared.met_others
        if self.shared.window is not None and self.shared.window != self._window:
            self._keep_to(self.shared.window)
            self.shared.hold_to(self.shared.window, self._started_in_boot_time(now))
        return slot_in

    async def _journal_answered(self) -> None:
        if self.shared is not None:
            await self.shared.answered()

    def _note_standstill(self, since: float, due: float) -> None:
        """After a wait that lasted much too long: what was on its way when the process stood still may leave only now."""
        now = self.clock.steady()
        if now - due <= _STANDSTILL_SECONDS:
            return
        for index in range(len(self._started_at) - 1, -1, -1):
            if self._started_at[index] < since - _ON_THE_WAY_SECONDS:
                break
            self._started_at[index] = now

    def on_throttled(self, error: Throttled) -> None:
        """Learn of a 429: pause everyone, go slower afterwards. 429s of one and the same moment count as one setback.

        Those that come with the first word of a window lower no rate: the window says what may be sent, and it is held from now on.
        """
        now = self.clock.steady()
        self.story.throttled += 1
        if error.window is not None and error.window.seconds > _SAME_SETBACK_SECONDS:
            self._learn(error.window, now)
        self._throttled_at.append(now)
        share = self._turned_away(now)
        pause = error.retry_after if error.retry_after is not None else _own_pause(error.window, share)
        if now + pause > self._held_until:
            self.story.held_seconds += now + pause - max(now, self._held_until)
            self._held_until = now + pause
        if now - self._window_since >= _SAME_SETBACK_SECONDS:
            self._slow_down(now, error.window, share, is_new=now - self._last_setback >= _SAME_SETBACK_SECONDS)
        self._last_setback = now

    def hold_to(self, window: ThrottleWindow) -> None:
        """Keep to a window that the gateway names (or named in an earlier run): so many starts in so many seconds.

        What was started before it was named counts: a Retry-After shorter than the window opens no second one.
        """
        self._keep_to(window)
        if self.shared is not None:
            self.shared.hold_to(window)

    def _learn(self, window: ThrottleWindow, now: float) -> None:
        is_new = window != self._window
        self._keep_to(window)
        if self.shared is not None and is_new:
            self.shared.hold_to(window, self._started_in_boot_time(now), is_news=True)

    def _started_in_boot_time(self, now: float) -> list[float]:
        behind = self.clock.boot() - now
        return [at + behind for at in self._started_at]

    def _keep_to(self, window: ThrottleWindow) -> None:
        if self._window is None:
            self._window_starts.extend(self._started_at)
        if window != self._window:
            self._window_since = self.clock.steady()
        self._window = window
        self.story.window = window

    def _turned_away(self, now: float) -> float:
        """The share of the last seconds' starts that were turned away; where there were too few to judge, that of a stray 429."""
        started = _since(self._started_at, now, _JUDGED_SECONDS)
        return _since(self._throttled_at, now, _JUDGED_SECONDS) / started if started >= _ENOUGH_TO_JUDGE else _STRAY_SHARE

    def _slow_down(self, now: float, window: ThrottleWindow | None, share: float, *, is_new: bool) -> None:
        """Lower the rate by the share that was turned away, and at a flood to what SMS accepted in the last second."""
        current = self._rate_now(now) or self._started_per_second(now)
        if self.story.lowered_at is None or self.story.back_at is not None:
            self._rate_before = current
        lowered = current * (1 - min(share, _STRAY_SHARE)) if is_new else current
        is_flood = share > _STRAY_SHARE
        if is_flood:
            lowered = min(lowered, _since(self._started_at, now) * max(0.0, 1 - share) / _MEASURED_SECONDS)
        if window is not None and window.seconds <= _SAME_SETBACK_SECONDS:
            lowered = min(lowered, window.per_second)
        self._rate, self._rate_since = max(_FLOOR_PER_SECOND, lowered), max(now, self._held_until)
        if is_new or is_flood:
            way_back = self._rate / 2 if is_flood else max(current - self._rate, self._rate / 2)
            self._climb_per_second = max(way_back / _RECOVERY_SECONDS, _SLOWEST_CLIMB)
        self.story.lowest_per_second = min(self._rate, self.story.lowest_per_second or self._rate)
        self.story.lowered_at = self.story.lowered_at or self.clock.wall()
        self.story.back_at = None

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

    def _seconds_open_at(self) -> float:
        """When a start would be the first of its second over no limit: a late waker may catch up, but never above a limit."""
        started = self._started_at
        return max((started[-limit.starts] + limit.seconds for limit in self._limits if len(started) >= limit.starts), default=0.0)

    def _take(self, now: float) -> None:
        rate = self._rate_now(now)
        if rate:
            spacing = 1 / rate
            if self.shared is None:
                spacing = max(spacing, *(limit.spacing() for limit in self._limits), 0)
            self._next_at = max(self._next_at, now - _CATCH_UP_SECONDS) + spacing
            if self.story.back_at is None and self.story.lowered_at is not None and rate >= self._rate_before:
                self.story.back_at, self.story.back_to = self.clock.wall(), self._rate_before
        self._started_at.append(now)
        if self._window is not None:
            self._window_starts.append(now)


def _since(moments: Iterable[float], now: float, seconds: float = _MEASURED_SECONDS) -> int:
    """How many of the moments lie in so many seconds before `now`."""
    return sum(1 for at in moments if now - at <= seconds)


def _own_pause(window: ThrottleWindow | None, share: float) -> float:
    """How long everyone waits after a 429 that does not say: its window, else less the rarer 429s are."""
    return window.seconds if window is not None else _PAUSE_SECONDS * min(1.0, share / _STRAY_SHARE)
