"""The statements on leases that every group of rows needs, compiled once for the database at hand.

SQLAlchemy puts a statement together, and its lists of values into it, anew for each execution: for the five of a group that took
longer than all that the database does. Here each is a fixed text, and a list is one value: JSON on SQLite, an array on PostgreSQL.
Decides nothing; called by leases.py.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, ColumnElement, String, and_, any_, bindparam, delete, func, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.submission import schema
from flows.submission.bulk import Bulk, compile_bulk
from flows.submission.life import RowState

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

_ON_TARGET: tuple[Any, ...] = tuple(
    literal_column(f"'{state.value}'") for state in (RowState.SENDING, RowState.UNSETTLED, RowState.BOUND)
)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement, compiled: its text, and the names of its values in their order."""

    text: str
    names: tuple[str, ...]
    is_postgresql: bool

    def run(self, connection: Connection, **values: str | float | list[str]) -> CursorResult[Any]:
        """Execute it; a list of texts goes over as one value."""
        if not self.is_postgresql:
            values = {name: json.dumps(value) if isinstance(value, list) else value for name, value in values.items()}
        return connection.exec_driver_sql(self.text, tuple(values[name] for name in self.names))


@dataclass(frozen=True, slots=True)
class LeaseStatements:
    """The statements of one database; the names of their values stand beside each.

    - `fence`: mine (a holder's id), number, until, clock_id
    - `rows`: account, sources
    - `rows_on_targets`: account, targets; those that hold a target, or may
    - `held_by_others`: account, mine, sources, targets; each lease with its holder, and the run behind it where it is known
    - `insert`: account, kind, key, holder_id of each lease; those that are there already stay as they are
    - `release`: account, mine, sources, targets
    """

    fence: Query
    rows: Query
    rows_on_targets: Query
    held_by_others: Query
    insert: Bulk
    release: Query

    @classmethod
    @functools.cache
    def for_dialect(cls, name: str) -> LeaseStatements:
        """The statements in the dialect of that name ("sqlite" or "postgresql")."""
        make = _Maker(is_postgresql=name == "postgresql")
        row, lease = schema.row, schema.lease
        of_account = row.c.account == bindparam("account")
        on_target = (of_account, make.among(row.c.target_vm_id, "targets"), row.c.state.in_(_ON_TARGET))
        return cls(
            fence=make.query(_fence()),
            rows=make.query(select(row).where(of_account, make.among(row.c.source_server_id, "sources"))),
            # Not ordered here: SQLite would then go through all rows of the account in that order, instead of those on the targets.
            rows_on_targets=make.query(select(row).where(*on_target)),
            held_by_others=make.query(_held_by_others(make)),
            insert=make.bulk(make.insert_lease()),
            release=make.query(delete(lease).where(_of_mine(), make.on_keys())),
        )


class _Maker:
    """Compiles statements for one dialect."""

    def __init__(self, *, is_postgresql: bool) -> None:
        self._is_postgresql = is_postgresql
        self._dialect: Any = postgresql if is_postgresql else sqlite
        self._compiler = (postgresql.asyncpg if is_postgresql else sqlite).dialect()

    def among(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """Whether the column's value is in the list of that name."""
        if self._is_postgresql:
            return column == any_(bindparam(name, type_=ARRAY(String)))
        listed = func.json_each(bindparam(name, type_=String)).table_valued("value", name=name)
        return column.in_(select(listed.c.value))

    def on_keys(self) -> ColumnElement[bool]:
        """Whether a lease is on one of the sources, or of the targets."""
        kind, key = schema.lease.c.kind, schema.lease.c.key
        on_sources = and_(kind == literal_column("'source'"), self.among(key, "sources"))
        return or_(on_sources, and_(kind == literal_column("'target'"), self.among(key, "targets")))

    def insert_lease(self) -> Any:  # noqa: ANN401
        """Those that the holder has already stay as they are."""
        values: dict[str, Any] = {column.name: bindparam(column.name) for column in schema.lease.c}
        return self._dialect.insert(schema.lease).values(values).on_conflict_do_nothing()

    def query(self, statement: Any) -> Query:  # noqa: ANN401 - selects and updates
        """A statement for one set of values."""
        compiled = statement.compile(dialect=self._compiler)
        return Query(str(compiled), tuple(compiled.positiontup), self._is_postgresql)

    def bulk(self, statement: Any) -> Bulk:  # noqa: ANN401 - inserts and deletes
        """A statement for many rows."""
        return compile_bulk(statement, self._compiler)


def _fence() -> Any:  # noqa: ANN401
    table = schema.holder
    mine = table.c.holder_id == bindparam("mine")
    values: dict[str, Any] = {"last_group": bindparam("number"), "alive_until": bindparam("until"), "clock": bindparam("clock_id")}
    return update(table).where(mine, table.c.last_group < bindparam("number")).values(values)


def _of_mine() -> ColumnElement[bool]:
    lease = schema.lease.c
    return and_(lease.account == bindparam("account"), lease.holder_id == bindparam("mine"))


def _held_by_others(make: _Maker) -> Any:  # noqa: ANN401
    lease, holder, run = schema.lease, schema.holder, schema.run
    joined = lease.outerjoin(holder, holder.c.holder_id == lease.c.holder_id).outerjoin(run, run.c.run_id == holder.c.run_id)
    columns = (lease.c.kind, lease.c.key, lease.c.holder_id, holder.c.run_id, holder.c.alive_until, holder.c.ttl_seconds)
    chosen = select(*columns, holder.c.clock, run.c.author, run.c.wave).select_from(joined)
    is_others = lease.c.holder_id != bindparam("mine")
    return chosen.where(lease.c.account == bindparam("account"), is_others, make.on_keys())
