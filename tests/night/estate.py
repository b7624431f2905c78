"""The estate of a scripted night: the plan's workbook, and how the simulator behaves that stands for the service.

Two waves on one line. `wave-1` is gated and stays in sync, but for a part of it; `wave-2` copies and is done, its window is short,
and a few of its servers are too slow for it. Sizes are MB, rates Mbit/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

_MB = 1_000_000
_DISK = 42_949_672_960
_ASKS_FOR_CHECK_EVERY = 3
_STAYS_IN_SYNC = 4
"""Of so many servers of the gated wave, all but one stay in sync."""


@dataclass(frozen=True, slots=True)
class Estate:
    """How large a night is, and how hard. `short_window_seconds` is that of `wave-2`, `slow` how many of its servers miss it."""

    gated: int
    ungated: int = 0
    slow: int = 0
    max_running: int = 40
    bandwidth_mbps: int = 8000
    size_mb: tuple[int, int] = (60, 180)
    slow_mb: int = 200
    slow_mbps: int = 20
    short_window_seconds: float = 22.0
    faults: str = "14%,late=0.01,action-12%,action-late=0.02,speed-10%,read-2%"
    fail: str = "SMS.0805=0.06,SMS.0203=0.02"
    preparation: float = 1.0
    seed: int = 7
    configuration: float = 1.0

    def options(self, plan: Path) -> dict[str, Any]:
        """What the simulator is started with: SMS's own guard is off, and tasks are listed late."""
        return {
            "fleet": plan,
            "seed": self.seed,
            "guard": False,
            "lag": 0.5,
            "faults": self.faults,
            "late_seconds": 0.7,
            "bandwidth": self.bandwidth_mbps,
            "preparation": self.preparation,
            "configuration": self.configuration,
            "change_per_day": 0.2,
            "sync_seconds": 5.0,
            "quirks": 0.1,
            "fail": self.fail,
        }

    def write_plan(self, path: Path, now: datetime) -> Path:
        """Write the workbook; the windows are open at `now`."""
        rows, disks = [], []
        for number in range(1, self.gated + self.ungated + 1):
            row, size = self._row(number)
            rows.append(row)
            disks.append(disk(number, used_size=size, size=_DISK))
        return make_plan(path, rows, disks=disks, waves=self._waves(now))

    def _row(self, number: int) -> tuple[dict[str, Any], int]:
        least, most = self.size_mb
        size = (least + number * 37 % (most - least)) * _MB
        name = f"web-{number:03}"
        values: dict[str, Any] = {"source_name": name, "target_name": f"{name}-hw", "wave": "wave-1", "syncing": False}
        values["source_ip"] = f"192.168.{number // 250}.{number % 250 + 1}"
        values["migration_ip"] = f"10.0.{number // 250}.{number % 250 + 1}"
        values["is_need_consistency_check"] = number % _ASKS_FOR_CHECK_EVERY == 0
        values["priority"] = 2 if number % 20 == 0 else None
        values["speed_limit"] = None
        if number <= self.gated:
            values["syncing"] = number % _STAYS_IN_SYNC != 0
        else:
            values["wave"] = "wave-2"
            if number > self.gated + self.ungated - self.slow:
                size, values["speed_limit"] = self.slow_mb * _MB, self.slow_mbps
        return server(number, **values), size

    def _waves(self, now: datetime) -> list[dict[str, Any]]:
        opened = (now - timedelta(hours=1)).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        gated = {
            "wave": "wave-1",
            "starts_at": opened,
            "ends_at": opened + timedelta(hours=4),
            "timezone": "UTC",
            "max_running": self.max_running,
            "bandwidth_mbps": self.bandwidth_mbps,
            "needs_approval": True,
        }
        if not self.ungated:
            return [gated]
        ends = (now + timedelta(seconds=self.short_window_seconds)).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return [gated, gated | {"wave": "wave-2", "ends_at": ends, "max_running": 100, "needs_approval": False}]


WHOLE = Estate(gated=120, ungated=80, slow=4)
SMALL = Estate(gated=20, max_running=12, size_mb=(15, 40), bandwidth_mbps=800, preparation=0.2, configuration=0.2)
