"""The journal's statements and the shape of their values: records in, tables' columns out, and back.

Those that every row needs are compiled once for the database at hand (bulk.py). Decides nothing; called by journal.py.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite

from flows.submission import schema
from flows.submission.bulk import Bulk, compile_bulk
from flows.submission.life import RowState
from flows.submission.records import AttemptEnd, AttemptRecord, AttemptStart, Entry, RowRecord, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Executable

    from inventory.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one database."""

    upsert_row: Bulk
    insert_attempt: Bulk
    end_attempt: Bulk
    insert_outcome: Bulk
    upsert_pace: Executable

    @classmethod
    @functools.cache
    def for_dialect(cls, name: str) -> Statements:
        """The statements in the dialect of that name ("sqlite" or "postgresql")."""
        dialect: Any = postgresql if name == "postgresql" else sqlite
        compiler = (postgresql.asyncpg if name == "postgresql" else sqlite).dialect()
        return cls(
            upsert_row=compile_bulk(_upsert_row(dialect), compiler),
            insert_attempt=compile_bulk(_insert_attempt(), compiler),
            end_attempt=compile_bulk(_end_attempt(dialect), compiler),
            insert_outcome=compile_bulk(
                insert(schema.outcome).values({c.name: bindparam(c.name) for c in schema.outcome.c}), compiler
            ),
            upsert_pace=_upsert_pace(dialect),
        )


_NO_ANSWER = {"answer": "", "request_id": "", "error_code": "", "error_message": "", "task_id": ""}
_START_COLUMNS = ("account", "source_server_id", "number", "run_id", "body_digest", "intent_at", *_NO_ANSWER)
_END_COLUMNS = ("answered_at", "answer", "http_status", "request_id", "error_code", "error_message", "task_id")


def _upsert_row(dialect: Any) -> Any:  # noqa: ANN401
    """Insert a row, or move it on, but only from the state that the engine believes it to be in."""
    columns = [column.name for column in schema.row.c]
    statement = dialect.insert(schema.row).values({name: bindparam(name) for name in columns})
    key = {column.name for column in schema.row.primary_key}
    return statement.on_conflict_do_update(
        index_elements=["account", "source_server_id"],
        set_={name: statement.excluded[name] for name in columns if name not in key},
        where=schema.row.c.state == bindparam("state_before"),
    )


def _insert_attempt() -> Any:  # noqa: ANN401
    return insert(schema.attempt).values({name: bindparam(name) for name in _START_COLUMNS})


def _end_attempt(dialect: Any) -> Any:  # noqa: ANN401
    """Fill in how an attempt ended; as an insert that meets its start, since those go over many at once (bulk.py)."""
    columns = ("account", "source_server_id", "number", "run_id", "body_digest", "intent_at", *_END_COLUMNS)
    statement = dialect.insert(schema.attempt).values({name: bindparam(name) for name in columns})
    return statement.on_conflict_do_update(
        index_elements=["account", "source_server_id", "number"], set_={name: statement.excluded[name] for name in _END_COLUMNS}
    )


def _upsert_pace(dialect: Any) -> Any:  # noqa: ANN401
    statement = dialect.insert(schema.pace)
    changed = {name: statement.excluded[name] for name in ("window_limit", "window_seconds", "seen_at")}
    return statement.on_conflict_do_update(index_elements=["account", "kind"], set_=changed)


def row_values(entry: Entry, now: float) -> dict[str, Any]:
    """The columns of `row` after an entry."""
    record = entry.row
    return {
        "account": record.account,
        "source_server_id": record.source_server_id,
        "state": record.state.value,
        "task_id": record.task_id,
        "attempts": record.attempts,
        "run_id": record.run_id,
        "doubt_run_id": record.doubt_run_id,
        "bound_elsewhere": record.bound_elsewhere,
        "body_digest": record.body_digest,
        "task_name": record.task_name,
        "target_vm_id": record.target.vm_id,
        "target_name": record.target.name,
        "vm_template_id": record.target.vm_template_id,
        "prior_task_ids": json.dumps(record.prior_task_ids) if record.prior_task_ids else "",
        "error_code": record.error_code,
        "error_message": record.error_message,
        "updated_at": now,
        "state_before": entry.before.value,
    }


def start_values(entry: Entry, start: AttemptStart) -> dict[str, Any]:
    """The columns of `attempt` when one starts."""
    return {
        "account": entry.row.account,
        "source_server_id": entry.row.source_server_id,
        "number": start.number,
        "run_id": start.run_id,
        "body_digest": start.body_digest,
        "intent_at": start.intent_at,
        **_NO_ANSWER,
    }


def end_values(entry: Entry, end: AttemptEnd) -> dict[str, Any]:
    """The columns of `attempt` when one has ended; all but those of its end are there since it started."""
    return {
        "account": entry.row.account,
        "source_server_id": entry.row.source_server_id,
        "number": end.number,
        "run_id": entry.row.run_id,
        "body_digest": entry.row.body_digest,
        "intent_at": end.answered_at,
        "answered_at": end.answered_at,
        "answer": end.answer,
        "http_status": end.http_status,
        "request_id": end.request_id,
        "error_code": end.error_code,
        "error_message": end.error_message,
        "task_id": end.task_id,
    }


def outcome_values(run_id: str, position: int, found: Outcome, now: float) -> dict[str, Any]:
    """The columns of `outcome`."""
    return {
        "run_id": run_id,
        "position": position,
        "source_server_id": found.source_server_id,
        "status": found.status.value,
        "task_id": found.task_id,
        "error_code": found.error_code,
        "error_message": found.error_message,
        "attempts": found.attempts,
        "decided_at": now,
    }


def row_record(values: Mapping[str, Any]) -> RowRecord:
    """A row as it was recorded."""
    return RowRecord(
        account=values["account"],
        source_server_id=values["source_server_id"],
        run_id=values["run_id"],
        state=RowState(values["state"]),
        task_id=values["task_id"],
        attempts=values["attempts"],
        doubt_run_id=values["doubt_run_id"],
        bound_elsewhere=bool(values["bound_elsewhere"]),
        body_digest=values["body_digest"],
        task_name=values["task_name"],
        target=Target(values["target_vm_id"], values["target_name"], values["vm_template_id"]),
        prior_task_ids=tuple(json.loads(values["prior_task_ids"] or "[]")),
        error_code=values["error_code"],
        error_message=values["error_message"],
    )


def attempt_record(values: Mapping[str, Any]) -> AttemptRecord:
    """An attempt as it was recorded; its end is None where no answer was."""
    start = AttemptStart(values["number"], values["run_id"], values["body_digest"], values["intent_at"])
    if values["answered_at"] is None:
        return AttemptRecord(start, None)
    end = AttemptEnd(
        number=values["number"],
        answered_at=values["answered_at"],
        answer=values["answer"],
        http_status=values["http_status"],
        request_id=values["request_id"],
        error_code=values["error_code"],
        error_message=values["error_message"],
        task_id=values["task_id"],
    )
    return AttemptRecord(start, end)
