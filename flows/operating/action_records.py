"""What the journal holds of one operation on one task, as frozen records, and their way into and out of its table `action`.

Pure. An action is a single request: what is sent again is another, with the next number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flows.operating.evidence import Before, Verdict
from flows.operating.operations import Operation
from flows.sms.speed_rules import as_json, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.sms.errors import SmsError

PERFORMED = "performed"
"""The answer of an operation that SMS said yes to; else it is the error's class."""


@dataclass(frozen=True, slots=True)
class ActionKey:
    """Names one action."""

    account: str
    task_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Action:
    """One operation on one task, from its intent on. `verdict` is None while nobody knows whether SMS performed it.

    `is_automatic`: no person ordered it, it is a restart after a failure that a restart cures. Times are seconds since 1970, UTC.
    """

    key: ActionKey
    source_server_id: str
    run_id: str
    operation: Operation
    before: Before
    intent_at: float
    is_automatic: bool = False
    answered_at: float | None = None
    answer: str = ""
    http_status: int | None = None
    request_id: str = ""
    error_code: str = ""
    error_message: str = ""
    verdict: Verdict | None = None
    settled_at: float | None = None

    def performed(self, request_id: str, at: float) -> Action:
        """The action after SMS said yes."""
        return replace(
            self, answered_at=at, answer=PERFORMED, http_status=200, request_id=request_id, verdict=Verdict.DONE, settled_at=at
        )

    def failed(self, error: SmsError, at: float) -> Action:
        """The action after an error: not performed, or in doubt where the error allows that it was."""
        return replace(
            self,
            answered_at=at,
            answer=error.error_class.value,
            http_status=error.http_status,
            request_id=error.request_id,
            error_code=error.code,
            error_message=error.message,
            verdict=None if error.may_exist else Verdict.NOT_DONE,
            settled_at=None if error.may_exist else at,
        )


_START_COLUMNS = ("account", "task_id", "number", "source_server_id", "run_id", "operation", "detail", "state_before", "intent_at")
_END_COLUMNS = ("answered_at", "answer", "http_status", "request_id", "error_code", "error_message")


def columns_of(action: Action) -> dict[str, Any]:
    """The action as the table's columns."""
    key, verdict = action.key, action.verdict
    starts = (
        key.account,
        key.task_id,
        key.number,
        action.source_server_id,
        action.run_id,
        action.operation.value,
        _detail(action),
        action.before.state,
        action.intent_at,
    )
    return {
        **dict(zip(_START_COLUMNS, starts, strict=True)),
        **{name: getattr(action, name) for name in _END_COLUMNS},
        "verdict": verdict.value if verdict else "",
        "settled_at": action.settled_at,
    }


def action_of(row: Mapping[str, Any]) -> Action:
    """The action in a row of the table."""
    detail = json.loads(row["detail"] or "{}")
    before = Before(
        state=row["state_before"],
        started_at=detail.get("started_at"),
        copying_at=detail.get("copying_at"),
        finished_at=detail.get("finished_at"),
        rules=rules_of(detail.get("rules")),
        wanted=rules_of(detail.get("wanted")),
    )
    return Action(
        ActionKey(row["account"], row["task_id"], row["number"]),
        row["source_server_id"],
        row["run_id"],
        Operation(row["operation"]),
        before,
        row["intent_at"],
        is_automatic=bool(detail.get("automatic")),
        **{name: row[name] for name in _END_COLUMNS},
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        settled_at=row["settled_at"],
    )


def _detail(action: Action) -> str:
    """What an intent notes beside the state, as JSON; what there is none of is left out."""
    before = action.before
    value: dict[str, Any] = {
        "started_at": before.started_at,
        "copying_at": before.copying_at,
        "finished_at": before.finished_at,
        "automatic": action.is_automatic or None,
    }
    if action.operation is Operation.SPEED:
        value |= {"rules": [*map(as_json, before.rules)], "wanted": [*map(as_json, before.wanted)]}
    return json.dumps({name: each for name, each in value.items() if each is not None})
