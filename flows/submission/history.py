"""What the journal tells of the past of an account: its runs, and for each source server its attempts, outcomes and present state.

Reads only, as functions of a connection; whoever calls them runs them in one transaction, so that they tell of one moment. What an
attempt led to is put into words by decisions.py; which rows are asked for is the caller's. Called by `waves journal`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select

from flows.submission import schema
from flows.submission.database import JournalUnavailableError, open_database
from flows.submission.leases import LeaseKind, is_alive
from flows.submission.statements import attempt_record, row_record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from flows.submission.clock import Clock
    from flows.submission.lease_clock import LeaseTime
    from flows.submission.records import AttemptRecord, RowRecord

T = TypeVar("T")

SUBMIT = "submit"
"""The kind of a run that makes tasks; the others are named by their operation."""

_ASKED_BY_ID = 200
"""Up to so many sources are asked for by their ids; of more, everything is read, and what is not wanted left out."""


@dataclass(frozen=True, slots=True)
class RunStory:
    """One run: who, when, of what, and how it ended. `counts` are by status, `kind` is what it was to do.

    `ended_at` is None where the run goes on (`is_alive`: it has shown so), or died.
    """

    run_id: str
    wave: str
    plan_name: str
    author: str
    started_at: float
    ended_at: float | None
    ending: str
    counts: Mapping[str, int] = field(default_factory=dict)
    is_alive: bool = False
    kind: str = SUBMIT


@dataclass(frozen=True, slots=True)
class OutcomeStory:
    """What a run said of a source server at its end; `kind` is what the run was to do: a status is of `submit` alone."""

    run_id: str
    status: str
    task_id: str
    error_code: str
    error_message: str
    decided_at: float
    kind: str = SUBMIT


@dataclass(frozen=True, slots=True)
class RowStory:
    """One source server: how it stands, since when, and how it came to that; attempts and outcomes in their order, over all runs.

    `record` is None for a row that was never sent and never found, which may have outcomes all the same (INVALID, DEFERRED).
    `held_by` is the run that works on it at this moment, "" where none does.
    """

    source_server_id: str
    record: RowRecord | None = None
    updated_at: float | None = None
    attempts: Sequence[AttemptRecord] = ()
    outcomes: Sequence[OutcomeStory] = ()
    held_by: str = ""

    @property
    def run_ids(self) -> set[str]:
        """The runs that had a part in it."""
        own = {self.held_by} - {""} | ({self.record.run_id} if self.record else set())
        return own.union((one.start.run_id for one in self.attempts), (one.run_id for one in self.outcomes))


async def read_history(url: str, clock: Clock, say: Callable[[str], None], ask: Callable[[Connection], T]) -> T:
    """The answer of `ask`, run in one transaction of the journal at `url`; an older journal is brought to today's version first.

    Waits for nobody who writes the journal, unless it has to be brought to this version. Raises JournalUnavailableError.
    """
    database = open_database(url, clock, say)

    def answer_if_current(connection: Connection) -> tuple[T] | None:
        return (ask(connection),) if schema.is_current(connection) else None

    def answer(connection: Connection) -> tuple[T]:
        schema.make_or_migrate(connection)
        return (ask(connection),)

    try:
        told: tuple[T] | None = await database.read(answer_if_current)
        if told is None:
            told = await database.transact(answer)
    except schema.JournalTooNewError as error:
        raise JournalUnavailableError(str(error)) from error
    else:
        return told[0]
    finally:
        await database.close()


def accounts(connection: Connection) -> Sequence[str]:
    """The accounts that the journal knows, in the order of their names."""
    found = select(schema.run.c.account).union(select(schema.row.c.account))
    return sorted(connection.execute(found).scalars())


def runs(connection: Connection, account: str, now: LeaseTime) -> list[RunStory]:
    """The runs of an account, the oldest first; `now` tells which of them are alive."""
    alive = {found.run_id for found in connection.execute(select(schema.holder)) if is_alive(found, now)}
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    outcome, run = schema.outcome.c, schema.run.c
    tally = select(outcome.run_id, outcome.status, func.count()).join(schema.run, run.run_id == outcome.run_id)
    for run_id, status, count in connection.execute(tally.where(run.account == account).group_by(outcome.run_id, outcome.status)):
        counted[run_id][status] = count
    found = connection.execute(select(schema.run).where(run.account == account).order_by(run.started_at, run.run_id))
    return [
        RunStory(
            run_id=one.run_id,
            wave=one.wave,
            plan_name=one.plan_name,
            author=one.author,
            started_at=one.started_at,
            ended_at=one.ended_at,
            ending=one.ending,
            counts=counted[one.run_id],
            is_alive=one.run_id in alive,
            kind=one.kind,
        )
        for one in found
    ]


def records(connection: Connection, account: str) -> dict[str, RowRecord]:
    """Every row of the account, by source server id."""
    found = connection.execute(select(schema.row).where(schema.row.c.account == account)).mappings()
    return {values["source_server_id"]: row_record(dict(values)) for values in found}


def placed(connection: Connection, account: str, plan_sha256: str) -> dict[int, str]:
    """The source server of each row of this very file, by its position, where a run has found out; the latest run counts."""
    outcome, run = schema.outcome.c, schema.run.c
    found = connection.execute(
        select(outcome.position, outcome.source_server_id)
        .join(schema.run, run.run_id == outcome.run_id)
        .where(run.account == account, run.plan_sha256 == plan_sha256, outcome.source_server_id != "")
        .order_by(run.started_at)
    )
    return {one.position: one.source_server_id for one in found}


def stories(connection: Connection, account: str, sources: Collection[str], now: LeaseTime) -> dict[str, RowStory]:
    """The story of each of `sources`, by its id; `now` tells which leases hold."""
    rows = {found["source_server_id"]: found for found in _of(connection, schema.row, account, sources)}
    attempts: defaultdict[str, list[AttemptRecord]] = defaultdict(list)
    for found in _of(connection, schema.attempt, account, sources, schema.attempt.c.number):
        attempts[found["source_server_id"]].append(attempt_record(found))
    outcomes, held = _outcomes(connection, account, sources), _held(connection, account, now)
    told = {}
    for source in sources:
        row = rows.get(source)
        record, updated_at = (None, None) if row is None else (row_record(row), float(row["updated_at"]))
        told[source] = RowStory(source, record, updated_at, attempts[source], outcomes[source], held.get(source, ""))
    return told


def _outcomes(connection: Connection, account: str, sources: Collection[str]) -> defaultdict[str, list[OutcomeStory]]:
    outcome, run = schema.outcome.c, schema.run.c
    wanted = _wanted(outcome.source_server_id, sources)
    query = select(schema.outcome, run.kind).join(schema.run, run.run_id == outcome.run_id).where(run.account == account, *wanted)
    told: defaultdict[str, list[OutcomeStory]] = defaultdict(list)
    for found in connection.execute(query.order_by(outcome.decided_at, run.started_at, outcome.position)):
        told[found.source_server_id].append(
            OutcomeStory(
                found.run_id,
                found.status,
                found.task_id,
                found.error_code,
                found.error_message,
                found.decided_at,
                found.kind,
            )
        )
    return told


def _held(connection: Connection, account: str, now: LeaseTime) -> dict[str, str]:
    """The source servers that a living run works on, with that run."""
    lease, holder = schema.lease, schema.holder
    held = select(lease.c.key, holder).join(holder, holder.c.holder_id == lease.c.holder_id)
    found = connection.execute(held.where(lease.c.account == account, lease.c.kind == LeaseKind.SOURCE.value))
    return {one.key: one.run_id for one in found if is_alive(one, now)}


def _of(
    connection: Connection, table: Table, account: str, sources: Collection[str], *order: ColumnElement[int]
) -> Iterator[dict[str, Any]]:
    wanted = _wanted(table.c.source_server_id, sources)
    query = select(table).where(table.c.account == account, *wanted).order_by(*order)
    return (dict(found) for found in connection.execute(query).mappings())


def _wanted(column: ColumnElement[str], sources: Collection[str]) -> list[ColumnElement[bool]]:
    """The condition that picks `sources`; none for so many that reading all costs less."""
    return [column.in_(sources)] if len(sources) <= _ASKED_BY_ID else []
