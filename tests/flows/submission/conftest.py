"""One simulator for each worker; each test has it empty, and a folder and a journal of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.submission.night import Night
from tests.flows.submission.places import OnServer
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def guarded() -> Iterator[SimulatorProcess]:
    """A simulator that binds a source and a target to one task (SMS.7605), as SMS does."""
    with SimulatorProcess(any_source=True, any_target=True) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def unguarded() -> Iterator[SimulatorProcess]:
    """A simulator that makes a second task for a source without a word."""
    with SimulatorProcess(any_source=True, any_target=True, guard=False) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def _lagging() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, lag=0.8, lag_detail=False) as simulator:
        yield simulator


@pytest.fixture
def lagging(_lagging: SimulatorProcess) -> SimulatorProcess:
    """A guarded simulator that lists a task only 0.8 s after it was made."""
    _lagging.reset()
    return _lagging


@pytest.fixture
def night(guarded: SimulatorProcess, tmp_path: Path) -> Night:
    """A night with the guard on."""
    return _fresh(guarded, tmp_path)


@pytest.fixture
def bare_night(unguarded: SimulatorProcess, tmp_path: Path) -> Night:
    """A night with the guard off: only this tool stands between a server and its second task."""
    return _fresh(unguarded, tmp_path)


@pytest.fixture(params=["guarded", "unguarded", "postgresql"])
def any_night(request: pytest.FixtureRequest, tmp_path: Path) -> Night:
    """A night with the guard on, one with it off, and one with it off and the journal on PostgreSQL."""
    if request.param != "postgresql":
        return _fresh(request.getfixturevalue(request.param), tmp_path)
    night = _fresh(request.getfixturevalue("unguarded"), tmp_path)
    night.settings["journal"] = OnServer(request.getfixturevalue("postgres")).url
    return night


def _fresh(simulator: SimulatorProcess, folder: Path) -> Night:
    simulator.reset()
    simulator.set_faults("")
    simulator.set_access(denied_actions=[])
    return Night(simulator, folder)
