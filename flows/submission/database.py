"""The database under the journal: one way to run a transaction, on SQLite and on PostgreSQL.

An operation is an ordinary function of a synchronous SQLAlchemy `Connection`, run whole inside one transaction; the transactions of
all processes run one after the other. Knows nothing of rows; journal.py does. The two databases are in sqlite_database.py and
postgres_database.py, each loaded only where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from flows.submission.clock import Clock

PATIENCE_SECONDS = 120.0
"""How long a transaction waits for another process, or for a server that is away, before the journal is given up."""

T = TypeVar("T")


class JournalUnavailableError(Exception):
    """The journal cannot be read or written; nothing may be sent on its account until it can."""


class Database(Protocol):
    """What the journal asks of its database."""

    dialect_name: str

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in a transaction of its own and return its result once that is durable.

        On a server it may be run again, after a lost connection that leaves open whether it was committed: it must be safe to run
        twice. Raises JournalUnavailableError where it could not be committed; on a lost connection it may have been all the same.
        Whoever awaits this may be cancelled; an operation that has begun is brought to its end all the same.
        """
        ...

    async def read(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation`, which only reads, without waiting for whoever writes; otherwise as `transact`."""
        ...

    def hurry(self) -> None:
        """From now on, fail rather than wait for another process or for a server that is away: the run is being stopped."""
        ...

    async def close(self) -> None:
        """Let go of all connections, after the operations that have begun."""
        ...


def open_database(url: str, clock: Clock, say: Callable[[str], None]) -> Database:
    """The database at an SQLAlchemy URL (`sqlite+aiosqlite:///...` or `postgresql+asyncpg://...`); nothing is connected yet.

    `say` gets the one line that tells a person what is being waited for. Raises JournalUnavailableError on a URL that names no
    journal; its words hold nothing of the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            from flows.submission.sqlite_database import SqliteDatabase

            return SqliteDatabase(parsed, clock, say)
        if parsed.drivername == "postgresql+asyncpg" and "@" not in (parsed.host or ""):
            from flows.submission.postgres_database import PostgresDatabase

            return PostgresDatabase(parsed, clock, say)
    except (ArgumentError, NoSuchModuleError, ImportError, TypeError, ValueError):
        raise JournalUnavailableError(_NO_URL) from None
    except OSError as error:
        raise JournalUnavailableError(f"the journal's folder cannot be made: {error}") from error
    raise JournalUnavailableError(_NO_URL)


_NO_URL = (
    "WAVES_JOURNAL is no URL of a journal: give sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER@HOST/DATABASE, "
    "a password's special characters as %XX"
)


def first_line(error: BaseException) -> str:
    """What the database said, in one line."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
