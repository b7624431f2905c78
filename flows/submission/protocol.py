"""Decide what an answer means for a row, what a look at SMS shows, and what comes next (design, exactly once: 3 to 5).

Pure: sends nothing, waits for nothing, reads no clock, writes no journal. `submitter.py` executes what is decided here, for new
rows and, by the same road, for rows that a dead run left in flight. Two rules carry everything:

1. While an attempt is in doubt, no answer is a definite no: only a look may free the row.
2. A look adopts a task only if it was not there before the intent, is not on its way out, and has this target.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from flows.sms.errors import ErrorClass, SmsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flows.sms.models import TaskSummary
    from flows.submission.records import RowRecord, Target

BOUND_CODE = "SMS.7605"
"""Source or target is already bound to another task, in any state: a reason to look, never an outcome by itself."""


class Step(Enum):
    """What the engine does with a row next, after an attempt that brought no task's id."""

    AGAIN = "nothing was made: send again, after a pause"
    SETTLE = "look until the settle time is over, then go by what was seen"
    REFUSED = "a definite no"
    STOP = "nothing was made and no other request will fare better"
    STOP_IN_DOUBT = "an earlier attempt may have made the task, and SMS cannot be asked"


class Aim(StrEnum):
    """Why a row is being settled: what is concluded where no look shows a task."""

    SEND_AGAIN = "send again"
    """The attempt was ambiguous; after the settle time the task is not there, so it may be sent again."""
    REFUSE = "refuse"
    """SMS said a definite no after an attempt in doubt; it holds if nothing is there."""
    WHO_HOLDS_IT = "who holds it"
    """SMS says "already bound" (SMS.7605); it is never sent again, whatever the look shows."""
    GIVE_UP = "give up"
    """The attempts are used up after one in doubt; nothing was made if nothing is there."""


def after_error(row: RowRecord, error: SmsError) -> tuple[Step, Aim | None]:
    """What an attempt of `row` that ended in `error` calls for. `row` is as it was when the attempt was sent."""
    if error.error_class is ErrorClass.AMBIGUOUS:
        return Step.SETTLE, Aim.SEND_AGAIN
    if error.error_class is ErrorClass.STOP:
        return (Step.STOP_IN_DOUBT if row.is_in_doubt else Step.STOP), None
    if error.error_class in {ErrorClass.NOT_SENT, ErrorClass.THROTTLED}:
        return Step.AGAIN, None
    if error.code == BOUND_CODE:
        return Step.SETTLE, Aim.WHO_HOLDS_IT
    return (Step.SETTLE, Aim.REFUSE) if row.is_in_doubt else (Step.REFUSED, None)


def aim_of_inherited(row: RowRecord, *, recreate: bool = False) -> Aim:
    """Why a row that another run left in flight is settled.

    One that was told "already bound" is sent again only by a person's own word (`--recreate`), and after a look like any other:
    what bound it may be gone by now, and SMS says so again where it is not.
    """
    return Aim.WHO_HOLDS_IT if row.bound_elsewhere and not recreate else Aim.SEND_AGAIN


class Sighting(StrEnum):
    """What a look at the tasks of a source and its target shows."""

    OURS = "ours"
    """A task that was not there before the intent, with the intent's target and name."""
    SAME = "same"
    """A task with this target: the one that the row asks for, whoever made it."""
    OTHER_TASK_OF_SOURCE = "other task of the source"
    OTHER_TASK_OF_TARGET = "other task of the target"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Sight:
    """A sighting and the task that it is about (None where nothing was seen)."""

    kind: Sighting
    task: TaskSummary | None = None


def has_target(task: TaskSummary, target: Target) -> bool:
    """Whether `task` fills `target`: the same existing server, or in template mode a server of the same name.

    A task of which SMS tells neither (the target of a fresh template task may be null) is taken for it: its source is the row's
    own.
    """
    if target.vm_id:
        return task.target_vm_id == target.vm_id
    return task.target_name == target.name or not (task.target_name or task.target_vm_id)


def recognise(row: RowRecord, tasks_of_source: Iterable[TaskSummary], tasks_of_target: Iterable[TaskSummary]) -> Sight:
    """What the tasks of the row's source, and those of its target, mean for the intent that `row` holds.

    Tasks that are being deleted are never adopted and stand in nobody's way for long: they are not seen.
    """
    alive = [task for task in tasks_of_source if not task.is_deleting]
    fitting = [task for task in alive if has_target(task, row.target)]
    for task in fitting:
        if task.id not in row.prior_task_ids and task.name == row.task_name:
            return Sight(Sighting.OURS, task)
    if fitting:
        return Sight(Sighting.SAME, fitting[0])
    if alive:
        return Sight(Sighting.OTHER_TASK_OF_SOURCE, alive[0])
    for task in tasks_of_target:
        if not task.is_deleting and task.source_server_id != row.source_server_id:
            return Sight(Sighting.OTHER_TASK_OF_TARGET, task)
    return Sight(Sighting.NOTHING)


class Conclusion(StrEnum):
    """What settling a row came to."""

    MADE_BY_US = "made by us"
    ALREADY_THERE = "already there"
    BOUND_TO_ANOTHER = "bound to another"
    SEND_AGAIN = "send again"
    REFUSED = "refused"
    NOTHING_MADE = "nothing made"
    UNKNOWN = "unknown"
    LOOK_AGAIN = "look again"


def conclude(row: RowRecord, aim: Aim, sight: Sight, *, settled: bool) -> Conclusion:
    """What `sight` means for a row that is settled with `aim`; `settled` says whether the settle time is over.

    A task of ours may be listed later than another's, so while an attempt is in doubt only our own task ends the settling early.
    """
    if sight.kind is Sighting.OURS and row.is_in_doubt:
        return Conclusion.MADE_BY_US
    if row.is_in_doubt and not settled:
        return Conclusion.LOOK_AGAIN
    if sight.kind in {Sighting.OURS, Sighting.SAME}:
        return Conclusion.ALREADY_THERE
    if sight.kind in {Sighting.OTHER_TASK_OF_SOURCE, Sighting.OTHER_TASK_OF_TARGET}:
        return Conclusion.BOUND_TO_ANOTHER
    return _conclude_from_nothing(row, aim) if settled else Conclusion.LOOK_AGAIN


def _conclude_from_nothing(row: RowRecord, aim: Aim) -> Conclusion:
    match aim:
        case Aim.SEND_AGAIN:
            return Conclusion.SEND_AGAIN
        case Aim.REFUSE:
            return Conclusion.REFUSED
        case Aim.GIVE_UP:
            return Conclusion.NOTHING_MADE
        case Aim.WHO_HOLDS_IT:
            return Conclusion.UNKNOWN if row.is_in_doubt else Conclusion.BOUND_TO_ANOTHER


def in_two_tasks(tasks: Sequence[TaskSummary]) -> dict[str, list[str]]:
    """Source server id -> ids of its tasks, for each source that has more than one that is not being deleted."""
    by_source: dict[str, list[str]] = {}
    for task in tasks:
        if task.source_server_id and not task.is_deleting:
            by_source.setdefault(task.source_server_id, []).append(task.id)
    return {source: ids for source, ids in by_source.items() if len(ids) > 1}


def with_two_sources(tasks: Sequence[TaskSummary]) -> dict[str, list[str]]:
    """Target server id -> ids of the tasks that fill it, for each that tasks of more than one source are to fill."""
    by_target: dict[str, list[TaskSummary]] = {}
    for task in tasks:
        if task.target_vm_id and not task.is_deleting:
            by_target.setdefault(task.target_vm_id, []).append(task)
    shared = {target: found for target, found in by_target.items() if len({task.source_server_id for task in found}) > 1}
    return {target: [task.id for task in found] for target, found in shared.items()}
