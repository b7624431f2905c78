"""The engine's time: a wall clock for people, a steady clock for waiting. Passed in, so that tests own both."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the engine asks of time."""

    def wall(self) -> float:
        """Seconds since 1970, UTC: what people read. May jump; nothing is decided by it."""
        ...

    def steady(self) -> float:
        """Seconds that only ever go forward: what waits and deadlines go by."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` of steady time later."""
        ...


class SystemClock:
    """The machine's own time; steady time is the running loop's, so a loop with virtual time moves it."""

    def wall(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()

    def steady(self) -> float:
        """The running event loop's clock."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """`asyncio.sleep`; a negative wait is none."""
        await asyncio.sleep(max(0.0, seconds))
