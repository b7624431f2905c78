"""How tasks get on by themselves: a running one advances and ends, a passing state passes, a deleted task goes.

A modest model: one duration for all (`migration_seconds`), no bandwidth, no failures. Moves only when told the time by core.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.simulator.states import PASSING, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.simulator.options import SimulatorOptions
    from flows.simulator.tasks import Task

AUTO_START_SECONDS = 5.0
_FULL = 100
_SHOWN_EVERY_SECONDS = 0.2


class Progress:
    """The tasks whose state will change by itself. `changed` is called after each change, `gone` when a deletion ends."""

    def __init__(self, options: SimulatorOptions, *, changed: Callable[[Task], None], gone: Callable[[Task], None]) -> None:
        self._options = options
        self._changed = changed
        self._gone = gone
        self._moving: dict[str, Task] = {}
        self._look_again_at = 0.0

    def watch(self, task: Task) -> None:
        """Take up a task read from the store, if it was moving."""
        if task.changes_at is not None:
            self._moving[task.id] = task

    def unwatch(self, task: Task) -> None:
        """Forget a task."""
        self._moving.pop(task.id, None)

    def reset(self) -> None:
        """Forget all tasks."""
        self._moving.clear()

    def start_later(self, task: Task, now: float) -> None:
        """Have a READY task start by itself (`auto_start`)."""
        task.changes_at = now + AUTO_START_SECONDS
        self._moving[task.id] = task
        self._look_again_at = min(self._look_again_at, task.changes_at)
        self._changed(task)

    def enter(self, task: Task, state: State, now: float) -> None:
        """Put a task into a state at `now`, and note when it will leave it by itself."""
        again = state is State.RUNNING and task.state in {State.MIGRATE_SUCCESS, State.SYNC_SUCCESS}
        task.state = State.SYNCING if again else state
        task.changes_at = self._leaves_at(task, now)
        if state is State.RUNNING:
            task.started_at, task.finished_at, task.progress = now, None, 0
        elif state in {State.MIGRATE_SUCCESS, State.SYNC_SUCCESS}:
            task.finished_at, task.progress = now, _FULL
        if task.changes_at is None:
            self._moving.pop(task.id, None)
        else:
            self._moving[task.id] = task
            self._look_again_at = min(self._look_again_at, task.changes_at)
        self._changed(task)

    def advance(self, now: float) -> None:
        """Bring every moving task to `now`: each change happens at its own moment, several in a row where several are due."""
        if now < self._look_again_at:
            return
        for task in list(self._moving.values()):
            while task.changes_at is not None and task.changes_at <= now:
                self._pass_on(task, task.changes_at)
            self._show_progress(task, now)
        # Thousands may be moving: between two changes, the percentages are brought up to date a few times a second only.
        due = min(
            (task.changes_at for task in self._moving.values() if task.changes_at is not None), default=now + _SHOWN_EVERY_SECONDS
        )
        self._look_again_at = min(due, now + _SHOWN_EVERY_SECONDS)

    def _leaves_at(self, task: Task, now: float) -> float | None:
        if task.state == State.DELETING:
            return now + self._options.delete_seconds
        if task.state == State.RUNNING or (task.state == State.SYNCING and task.finished_at is not None):
            return now + self._options.migration_seconds
        passing = PASSING.get(State(task.state))
        return None if passing is None else now + passing[1]

    def _pass_on(self, task: Task, moment: float) -> None:
        match State(task.state):
            case State.DELETING:
                task.changes_at = None
                self._gone(task)
            case State.READY:
                self.enter(task, State.RUNNING, moment)
            case State.RUNNING:
                self.enter(task, State.SYNCING if task.request().get("syncing") else State.MIGRATE_SUCCESS, moment)
            case State.SYNCING:
                self.enter(task, State.SYNC_SUCCESS, moment)
            case other:
                self.enter(task, PASSING[other][0], moment)

    def _show_progress(self, task: Task, now: float) -> None:
        if task.state != State.RUNNING or task.started_at is None:
            return
        share = (now - task.started_at) / max(self._options.migration_seconds, 1e-9)
        progress = min(_FULL - 1, int(share * _FULL))
        if progress != task.progress:
            task.progress = progress
            task.forget_listed()
