"""The engine's clock in a rehearsal: the loop's time, and a wall that stands at the evening of the first wave when it begins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

_BOOT_SECONDS = 5_000.0


@dataclass(frozen=True, slots=True)
class RehearsalClock:
    """A `flows.submission.clock.Clock` on the loop that runs. `begins_at` is the wall's time at the loop's beginning."""

    loop: asyncio.AbstractEventLoop
    begins_at: float

    def wall(self) -> float:
        """Seconds since 1970, UTC, as it will be in that night."""
        return self.begins_at + self.loop.time()

    def steady(self) -> float:
        """The loop's time."""
        return self.loop.time()

    def boot(self) -> float:
        """As `steady`: the rehearsed machine never sleeps."""
        return _BOOT_SECONDS + self.loop.time()

    @property
    def boot_id(self) -> str:
        """There is one boot."""
        return "rehearsal"

    async def sleep(self, seconds: float) -> None:
        """Return so much later, which is at once for whoever watches."""
        await asyncio.sleep(max(0.0, seconds))
