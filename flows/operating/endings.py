"""Put into words how an operation ended for a server: what that means, what SMS said, and what the engineer does next.

Pure. Called by task_life.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.operating.evidence import Verdict
from flows.operating.moves import Ruling
from flows.operating.operations import Ended, Operation
from flows.operating.orders import ServerResult

if TYPE_CHECKING:
    from flows.operating.action_records import Action
    from flows.operating.moves import Rule
    from flows.operating.task_life import TaskLife
    from flows.sms.errors import SmsError
    from flows.submission.events import StopReason

INVALID_CODE = "SMS.9001"
OFFLINE_CODE = "SMS.6603"
STATE = "WAVES.STATE"
GAVE_UP = "WAVES.GAVE_UP"
UNSETTLED = "WAVES.UNSETTLED"
GONE = "WAVES.GONE"

_BY_CONSOLE = (
    "launch the target server in the SMS console, which is the same; the operation `clear` of the API only ends the "
    "synchronisation of a task that has succeeded"
)


def done(life: TaskLife) -> ServerResult:
    """SMS said yes, or a look has shown that it was performed."""
    was_settled = life.last is not None and life.last.answer != "performed"
    message = "its answer was lost, and SMS shows that it was performed" if was_settled else ""
    return _result(life, Ended.DONE, message=message)


def not_sent(life: TaskLife, found: Rule) -> ServerResult:
    """The task's state speaks against sending: it is so already, it is illegal, or not yet.

    What is so already after a request of this order that may have been late is this order's work.
    """
    if found.ruling is Ruling.ALREADY:
        return _result(life, Ended.DONE if life.sent else Ended.ALREADY, message=found.why)
    if found.ruling is Ruling.OFFLINE:
        return _result(life, Ended.DEFERRED, code=OFFLINE_CODE, message=found.why, advice=found.advice)
    ended = Ended.DEFERRED if found.ruling is Ruling.PASSING else Ended.ILLEGAL
    message = f"it cannot be {_PARTICIPLE[life.operation]}: {found.why}"
    return _result(life, ended, code=STATE, message=message, advice=found.advice)


def gone(life: TaskLife) -> ServerResult:
    """SMS says that there is no such task."""
    if life.operation is Operation.DELETE:
        return _result(life, Ended.DONE if life.sent else Ended.ALREADY, message="it is gone")
    by = "`waves delete` has deleted it" if life.is_deleted_here else "somebody deleted it"
    message = f"task {life.subject.task_id} is gone from SMS: {by}"
    return _result(life, Ended.NO_TASK, code=GONE, message=message, advice="submit the row again with --recreate")


def refused(life: TaskLife, error: SmsError) -> ServerResult:
    """SMS said no; where it does not know `cutover` at all, what the console offers is told."""
    if life.operation is Operation.CUTOVER and error.code == INVALID_CODE:
        message = f"this endpoint does not take the operation cutover ({error.message})"
        return _result(life, Ended.REFUSED, code=error.code, message=message, advice=_BY_CONSOLE)
    return _result(life, Ended.REFUSED, code=error.code, message=error.message, advice=error.advice)


def uncertain(life: TaskLife, action: Action | None, verdict: Verdict | None) -> ServerResult:
    """Nobody can tell whether an operation was performed, or SMS cannot be asked (verdict None)."""
    what = f"an earlier {action.operation}" if action is not None and action.run_id != life.desk.run_id else f"the {life.operation}"
    if verdict is Verdict.UNKNOWN:
        state = life.sight.state if life.sight else "gone"
        message = f"whether {what} was performed cannot be told from what SMS shows: the task is {state}"
        advice = "look at the task in the SMS console; given again, the order goes by the state that the task has then"
        return _result(life, Ended.UNCERTAIN, code=UNSETTLED, message=message, advice=advice)
    error = life.error
    message = f"{what} may have been performed, and SMS could not be asked" + (f": {error.message}" if error else "")
    return _result(
        life,
        Ended.UNCERTAIN,
        code=error.code if error else UNSETTLED,
        message=message,
        advice="run the same command again: it settles this first",
    )


def cannot_ask(life: TaskLife, error: SmsError) -> ServerResult:
    """The task could not be looked at, so nothing was sent."""
    message = f"the task could not be asked for: {error.message}"
    return _result(life, Ended.DEFERRED, code=error.code, message=message, advice=error.advice)


def gave_up(life: TaskLife) -> ServerResult:
    """It was not performed, and the attempts are used up."""
    error = life.error
    message = f"not performed; given up after {life.sent or 'no'} sent requests" + (f": {error.message}" if error else "")
    return _result(
        life, Ended.DEFERRED, code=error.code if error else GAVE_UP, message=message, advice="run the same command again"
    )


def left(life: TaskLife, reason: StopReason) -> ServerResult:
    """The order goes no further with this server; what SMS has said yes to is done, whether that could be written down or not."""
    if life.last is not None and life.last.verdict is Verdict.DONE:
        return _result(life, Ended.DONE, code=reason.code, message=reason.message, advice=reason.advice)
    if life.is_in_doubt:
        message = f"{reason.message}; the {life.operation} may have been performed"
        advice = "run the same command again: it settles this first"
        return _result(life, Ended.UNCERTAIN, code=reason.code, message=message, advice=advice)
    return _result(life, Ended.DEFERRED, code=reason.code, message=reason.message, advice=reason.advice)


_PARTICIPLE = {
    Operation.START: "started",
    Operation.STOP: "stopped",
    Operation.RESTART: "restarted",
    Operation.SYNC: "synchronised",
    Operation.CUTOVER: "cut over",
    Operation.DELETE: "deleted",
    Operation.SPEED: "given this limit",
}


def _result(life: TaskLife, ended: Ended, *, code: str = "", message: str = "", advice: str = "") -> ServerResult:
    subject = life.subject
    return ServerResult(
        row=subject.row,
        source_server_id=subject.source_server_id,
        ended=ended,
        task_id=subject.task_id,
        state=life.sight.state if life.sight else "",
        code=code,
        message=message,
        advice=advice,
        note=f"replaced {life.replaced}" if life.replaced and ended is Ended.DONE else "",
        sent=life.sent,
    )
