"""One simulator for each worker; each test has it empty, and a folder and a journal of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.operating.evening import Evening
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def _simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, migration_seconds=1000.0) as simulator:
        yield simulator


@pytest.fixture
def evening(_simulator: SimulatorProcess, tmp_path: Path) -> Evening:
    """An evening on which nothing has happened yet."""
    _simulator.reset()
    _simulator.set_faults("")
    _simulator.set_access(denied_actions=[])
    return Evening(_simulator, tmp_path)
