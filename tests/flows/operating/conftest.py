"""One simulator for each worker; each test has it empty, and a folder and a journal of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.operating.evening import Evening
from tests.flows.submission.places import OnServer
from tests.postgres_server import PostgresServer, why_not
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def _simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, migration_seconds=1000.0) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def _postgres() -> Iterator[PostgresServer]:
    if reason := why_not():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server


@pytest.fixture
def evening(_simulator: SimulatorProcess, tmp_path: Path) -> Evening:
    """An evening on which nothing has happened yet."""
    _simulator.reset()
    _simulator.set_faults("")
    _simulator.set_access(denied_actions=[])
    return Evening(_simulator, tmp_path)


@pytest.fixture
def on_server(evening: Evening, _postgres: PostgresServer) -> Evening:
    """An evening whose journal is on PostgreSQL."""
    evening.settings["journal"] = OnServer(_postgres).url
    return evening
