"""What was intended, sent and decided for each row, durable before anything depends on it.

The journal decides nothing. It holds rows, attempts, runs and outcomes; it shares one commit among the rows that are waiting for
one
(a row waits until *its* entry is on disk, SQLite in WAL mode with `synchronous=FULL`); it refuses a step that does not follow
from the state it holds. Called by the engine; the statements are the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, bindparam, event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from flows.submission import schema
from flows.submission.life import RowState
from flows.submission.records import AttemptEnd, AttemptStart, Entry, RowRecord, RunRecord, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from flows.submission.clock import Clock
    from inventory.outcomes import Outcome

LOCK_PATIENCE_SECONDS = 120.0
_LOCK_POLL_SECONDS = 0.2


class JournalUnavailableError(Exception):
    """The journal cannot be read or written; nothing may be sent on its account until it can."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt as the journal holds it: its start, and its end where it had one that this machine saw."""

    start: AttemptStart
    end: AttemptEnd | None


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A throttling window that the gateway has named: at most `limit` requests in `seconds`."""

    limit: int
    seconds: float


class Journal:
    """One database of rows, attempts and runs. Make it with `open_journal`, use it as an async context manager.

    `commits` counts the transactions that were made durable.
    """

    def __init__(self, engine: AsyncEngine, clock: Clock, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._say = say
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self.commits = 0
        self._writer: asyncio.Task[None] | None = None
        self._statements = _Statements.for_dialect(engine.dialect.name)

    async def __aenter__(self) -> Self:
        try:
            async with self._transaction() as connection:
                await connection.run_sync(schema.make_or_migrate)
        except JournalUnavailableError:
            await self._engine.dispose()
            raise
        self._writer = asyncio.create_task(self._write_groups(), name="journal-writer")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._closing = True
        self._wake.set()
        if self._writer is not None:
            await self._writer
        await self._engine.dispose()

    def record(self, entry: Entry) -> asyncio.Future[None]:
        """A future that is done once `entry` is on disk. Entries of rows that wait at the same time share a commit.

        It raises JournalUnavailableError where the entry could not be made durable; it may be there all the same.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        self._wake.set()
        return done

    async def start_run(self, record: RunRecord) -> None:
        """Note that a run began."""
        values = {name: getattr(record, name) for name in RunRecord.__slots__}
        async with self._transaction() as connection:
            await connection.execute(insert(schema.run), [values])

    async def end_run(self, run_id: str, ending: str, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        """Note how a run ended, and the outcome of each row by its position in the sheet."""
        now = self._clock.wall()
        rows = [_outcome_values(run_id, position, found, now) for position, found in outcomes]
        async with self._transaction() as connection:
            ended = update(schema.run).where(schema.run.c.run_id == run_id).values(ended_at=now, ending=ending)
            await connection.execute(ended)
            if rows:
                await connection.execute(insert(schema.outcome), rows)

    async def rows(self, account: str) -> dict[str, RowRecord]:
        """Every row of the account that was ever sent or found, by source server id."""
        async with self._transaction() as connection:
            found = await connection.execute(select(schema.row).where(schema.row.c.account == account))
            return {values["source_server_id"]: _row_record(dict(values)) for values in found.mappings()}

    async def attempts(self, account: str, source_server_id: str) -> list[AttemptRecord]:
        """The attempts made for one source server, over all runs, in their order."""
        chosen = (schema.attempt.c.account == account) & (schema.attempt.c.source_server_id == source_server_id)
        async with self._transaction() as connection:
            found = await connection.execute(select(schema.attempt).where(chosen).order_by(schema.attempt.c.number))
            return [_attempt_record(dict(values)) for values in found.mappings()]

    async def known_windows(self, account: str) -> dict[str, KnownWindow]:
        """The throttling windows that the gateway named in earlier runs, by kind ("write", "read")."""
        async with self._transaction() as connection:
            found = await connection.execute(select(schema.pace).where(schema.pace.c.account == account))
            return {values["kind"]: KnownWindow(values["window_limit"], values["window_seconds"]) for values in found.mappings()}

    async def remember_window(self, account: str, kind: str, window: KnownWindow) -> None:
        """Keep a throttling window that the gateway named, for the next run."""
        values = {"account": account, "kind": kind, "window_limit": window.limit, "window_seconds": window.seconds}
        async with self._transaction() as connection:
            await connection.execute(self._statements.upsert_pace, [{**values, "seen_at": self._clock.wall()}])

    async def _write_groups(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            group, self._waiting = self._waiting, []
            if not group:
                continue
            try:
                await self._write_group([entry for entry, _ in group])
            except JournalUnavailableError as error:
                _settle_futures(group, error)
            else:
                _settle_futures(group, None)

    async def _write_group(self, entries: Sequence[Entry]) -> None:
        now = self._clock.wall()
        rows = [_row_values(entry, now) for entry in entries]
        starts = [_start_values(entry, entry.start) for entry in entries if entry.start]
        ends = [_end_values(entry, entry.end) for entry in entries if entry.end]
        async with self._transaction() as connection:
            written = await connection.execute(self._statements.upsert_row, rows)
            if 0 <= written.rowcount < len(rows):
                raise JournalUnavailableError("a row has moved in the journal without this run: another run is working on it")
            if starts:
                await connection.execute(self._statements.insert_attempt, starts)
            if ends:
                await connection.execute(self._statements.end_attempt, ends)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                await self._begin_patiently(connection)
                yield connection
                await connection.commit()
                self.commits += 1
        except schema.JournalTooNewError as error:
            raise JournalUnavailableError(str(error)) from error
        except (SQLAlchemyError, OSError) as error:
            raise JournalUnavailableError(_first_line(error)) from error

    async def _begin_patiently(self, connection: AsyncConnection) -> None:
        """Take the write lock; wait while another process holds it, and say so once."""
        until = self._clock.steady() + LOCK_PATIENCE_SECONDS
        told = False
        while True:
            try:
                await connection.begin()
            except OperationalError as error:
                await connection.rollback()
                if not _is_locked(error) or self._clock.steady() > until:
                    raise
                if not told:
                    self._say("the journal is locked by another process: waiting for it")
                    told = True
                await self._clock.sleep(_LOCK_POLL_SECONDS)
            else:
                return


def open_journal(url: str, clock: Clock, say: Callable[[str], None]) -> Journal:
    """The journal at an SQLAlchemy URL (`sqlite+aiosqlite:///...` or `postgresql+asyncpg://...`), made on first use.

    `say` gets the one line that tells a person what is being waited for. Raises JournalUnavailableError on a URL that names no
    journal.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "sqlite+aiosqlite" and parsed.database:
            Path(parsed.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(parsed, pool_size=2, max_overflow=0)
    except (ArgumentError, NoSuchModuleError, ImportError, TypeError) as error:
        raise JournalUnavailableError(f"WAVES_JOURNAL is no URL of a journal: {_first_line(error)}") from error
    except OSError as error:
        raise JournalUnavailableError(f"the journal's folder cannot be made: {error}") from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return Journal(engine, clock, say)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """WAL and full sync on each connection, and every transaction takes the write lock when it begins."""

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter has no public type
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=1000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass(frozen=True, slots=True)
class _Statements:
    upsert_row: Any
    upsert_pace: Any
    insert_attempt: Any
    end_attempt: Any

    @classmethod
    def for_dialect(cls, name: str) -> _Statements:
        dialect: Any = postgresql if name == "postgresql" else sqlite
        row_insert = dialect.insert(schema.row)
        changed = {column.name: row_insert.excluded[column.name] for column in schema.row.c if not column.primary_key}
        lease = {"lease_owner", "lease_until", "lease_clock"}
        upsert_row = row_insert.on_conflict_do_update(
            index_elements=["account", "source_server_id"],
            set_={name: value for name, value in changed.items() if name not in lease},
            where=schema.row.c.state == bindparam("state_before"),
        )
        pace_insert = dialect.insert(schema.pace)
        upsert_pace = pace_insert.on_conflict_do_update(
            index_elements=["account", "kind"],
            set_={name: pace_insert.excluded[name] for name in ("window_limit", "window_seconds", "seen_at")},
        )
        ended = schema.attempt.c
        end_attempt = (
            update(schema.attempt)
            .where(ended.account == bindparam("key_account"))
            .where(ended.source_server_id == bindparam("key_source"))
            .where(ended.number == bindparam("key_number"))
        )
        return cls(upsert_row, upsert_pace, insert(schema.attempt), end_attempt)


def _settle_futures(group: Iterable[tuple[Entry, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in group:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def _row_values(entry: Entry, now: float) -> dict[str, Any]:
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


def _start_values(entry: Entry, start: AttemptStart) -> dict[str, Any]:
    return {
        "account": entry.row.account,
        "source_server_id": entry.row.source_server_id,
        "number": start.number,
        "run_id": start.run_id,
        "body_digest": start.body_digest,
        "intent_at": start.intent_at,
    }


def _end_values(entry: Entry, end: AttemptEnd) -> dict[str, Any]:
    return {
        "key_account": entry.row.account,
        "key_source": entry.row.source_server_id,
        "key_number": end.number,
        "answered_at": end.answered_at,
        "answer": end.answer,
        "http_status": end.http_status,
        "request_id": end.request_id,
        "error_code": end.error_code,
        "error_message": end.error_message,
        "task_id": end.task_id,
    }


def _outcome_values(run_id: str, position: int, found: Outcome, now: float) -> dict[str, Any]:
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


def _row_record(values: Mapping[str, Any]) -> RowRecord:
    return RowRecord(
        account=values["account"],
        source_server_id=values["source_server_id"],
        run_id=values["run_id"],
        state=RowState(values["state"]),
        task_id=values["task_id"],
        attempts=values["attempts"],
        doubt_run_id=values["doubt_run_id"],
        bound_elsewhere=values["bound_elsewhere"],
        body_digest=values["body_digest"],
        task_name=values["task_name"],
        target=Target(values["target_vm_id"], values["target_name"], values["vm_template_id"]),
        prior_task_ids=tuple(json.loads(values["prior_task_ids"] or "[]")),
        error_code=values["error_code"],
        error_message=values["error_message"],
    )


def _attempt_record(values: Mapping[str, Any]) -> AttemptRecord:
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


def _is_locked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "locked" in str(error.orig)


def _first_line(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
