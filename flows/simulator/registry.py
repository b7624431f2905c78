"""The tasks there are, found by id, source, target and age; nothing about what may happen to them.

Keeps them in memory and in the store alike. Owned by core.py, whose rules decide what goes in and out.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.simulator.store import Store
    from flows.simulator.tasks import Task


class Registry:
    """All tasks of one account, in the order in which they become visible."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tasks: dict[str, Task] = {}
        self._order: list[Task] = []
        self._by_source: dict[str, list[Task]] = {}
        self._by_target: dict[str, list[Task]] = {}
        for task in store.load():
            self._index(task)

    def add(self, task: Task) -> None:
        """Take in a new task."""
        self._index(task)
        self._store.put(task)

    def note(self, task: Task) -> None:
        """Keep what has changed of a task, and show it in the next listing."""
        task.forget_listed()
        self._store.put(task)

    def keep(self, task: Task) -> None:
        """Keep how far a task is, of which a listing shows nothing else."""
        self._store.put(task)

    def remove(self, task: Task) -> None:
        """Have a task gone; nothing when it is already."""
        if self._tasks.pop(task.id, None) is None:
            return
        self._order.remove(task)
        self._by_source[task.source_server_id].remove(task)
        if task.target_vm_id:
            self._by_target[task.target_vm_id].remove(task)
        self._store.remove(task)

    def clear(self) -> None:
        """Forget all tasks."""
        for kept in (self._tasks, self._by_source, self._by_target):
            kept.clear()
        self._order.clear()
        self._store.clear()

    def find(self, task_id: str) -> Task | None:
        """The task of that id, seen by clients or not."""
        return self._tasks.get(task_id)

    def all(self) -> Iterable[Task]:
        """All tasks, seen by clients or not."""
        return self._tasks.values()

    def of_source(self, source_id: str) -> list[Task]:
        """The tasks of a source, seen by clients or not, oldest first."""
        return self._by_source.get(source_id, [])

    def of_target(self, vm_id: str) -> list[Task]:
        """The tasks of a target server, seen by clients or not, oldest first."""
        return self._by_target.get(vm_id, [])

    def visible(self, now: float, source_id: str = "") -> list[Task]:
        """The tasks that a listing shows at `now`, oldest first; those of one source only when it is given. Not to be changed."""
        if source_id:
            return [task for task in self._by_source.get(source_id, ()) if task.visible_at <= now]
        if not self._order or self._order[-1].visible_at <= now:
            return self._order
        return self._order[: bisect_right(self._order, now, key=lambda task: task.visible_at)]

    def _index(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._order.append(task)
        if len(self._order) > 1 and task.visible_at < self._order[-2].visible_at:
            self._order.sort(key=lambda each: each.visible_at)
        self._by_source.setdefault(task.source_server_id, []).append(task)
        if task.target_vm_id:
            self._by_target.setdefault(task.target_vm_id, []).append(task)
