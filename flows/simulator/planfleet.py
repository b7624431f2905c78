"""A plan's servers as a fleet: every source, target server and template that it names exists, with the disks that its sheets give."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flows.simulator.fleet import SourceServer


class PlannedFleet(NamedTuple):
    """What a plan makes exist."""

    sources: list[SourceServer]
    targets: set[str]
    templates: set[str]


def read_fleet(path: Path) -> PlannedFleet:
    """Read a plan workbook into a fleet. Raises inventory.plan.PlanError."""
    raise NotImplementedError(path)
