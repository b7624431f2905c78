"""What was done to the tasks of a row, as `waves journal` tells it: one line, or one object, an action.

Called by journal_view.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.operating.action_records import PERFORMED
from flows.operating.evidence import Verdict
from flows.operating.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.operating.action_records import Action

_VERDICTS = {
    Verdict.DONE: "performed",
    Verdict.NOT_DONE: "not performed: it may be sent again",
    Verdict.UNKNOWN: "SMS does not show whether it was performed",
    None: "in doubt: the next order for the task settles it",
}


def action_line(action: Action, moment: Callable[[float], str]) -> str:
    """An action in one line: what, when, by which run, from which state, what came back, what became of it."""
    by = "by itself " if action.is_automatic else ""
    what = f"{action.operation}{_detail(action)}"
    asked = f"action {action.key.number}  {moment(action.intent_at)}  run {action.run_id}  {by}{what} of task {action.key.task_id}"
    return f"{asked} from {action.before.state}  {_answer(action)}  -> {_VERDICTS[action.verdict]}"


def action_as_json(action: Action, iso: Callable[[float | None], str | None]) -> dict[str, Any]:
    """An action as scripts get it."""
    return {
        "task_id": action.key.task_id,
        "number": action.key.number,
        "run_id": action.run_id,
        "operation": action.operation.value,
        "is_automatic": action.is_automatic,
        "state_before": action.before.state,
        "rules": [str(rule) for rule in action.before.wanted],
        "intent_at": iso(action.intent_at),
        "answered_at": iso(action.answered_at),
        "answer": action.answer,
        "http_status": action.http_status,
        "request_id": action.request_id,
        "error_code": action.error_code,
        "error_message": action.error_message,
        "verdict": action.verdict.value if action.verdict else "",
        "settled_at": iso(action.settled_at),
    }


def _detail(action: Action) -> str:
    if action.operation is not Operation.SPEED:
        return ""
    return f" ({', '.join(map(str, action.before.wanted)) or 'no limit'})"


def _answer(action: Action) -> str:
    """What came back."""
    if action.answered_at is None:
        return "no answer written down"
    status = f"HTTP {action.http_status}" if action.http_status is not None else "no HTTP answer"
    said = (
        "yes"
        if action.answer == PERFORMED
        else " ".join(word for word in (action.answer, action.error_code, action.error_message) if word)
    )
    return f"{status}, {said}, request {action.request_id or 'unknown'}"
