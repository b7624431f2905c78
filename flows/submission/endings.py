"""The outcome of a row, in words: what each way of ending means, what SMS said, and what the engineer does next.

Pure but for the findings it adds to the desk (drift between the sheet and what is there). Called by submitter.py and reconcile.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.sms.codes import advice_for, may_be_cured
from flows.submission.drift import differences, edited_since
from flows.submission.life import RowState
from flows.submission.protocol import BOUND_CODE, Sight, Sighting, has_target
from flows.submission.records import Target
from flows.submission.run_findings import drift, edited
from inventory.outcomes import Outcome, Status

if TYPE_CHECKING:
    from datetime import datetime

    from flows.sms.errors import SmsError
    from flows.sms.models import TaskSummary
    from flows.submission.events import StopReason
    from flows.submission.shipment import Shipment
    from flows.submission.submitter import RowRun
    from inventory.plan import ServerRow

GONE = "WAVES.GONE"
UNKNOWN = "WAVES.UNSETTLED"
TARGET_HELD = "WAVES.TARGET_HELD"
HELD = "WAVES.HELD"


def created(run: RowRun, shipment: Shipment) -> Outcome:
    """SMS answered with the id of the task."""
    return _outcome(run, shipment.row, Status.CREATED, task_id=run.record.task_id)


def there(run: RowRun, shipment: Shipment, task: TaskSummary, *, made_by_this_run: bool) -> Outcome:
    """The row's task is there; one with another target than today's sheet's is a conflict, any other difference is drift."""
    if not has_target(task, shipment.target):
        return conflict(run, shipment, Sight(Sighting.OTHER_TASK_OF_SOURCE, task))
    _tell_drift(run, shipment, task)
    status = Status.CREATED if made_by_this_run else Status.EXISTS
    return _outcome(run, shipment.row, status, task_id=task.id)


def _tell_drift(run: RowRun, shipment: Shipment, task: TaskSummary) -> None:
    found = differences(shipment, task)
    for difference in found:
        run.note_finding(drift(shipment.row, difference, task))
    columns = edited_since(run.record, shipment, found)
    if columns is not None:
        run.note_finding(edited(shipment.row, columns, task))


def conflict(run: RowRun, shipment: Shipment, sight: Sight | None) -> Outcome:
    """The source or the target is bound to another task, which is named where it could be seen."""
    task = sight.task if sight else None
    if task is None:
        message = "SMS says that the source or the target is bound to another task, and shows none"
        advice = "look for the task of this source or target in the SMS console; a task that is being deleted frees it in a while"
        return _outcome(run, shipment.row, Status.CONFLICT, code=BOUND_CODE, message=message, advice=advice)
    if sight is not None and sight.kind is Sighting.OTHER_TASK_OF_TARGET:
        message = f"target {shipment.target} is bound to task {task.id} ({task.name}) of source {task.source_server_id}"
        advice = f"give the row another target, or delete task {task.id} in the SMS console if it is not needed"
    else:
        held = task.target_vm_id or task.target_name or "a target that SMS does not tell"
        message = f"the source is bound to task {task.id} ({task.name}) with target {held}; the sheet asks for {shipment.target}"
        advice = f"correct the target in the sheet, or delete task {task.id} in the SMS console if it is not needed"
    return _outcome(run, shipment.row, Status.CONFLICT, task_id=task.id, code=BOUND_CODE, message=message, advice=advice)


def rejected(run: RowRun, shipment: Shipment) -> Outcome:
    """SMS said no, now or in an earlier run (then the journal remembers the words)."""
    error = run.last_error
    if error is None:
        code, message = run.record.error_code, run.record.error_message
        return _outcome(run, shipment.row, Status.REJECTED, code=code, message=message, advice=after_refusal(code))
    return _outcome(run, shipment.row, Status.REJECTED, code=error.code, message=error.message, advice=error.advice)


def after_refusal(code: str) -> str:
    """What to do about a row that SMS refused in an earlier run: `--retry-rejected` sends it, or only a changed row will do."""
    advice = advice_for(code)
    if not may_be_cured(code):
        return f"an earlier run got this answer, and the same row gets it again, also with --retry-rejected: {advice}"
    again = "" if "--retry-rejected" in advice else ", then run again with --retry-rejected"
    return f"an earlier run got this answer: {advice}{again}"


def gave_up(run: RowRun, shipment: Shipment, error: SmsError | None) -> Outcome:
    """Nothing was made, and the attempts are used up."""
    code = error.code if error else "WAVES.GAVE_UP"
    message = f"nothing was made; given up after {run.sent or 'no'} sent requests: {error.message if error else ''}".rstrip(": ")
    advice = error.advice if error else "run the same command again"
    return _outcome(run, shipment.row, Status.DEFERRED, code=code, message=message, advice=advice)


def uncertain(run: RowRun, shipment: Shipment) -> Outcome:
    """SMS may have made the task, and cannot be asked."""
    error = run.last_error
    if run.record.bound_elsewhere:
        message = "an attempt ended without an answer, SMS then said that the source or target is bound, and shows no task"
        advice = "look for the task of this source in the SMS console; if there is none, run again with --recreate"
        return _outcome(run, shipment.row, Status.UNCERTAIN, code=BOUND_CODE, message=message, advice=advice)
    message = f"SMS may have made the task and could not be asked{f': {error.message}' if error else ''}"
    advice = "run the same command again: it settles this row first"
    return _outcome(run, shipment.row, Status.UNCERTAIN, code=error.code if error else UNKNOWN, message=message, advice=advice)


def left(run: RowRun, row: ServerRow, reason: StopReason, otherwise: Status = Status.DEFERRED) -> Outcome:
    """The run goes no further with the row: what is known of its task counts; only where it can have none is it `otherwise`."""
    if run.made_task_id:
        return _outcome(run, row, Status.CREATED, task_id=run.made_task_id)
    if run.held_by and run.record.state is not RowState.BOUND:
        message = f"{run.held_by} works on this row and was not waited for: {reason.message}"
        advice = "see that run's report, or run the same command again: it waits for the row"
        return _outcome(run, row, Status.UNCERTAIN, code=HELD, message=message, advice=advice)
    if run.record.state.is_in_flight:
        message = f"{reason.message}; SMS may have made the task"
        advice = "run the same command again: it settles this row first"
        return _outcome(run, row, Status.UNCERTAIN, code=reason.code, message=message, advice=advice)
    if run.record.state is RowState.BOUND:
        return _left_bound(run, row, reason)
    if (task := run.seen_task) is not None and _is_asked_for(task, row):
        return _outcome(run, row, Status.EXISTS, task_id=task.id)
    return _outcome(run, row, otherwise, code=reason.code, message=reason.message, advice=reason.advice)


def _left_bound(run: RowRun, row: ServerRow, reason: StopReason) -> Outcome:
    """The journal knows the row's task: it exists if it was seen with today's target, else somebody has to look."""
    task = run.seen_task
    if task is not None and _is_asked_for(task, row):
        return _outcome(run, row, Status.EXISTS, task_id=task.id)
    message = f"{reason.message}; task {run.record.task_id} is known for this source, and was not looked at"
    advice = "run the same command again: it looks at the task first"
    return _outcome(run, row, Status.UNCERTAIN, task_id=run.record.task_id, code=reason.code, message=message, advice=advice)


def _is_asked_for(task: TaskSummary, row: ServerRow) -> bool:
    """Whether the task fills what today's sheet asks for, as far as the row alone says that."""
    return has_target(task, Target(row.text("target_vm_id"), row.text("target_name") or task.target_name))


def unread(run: RowRun, row: ServerRow, reason: StopReason) -> Outcome:
    """The journal could not be read: this run sent nothing, and whether another one made the task is not known."""
    message = f"{reason.message}; whether another run made the task is not known"
    return _outcome(run, row, Status.UNCERTAIN, code=reason.code, message=message, advice=reason.advice)


def unjournalled(run: RowRun, row: ServerRow, reason: StopReason) -> Outcome:
    """The last step of the row could not be written down: this run knows what came of it, the journal does not."""
    if run.made_task_id:
        advice = f"{reason.advice}; the next run finds the task"
        return _outcome(run, row, Status.CREATED, task_id=run.made_task_id, code=reason.code, message=reason.message, advice=advice)
    if run.is_on_wire:
        message = f"{reason.message}; SMS may have made the task"
        return _outcome(run, row, Status.UNCERTAIN, code=reason.code, message=message, advice=reason.advice)
    return left(run, row, reason)


def gone(run: RowRun, shipment: Shipment) -> Outcome:
    """The journal knows the row's task, SMS no longer does: it was deleted by hand, and is not made again unasked."""
    message = f"task {run.record.task_id} was made by an earlier run and is gone from SMS: somebody deleted it"
    advice = "run again with --recreate to make a new one"
    return _outcome(run, shipment.row, Status.DEFERRED, code=GONE, message=message, advice=advice)


def being_deleted(run: RowRun, shipment: Shipment, task: TaskSummary) -> Outcome:
    """The row's task is on its way out."""
    message = f"task {task.id} is being deleted"
    advice = "wait until it is gone, then run again with --recreate to make a new one"
    return _outcome(run, shipment.row, Status.DEFERRED, code=GONE, message=message, advice=advice)


def target_held(run: RowRun, shipment: Shipment, source_server_id: str) -> Outcome:
    """Another source's attempt on this target is in doubt and could not be settled."""
    message = f"an earlier attempt for source {source_server_id} may have bound target {shipment.target} and could not be settled"
    advice = "run the same command again: it settles that attempt first"
    return _outcome(run, shipment.row, Status.DEFERRED, code=TARGET_HELD, message=message, advice=advice)


def cannot_ask(run: RowRun, shipment: Shipment, error: SmsError) -> Outcome:
    """The journal knows the row's task, it is in no listing, and SMS does not say whether it is still there."""
    message = f"task {run.record.task_id} is in no listing and SMS could not be asked for it: {error.message}"
    advice = "run the same command again"
    return _outcome(
        run, shipment.row, Status.UNCERTAIN, task_id=run.record.task_id, code=error.code, message=message, advice=advice
    )


def unsent(row: ServerRow, source_server_id: str, status: Status, *, code: str, message: str, advice: str) -> Outcome:
    """A row that was never taken up: skipped, invalid, or deferred before anything of it was known."""
    return Outcome(row, source_server_id, status, error_code=code, error_message=message, advice=advice)


def _outcome(
    run: RowRun, row: ServerRow, status: Status, *, task_id: str = "", code: str = "", message: str = "", advice: str = ""
) -> Outcome:
    submitted: datetime | None = run.first_sent_at if run.sent else None
    return Outcome(
        row=row,
        source_server_id=run.record.source_server_id,
        status=status,
        task_id=task_id,
        error_code=code,
        error_message=message,
        advice=advice,
        attempts=run.sent,
        submitted_at=submitted,
        request_id=run.last_error.request_id if run.last_error and status is not Status.CREATED else "",
    )
