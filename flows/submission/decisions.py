"""Tell what each attempt of a row led to, and why, in words: the engine's own rules (protocol.py), asked again of each answer.

The journal does not hold decisions; they follow from the answers, and from what came after. Pure. Called for `waves journal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from flows.sms.errors import ErrorClass, error_of
from flows.submission.life import RowState
from flows.submission.protocol import BOUND_CODE, Aim, Step, after_error
from flows.submission.records import MADE, RowRecord
from inventory.outcomes import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.submission.history import OutcomeStory, RowStory
    from flows.submission.records import AttemptEnd, AttemptRecord


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided after an attempt, for which reason, and what that came to ("" where nothing has come of it yet)."""

    decided: str
    reason: str
    result: str = ""


_AFTER: Mapping[tuple[Step, Aim | None], tuple[str, str]] = {
    (Step.SETTLE, Aim.SEND_AGAIN): (
        "look at SMS, and send again only where no task is found",
        "the answer does not say whether the task was made",
    ),
    (Step.SETTLE, Aim.REFUSE): (
        "look at SMS before the no is believed",
        "an earlier attempt may have made the task",
    ),
    (Step.SETTLE, Aim.WHO_HOLDS_IT): (
        "look for the task that holds the source or the target, and never send again blindly",
        "SMS says that one of them is bound already",
    ),
    (Step.REFUSED, None): ("rejected", "SMS said no, and no earlier attempt can have made the task"),
    (Step.STOP, None): ("stop the run", "the credentials or their rights were refused: nothing was made"),
    (Step.STOP_IN_DOUBT, None): (
        "stop the run and settle the row in the next one",
        "the credentials or their rights were refused, and an earlier attempt may have made the task",
    ),
}
_AGAIN: Mapping[ErrorClass, tuple[str, str]] = {
    ErrorClass.NOT_SENT: ("send again after a pause", "the request never left this machine: nothing was made"),
    ErrorClass.THROTTLED: ("send again, slower", "SMS turned the request away for its rate: nothing was made"),
}

_STATES: Mapping[RowState, str] = {
    RowState.IDLE: "no task of it is known and nothing is on its way: the next run may send it",
    RowState.SENDING: "a request may be on the wire: its answer is not written down yet",
    RowState.UNSETTLED: "an attempt may have made a task that nobody has seen: only a look at SMS may free the row",
    RowState.BOUND: "its task is known",
    RowState.REFUSED: "SMS made nothing, and said why",
}


def standing(record: RowRecord | None) -> str:
    """Where a row stands, in words."""
    if record is None:
        return "never sent: the journal knows nothing of it"
    if record.state is RowState.REFUSED and record.error_code == BOUND_CODE:
        return "another task holds the source or the target"
    if record.state is RowState.UNSETTLED and record.bound_elsewhere and not record.is_in_doubt:
        return "SMS has said that the source or the target is bound: only a look at SMS tells by what"
    if record.state is RowState.UNSETTLED and record.bound_elsewhere:
        return f"{_STATES[record.state]}; SMS has said since that the source or the target is bound"
    return _STATES[record.state]


def decisions(story: RowStory) -> list[Decision]:
    """One decision for each attempt of the row, in their order."""
    told, is_in_doubt = [], False
    for attempt, following in zip_longest(story.attempts, story.attempts[1:]):
        run_id = attempt.start.run_id
        is_last_of_run = following is None or following.start.run_id != run_id
        outcome = _outcome_of(run_id, story.outcomes) if is_last_of_run else None
        decided, reason = _decided(attempt, is_in_doubt=is_in_doubt)
        told.append(Decision(decided, reason, _result(attempt, following, outcome, story)))
        is_in_doubt = _is_in_doubt_after(attempt, outcome, is_in_doubt=is_in_doubt)
    return told


def _decided(attempt: AttemptRecord, *, is_in_doubt: bool) -> tuple[str, str]:
    if attempt.end is None:
        return "look at SMS before anything is sent again", "no answer was written down"
    if attempt.end.answer == MADE:
        return "done", "SMS answered with the id of the task"
    error_class = _class_of(attempt.end)
    error = error_of(error_class, attempt.end.error_code, attempt.end.error_message)
    row = RowRecord("", "", "", RowState.SENDING, doubt_run_id="x" if is_in_doubt else "")
    step, aim = after_error(row, error)
    return _AGAIN[error_class] if step is Step.AGAIN else _AFTER[step, aim]


def _class_of(end: AttemptEnd) -> ErrorClass:
    """The class that was written down; a later version's word that this one does not know is no answer to rely on."""
    try:
        return ErrorClass(end.answer)
    except ValueError:
        return ErrorClass.AMBIGUOUS


def _is_in_doubt_after(attempt: AttemptRecord, outcome: OutcomeStory | None, *, is_in_doubt: bool) -> bool:
    """Whether an attempt after this one is judged with an earlier one in doubt."""
    if outcome is not None:
        return outcome.status == Status.UNCERTAIN
    if attempt.end is None:
        return True
    return attempt.end.answer != MADE and (is_in_doubt or _class_of(attempt.end) is ErrorClass.AMBIGUOUS)


def _outcome_of(run_id: str, outcomes: Sequence[OutcomeStory]) -> OutcomeStory | None:
    return next((outcome for outcome in outcomes if outcome.run_id == run_id), None)


def _result(attempt: AttemptRecord, following: AttemptRecord | None, outcome: OutcomeStory | None, story: RowStory) -> str:
    """What came of the decision, by what the journal has after the attempt."""
    end = attempt.end
    if end is not None and end.answer == MADE:
        return f"task {end.task_id}"
    if outcome is not None:
        return _told(outcome, attempt)
    if following is not None and following.start.run_id == attempt.start.run_id:
        return "no task was found: sent again" if _called_for_a_look(end) else "sent again"
    later = next((one for one in story.outcomes if one.decided_at >= attempt.start.intent_at), None)
    if following is not None:
        return f"its run ended without a word; run {following.start.run_id} sent again"
    return f"its run ended without a word; run {later.run_id} settled it: {_told(later, attempt)}" if later else ""


def _called_for_a_look(end: AttemptEnd | None) -> bool:
    return end is None or _class_of(end) not in {ErrorClass.NOT_SENT, ErrorClass.THROTTLED}


def _told(outcome: OutcomeStory, attempt: AttemptRecord) -> str:
    """A run's outcome as what came of its last attempt."""
    match outcome.status:
        case Status.CREATED:
            return f"CREATED: task {outcome.task_id} was found, made by this attempt or one before it"
        case Status.EXISTS:
            return f"EXISTS: task {outcome.task_id} was found"
        case Status.DEFERRED if attempt.end is None:
            return f"DEFERRED: the request did not leave ({outcome.error_message})"
    why = " ".join(text for text in (outcome.error_code, outcome.error_message) if text)
    return f"{outcome.status}: {why}" if why else outcome.status
