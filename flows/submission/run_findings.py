"""What a run finds beside its outcomes: the kinds, and the findings themselves.

Words only; submitter.py and wave_run.py find them. README's list of codes is made from `RUN_KINDS`, beside the catalogue's.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from inventory.finding_kinds import warning
from inventory.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.sms.models import TaskSummary
    from flows.submission.drift import Difference
    from inventory.finding_kinds import FindingKind
    from inventory.plan import ServerRow

_DRIFT = warning(
    "DRIFT",
    "The sheet and SMS differ",
    "the sheet says {column} {sheet}, task {task} at SMS has {there}",
    "nothing was changed: change the one or the other where it matters",
    "the sheet says speed_limit 100, task 719e1c73 at SMS has 50",
)
_EDITED = "the row was edited after it was sent ({where}), and task {task} is as it was sent"
_TWICE = warning(
    "TWICE",
    "A server with two tasks",
    "{what} server {server} has {count} tasks at SMS: {tasks}",
    "keep the one that is meant and delete the others in the SMS console before anything is started",
    "source server 07d8aa20 has 2 tasks at SMS: 719e1c73, 173bc48d",
)

RUN_KINDS: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in (_DRIFT, _TWICE)})
"""Every kind by its code."""


def drift(row: ServerRow, found: Difference, task: TaskSummary) -> Finding:
    """The task that is there has a setting otherwise than the sheet gives it."""
    cell = row.cell(found.column)
    problem = _DRIFT.problem.format(column=found.column, sheet=found.sheet, task=task.id, there=found.task)
    return Finding(_DRIFT.code, _DRIFT.severity, cell.sheet, cell.ref, found.sheet.strip('"'), problem, _DRIFT.remedy)


def edited(row: ServerRow, columns: Sequence[str], task: TaskSummary) -> Finding:
    """The row asks for something else today than what was sent for it; `columns` are those that are known to differ."""
    cell = row.cell(columns[0] if len(columns) == 1 else "wave")
    where = ", ".join(columns) or "in columns that SMS does not tell"
    return Finding(_DRIFT.code, _DRIFT.severity, cell.sheet, cell.ref, "", _EDITED.format(where=where, task=task.id), _DRIFT.remedy)


def twice(what: str, server_id: str, task_ids: Sequence[str]) -> Finding:
    """A server ("source" or "target") has more than one task, whoever made them."""
    problem = _TWICE.problem.format(what=what, server=server_id, count=len(task_ids), tasks=", ".join(task_ids))
    return Finding(_TWICE.code, _TWICE.severity, "", "", server_id, problem, _TWICE.remedy)
