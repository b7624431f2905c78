"""Keep in the journal what was seen of tasks, so that whoever comes next knows it, and forecasts can learn from it.

Statements on the table `sight`; what is worth keeping is trace.py's decision. Called by tracker.py, by `waves forecast` and by
whoever tells how a programme stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from flows.submission import schema
from flows.tracking.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from flows.submission.journal import Journal

_FIELDS = tuple(column.name for column in schema.sight.c if column.name not in {"account", "plan_name", "wave"})
_MOST_AT_ONCE = 200


class SightBook:
    """The sights of one wave of one plan and account."""

    def __init__(self, journal: Journal, account: str, plan_name: str, wave: str) -> None:
        self._journal = journal
        self._of = {"account": account, "plan_name": plan_name, "wave": wave}

    async def read(self) -> dict[str, Trace]:
        """What was last seen of the wave's tasks, by task id. Raises JournalUnavailableError."""
        of = self._of
        return await self._journal.read(lambda connection: traces(connection, of["account"], of["plan_name"], of["wave"]))

    async def write(self, seen: Sequence[Trace]) -> None:
        """Keep these, in one transaction; the last of a task counts. Raises JournalUnavailableError."""
        if not seen:
            return
        rows = [{**self._of, **{name: getattr(trace, name) for name in _FIELDS}} for trace in seen]
        await self._journal.transact(_upsert(rows))
        for trace in seen:
            trace.written_progress = trace.progress or 0.0


def traces(connection: Connection, account: str, plan_name: str | None = None, wave: str | None = None) -> dict[str, Trace]:
    """What was last seen of the tasks of an account, of a plan or of one of its waves, by task id."""
    table = schema.sight
    query = select(table).where(table.c.account == account)
    if plan_name is not None:
        query = query.where(table.c.plan_name == plan_name)
    if wave is not None:
        query = query.where(table.c.wave == wave)
    found = (trace_of(dict(row)) for row in connection.execute(query).mappings())
    return {trace.task_id: trace for trace in found}


def trace_of(row: dict[str, Any]) -> Trace:
    """One row of the table."""
    return Trace(**{name: row[name] for name in _FIELDS}, written_progress=row["progress"] or 0.0)


def _upsert(rows: Sequence[dict[str, Any]]) -> Callable[[Connection], None]:
    def write(connection: Connection) -> None:
        statement = _statement(connection.dialect.name)
        for first in range(0, len(rows), _MOST_AT_ONCE):
            connection.execute(statement, rows[first : first + _MOST_AT_ONCE])

    return write


def _statement(dialect: str) -> Any:  # noqa: ANN401 - the same insert, of two dialects
    insert = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(schema.sight)
    changed = {name: insert.excluded[name] for name in (*_FIELDS, "plan_name", "wave") if name != "task_id"}
    return insert.on_conflict_do_update(index_elements=["account", "task_id"], set_=changed)
