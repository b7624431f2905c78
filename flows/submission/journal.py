"""What was intended, sent and decided for each row, durable before anything depends on it.

The journal decides nothing. It holds rows, attempts, runs and outcomes; it shares one commit among the rows that are waiting for
one (a row waits until *its* entry is on disk, SQLite in WAL mode with `synchronous=FULL`); it refuses a step that does not follow
from the state it holds. Called by the engine; the statements (statements.py) are the same on SQLite and PostgreSQL (database.py).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import insert, select, update

from flows.submission import schema
from flows.submission.database import Database, JournalUnavailableError, open_database
from flows.submission.statements import (
    Statements,
    attempt_record,
    end_values,
    outcome_values,
    row_record,
    row_values,
    start_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from sqlalchemy import Connection

    from flows.submission.clock import Clock
    from flows.submission.records import AttemptRecord, Entry, RowRecord, RunRecord
    from inventory.outcomes import Outcome

__all__ = ["Journal", "JournalUnavailableError", "KnownWindow", "open_journal"]

_WINDOW_KNOWN_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A throttling window that the gateway has named: at most `limit` requests in `seconds`."""

    limit: int
    seconds: float


class Written:
    """An entry on its way to the disk: awaited, it is there, or JournalUnavailableError says that it may not be.

    Whoever awaits it may be cancelled; the entry is written all the same, and `after_all` waits for that.
    """

    __slots__ = ("_error", "_future", "entry", "is_over")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.is_over = False
        self._error: JournalUnavailableError | None = None
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, None]:
        return self._future.__await__()

    async def after_all(self) -> None:
        """Return when the entry is on disk, although a first wait for it was cancelled; raises as that would have."""
        while not self.is_over:
            if self._future.done():
                self._future = asyncio.get_running_loop().create_future()
            await self._future
        if self._error is not None:
            raise self._error

    def end(self, error: JournalUnavailableError | None) -> None:
        """Tell whoever waits; called by the journal, once."""
        self.is_over, self._error = True, error
        if self._future.done():
            return
        if error is None:
            self._future.set_result(None)
        else:
            self._future.set_exception(error)


class Journal:
    """One database of rows, attempts and runs. Make it with `open_journal`, use it as an async context manager.

    `groups` counts the commits that rows shared.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[Written] = []
        self._wake = asyncio.Event()
        self._closing = False
        self.groups = 0
        self._writer: asyncio.Task[None] | None = None
        self._statements = Statements.for_dialect(database.dialect_name)

    async def __aenter__(self) -> Self:
        try:
            await self._database.transact(schema.make_or_migrate)
        except schema.JournalTooNewError as error:
            await self._database.close()
            raise JournalUnavailableError(str(error)) from error
        except JournalUnavailableError:
            await self._database.close()
            raise
        self._writer = asyncio.create_task(self._write_groups(), name="journal-writer")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._closing = True
        self._wake.set()
        if self._writer is not None:
            await self._writer
        await self._database.close()

    def record(self, entry: Entry) -> Written:
        """Send `entry` on its way to the disk. Entries of rows that wait at the same time share a commit."""
        written = Written(entry)
        self._waiting.append(written)
        self._wake.set()
        return written

    def hurry(self) -> None:
        """From now on, fail rather than wait for another process that holds the lock: the run is being stopped."""
        self._database.hurry()

    async def start_run(self, record: RunRecord) -> None:
        """Note that a run began."""
        values = {name: getattr(record, name) for name in record.__slots__}
        await self._database.transact(lambda connection: connection.execute(insert(schema.run), [values]))

    async def end_run(self, run_id: str, ending: str, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        """Note how a run ended, and the outcome of each row by its position in the sheet."""
        now = self._clock.wall()
        rows = [outcome_values(run_id, position, found, now) for position, found in outcomes]

        def write(connection: Connection) -> None:
            connection.execute(update(schema.run).where(schema.run.c.run_id == run_id).values(ended_at=now, ending=ending))
            if rows:
                connection.execute(insert(schema.outcome), rows)

        await self._database.transact(write)

    async def rows(self, account: str) -> dict[str, RowRecord]:
        """Every row of the account that was ever sent or found, by source server id."""

        def read(connection: Connection) -> dict[str, RowRecord]:
            found = connection.execute(select(schema.row).where(schema.row.c.account == account)).mappings()
            return {values["source_server_id"]: row_record(dict(values)) for values in found}

        return await self._database.transact(read)

    async def attempts(self, account: str, source_server_id: str) -> list[AttemptRecord]:
        """The attempts made for one source server, over all runs, in their order."""
        table = schema.attempt
        chosen = (table.c.account == account) & (table.c.source_server_id == source_server_id)

        def read(connection: Connection) -> list[AttemptRecord]:
            found = connection.execute(select(table).where(chosen).order_by(table.c.number)).mappings()
            return [attempt_record(dict(values)) for values in found]

        return await self._database.transact(read)

    async def known_windows(self, account: str) -> dict[str, KnownWindow]:
        """The throttling windows that the gateway has named in the last day, by kind of request ("creates", "reads").

        Not longer: a quota that was raised meanwhile must not be kept to for ever.
        """
        chosen = (schema.pace.c.account == account) & (schema.pace.c.seen_at > self._clock.wall() - _WINDOW_KNOWN_SECONDS)

        def read(connection: Connection) -> dict[str, KnownWindow]:
            found = connection.execute(select(schema.pace).where(chosen)).mappings()
            return {values["kind"]: KnownWindow(values["window_limit"], values["window_seconds"]) for values in found}

        return await self._database.transact(read)

    async def remember_window(self, account: str, kind: str, window: KnownWindow) -> None:
        """Keep a throttling window that the gateway named, for the next run."""
        values = {"account": account, "kind": kind, "window_limit": window.limit, "window_seconds": window.seconds}
        values["seen_at"] = self._clock.wall()
        await self._database.transact(lambda connection: connection.execute(self._statements.upsert_pace, [values]))

    async def _write_groups(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            group, self._waiting = self._waiting, []
            if not group:
                continue
            operation = partial(self._write_group, entries=[written.entry for written in group])
            try:
                await self._database.transact(operation)
            except JournalUnavailableError as error:
                _end(group, error)
            except Exception as error:  # noqa: BLE001 - rows that wait must hear of a defect too, or they wait for ever
                _end(group, JournalUnavailableError(f"a defect of this tool: {type(error).__name__}: {error}"))
            else:
                self.groups += 1
                _end(group, None)

    def _write_group(self, connection: Connection, entries: Sequence[Entry]) -> None:
        now, statements = self._clock.wall(), self._statements
        written = statements.upsert_row.run(connection, [row_values(entry, now) for entry in entries])
        if 0 <= written < len(entries):
            raise JournalUnavailableError("a row has moved in the journal without this run: another run is working on it")
        if starts := [start_values(entry, entry.start) for entry in entries if entry.start]:
            statements.insert_attempt.run(connection, starts)
        if ends := [end_values(entry, entry.end) for entry in entries if entry.end]:
            statements.end_attempt.run(connection, ends)


def open_journal(url: str, clock: Clock, say: Callable[[str], None]) -> Journal:
    """The journal at an SQLAlchemy URL (`sqlite+aiosqlite:///...` or `postgresql+asyncpg://...`), made on first use.

    `say` gets the one line that tells a person what is being waited for. Raises JournalUnavailableError on a URL that names no
    journal.
    """
    return Journal(open_database(url, clock, say), clock)


def _end(group: Iterable[Written], error: JournalUnavailableError | None) -> None:
    for written in group:
        written.end(error)
