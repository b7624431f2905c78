"""Decide from looks at SMS whether an operation was performed whose answer nobody heard (design, exactly once: 3-5).

Pure: what was there before the intent and what is there now come in, a verdict goes out. Only a look that excludes it, after the
settle time, lets an operation be sent again. Where the state alone does not tell (a restart of a task that failed once more) the
dates do; where SMS tells none, nobody can say, and that is what is said. A change that another person made at that moment counts
as the operation's own: what was ordered is so, whoever did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flows.operating.moves import (
    ABORT,
    ABORTING,
    COPYING,
    DELETING,
    FAILED,
    READY,
    SUCCEEDED,
    SYNCING,
)
from flows.operating.operations import Operation
from flows.operating.speed import same_rules

if TYPE_CHECKING:
    from flows.sms.speed_rules import SpeedRule
    from flows.sms.task_sight import TaskSight

_CUTTING_OVER = "cutovering"
"""What a source server shows while its task is cut over (facts 7.2); the task itself may stay SYNCING until that is done."""
_BEGUN = COPYING | SUCCEEDED | FAILED | {ABORTING, ABORT}
"""States that a task can only have after it began to run."""


class Verdict(StrEnum):
    """What became of an operation."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"
    """SMS was asked, and what it shows does not tell."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was there when an operation was intended: the state and the dates of the task (seconds since 1970), or its speed rules.

    `wanted` are the rules that were to be set.
    """

    state: str
    started_at: float | None = None
    copying_at: float | None = None
    finished_at: float | None = None
    rules: tuple[SpeedRule, ...] = ()
    wanted: tuple[SpeedRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A look: the task (None: SMS says that there is none) and, where it is about speed, its rules."""

    task: TaskSight | None
    rules: tuple[SpeedRule, ...] = ()


def conclude(operation: Operation, before: Before, seen: Seen, *, settled: bool) -> Verdict | None:
    """What the look says of the operation; None: look again. `settled`: the settle time was over when the look began."""
    if operation is Operation.DELETE:
        return _deleted(seen, settled=settled)
    if seen.task is None or seen.task.state == DELETING:
        return Verdict.UNKNOWN  # overtaken: of a task that is gone nobody can tell
    match operation:
        case Operation.START | Operation.RESTART | Operation.SYNC:
            return _begun(before, seen.task, settled=settled)
        case Operation.STOP:
            return _stopped(before, seen.task, settled=settled)
        case Operation.CUTOVER:
            return _cut_over(seen.task, settled=settled)
        case Operation.SPEED:
            return _limited(before, seen.rules, settled=settled)


def _deleted(seen: Seen, *, settled: bool) -> Verdict | None:
    if seen.task is None or seen.task.state == DELETING:
        return Verdict.DONE
    return Verdict.NOT_DONE if settled else None


def _begun(before: Before, now: TaskSight, *, settled: bool) -> Verdict | None:
    if _has_new_dates(before, now) or (now.state != before.state and now.state in _BEGUN):
        return Verdict.DONE
    if not settled:
        return None
    if now.state != before.state:
        return Verdict.UNKNOWN  # somebody else has done something with it, or the state is one that nobody knows
    # A task that was never started has no dates; one that was, and shows none, may have begun and ended once more.
    return Verdict.NOT_DONE if before.state == READY or before.started_at is not None else Verdict.UNKNOWN


def _stopped(before: Before, now: TaskSight, *, settled: bool) -> Verdict | None:
    if now.state in {ABORTING, ABORT}:
        return Verdict.DONE
    if not settled:
        return None
    if now.state in SUCCEEDED | FAILED:
        return Verdict.NOT_DONE  # it came to its own end first
    if now.state not in COPYING:
        return Verdict.UNKNOWN
    is_another_run = before.started_at is not None and now.started_at is not None and now.started_at != before.started_at
    return Verdict.UNKNOWN if is_another_run else Verdict.NOT_DONE


def _cut_over(now: TaskSight, *, settled: bool) -> Verdict | None:
    if now.state in SUCCEEDED or now.source_state == _CUTTING_OVER:
        return Verdict.DONE
    if not settled:
        return None
    return Verdict.NOT_DONE if now.state == SYNCING else Verdict.UNKNOWN


def _limited(before: Before, rules: tuple[SpeedRule, ...], *, settled: bool) -> Verdict | None:
    if same_rules(rules, before.wanted):
        return Verdict.DONE
    if not settled:
        return None
    return Verdict.NOT_DONE if same_rules(rules, before.rules) else Verdict.UNKNOWN


def _has_new_dates(before: Before, now: TaskSight) -> bool:
    """Whether the task has begun, copied or ended at another time than before: it has run since."""
    pairs = ((before.started_at, now.started_at), (before.copying_at, now.copying_at), (before.finished_at, now.finished_at))
    is_later = any(after is not None and after != earlier for earlier, after in pairs)
    return is_later and now.state not in {READY, *_NOT_YET}


_NOT_YET = frozenset({"RESETING", "SKIPPING"})
"""States on the way back to READY, whose dates are no proof of a start."""
