"""Nights on duty, each of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.flows.tracking.duty import GIB, WAVE, Duty
from tests.plans import server

if TYPE_CHECKING:
    from pathlib import Path


class MakeDuty(Protocol):
    """Make a night with so many servers: `wave` adds to the wave's row, `sizes` are disks, the rest the simulator's options."""

    def __call__(
        self, servers: int = 1, *, wave: dict[str, Any] | None = None, sizes: list[int] | None = None, **options: Any
    ) -> Duty: ...


@pytest.fixture
def on_duty(tmp_path: Path) -> MakeDuty:
    """Make a night."""

    def make(servers: int = 1, *, wave: dict[str, Any] | None = None, sizes: list[int] | None = None, **options: Any) -> Duty:
        rows = [server(number) for number in range(1, servers + 1)]
        return Duty(tmp_path, rows, {**WAVE, **(wave or {})}, sizes or [5 * GIB] * servers, **options)

    return make
