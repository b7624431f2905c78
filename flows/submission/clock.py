"""The engine's time: a wall clock for people, a steady clock for waiting. Passed in, so that tests own both."""

from __future__ import annotations

import asyncio
import functools
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What the engine asks of time."""

    def wall(self) -> float:
        """Seconds since 1970, UTC: what people read, and name a wave's end by. May jump: nothing exact is decided by it."""
        ...

    def steady(self) -> float:
        """Seconds that only ever go forward: what waits and deadlines go by."""
        ...

    def boot(self) -> float:
        """Seconds since this machine was started, those in which it slept included; the same for all its processes."""
        ...

    @property
    def boot_id(self) -> str:
        """Names the start of the machine that `boot` counts from; "" where the system has no name for it."""
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

    def boot(self) -> float:
        """Linux's boot clock; macOS's CLOCK_MONOTONIC and Windows's monotonic clock count sleep too."""
        return _boot_seconds()

    @property
    def boot_id(self) -> str:
        """The kernel's own id of the boot, where it gives one."""
        return _boot_id()

    async def sleep(self, seconds: float) -> None:
        """`asyncio.sleep`; a negative wait is none."""
        await asyncio.sleep(max(0.0, seconds))


def time_of_day(wall: float) -> str:
    """A moment of the wall clock as the report's notes tell it."""
    return f"{datetime.fromtimestamp(wall, UTC):%H:%M:%S} UTC"


def _boot_seconds() -> float:
    kernel_clock = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)
    return time.monotonic() if kernel_clock is None else time.clock_gettime(kernel_clock)


@functools.cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
