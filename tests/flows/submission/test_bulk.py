"""Many rows go to SQLite in few executions, and each is moved on by its own rule all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, select

from flows.submission import schema
from flows.submission.life import RowState
from flows.submission.records import Entry, RowRecord
from flows.submission.statements import Statements, row_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A journal's tables in memory."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        yield connection
    engine.dispose()


def write(connection: Connection, *steps: tuple[int, RowState, RowState]) -> int:
    """Move rows by number, each from the state it is believed to be in; how many were moved."""
    rows = [Entry("holder", before, RowRecord("account", f"source-{number}", "run", after)) for number, before, after in steps]
    return Statements.for_dialect("sqlite").upsert_row.run(connection, [row_values(entry, 1.0) for entry in rows])


def states(connection: Connection) -> dict[str, str]:
    """The state of each row, by its source."""
    return {found.source_server_id: found.state for found in connection.execute(select(schema.row))}


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
def test_every_row_is_written_once_whatever_their_number(connection: Connection, count: int) -> None:
    """And in so few executions that the parts are halves of each other."""
    executed: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *given: executed.append(given[2]))
    assert write(connection, *((number, RowState.IDLE, RowState.SENDING) for number in range(count))) == count
    assert len(executed) <= count // 64 + 6
    assert states(connection) == {f"source-{number}": "sending" for number in range(count)}


def test_rows_are_moved_from_the_state_that_each_is_believed_to_be_in(connection: Connection) -> None:
    """A row that has moved meanwhile stays as it is, and is not counted."""
    write(connection, *((number, RowState.IDLE, RowState.SENDING) for number in range(4)))
    steps = [
        (0, RowState.SENDING, RowState.BOUND),
        (1, RowState.IDLE, RowState.REFUSED),
        (2, RowState.SENDING, RowState.UNSETTLED),
        (9, RowState.IDLE, RowState.SENDING),
    ]
    assert write(connection, *steps) == 3
    assert states(connection) == {
        "source-0": "bound",
        "source-1": "sending",
        "source-2": "unsettled",
        "source-3": "sending",
        "source-9": "sending",
    }
