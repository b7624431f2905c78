"""The rows that all schedules are made of: two source servers and two targets, as the sheet has them before and after an edit.

Read from a real workbook once a process.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.plan import Plan, ServerRow, read_plan
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Mapping

T1, T2 = server(1)["target_vm_id"], server(2)["target_vm_id"]

_ROWS = {
    "s1": server(1),
    "s1 renamed": server(1, name="renamed"),
    "s1 to t2": server(1, target_vm_id=T2),
    "s2": server(2),
    "s2 to t1": server(2, target_vm_id=T1),
}

SHAPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "same": (("s1",), ("s1",)),
    "target": (("s1",), ("s1 to t2",)),
    "name": (("s1",), ("s1 renamed",)),
    "gone": (("s1",), ("s2 to t1",)),
    "both": (("s1", "s2 to t1"), ("s1", "s2 to t1")),
    "swap": (("s1", "s2"), ("s1 to t2", "s2 to t1")),
    "onto": (("s1", "s2"), ("s1", "s2 to t1")),
    "away": (("s1", "s2 to t1"), ("s1 to t2", "s2 to t1")),
}
"""What the first run is to send, and what the second, whose plan was edited meanwhile (or is another wave's).

One row: the same, with another target, with another name, gone while another source has its target. Two rows: both on one target;
their targets swapped; the second put onto the first one's target; the first moved away from under the second.
"""

ONE_ROW = ("same", "target", "name", "gone")
TWO_ROWS = ("gone", "both", "swap", "onto", "away")


@functools.cache
def plan_and_rows() -> tuple[Plan, Mapping[str, ServerRow]]:
    """The plan, and its rows by name."""
    servers = [values | {"wave": f"wave {name}"} for name, values in _ROWS.items()]
    with tempfile.TemporaryDirectory() as folder:
        plan = read_plan(make_plan(Path(folder) / "plan.xlsx", servers, disks=[disk(1), disk(2)]))
    return plan, dict(zip(_ROWS, plan.servers, strict=True))
