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
    from inventory.finding_kinds import FindingKind
    from inventory.plan import ServerRow

_DRIFT = warning(
    "DRIFT",
    "The sheet and SMS differ",
    'the sheet names the task "{wanted}", task {task} at SMS is called "{called}"',
    "nothing was changed: rename the one or the other where the name matters",
    'the sheet names the task "web-07", task 719e1c73 at SMS is called "web-7"',
)
_TWICE = warning(
    "TWICE",
    "A source server with two tasks",
    "source server {source} has {count} tasks at SMS: {tasks}",
    "keep the one that is meant and delete the others in the SMS console before anything is started",
    "source server 07d8aa20 has 2 tasks at SMS: 719e1c73, 173bc48d",
)

RUN_KINDS: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in (_DRIFT, _TWICE)})
"""Every kind by its code."""


def drift(row: ServerRow, wanted: str, task: TaskSummary) -> Finding:
    """The task that is there has another name than the sheet gives it."""
    cell = row.cell("name")
    problem = _DRIFT.problem.format(wanted=wanted, task=task.id, called=task.name)
    return Finding(_DRIFT.code, _DRIFT.severity, cell.sheet, cell.ref, wanted, problem, _DRIFT.remedy)


def twice(source_server_id: str, task_ids: Sequence[str]) -> Finding:
    """A source server has more than one task, whoever made them."""
    problem = _TWICE.problem.format(source=source_server_id, count=len(task_ids), tasks=", ".join(task_ids))
    return Finding(_TWICE.code, _TWICE.severity, "", "", source_server_id, problem, _TWICE.remedy)
