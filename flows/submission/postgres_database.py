"""The journal on a PostgreSQL server: the same serial transactions as in a file, over a line that may break at any moment.

One connection. Each transaction begins with one advisory lock that all journals of the database share, so that what is proved of
SQLite's write lock holds here too, the making of the tables included. A lost connection or a restarting server is waited for, and
the operation is run again: nobody can know whether a commit whose answer was lost was made, so operations are safe to run twice.
Made by database.py, which loads this module (and with it asyncpg) only for such a journal.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from flows.submission.database import PATIENCE_SECONDS, JournalUnavailableError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from flows.submission.clock import Clock

_HURRIED_ANSWER_SECONDS = 3.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0

_LOCK = text("SELECT pg_advisory_xact_lock(7305816452013)")
"""Any number that no other program would take; every journal in a database goes by this one.

It also keeps an operation that is run again from overtaking itself: a commit that is still on its way when its line breaks holds
the lock until the server has made it or given it up, and only then does the second run see what is there.
"""

_A_WORD_TO_THE_LOG = text("SELECT pg_logical_emit_message(true, 'migration-waves', '')")
"""Written by a transaction that is run again: what an earlier try committed may be seen here before the standbys have it.

A commit that has written waits for them, and so for all that was written before it; one that has only read waits for nothing.
"""

_SESSION = {
    "application_name": "migration-waves",
    # A server whose default is off acknowledges commits that a crash undoes: an intent must outlive it before its create is sent.
    "synchronous_commit": "on",
    # A snapshot that is older than the advisory lock would not see what its last holder wrote.
    "default_transaction_isolation": "read committed",
    # A statement timeout can end a commit's wait for its standby, and the commit is then told as done: `Limits.answer` instead.
    "statement_timeout": "0",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_GONE = frozenset(
    {
        "57P01",  # shut down by an administrator
        "57P02",  # crashed, restarting
        "57P03",  # starting up, or shutting down
        "57P05",  # idle for too long
        "25P03",  # idle in a transaction for too long: this process was stopped
        "25P04",  # a transaction took too long
        "25006",  # read-only: a standby that is taking over
        "53300",  # too many connections
    }
)
_GONE_CLASS, _NO_POSTGRES = "08", "08P01"  # connection exceptions; a pooler says the latter of settings that it does not know
_LOCKED = "55P03"  # longer than lock_timeout
_CLASHES = frozenset({"40001", "40P01", "57014"})  # serialization, deadlock, cancelled by an administrator

_AWAY = "the journal's database is away"
_HELD = "the journal is locked by another process"
_BUSY = "the journal's database is busy"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """For how many seconds what is waited for.

    A server that has not answered once may not be there at all, and nothing was sent yet: it is waited for no longer than `first`.
    A transaction that is not over after `answer` has lost its server: no error comes from a line that swallows everything. Where
    a process is stopped in mid-transaction, the server takes the lock from it after `idle`.
    """

    patience: float = PATIENCE_SECONDS
    first: float = 5.0
    connect: float = 5.0
    answer: float = 30.0
    lock: float = 2.0
    idle: float = 10.0

    @property
    def session(self) -> dict[str, str]:
        """Those that the server keeps."""
        return {"lock_timeout": _milliseconds(self.lock), "idle_in_transaction_session_timeout": _milliseconds(self.idle)}


LIMITS = Limits()


class _AgainError(Exception):
    """A transaction that failed for a reason that passes: run it again."""

    def __init__(self, why: str, line: str) -> None:
        super().__init__(line)
        self.why = why


class PostgresDatabase:
    """One database on a server. A server that is away is waited for, and said once for each time it goes."""

    dialect_name = "postgresql"

    def __init__(self, url: URL, clock: Clock, say: Callable[[str], None], limits: Limits | None = None) -> None:
        limits = limits or LIMITS
        session = {**_SESSION, **limits.session}
        connect = {"timeout": limits.connect, "server_settings": session, "target_session_attrs": "read-write"}
        connect["async_creator_fn"] = self._reach
        self._engine = create_async_engine(url, poolclass=NullPool, connect_args=connect)
        self._secrets = [value for value in (url.password, url.query.get("password")) if isinstance(value, str) and value]
        self._clock = clock
        self._say = say
        self._told = False
        self._limits = limits
        self._connection: AsyncConnection | None = None
        self._line: asyncpg.Connection | None = None
        self._was_reached = False
        self._turn = asyncio.Lock()
        self._cut: asyncio.TimerHandle | None = None

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in a transaction of its own; again, where the connection was lost and it may not have been committed."""
        failed_at: float | None = None
        pause = _FIRST_PAUSE_SECONDS
        while True:
            # A task of its own: an operation that is cancelled half-way would leave the connection in the middle of an answer.
            attempt = asyncio.create_task(self._attempt(operation, failed_at is not None), name="journal-transaction")
            attempt.add_done_callback(_hear)
            try:
                result = await asyncio.shield(attempt)
            except _AgainError as error:
                # Counted from the first failure: a process that was paused for long has not waited yet.
                failed_at = self._clock.steady() if failed_at is None else failed_at
                if self._clock.steady() - failed_at >= self._patience_seconds:
                    raise JournalUnavailableError(str(error)) from None
                if not self._told:
                    self._say(f"{error.why} ({error}): waiting for it")
                    self._told = True
            else:
                self._told = False
                return result
            await self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    @property
    def _patience_seconds(self) -> float:
        limits = self._limits
        return limits.patience if self._was_reached else min(limits.first, limits.patience)

    def hurry(self) -> None:
        """Wait for the server, or for the lock, no longer."""
        self._limits = replace(self._limits, patience=0.0, answer=min(self._limits.answer, _HURRIED_ANSWER_SECONDS))
        if self._cut is not None:
            self._cut_later()

    async def close(self) -> None:
        """Close the connection once the operations that have begun are over."""
        async with self._turn:
            await self._let_go()
        await self._engine.dispose()

    async def read(self, operation: Callable[[Connection], T]) -> T:
        """As `transact`: a paused writer holds the lock for seconds at most."""
        return await self.transact(operation)

    async def _attempt(self, operation: Callable[[Connection], T], is_again: bool) -> T:
        async with self._turn:
            try:
                connection = self._connection = self._connection or await self._connect()
                self._cut_later()
                return await self._run(connection, operation, is_again)
            finally:
                self._cut_off()

    async def _run(self, connection: AsyncConnection, operation: Callable[[Connection], T], is_again: bool) -> T:
        try:
            async with connection.begin():
                await connection.execute(_LOCK)
                if is_again:
                    await connection.execute(_A_WORD_TO_THE_LOG)
                return await connection.run_sync(operation)
        except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            why = _passing(error) or (_AWAY if self._line is None or self._line.is_closed() else "")
            await self._let_go()
            raise self._failed(error, why) from None

    async def _connect(self) -> AsyncConnection:
        try:
            return await self._engine.connect()
        except Exception as error:  # noqa: BLE001 - a URL may hold any option, and the driver's errors for one are of any kind
            why = _passing(error) or (_AWAY if _is_unreachable(error, self._was_reached) else "")
            await self._let_go()
            raise self._failed(error, why) from None

    async def _reach(self, *arguments: Any, **options: Any) -> asyncpg.Connection:  # noqa: ANN401 - SQLAlchemy's to know
        self._line = await asyncpg.connect(*arguments, **options)
        self._was_reached = True
        self._cut_later()  # SQLAlchemy asks a new server what it is
        return self._line

    def _failed(self, error: Exception, why: str) -> Exception:
        """What to raise, without the driver's error under it: that one knows the password."""
        line = first_line(error)
        if isinstance(error, TimeoutError):
            line = "no answer"
        elif any(isinstance(cause, asyncpg.TargetServerAttributeNotMatched) for cause in _causes(error)):
            line = "it can only be read, as a standby"
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return _AgainError(why, line) if why else JournalUnavailableError(line)

    def _cut_later(self) -> None:
        """Cut the connection unless it has answered in time: then it is a lost one like any other."""
        self._cut_off()
        if self._line is not None:
            self._cut = asyncio.get_running_loop().call_later(self._limits.answer, self._line.terminate)

    def _cut_off(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None

    async def _let_go(self) -> None:
        """Drop the connection without a word to a server that may not answer; the server rolls back what was not committed."""
        if self._line is not None:
            self._line.terminate()
        connection, self._connection, self._line = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError, asyncpg.InterfaceError, OSError):
                await connection.invalidate()
                await connection.close()


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def _hear(attempt: asyncio.Task[Any]) -> None:
    """Have an error heard although whoever waited for it was cancelled."""
    if not attempt.cancelled():
        attempt.exception()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those under it: SQLAlchemy's, its adapter's, the driver's."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = getattr(found, "orig", None) or found.__cause__


def _passing(error: BaseException) -> str:
    """What to tell of an error that passes by itself; empty for any other."""
    for cause in _causes(error):
        if isinstance(cause, (asyncpg.InvalidCachedStatementError, asyncpg.TargetServerAttributeNotMatched)):
            return _AWAY
        state = getattr(cause, "sqlstate", None) or ""
        if state in _GONE or (state.startswith(_GONE_CLASS) and state != _NO_POSTGRES):
            return _AWAY
        if state == _LOCKED:
            return _HELD
        if state in _CLASHES:
            return _BUSY
    return ""


def _is_unreachable(error: BaseException, was_reached: bool) -> bool:
    """Whether a connection failed for the line's or the server's sake. A name that never led anywhere is a typing error."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return was_reached
        if isinstance(cause, (ssl.SSLCertVerificationError, PermissionError)) or "rejected SSL" in str(cause):
            return False
        if isinstance(cause, (OSError, asyncpg.ConnectionDoesNotExistError)):
            return True
    return False
