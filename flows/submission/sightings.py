"""What is known of the tasks at SMS: by id, by source server and by target server, from listings and from our own answers.

Presence is proof, absence is none: rows of a paged listing shift while it is read, and a new task may be listed late.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from flows.sms.models import TaskSummary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.submission.records import RowRecord


class KnownTasks:
    """The tasks seen so far; the latest sight of a task replaces the earlier ones."""

    def __init__(self, tasks: Iterable[TaskSummary] = ()) -> None:
        self._by_id: dict[str, TaskSummary] = {}
        self._by_source: defaultdict[str, list[str]] = defaultdict(list)
        self._by_target: defaultdict[str, list[str]] = defaultdict(list)
        for task in tasks:
            self.add(task)

    def add(self, task: TaskSummary) -> None:
        """Take note of a task."""
        if task.id not in self._by_id:
            self._by_source[task.source_server_id].append(task.id)
            if task.target_vm_id:
                self._by_target[task.target_vm_id].append(task.id)
        self._by_id[task.id] = task

    def get(self, task_id: str) -> TaskSummary | None:
        """The task of that id, where it was seen."""
        return self._by_id.get(task_id)

    def of_source(self, source_server_id: str) -> list[TaskSummary]:
        """The tasks of a source server, in the order in which they were seen."""
        return [self._by_id[task_id] for task_id in self._by_source.get(source_server_id, ())]

    def of_target(self, target_vm_id: str) -> list[TaskSummary]:
        """The tasks that fill an existing target server; none for an empty id."""
        return [self._by_id[task_id] for task_id in self._by_target.get(target_vm_id, ())] if target_vm_id else []

    def ids_around(self, source_server_id: str, target_vm_id: str) -> tuple[str, ...]:
        """The ids of the tasks of a source and of a target: what an intent notes as having been there before it."""
        found = [*self._by_source.get(source_server_id, ()), *(self._by_target.get(target_vm_id, ()) if target_vm_id else ())]
        return tuple(dict.fromkeys(found))

    def all(self) -> list[TaskSummary]:
        """Every task seen."""
        return list(self._by_id.values())


def as_sent(record: RowRecord, task_id: str) -> TaskSummary:
    """The task of that id as SMS will list it, known from what was sent for the row that it was made for."""
    return TaskSummary(
        task_id,
        name=record.task_name,
        source_server_id=record.source_server_id,
        target_vm_id=record.target.vm_id,
        target_name=record.target.name,
    )
