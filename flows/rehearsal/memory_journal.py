"""The journal's database in memory: the real statements on a real SQLite, done in the loop's own thread.

A file would have each of ten thousand commits wait for a disk, and a thread's answer comes whenever the machine pleases; of a
rehearsal nothing has to outlast it. A transaction takes its time all the same. Made by world.py; `Journal` knows no difference.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from flows.submission.database import JournalUnavailableError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

COMMIT_SECONDS = 0.004

T = TypeVar("T")


class Shelf:
    """The one database that all runs of a rehearsal share; gone when it is closed."""

    def __init__(self) -> None:
        connecting = {"isolation_level": None, "check_same_thread": False}
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args=connecting)
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self._connection = self._engine.connect()

    def run(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation whole, in a transaction of its own."""
        with self._connection.begin():
            return operation(self._connection)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
        self._engine.dispose()


class MemoryDatabase:
    """One run's way to the shelf (a `flows.submission.database.Database`)."""

    dialect_name = "sqlite"

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in a transaction; its result comes when a disk would have it."""
        try:
            result = self._shelf.run(operation)
        except SQLAlchemyError as error:
            raise JournalUnavailableError(first_line(error)) from error
        await asyncio.sleep(COMMIT_SECONDS)
        return result

    async def read(self, operation: Callable[[Connection], T]) -> T:
        """As `transact`."""
        return await self.transact(operation)

    def hurry(self) -> None:
        """Nobody waits here."""

    async def close(self) -> None:
        """The shelf stays."""
