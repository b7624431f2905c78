"""Where the service keeps its tasks: nowhere, or in an SQLite file, so that a killed simulator comes back with its truth.

A write is committed before the answer leaves. `synchronous=OFF` is enough for that: it survives a killed process, which is what
tests do, though not a power cut. Called by core.py; access counts and faults are not kept.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, Protocol

from flows.simulator.tasks import Task
from flows.simulator.work import work_of

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = (
    "id", "name", "source_server_id", "target_vm_id", "target_name", "vm_template_id", "created_at", "visible_at", "body",
    "made_by", "state", "started_at", "changes_at", "finished_at", "speed_limits", "changes", "work", "error",
    "states", "operations",
)  # fmt: skip
_AS_JSON = {"speed_limits": "[]", "changes": "{}", "work": "null", "error": "null", "states": "[]", "operations": "[]"}
_CREATE = f"CREATE TABLE IF NOT EXISTS tasks (position INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(_COLUMNS)}, UNIQUE (id))"
_UPSERT = (
    f"INSERT INTO tasks ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - constant names
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}"
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM tasks ORDER BY position"  # noqa: S608 - constant names


class Store(Protocol):
    """Keeps tasks. Every call is durable (as far as the store goes) when it returns."""

    def load(self) -> list[Task]:
        """All tasks kept, in the order they were made."""

    def put(self, task: Task) -> None:
        """Keep a task, new or changed."""

    def remove(self, task: Task) -> None:
        """Forget a task."""

    def clear(self) -> None:
        """Forget all tasks."""

    def close(self) -> None:
        """Give the file back; the store is not used afterwards."""


class MemoryStore:
    """Keeps nothing: the service's own memory is the state, and ends with it."""

    def load(self) -> list[Task]:
        """No tasks."""
        return []

    def put(self, task: Task) -> None:
        """Nothing to do."""

    def remove(self, task: Task) -> None:
        """Nothing to do."""

    def clear(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class SqliteStore:
    """Keeps tasks in one SQLite file. Raises sqlite3.DatabaseError when the file is something else."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(_CREATE)
        there = {row[1] for row in self._db.execute("PRAGMA table_info(tasks)")}
        for name in _COLUMNS:
            if name not in there:  # a file of an older simulator
                self._db.execute(f"ALTER TABLE tasks ADD COLUMN {name}")

    def load(self) -> list[Task]:
        """All tasks kept, in the order they were made."""
        return [_task(row) for row in self._db.execute(_SELECT)]

    def put(self, task: Task) -> None:
        """Keep a task, new or changed."""
        self._db.execute(_UPSERT, _row(task))

    def remove(self, task: Task) -> None:
        """Forget a task."""
        self._db.execute("DELETE FROM tasks WHERE id = ?", (task.id,))

    def clear(self) -> None:
        """Forget all tasks."""
        self._db.execute("DELETE FROM tasks")

    def close(self) -> None:
        """Give the file back."""
        self._db.close()


def open_store(path: Path | None) -> Store:
    """The store for `--state`: in memory without a path."""
    return MemoryStore() if path is None else SqliteStore(path)


def _row(task: Task) -> tuple[object, ...]:
    values = {name: getattr(task, name) for name in _COLUMNS}
    values["work"] = None if task.work is None else task.work.kept()
    values.update({name: json.dumps(values[name]) for name in _AS_JSON})
    values["state"] = str(task.state)
    return tuple(values.values())


def _task(row: tuple[object, ...]) -> Task:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    for name, empty in _AS_JSON.items():
        text = values[name]
        values[name] = json.loads(empty if text is None else str(text))
    if values["work"] is not None:
        values["work"] = work_of(values["work"])
    return Task(**values)
