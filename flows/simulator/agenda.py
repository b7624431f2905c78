"""What will happen by itself at a known time: effects, each with its moment, and a name by which it is moved or taken off.

Knows no rule. Driven by core.py, which alone decides that a time has come.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Agenda:
    """Effects by their time (seconds since the epoch); those of one moment happen in the order in which they were put down.

    A quiet one happens as the others do; whoever waits for something worth a look is not told of it.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, str]] = []
        self._loud: list[tuple[float, int, str]] = []
        self._effects: dict[str, tuple[int, Callable[[float], None]]] = {}
        self._serial = 0

    def put(self, when: float, effect: Callable[[float], None], name: str = "", *, is_quiet: bool = False) -> None:
        """Have `effect` called with its time. A name puts it in the place of what had that name."""
        self._serial += 1
        name = name or f"#{self._serial}"
        self._effects[name] = (self._serial, effect)
        heappush(self._entries, (when, self._serial, name))
        if not is_quiet:
            heappush(self._loud, (when, self._serial, name))

    def drop(self, name: str) -> None:
        """Take off what has this name, if anything has."""
        self._effects.pop(name, None)

    def next_at(self) -> float:
        """When the next thing happens; infinity where nothing will."""
        return self._next_of(self._entries)

    def next_loud_at(self) -> float:
        """When the next thing happens that is not quiet."""
        return self._next_of(self._loud)

    def _next_of(self, entries: list[tuple[float, int, str]]) -> float:
        while entries:
            known = self._effects.get(entries[0][2])
            if known is not None and known[0] == entries[0][1]:
                return entries[0][0]
            heappop(entries)
        return inf

    def run_next(self) -> None:
        """Let the next thing happen. Only where `next_at` says that there is one."""
        when, _, name = heappop(self._entries)
        self._effects.pop(name)[1](when)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._loud.clear()
        self._effects.clear()
