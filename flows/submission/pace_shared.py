"""This process's part of an account's pace: slots that it has reserved in the journal, ahead of need, and spends in their time.

Reserves little at a time, so that a process that dies costs the others a tenth of a second, and asks before it runs out, so that no
row waits for the journal. A slot that was not used in its time is lost. Knows no HTTP and no 429; throttle.py does.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from flows.submission.pace_limits import CREATES
from flows.submission.pace_statements import CAUTION_SECONDS, Asked, Granted, reserve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from flows.sms.errors import ThrottleWindow
    from flows.submission.clock import Clock
    from flows.submission.lease_clock import LeaseTime
    from flows.submission.pace_limits import PaceLimit

CHUNK_SECONDS = 0.1
"""How much of the pace is reserved at once; asked for again when less than that lies ahead."""
_CHUNK_WITHOUT_LIMIT = 10
_UNEQUAL = 1.5
_STEP_SECONDS = 0.05
_TRUSTED_SECONDS = 30.0
_SHORTEST_WAIT_SECONDS = 0.001
_LONGEST_WAIT_SECONDS = 5.0

T = TypeVar("T")


class Transact(Protocol):
    """Runs a function of a connection in one transaction of the journal."""

    async def __call__(self, operation: Callable[[Connection], T], /) -> T:
        """Return what it returns; raises JournalUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """The journal's time less this machine's boot time, and by how much that may be wrong."""

    offset: float
    doubt: float
    at: float


@dataclass(frozen=True, slots=True)
class _Slot:
    at: float
    until: float


class SharedPace:
    """The pace that a process shares with others through the journal; an async context manager.

    `limits` all hold; without any, and while SMS has named no window, the journal is never asked. `window` is the one that SMS has
    named to this process or another for requests of this `kind`; `met_others` says whether others were seen to use the same limits.
    Slots are kept in boot time, which counts the time that the machine slept.
    """

    def __init__(
        self,
        account: str,
        holder: str,
        limits: Sequence[PaceLimit],
        clock: Clock,
        transact: Transact,
        read_time: Callable[[Connection], LeaseTime],
        kind: str = CREATES,
    ) -> None:
        self.limits = tuple(limits)
        self.window: ThrottleWindow | None = None
        self.met_others = False
        self._chunk, self._ahead = _portion(self.limits)
        self._asked = Asked(account, holder, self.limits, 0, 0.0, kind=kind)
        self._clock = clock
        self._transact = transact
        self._read_time = read_time
        self._slots: deque[_Slot] = deque()
        self._request: asyncio.Task[None] | None = None
        self._ask_at = -math.inf
        self._careful_until = -math.inf
        self._reading: _Reading | None = None
        self._learned: ThrottleWindow | None = None
        self._earlier: tuple[float, ...] = ()
        self._late = 0.0

    async def __aenter__(self) -> Self:
        if self.is_used:
            self._ask(0)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._request is not None:
            # Not cancelled: a transaction in its thread goes on all the same, and the journal is closed next.
            await asyncio.wait([self._request])
            self._request.exception()

    @property
    def is_used(self) -> bool:
        """Whether anything is shared: a limit, or a window."""
        return bool(self.limits) or self.window is not None

    def hold_to(self, window: ThrottleWindow, started: Sequence[float] = (), *, is_news: bool = False) -> None:
        """Keep to a window together with all others; `started` (boot time) are this process's starts that count in it.

        `is_news`: SMS named it just now, and the others are to hear of it at once.
        """
        self.window = window
        self._earlier = tuple(started)
        if is_news:
            self._learned = window
            self._slots.clear()
        if is_news or started:
            self._ask(0)

    def note_late(self, seconds: float) -> None:
        """Have all slots to come moved by that: a request of this process arrived so much after its slot's time."""
        self._late = max(self._late, seconds)

    def take(self, demand: float) -> float | None:
        """0 where a request may start now; else how long until that may be, or None: when `answered` returns.

        `demand` is how many starts are wanted in the next `CHUNK_SECONDS`. Raises JournalUnavailableError.
        """
        now = self._clock.boot()
        self._hear()
        while self._slots and self._slots[0].until < now:
            self._slots.popleft()
        # Not ahead of need where a window counts: a slot that is lost is missed for minutes.
        is_low = not self._slots or (self.window is None and self._slots[-1].at < now + self._ahead)
        if is_low and now >= self._ask_at:
            self._ask(max(1, min(self._chunk, math.ceil(demand))))
        if not self._slots:
            wait = None if self._request is not None else self._ask_at - now
            return wait if wait is None else min(_LONGEST_WAIT_SECONDS, max(_SHORTEST_WAIT_SECONDS, wait))
        if self._slots[0].at > now:
            return self._slots[0].at - now
        self._slots.popleft()
        return 0.0

    async def answered(self) -> None:
        """Return when the journal has answered; cancelled, the question goes on."""
        if self._request is not None:
            await asyncio.wait([self._request])

    def _ask(self, count: int) -> None:
        if self._request is None:
            self._request = asyncio.create_task(self._reserve(count), name="pace")

    def _hear(self) -> None:
        """Take note of how a request ended, its failure too."""
        if self._request is not None and self._request.done():
            request, self._request = self._request, None
            request.result()

    async def _reserve(self, count: int) -> None:
        await self._reserve_once(count)
        while self._learned or self._earlier:
            await self._reserve_once(0)

    async def _reserve_once(self, count: int) -> None:
        learned, earlier, late, clock = self._learned, self._earlier, self._late, self._clock
        wall = clock.wall()

        def operation(connection: Connection) -> tuple[_Reading, float, Granted]:
            before = clock.boot()
            moment = self._read_time(connection)
            after = clock.boot()
            reading = _Reading(moment.seconds - (before + after) / 2, (after - before) / 2, after)
            # What others hold may be from before a step of the server's clock that this process did not see.
            is_unsure = self._has_stepped(reading)
            is_new = self._reading is None and moment.clock != clock.boot_id
            careful_until = after + CAUTION_SECONDS if is_unsure or is_new else self._careful_until
            asked = replace(
                self._asked,
                count=count,
                wall=wall,
                not_before=careful_until + reading.offset,
                is_unsure=is_unsure,
                late=late,
                learned=learned,
                earlier=[at + reading.offset for at in earlier],
            )
            return reading, careful_until, reserve(connection, asked, moment)

        reading, self._careful_until, granted = await self._transact(operation)
        self._reading = reading = self._better(reading)
        if granted.window is not None and granted.window != self.window:
            self._slots.clear()  # they were given away before anybody counted them
        if learned is self._learned:
            self._learned = None
            self._slots.extend(_Slot(at - reading.offset, at - reading.offset + granted.lateness) for at in granted.slots)
        if granted.slots and late == self._late:
            self._late = 0.0
        if earlier is self._earlier:
            self._earlier = ()
        # Slots far ahead of a slow limit would keep others from those of a faster one that come before.
        self._ask_at = granted.next_at - reading.offset - self._ahead if count else -math.inf
        self.met_others = self.met_others or granted.met_others
        self.window = granted.window or self.window

    def _has_stepped(self, new: _Reading) -> bool:
        old = self._reading
        return old is not None and abs(new.offset - old.offset) > _STEP_SECONDS + new.doubt + old.doubt

    def _better(self, new: _Reading) -> _Reading:
        """The reading to go by: the surer one, unless it is old or no longer true."""
        old = self._reading
        if old is None or new.doubt <= old.doubt or new.at - old.at > _TRUSTED_SECONDS or self._has_stepped(new):
            return new
        return old


def _portion(limits: Sequence[PaceLimit]) -> tuple[int, float]:
    """How many slots to ask for at most, and how far ahead.

    What the limits give in `CHUNK_SECONDS`; of two limits that are far apart one at a time, for the gaps between many would be
    lost to others.
    """
    spacings = [limit.spacing() for limit in limits]
    if not spacings:
        return _CHUNK_WITHOUT_LIMIT, CHUNK_SECONDS
    if max(spacings) > _UNEQUAL * min(spacings):
        return 1, min(CHUNK_SECONDS, max(spacings) / 2)
    return max(1, round(CHUNK_SECONDS / max(spacings))), CHUNK_SECONDS
