"""The journal's file and the way to it in virtual time: the real statements on a real SQLite in memory, one transaction a moment.

A transaction has its stations, each a step of its process: the lock, the commit, the fsync, the answer. Between them anything may
happen: a killed process keeps what it committed; a power loss keeps what was synced, and of what was committed and not yet synced,
all or nothing. Nothing here knows rows.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from flows.submission.database import PATIENCE_SECONDS, JournalUnavailableError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from tests.simulation.loop import Actor, VirtualLoop
    from tests.simulation.trace import Trace

T = TypeVar("T")

_POLL_SECONDS = 0.2


class Shelf:
    """One SQLite in memory for scenario after scenario: making an engine anew for each would cost more than running it."""

    def __init__(self) -> None:
        self.raw = self._open()
        self.raw.execute("PRAGMA page_size=1024")
        self.raw.execute("PRAGMA user_version=1")  # one page, or there is nothing to copy
        self.engine: Engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self.connection = self._connect()
        self.empty = self.raw.serialize()

    def put(self, image: bytes) -> None:
        """Have the database hold `image`: on a new connection, for prepared statements do not survive the change."""
        self.close()
        self.raw = self._open()
        self.raw.deserialize(image)
        self.connection = self._connect()

    def run(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation in a transaction."""
        with self.connection.begin():
            return operation(self.connection)

    def close(self) -> None:
        """Let go of it."""
        self.connection.close()
        self.engine.dispose()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)

    def _connect(self) -> Connection:
        connection = self.engine.connect()
        connection.rollback()
        return connection


@dataclass
class JournalFile:
    """The file that all processes share. `counts` counts the stations that transactions have passed, for whoever waits for one."""

    loop: VirtualLoop
    shelf: Shelf
    trace: Trace
    draw: Callable[[], float]
    latency_seconds: float
    is_power_at_risk: bool = False
    is_run_twice: bool = False
    locked_by: Actor | None = None
    locked_until: float = 0.0
    fails_until: float = 0.0
    fails_after_commit: bool = False
    before_commit: bytes | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"commit": 0, "durable": 0})

    @property
    def is_locked(self) -> bool:
        return self.locked_by is not None or self.loop.now < self.locked_until

    def lose_power(self) -> None:
        """Every process is gone; what was committed and not yet synced is there or not."""
        if self.before_commit is not None and self.draw() < 0.8:
            self.trace.note(self.loop.now, "journal", "rolls back")
            self.shelf.put(self.before_commit)
        self.before_commit, self.locked_by = None, None

    def forget(self, actor: Actor) -> None:
        """The process died; the system lets go of its lock."""
        if self.locked_by is actor:
            self.locked_by, self.before_commit = None, None

    def seconds(self) -> float:
        """How long the next station takes."""
        return self.latency_seconds * (0.25 + 1.5 * self.draw())


@dataclass
class _Waiting:
    operation: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    name: str
    since: float
    is_told: bool = False


class SimulatedDatabase:
    """One process's connection: a `Database` (flows/submission/database.py) that does one transaction after the other."""

    dialect_name = "sqlite"
    is_sync_awaited = True

    def __init__(self, file: JournalFile, actor: Actor) -> None:
        self._file = file
        self._actor = actor
        self._queue: list[_Waiting] = []
        self._is_busy = False
        self._patience_seconds = PATIENCE_SECONDS

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        loop = self._file.loop
        waiting = _Waiting(operation, loop.create_future(), _name(operation), loop.time())
        self._queue.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            loop.call_later(self._file.seconds(), self._lock)
        return await waiting.future  # type: ignore[no-any-return]

    async def read(self, operation: Callable[[Connection], T]) -> T:
        return await self.transact(operation)

    def hurry(self) -> None:
        self._patience_seconds = 0.0

    async def close(self) -> None:
        while self._is_busy:  # noqa: ASYNC110 - at the end of a process, once
            await asyncio.sleep(self._file.latency_seconds)

    def _lock(self) -> None:
        file, waiting = self._file, self._queue[0]
        if not file.is_locked:
            file.locked_by = self._actor
            file.loop.call_later(file.seconds(), self._commit)
            return
        if file.loop.time() - waiting.since > self._patience_seconds:
            self._note("gives up", waiting.name)
            self._end(waiting, error=JournalUnavailableError("database is locked"))
            return
        if not waiting.is_told:
            self._note("waits", waiting.name)
            waiting.is_told = True
        file.loop.call_later(_POLL_SECONDS * (0.5 + file.draw()), self._lock)

    def _commit(self) -> None:
        file, waiting = self._file, self._queue[0]
        if file.loop.now < file.fails_until and not file.fails_after_commit:
            self._fail(waiting, "disk I/O error")
            return
        if file.is_power_at_risk:
            file.before_commit = file.shelf.raw.serialize()
        result, error = None, None
        try:
            result = file.shelf.run(waiting.operation)
            if file.is_run_twice and file.draw() < 0.2:
                self._note("again", waiting.name)
                result = file.shelf.run(waiting.operation)
        except SQLAlchemyError as refusal:
            error = JournalUnavailableError(first_line(refusal))
        except Exception as refusal:  # noqa: BLE001 - handed to whoever waits, as an executor does
            error = refusal  # type: ignore[assignment]
        self._note("commit" if error is None else "refused", waiting.name, *([error] if error else []))
        file.counts["commit"] += 1
        if not self.is_sync_awaited and error is None and not waiting.future.done():
            waiting.future.set_result(result)
        file.loop.call_later(file.seconds(), self._sync, waiting, result, error)

    def _sync(self, waiting: _Waiting, result: object, error: Exception | None) -> None:
        file = self._file
        file.locked_by, file.before_commit = None, None
        file.counts["durable"] += 1
        if file.loop.now < file.fails_until and file.fails_after_commit and error is None:
            self._note("lost", waiting.name)
            error = JournalUnavailableError("disk I/O error")
        file.loop.call_later(file.seconds(), self._end, waiting, result, error)

    def _fail(self, waiting: _Waiting, problem: str) -> None:
        self._note("fails", waiting.name)
        self._file.locked_by = None
        self._end(waiting, error=JournalUnavailableError(problem))

    def _end(self, waiting: _Waiting, result: object = None, error: Exception | None = None) -> None:
        self._queue.pop(0)
        if self._queue:
            self._file.loop.call_later(self._file.seconds(), self._lock)
        else:
            self._is_busy = False
        if waiting.future.done():
            return
        if error is None:
            waiting.future.set_result(result)
        else:
            waiting.future.set_exception(error)
            waiting.future.exception()  # whoever waits may have been killed, and cannot hear it

    def _note(self, what: str, *details: object) -> None:
        self._file.trace.note(self._file.loop.now, self._actor.name, what, *details)


def _name(operation: Any) -> str:
    """What a transaction does, for the trace."""
    inner = getattr(operation, "func", operation)
    return str(getattr(inner, "__qualname__", inner)).replace(".<locals>", "")
