"""The line that copies share: max-min fairness, exact between events; and the older model, a fixed time for each copy.

`Lines` and `FixedTimes` have the same calls. A `Line` gives each copy `min(its cap, the level)`, the level being what uses the
line up. Copies with one cap go at one speed, so they are kept together and counted as one: a step costs as much as there are
different caps, however many copies there are. Speeds are bytes a second, times seconds since the epoch; nothing here reads a
clock. Owned by progress.py.
"""

from __future__ import annotations

from bisect import insort
from heapq import heappop, heappush
from math import inf
from typing import Protocol


class Copies(Protocol):
    """The copies under way, each under a key."""

    def add(self, key: str, size: float, cap: float, now: float, whole: float, line: str = "") -> None:
        """Begin a copy of `size` bytes on a line, of a server of `whole` bytes, never faster than `cap` (0 stalls it)."""

    def remove(self, key: str, now: float) -> float:
        """Break a copy off; the bytes that it has left. 0 where there is no such copy."""

    def recap(self, key: str, cap: float, now: float) -> None:
        """Change the most that a copy may have, where there is such a copy."""

    def left(self, key: str, now: float) -> float:
        """The bytes that a copy has left at `now`, which no end lies before."""

    def speed(self, key: str) -> float:
        """How fast a copy goes, in bytes a second; 0 where there is no such copy."""

    def keys(self) -> list[str]:
        """The copies under way."""

    def next_end(self) -> float:
        """When the next copy ends if nothing else changes; infinity where none will."""

    def take_next(self) -> str:
        """Let time pass to that end, and take that copy off."""

    def clear(self) -> None:
        """Break all off."""

    def set_capacity(self, capacity: float, now: float, line: str = "") -> None:
        """Have a line carry so many bytes a second from now on. Raises ValueError where copies share none."""


class _Class:
    """The copies with one cap. `got` is how many bytes each member would have had since the class began."""

    __slots__ = ("cap", "count", "ends", "got", "speed")

    def __init__(self, cap: float) -> None:
        self.cap = cap
        self.count = 0
        self.got = 0.0
        self.speed = 0.0
        self.ends: list[tuple[float, int, str]] = []  # what `got` is when the copy ends; serial, key


class Line:
    """Copies that share `capacity` bytes a second."""

    def __init__(self, capacity: float) -> None:
        self._capacity = capacity
        self._now = 0.0
        self._classes: dict[float, _Class] = {}
        self._caps: list[float] = []
        self._copies: dict[str, tuple[_Class, float, int]] = {}  # class, what `got` is at the end, serial
        self._serial = 0
        self._is_stale = False
        self._end: float | None = inf

    def add(self, key: str, size: float, cap: float, now: float) -> None:
        """Begin a copy."""
        self._advance(now)
        each = self._classes.get(cap)
        if each is None:
            each = self._classes[cap] = _Class(cap)
            insort(self._caps, cap)
        self._serial += 1
        each.count += 1
        self._copies[key] = (each, each.got + size, self._serial)
        heappush(each.ends, (each.got + size, self._serial, key))
        self._changed()

    def remove(self, key: str, now: float) -> float:
        """Break a copy off; the bytes that it has left."""
        if key not in self._copies:
            return 0.0
        self._advance(now)
        each, end, _ = self._copies[key]
        self._take(key)
        return max(0.0, end - each.got)

    def recap(self, key: str, cap: float, now: float) -> None:
        """Change the most that a copy may have."""
        if key in self._copies and self._copies[key][0].cap != cap:
            self.add(key, self.remove(key, now), cap, now)

    def left(self, key: str, now: float) -> float:
        """The bytes that a copy has left."""
        each, end, _ = self._copies[key]
        return max(0.0, end - each.got - self.speed(key) * (now - self._now))

    def speed(self, key: str) -> float:
        """How fast a copy goes."""
        if self._is_stale:
            self._share_out()
        return self._copies[key][0].speed if key in self._copies else 0.0

    def keys(self) -> list[str]:
        """The copies under way."""
        return list(self._copies)

    def next_end(self) -> float:
        """When the next copy ends."""
        if self._end is None:
            self._share_out()
            self._end = min((self._end_of(each) for each in self._classes.values()), default=inf)
        return self._end

    def take_next(self) -> str:
        """Let time pass to the next end, and take that copy off."""
        end = self.next_end()
        each = next(each for each in self._classes.values() if self._end_of(each) == end)
        self._advance(end)
        # What it has had is then known exactly; the sum of steps that lead to it is not.
        each.got, _, key = each.ends[0]
        self._take(key)
        return key

    def set_capacity(self, capacity: float, now: float) -> None:
        """Carry so many bytes a second from now on."""
        self._advance(now)
        self._capacity = capacity
        self._changed()

    def _take(self, key: str) -> None:
        each = self._copies.pop(key)[0]
        each.count -= 1
        if not each.count:
            del self._classes[each.cap]
            self._caps.remove(each.cap)
        self._changed()

    def _changed(self) -> None:
        self._is_stale, self._end = True, None

    def _advance(self, now: float) -> None:
        if now <= self._now:
            return
        if self._is_stale:
            self._share_out()
        for each in self._classes.values():
            each.got += each.speed * (now - self._now)
        self._now = now
        self._end = None

    def _share_out(self) -> None:
        """Serve the smallest caps first: each has its cap or an even part of what is left, whichever is less."""
        free, copies = self._capacity, len(self._copies)
        for cap in self._caps:
            each = self._classes[cap]
            each.speed = min(cap, free / copies)
            free = max(0.0, free - each.speed * each.count)
            copies -= each.count
        self._is_stale = False

    def _end_of(self, each: _Class) -> float:
        ends = each.ends
        while self._copies.get(ends[0][2], (None, 0.0, 0))[2] != ends[0][1]:
            heappop(ends)
        left = ends[0][0] - each.got
        if left <= 0 and each.cap > 0:
            return self._now
        return self._now + left / each.speed if each.speed > 0 else inf


class Lines:
    """Lines by name, each shared by its own copies. What is on no line that is known is on the common one, which has no name."""

    def __init__(self, capacity: float) -> None:
        self._lines = {"": Line(capacity)}
        self._line_of: dict[str, Line] = {}

    def add(self, key: str, size: float, cap: float, now: float, whole: float, line: str = "") -> None:  # noqa: ARG002 - see Copies
        """Begin a copy."""
        shared = self._line_of[key] = self._lines.get(line) or self._lines[""]
        shared.add(key, size, cap, now)

    def remove(self, key: str, now: float) -> float:
        """Break a copy off; the bytes that it has left."""
        line = self._line_of.pop(key, None)
        return 0.0 if line is None else line.remove(key, now)

    def recap(self, key: str, cap: float, now: float) -> None:
        """Change the most that a copy may have."""
        if key in self._line_of:
            self._line_of[key].recap(key, cap, now)

    def left(self, key: str, now: float) -> float:
        """The bytes that a copy has left."""
        return self._line_of[key].left(key, now)

    def speed(self, key: str) -> float:
        """How fast a copy goes."""
        return self._line_of[key].speed(key) if key in self._line_of else 0.0

    def keys(self) -> list[str]:
        """The copies under way."""
        return list(self._line_of)

    def next_end(self) -> float:
        """When the next copy ends."""
        return min(line.next_end() for line in self._lines.values())

    def take_next(self) -> str:
        """Take the copy that ends next off."""
        key = min(self._lines.values(), key=Line.next_end).take_next()
        del self._line_of[key]
        return key

    def clear(self) -> None:
        """Break all off; the lines stay."""
        for key, line in self._line_of.items():
            line.remove(key, 0.0)
        self._line_of.clear()

    def set_capacity(self, capacity: float, now: float, line: str = "") -> None:
        """Have a line carry so many bytes a second from now on; a name that is new makes a new one."""
        if line in self._lines:
            self._lines[line].set_capacity(capacity, now)
        else:
            self._lines[line] = Line(capacity)


class FixedTimes:
    """Each whole copy takes `seconds`, a part of one its share of that; nobody shares anything. A cap of 0 stalls a copy."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._copies: dict[str, tuple[float, float, float, float, int]] = {}  # bytes left at, the time, speed, end, serial
        self._paused: dict[str, tuple[float, float]] = {}  # bytes left, seconds left
        self._ends: list[tuple[float, int, str]] = []
        self._serial = 0

    def add(self, key: str, size: float, cap: float, now: float, whole: float, line: str = "") -> None:  # noqa: ARG002 - see Copies
        """Begin a copy."""
        self._begin(key, size, self._seconds * (size / whole if whole else 1.0), cap, now)

    def remove(self, key: str, now: float) -> float:
        """Break a copy off; the bytes that it has left."""
        left = self.left(key, now) if key in self._copies or key in self._paused else 0.0
        self._copies.pop(key, None)
        self._paused.pop(key, None)
        return left

    def recap(self, key: str, cap: float, now: float) -> None:
        """Stall a copy, or let it go on."""
        if key in self._copies and cap <= 0:
            left, end = self.left(key, now), self._copies.pop(key)[3]
            self._paused[key] = (left, max(0.0, end - now))
        elif key in self._paused and cap > 0:
            self._begin(key, *self._paused.pop(key), cap, now)

    def left(self, key: str, now: float) -> float:
        """The bytes that a copy has left."""
        if key in self._paused:
            return self._paused[key][0]
        left, since, speed, _, _ = self._copies[key]
        return max(0.0, left - speed * (now - since))

    def speed(self, key: str) -> float:
        """How fast a copy goes."""
        return self._copies[key][2] if key in self._copies else 0.0

    def keys(self) -> list[str]:
        """The copies under way."""
        return [*self._copies, *self._paused]

    def next_end(self) -> float:
        """When the next copy ends."""
        ends = self._ends
        while ends:
            known = self._copies.get(ends[0][2])
            if known is not None and known[4] == ends[0][1]:
                return ends[0][0]
            heappop(ends)
        return inf

    def take_next(self) -> str:
        """Take the copy that ends next off."""
        _, _, key = heappop(self._ends)
        del self._copies[key]
        return key

    def clear(self) -> None:
        """Break all off."""
        self._copies.clear()
        self._paused.clear()
        self._ends.clear()

    def set_capacity(self, capacity: float, now: float, line: str = "") -> None:  # noqa: ARG002 - see Copies
        """There is no line. Raises ValueError."""
        raise ValueError("each copy takes its time here: start the simulator with a bandwidth")

    def _begin(self, key: str, size: float, seconds: float, cap: float, now: float) -> None:
        if cap <= 0:
            self._paused[key] = (size, seconds)
            return
        self._serial += 1
        self._copies[key] = (size, now, size / seconds if seconds > 0 else 0.0, now + seconds, self._serial)
        heappush(self._ends, (now + seconds, self._serial, key))
