"""A whole night against a real simulator, where not every server comes along: the others do, and the night has an end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from flows import night_job
from flows.night.path import Stage
from flows.night.stages import StageState
from flows.night_board import NightBoard
from flows.submission.events import StopSignal
from flows.wave_job import WaveOrder
from flows.where import parse_where
from tests.flows.operating.evening import ACTION, Evening
from tests.plans import server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.night.walk import NightStory

NUMBERS = (1, 3, 4)


@pytest.fixture(scope="module")
def _quick() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, migration_seconds=0.3) as simulator:
        yield simulator


@pytest.fixture
def evening(_quick: SimulatorProcess, tmp_path: Path) -> Evening:
    """An evening on which a copy takes 0.3 s."""
    _quick.reset()
    _quick.set_faults("")
    return Evening(_quick, tmp_path)


async def run(evening: Evening, plan: Path, *where: str) -> NightStory:
    """The night of wave-1, which a test waits for no longer than a minute."""
    order = WaveOrder(plan, "wave-1", evening.folder / "report.xlsx", parse_where(where), allow_invalid=True)
    prepared = night_job.prepare(night_job.NightRequest(order, interval=0.2))
    night = night_job.run(prepared, evening.run_settings(), NightBoard(len(prepared.wave.rows)), StopSignal())
    return (await asyncio.wait_for(night, 60)).story


def told(story: NightStory, stage: Stage) -> tuple[StageState, Any]:
    record = story.stages[stage]
    return record.state, record.detail["line"]


def syncing(*numbers: int) -> list[dict[str, Any]]:
    return [server(number, syncing=True) for number in numbers]


async def test_a_server_that_cannot_be_started_holds_nobody_up(evening: Evening) -> None:
    """SMS refuses to start it, whoever asks: nobody waits for it, the others are cut over, and the report says so."""
    plan = evening.plan(syncing(*NUMBERS))
    evening.simulator.fault_once("SMS.0204", 20, source_server_id=server(3)["source_server_id"], route=ACTION)
    story = await run(evening, plan)
    assert told(story, Stage.SYNCED)[0] is StageState.FAILED
    assert told(story, Stage.CUTOVER)[0] is StageState.FAILED
    assert told(story, Stage.VERIFY) == (StageState.FAILED, "2 of 3 moved")
    assert [evening.state(number) for number in NUMBERS] == ["MIGRATE_SUCCESS", "READY", "MIGRATE_SUCCESS"]
    assert (evening.folder / "report.xlsx").exists()


async def test_a_server_whose_cutover_is_refused_holds_nobody_up(evening: Evening) -> None:
    """It stays in sync; the others are followed to their end."""
    plan = await evening.made(syncing(*NUMBERS))
    await evening.order(plan, "start")
    evening.simulator.fault_once("SMS.0204", 20, source_server_id=server(3)["source_server_id"], route=ACTION)
    story = await run(evening, plan)
    assert told(story, Stage.VERIFY) == (StageState.FAILED, "2 of 3 moved")
    assert [evening.state(number) for number in NUMBERS] == ["MIGRATE_SUCCESS", "SYNCING", "MIGRATE_SUCCESS"]


async def test_a_stage_is_done_for_the_rows_that_it_was_done_for(evening: Evening) -> None:
    """First one server for a try, then the whole wave: the others are submitted, started and cut over, too."""
    plan = evening.plan(syncing(*NUMBERS))
    await run(evening, plan, "source_name=web-01")
    story = await run(evening, plan)
    assert told(story, Stage.VERIFY) == (StageState.DONE, "3 of 3 moved")


async def test_a_second_task_of_a_source_is_named_in_the_end(evening: Evening) -> None:
    """Whoever made it: a night after which a server has two tasks is not as it was wanted."""
    plan = evening.plan(syncing(1, 3))
    assert told(await run(evening, plan), Stage.VERIFY) == (StageState.DONE, "2 of 2 moved")
    evening.simulator.add_task(server(3)["source_server_id"], name="mine", state="READY")
    state, line = told(await run(evening, plan), Stage.VERIFY)
    assert (state, line) == (StageState.FAILED, "2 of 2 moved, web-03 with more than one task")
