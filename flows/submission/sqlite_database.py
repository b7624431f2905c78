"""The journal in an SQLite file: WAL mode with full sync; every transaction takes the write lock when it begins.

Runs in one thread of its own, so that a transaction costs one change of threads: an async driver makes one for each statement, and
32 rows that share a commit then wait for six. Made by database.py.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from flows.submission.database import PATIENCE_SECONDS, JournalUnavailableError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection, Engine

    from flows.submission.clock import Clock

_READING = "waves_reading"
_LOCK_POLL_SECONDS = 0.2
_BUSY_MILLISECONDS = 1000
_WORTH_SAYING_SECONDS = 1.5
"""Two runs that write at the same time wait for each other now and then; nobody needs to hear of that."""

T = TypeVar("T")


class SqliteDatabase:
    """One file, one connection. A lock that another process holds is waited for, and said once."""

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
        self._patience_seconds = PATIENCE_SECONDS
        self._is_said = False
        _prepare(self._engine)

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in a transaction of its own, in the journal's thread."""
        return await self._patiently(operation, is_reading=False)

    async def read(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` on what was committed last, whoever holds the write lock."""
        return await self._patiently(operation, is_reading=True)

    async def _patiently(self, operation: Callable[[Connection], T], *, is_reading: bool) -> T:
        since = self._clock.steady()
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._now, operation, is_reading)
            except OperationalError as error:
                if not _is_locked(error) or self._clock.steady() - since > self._patience_seconds:
                    raise JournalUnavailableError(first_line(error)) from error
            except (SQLAlchemyError, OSError) as error:
                raise JournalUnavailableError(first_line(error)) from error
            if not self._is_said and self._clock.steady() - since >= _WORTH_SAYING_SECONDS:
                self._say("the journal is locked by another process: waiting for it")
                self._is_said = True
            await self._clock.sleep(_LOCK_POLL_SECONDS)

    def hurry(self) -> None:
        """Wait for the lock no longer."""
        self._patience_seconds = 0.0

    async def close(self) -> None:
        """Close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def _now(self, operation: Callable[[Connection], T], is_reading: bool) -> T:
        with self._engine.connect().execution_options(**{_READING: is_reading}) as connection, connection.begin():
            return operation(connection)


def _prepare(engine: Engine) -> None:
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
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READING) else "BEGIN IMMEDIATE")


def _is_locked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
