"""The database under the journal: one way to run a transaction, on SQLite and on PostgreSQL.

An operation is an ordinary function of a synchronous SQLAlchemy `Connection`, run whole inside one transaction. On SQLite it runs
in one thread of its own, so that a transaction costs one change of threads (an async driver makes one for each statement, and 32
rows that share a commit then wait for six); on PostgreSQL it runs on asyncpg's connection. Knows nothing of rows; journal.py does.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from flows.submission.clock import Clock

LOCK_PATIENCE_SECONDS = 120.0
_LOCK_POLL_SECONDS = 0.2
_BUSY_MILLISECONDS = 1000

T = TypeVar("T")


class JournalUnavailableError(Exception):
    """The journal cannot be read or written; nothing may be sent on its account until it can."""


class Database(Protocol):
    """What the journal asks of its database."""

    dialect_name: str

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in a transaction of its own and return its result once that is durable.

        Raises JournalUnavailableError where it could not be committed; on a lost connection it may have been all the same.
        """
        ...

    def hurry(self) -> None:
        """From now on, fail rather than wait for another process: the run is being stopped."""
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


def open_database(url: str, clock: Clock, say: Callable[[str], None]) -> Database:
    """The database at an SQLAlchemy URL (`sqlite+aiosqlite:///...` or `postgresql+asyncpg://...`); nothing is connected yet.

    `say` gets the one line that tells a person what is being waited for. Raises JournalUnavailableError on a URL that names no
    journal.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _SqliteDatabase(parsed, clock, say)
        return _AsyncDatabase(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError, TypeError) as error:
        raise JournalUnavailableError(f"WAVES_JOURNAL is no URL of a journal: {first_line(error)}") from error
    except OSError as error:
        raise JournalUnavailableError(f"the journal's folder cannot be made: {error}") from error


def first_line(error: BaseException) -> str:
    """What the database said, in one line."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__


class _SqliteDatabase:
    """SQLite in WAL mode with full sync; every transaction takes the write lock when it begins."""

    dialect_name = "sqlite"

    def __init__(self, url: URL, clock: Clock, say: Callable[[str], None]) -> None:
        if url.database:
            file = Path(url.database).expanduser()
            file.parent.mkdir(parents=True, exist_ok=True)
            url = url.set(database=str(file))
        self._engine: Engine = create_engine(url.set(drivername="sqlite"), connect_args={"check_same_thread": False})
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._clock = clock
        self._say = say
        self._patience_seconds = LOCK_PATIENCE_SECONDS
        _prepare_sqlite(self._engine)

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        since, told = self._clock.steady(), False
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact_now, operation)
            except OperationalError as error:
                if not _is_locked(error) or self._clock.steady() - since > self._patience_seconds:
                    raise JournalUnavailableError(first_line(error)) from error
            except (SQLAlchemyError, OSError) as error:
                raise JournalUnavailableError(first_line(error)) from error
            if not told:
                self._say("the journal is locked by another process: waiting for it")
                told = True
            await self._clock.sleep(_LOCK_POLL_SECONDS)

    def hurry(self) -> None:
        self._patience_seconds = 0.0

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def _transact_now(self, operation: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return operation(connection)


class _AsyncDatabase:
    """A server, through an async driver."""

    def __init__(self, url: URL) -> None:
        self._engine: AsyncEngine = create_async_engine(url, pool_size=2, max_overflow=0)
        self.dialect_name = self._engine.dialect.name

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(operation)
        except (SQLAlchemyError, OSError) as error:
            raise JournalUnavailableError(first_line(error)) from error

    def hurry(self) -> None:
        """Nothing: no transaction of the journal waits for another for long on a server."""

    async def close(self) -> None:
        await self._engine.dispose()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None
        try:
            for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()  # it is nobody's yet
            raise

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_locked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
