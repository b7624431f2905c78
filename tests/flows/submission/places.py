"""Where a journal may be: in a file or on a server, the same for whoever opens it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import PostgresServer


class Place(Protocol):
    """An empty place for one journal."""

    url: str

    async def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement beside the journal, as another process would; the rows it gives."""
        ...


class InFile:
    """An SQLite file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "journal.sqlite"
        self.url = f"sqlite+aiosqlite:///{self._file}"

    async def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement beside the journal; the rows it gives."""
        with closing(sqlite3.connect(self._file)) as other, other:
            return other.execute(statement).fetchall()


class OnServer:
    """A database of its own on a PostgreSQL server."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres
        self._name = postgres.fresh_database()
        self.url = postgres.url(self._name)

    async def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement beside the journal; the rows it gives."""
        return await self._postgres.ask(statement, database=self._name)
