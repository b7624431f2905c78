"""One statement for many rows, compiled once, and executed as the database likes it best.

SQLAlchemy compiles a statement anew for each group of rows, which costs more than to write them. PostgreSQL takes the rows of one
statement in a stream. SQLite takes them one by one, and at each Python's lock goes from the journal's thread to the sending one
and back; so there they go over as the rows of one VALUES.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

_MOST_ROWS = 64


class Bulk(Protocol):
    """A statement that is executed for each of some rows."""

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it; how many rows of the table it touched, or -1 where the driver does not say."""
        ...


def compile_bulk(statement: Any, dialect: Any) -> Bulk:  # noqa: ANN401 - inserts, updates and deletes; two dialects
    """The statement, compiled for a dialect."""
    compiled = statement.compile(dialect=dialect)
    text, names = str(compiled), tuple(compiled.positiontup)
    if dialect.name == "sqlite" and " VALUES (" in text:
        return _rows_of_values(text, names)
    return _Repeated(text, names)


@dataclass(frozen=True, slots=True)
class _Repeated:
    """The text, and the names of its values in their order."""

    text: str
    names: tuple[str, ...]

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        return connection.exec_driver_sql(self.text, list(map(itemgetter(*self.names), rows))).rowcount


@dataclass(frozen=True, slots=True)
class _RowsOfValues:
    """The text before, of and behind the values of one row; `shared` are the values behind, which are the same for several rows."""

    before: str
    row: str
    behind: str
    names: tuple[str, ...]
    shared: tuple[str, ...]

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        touched = 0
        for shared, alike in groupby(rows, lambda row: tuple(row[name] for name in self.shared)):
            for part in _parts(list(map(itemgetter(*self.names), alike))):
                text = f"{self.before}{', '.join([self.row] * len(part))}{self.behind}"
                touched += connection.exec_driver_sql(text, (*chain.from_iterable(part), *shared)).rowcount
        return touched


def _rows_of_values(text: str, names: tuple[str, ...]) -> _RowsOfValues:
    before, _, rest = text.partition(" VALUES ")
    row, _, behind = rest.partition(")")
    of_row = row.count("?")
    return _RowsOfValues(f"{before} VALUES ", f"{row})", behind, names[:of_row], names[of_row:])


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The rows in parts of 64, 32, 16 ... 1: so few texts that the database remembers each."""
    done, size = 0, _MOST_ROWS
    while done < len(rows):
        while size > len(rows) - done:
            size //= 2
        yield rows[done : done + size]
        done += size
