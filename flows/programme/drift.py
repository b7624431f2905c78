"""Where the cloud is not what the sheet says: a task set otherwise, of another's making, a second one, or one that no row names.

Pure: holds what one listing shows against the plan's rows. Of a task's settings only those are compared that both sides tell; its
disks are not. What needs the journal (a row sent and gone from the sheet since) is handed in. Called by gather.py.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.sms.models import TOLD_SETTINGS
from flows.submission.drift import compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flows.sms.models import TaskSummary
    from inventory.plan import ServerRow


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between sheet and cloud. `kind` is one of KINDS; `cell` is where the sheet says it, "" where it does not."""

    kind: str
    wave: str
    server: str
    task_id: str
    problem: str
    cell: str = ""

    def as_json(self) -> dict[str, Any]:
        """The difference as one of `drift` of `waves status --json`."""
        return {
            "kind": self.kind,
            "wave": self.wave,
            "server": self.server,
            "task_id": self.task_id,
            "cell": self.cell,
            "problem": self.problem,
        }


SETTING, SECOND, STRANGE, LEFT = "setting", "second task", "not ours", "left the sheet"
KINDS = (SETTING, SECOND, STRANGE, LEFT)
"""A setting that differs; a source with two tasks; a task of a row's source that the journal does not know; a row that was sent and
is in the sheet no more."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, the source server that it means ("" where nobody knows), and the task that the journal has for it ("" for none)."""

    row: ServerRow
    source_server_id: str
    task_id: str


def find_drift(placed: Sequence[Placed], tasks: Iterable[TaskSummary], left: Mapping[str, str]) -> list[Drift]:
    """Every difference, in the sheet's order.

    `left` are source servers that were sent from this plan and are in no row of it now, each with its task.
    """
    by_source: defaultdict[str, list[TaskSummary]] = defaultdict(list)
    for task in tasks:
        if task.source_server_id and not task.is_deleting:
            by_source[task.source_server_id].append(task)
    found: list[Drift] = []
    for each in placed:
        of_source = by_source.get(each.source_server_id, []) if each.source_server_id else []
        found += _of_row(each, of_source)
    for source, task_id in left.items():
        if any(task.id == task_id for task in by_source.get(source, [])):
            said = "was sent from this plan, and no row of it names the source server any more"
            found.append(Drift(LEFT, "", source, task_id, f"task {task_id} {said}"))
    return found


def _of_row(each: Placed, of_source: Sequence[TaskSummary]) -> list[Drift]:
    row = each.row
    ours = next((task for task in of_source if task.id == each.task_id), None)
    found = [_setting(each, ours, column, wanted, has) for column, wanted, has in _differing(row, ours)] if ours else []
    others = [task for task in of_source if task is not ours]
    if others and ours:
        ids = ", ".join(task.id for task in others)
        found.append(Drift(SECOND, row.wave, row.label, ours.id, f"the source server has {len(of_source)} tasks: {ids} too"))
    elif others and not row.skip:
        task = others[0]
        said = f'its source server has the task "{task.name}" ({task.id}), which this journal did not make'
        found.append(Drift(STRANGE, row.wave, row.label, task.id, said))
    return found


def _differing(row: ServerRow, task: TaskSummary) -> list[tuple[str, str, str]]:
    told = [
        ("type", task.type),
        ("os_type", task.os_type),
        ("name", task.name),
        ("target_name", task.target_name),
        *zip(TOLD_SETTINGS, task.settings, strict=False),
    ]
    # A name that a pattern makes is fitted to what SMS takes before it is sent.
    found = (compared(column, row.own(column) if column == "name" else row.get(column), has) for column, has in told)
    return [(each.column, each.sheet, each.task) for each in found if each is not None]


def _setting(each: Placed, task: TaskSummary, column: str, wanted: str, has: str) -> Drift:
    said = f"{column} is {wanted} in the sheet, and {has} in the task"
    return Drift(SETTING, each.row.wave, each.row.label, task.id, said, str(each.row.cell(column)))
