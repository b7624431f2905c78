"""Where tests of several packages keep a journal: in a file, and on a real PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.submission.places import InFile, OnServer
from tests.postgres_server import PostgresServer, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.submission.places import Place


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this worker's; each test makes its own database in it."""
    if reason := why_not():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["file", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a journal, in a file and on a server."""
    return InFile(tmp_path) if request.param == "file" else OnServer(request.getfixturevalue("postgres"))
