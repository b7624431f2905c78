"""Clocks for tests: time that moves only when somebody waits for it, or when the test says so, or faster than it does."""

from __future__ import annotations

import asyncio
import time

PLENTY = 60.0
"""Seconds after which a test fails rather than hang; no working machine needs them."""


class MovedClock:
    """Steady and wall time that jump forward by exactly what is slept."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self.now = 0.0
        self._wall = wall
        self.slept: list[float] = []

    def wall(self) -> float:
        return self._wall + self.now

    def steady(self) -> float:
        return self.now

    def boot(self) -> float:
        return 5_000.0 + self.now

    @property
    def boot_id(self) -> str:
        return "boot-1"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


class FastClock(MovedClock):
    """The machine's time, so many times as fast: for what waits beside each other, each until its own moment."""

    def __init__(self, times: float, wall: float = 1_800_000_000.0) -> None:
        self._times = times
        self._began = time.monotonic()
        super().__init__(wall)

    @property
    def now(self) -> float:
        return (time.monotonic() - self._began) * self._times

    @now.setter
    def now(self, _: float) -> None:
        """Passes by itself."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._times)
