"""The plan that every scenario takes its rows from: fifty source servers, each in several kinds of row.

Read from a real workbook once for a process; a scenario picks rows, a wave is what it picks.
"""

from __future__ import annotations

import functools
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory.plan import Plan, ServerRow, read_plan
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCES = 50
WITHOUT_DISKS = range(41, SOURCES + 1)
"""Sources whose disks are not in the sheet: SMS is asked for them."""


class Kind(StrEnum):
    """What a row asks for."""

    PLAIN = "plain"
    RENAMED = "renamed"
    MOVED = "moved"
    SHARED = "shared"
    TEMPLATE = "template"


def _values(kind: Kind, number: int) -> dict[str, Any]:
    match kind:
        case Kind.RENAMED:
            return {"name": f"renamed-{number:02}"}
        case Kind.MOVED:
            return {"target_vm_id": f"vm-moved-{number:04}"}
        case Kind.SHARED:
            return {"target_vm_id": f"vm-shared-{(number - 1) // 2:04}"}
        case Kind.TEMPLATE:
            return {"target_vm_id": None, "vm_template_id": "template-1"}
        case Kind.PLAIN:
            return {}


@functools.cache
def pool() -> tuple[Plan, Mapping[tuple[Kind, int], ServerRow]]:
    """The plan, and its rows by kind and number of the source (from 1)."""
    numbers = range(1, SOURCES + 1)
    rows = [server(number, wave=kind.value, **_values(kind, number)) for kind in Kind for number in numbers]
    disks = [disk(number) for number in numbers if number not in WITHOUT_DISKS]
    with tempfile.TemporaryDirectory() as folder:
        plan = read_plan(make_plan(Path(folder) / "plan.xlsx", rows, disks=disks))
    keys = [(kind, number) for kind in Kind for number in numbers]
    return plan, dict(zip(keys, plan.servers, strict=True))
