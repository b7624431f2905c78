"""A line shared by copies that each have a highest speed: max-min fairness, exact and in virtual time.

Decides how fast each copy goes (`min(its cap, the level)`, the level being what uses the line up) and when the next one is done.
Copies with one cap always go at one speed, so they are kept together as a class, ordered by the bytes at which they end; a class is
either held by its own cap, and then its next end is a fixed time, or by the level, and then all such classes share one count of
bytes. A change of the level moves only the classes whose cap it crosses. Every step costs O(log n) and no copy is looked at twice.
Reads no clock: times are seconds, speeds bytes a second. Called by forecast_run.py.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf

_ROUNDING = 1e-8
"""A cap so little above the level counts as not above it: else rounding could move its class to and fro."""


class _Class:
    """The copies with one cap. `count` is how many bytes each member would have got since the class began, at the time `since`.

    While the level holds the class, its count is the line's own plus `offset`.
    """

    __slots__ = ("cap", "count", "is_shared", "members", "offset", "since", "version")

    def __init__(self, cap: float) -> None:
        self.cap = cap
        self.members: list[tuple[float, int]] = []
        self.count = 0.0
        self.since = 0.0
        self.offset = 0.0
        self.is_shared = False
        self.version = 0


class Line:
    """The line, at the time `now`. A capacity of infinity holds nobody up; then every copy needs a cap of its own."""

    def __init__(self, capacity: float) -> None:
        self._capacity = capacity
        self.now = 0.0
        self._next_end: float | None = inf  # None where a copy that began or ended may have moved it
        self._classes: dict[float, _Class] = {}
        self._held_copies = 0
        self._held_speed = 0.0  # of all copies that their own cap holds
        self._shared = 0  # how many copies the level holds
        self._count = 0.0  # bytes that each copy held by the level has got since the start
        self._held: list[tuple[float, float]] = []  # held classes, the largest cap first; stale entries are skipped
        self._waiting: list[float] = []  # shared classes, the smallest cap first
        self._held_ends: list[tuple[float, int, float]] = []  # time of the next end, version, cap
        self._shared_ends: list[tuple[float, int, float]] = []  # the line's count at the next end, version, cap

    @property
    def level(self) -> float:
        """What a copy without a cap gets, in bytes a second; infinity where no copy is held up."""
        return max(0.0, self._capacity - self._held_speed) / self._shared if self._shared else inf

    def advance(self, now: float) -> None:
        """Let time pass, not beyond the next end."""
        if now > self.now:
            if self._shared:
                self._count += self.level * (now - self.now)
            self.now = now

    def add(self, copy: int, size: float, cap: float) -> None:
        """Begin a copy of `size` bytes that never goes faster than `cap`."""
        self._next_end = None
        each = self._classes.get(cap)
        if each is None:
            each = self._classes[cap] = _Class(cap)
        if not each.members:
            self._open(each)
        heappush(each.members, (self._count_of(each) + size, copy))
        self._weigh(each, 1)
        self._tell_end(each)
        self._settle()

    def next_end(self) -> float:
        """When the next copy is done if none begins before; infinity where there is none."""
        if self._next_end is None:
            self._next_end = min(self._next_held(), self._next_shared())
        return self._next_end

    def take_next(self) -> int:
        """Let time pass to the next end and take that copy off the line."""
        held, shared = self._next_held(), self._next_shared()
        self._next_end = None
        if held <= shared:
            self.advance(held)
            each = self._classes[self._held_ends[0][2]]
        else:
            # The count at an end is known exactly; the sum of steps that lead to it is not.
            self.now, (self._count, _, cap) = shared, self._shared_ends[0]
            each = self._classes[cap]
        copy = heappop(each.members)[1]
        self._weigh(each, -1)
        self._tell_end(each)
        self._settle()
        return copy

    def _open(self, each: _Class) -> None:
        """Let a class that was empty begin anew, held by the level: `_settle` moves it where its cap is below that."""
        each.count, each.since, each.offset, each.is_shared = 0.0, self.now, -self._count, True
        heappush(self._waiting, each.cap)

    def _count_of(self, each: _Class) -> float:
        return self._count + each.offset if each.is_shared else each.count + each.cap * (self.now - each.since)

    def _weigh(self, each: _Class, more: int) -> None:
        if each.is_shared:
            self._shared += more
        else:
            self._hold(each, more)

    def _hold(self, each: _Class, more: int) -> None:
        self._held_copies += more
        self._held_speed = self._held_speed + more * each.cap if self._held_copies else 0.0

    def _tell_end(self, each: _Class) -> None:
        """Note when the first of a class is done; what was noted before is stale."""
        each.version += 1
        if not each.members:
            return
        size = each.members[0][0]
        if each.is_shared:
            heappush(self._shared_ends, (size - each.offset, each.version, each.cap))
        else:
            heappush(self._held_ends, (each.since + (size - each.count) / each.cap, each.version, each.cap))

    def _settle(self) -> None:
        """Move the classes whose cap the level has crossed: each move raises the level, so none is moved twice to one side."""
        while True:
            level = self._fair_level()
            if self._largest_held() > level * (1 + _ROUNDING):
                self._share(self._classes[heappop(self._held)[1]])
            elif self._shared and self._smallest_waiting() <= level:
                self._hold_back(self._classes[heappop(self._waiting)])
            else:
                return

    def _share(self, each: _Class) -> None:
        count = self._count_of(each)
        self._hold(each, -len(each.members))
        self._shared += len(each.members)
        each.offset, each.is_shared = count - self._count, True
        heappush(self._waiting, each.cap)
        self._tell_end(each)

    def _hold_back(self, each: _Class) -> None:
        each.count, each.since, each.is_shared = self._count_of(each), self.now, False
        self._shared -= len(each.members)
        self._hold(each, len(each.members))
        heappush(self._held, (-each.cap, each.cap))
        self._tell_end(each)

    def _fair_level(self) -> float:
        """The level that the held classes are compared with: where none is shared, what is over or under shows whether all fit."""
        if self._shared:
            return self.level
        return inf if self._held_speed <= self._capacity * (1 + _ROUNDING) else -inf

    def _smallest_waiting(self) -> float:
        waiting = self._waiting
        while waiting and not self._is_live(waiting[0], shared=True):
            heappop(waiting)
        return waiting[0] if waiting else inf

    def _largest_held(self) -> float:
        held = self._held
        while held and not self._is_live(held[0][1], shared=False):
            heappop(held)
        return held[0][1] if held else -inf

    def _is_live(self, cap: float, *, shared: bool) -> bool:
        each = self._classes[cap]
        return bool(each.members) and each.is_shared is shared

    def _next_held(self) -> float:
        ends = self._held_ends
        while ends and ends[0][1] != self._classes[ends[0][2]].version:
            heappop(ends)
        return max(ends[0][0], self.now) if ends else inf

    def _next_shared(self) -> float:
        ends = self._shared_ends
        while ends and ends[0][1] != self._classes[ends[0][2]].version:
            heappop(ends)
        if not ends:
            return inf
        return self.now + max(0.0, ends[0][0] - self._count) / self.level if self.level > 0 else inf
