"""The promise, held against scenarios in which everything breaks; and the check, held against bugs put in on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.simulation.caught import CAUGHT_BY
from tests.simulation.mutations import MUTATIONS
from tests.simulation.scenario import Tag, scenario_of
from tests.simulation.soak import play_all
from tests.simulation.world import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


_SEEDS_TO_TRY = 200
"""Where the engine takes other steps than it did, a known seed may have lost its bug: then it is looked for."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


def test_two_hundred_broken_nights_end_in_one_task_for_each_server_and_true_reports(stage: Stage) -> None:
    """No second task, no row without an outcome, none that the server contradicts, and nothing left to do afterwards."""
    played = play_all(range(200), stage)
    assert played.violations == {}
    assert played.tags["untagged"] > 100
    assert len(played.tags) > 1


def test_a_seed_replays_exactly(stage: Stage) -> None:
    """The same order of every step: here twice, and in another process, whose strings and objects hash otherwise."""
    seeds = [seed for seed in range(100) if len(scenario_of(seed).breakages) > 2][:4]
    told = [stage.play(scenario_of(seed)).trace.digest() for seed in seeds]
    assert told == [stage.play(scenario_of(seed)).trace.digest() for seed in seeds]
    command = (
        "import sys; from tests.simulation.world import Stage; from tests.simulation.scenario import scenario_of; stage = Stage(); "
        "print(*[stage.play(scenario_of(int(seed))).trace.digest() for seed in sys.argv[1:]])"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", command, *map(str, seeds)],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.split() == told


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_bug_put_in_on_purpose_is_caught(stage: Stage, name: str) -> None:
    """By a seed that is known to catch it (else by one of the first), and that is quiet without it."""
    with MUTATIONS[name]():
        caught = next(
            (seed for seed in (*CAUGHT_BY[name], *range(_SEEDS_TO_TRY)) if stage.play(scenario_of(seed)).violations), None
        )
    assert caught is not None
    assert stage.play(scenario_of(caught)).violations == ()


def test_every_case_that_nobody_can_exclude_is_played() -> None:
    """Each tag is there among the first seeds, so that what may happen then is looked at too."""
    found = {scenario_of(seed).tag for seed in range(400)}
    assert found >= {*Tag}
