"""What an agent reports of a task at a moment: how far the sub-task in hand is, how fast it copies, how long it still takes.

Also the quirks of the live service (facts 7.1): a running task that shows speed 0, no progress, or more than 100 %. Reads
progress.py, changes nothing. Called by task_shapes.py and source_shapes.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.simulator.payload import BYTES_PER_MBIT
from flows.simulator.states import State

if TYPE_CHECKING:
    from flows.simulator.options import SimulatorOptions
    from flows.simulator.progress import Progress
    from flows.simulator.tasks import Task

_QUIRK_SECONDS = 30
"""A quirk stays for so long: an agent reports at intervals."""

_FULL = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """Progress is percent of the sub-task in hand (None: nothing is told), speed Mbit/s, the rest seconds (None: not known)."""

    progress: int | None
    speed: float
    remain: float | None


_NOTHING = Figures(0, 0.0, None)


def is_moving(task: Task) -> bool:
    """Whether the figures of a task change as time passes."""
    return task.work is not None and task.state in _MOVING and (task.work.is_copying or task.changes_at is not None)


_MOVING = frozenset({State.RUNNING, State.SYNCING})


def figures_of(task: Task, progress: Progress, options: SimulatorOptions, now: float) -> Figures:
    """The figures of a task at `now`."""
    work = task.work
    if work is None:
        return _NOTHING
    if work.is_copying:
        left, speed = progress.left(task, now), progress.speed(task)
        done = _FULL if work.part <= 0 else min(_FULL - 1, int(_FULL * (1 - left / work.part)))
        rest = left / speed + _after_copy(task, options) if speed > 0 and task.state == State.RUNNING else None
        return Figures(done, round(speed / BYTES_PER_MBIT, 2), rest)
    began = work.began[work.at] if not work.is_over else None
    if task.changes_at is None or began is None or work.at == work.sync_at:
        return Figures(progress_at_rest(task), 0.0, None)
    done = int(_FULL * (now - began) / (task.changes_at - began)) if task.changes_at > began else _FULL
    return Figures(max(0, min(_FULL - 1, done)), 0.0, task.changes_at - now if work.at > work.copy_at else None)


def progress_at_rest(task: Task) -> int:
    """How far the sub-task in hand is while nothing moves."""
    work = task.work
    if work is None:
        return 0
    if work.is_over or (work.at == work.sync_at and work.left <= 0):
        return _FULL
    return int(_FULL * (1 - work.left / work.part)) if work.at in {work.copy_at, work.sync_at} and work.part > 0 else 0


def with_quirk(figures: Figures, task: Task, options: SimulatorOptions, now: float) -> Figures:
    """The figures as the service tells them: at times wrong, for a running task."""
    if options.quirks <= 0 or task.state != State.RUNNING:
        return figures
    text = f"{options.seed}\x1f{task.id}\x1f{int(now // _QUIRK_SECONDS)}"
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    if number % 10_000 >= options.quirks * 10_000:
        return figures
    match number // 10_000 % 3:
        case 0:
            return replace(figures, speed=0.0)
        case 1:
            return replace(figures, progress=None)
        case _:
            return replace(figures, progress=_FULL + 1 + number // 30_000 % 30)


def _after_copy(task: Task, options: SimulatorOptions) -> float:
    return 0.0 if task.syncs else options.configuration
