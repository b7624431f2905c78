"""Orders that die at every step there is, and that meet each other: in virtual time, with the simulator's history as the judge."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from flows.operating import action_log
from flows.operating.action_records import Action, ActionKey
from flows.operating.evidence import Before
from flows.operating.operations import Operation
from flows.operating.turn import PLACES
from flows.submission import schema
from flows.submission.journal import LeaseLostError
from flows.submission.leases import LeaseKind
from inventory.plan import read_plan
from tests.flows.operating.stage import ACTION_FAULTS, Journals, Stage
from tests.flows.operating.test_starter import most_at_once, performed
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.plan import Plan


@pytest.fixture(scope="module")
def journals() -> Iterator[Journals]:
    made = Journals()
    yield made
    made.close()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan of two servers."""
    return read_plan(make_plan(tmp_path_factory.mktemp("two") / "plan.xlsx", [server(1), server(2)]))


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan of eight servers in two waves."""
    rows = [server(number, wave=f"wave-{1 + number % 2}") for number in range(1, 9)]
    return read_plan(make_plan(tmp_path_factory.mktemp("eight") / "plan.xlsx", rows))


FAULTS = ("", "reset-after", "reset-before", "hang-after")
"""Each has other steps at which it dies, one in seven: all of them together take a minute."""


@pytest.mark.parametrize("operation", [Operation.START, Operation.STOP])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_order_may_die_at_any_step(journals: Journals, two: Plan, operation: Operation, fault: str) -> None:
    """Then the same order is given again: performed once for each task, and the journal has a verdict for every action."""
    wanted = {Operation.START: "RUNNING", Operation.STOP: "ABORT"}[operation]

    def night(die_at: int) -> tuple[Stage, Any, int]:
        stage = Stage(journals, two, faults=[fault])

        async def play() -> Any:
            if operation is Operation.STOP:
                for task in list(stage.simulator.service.tasks()):
                    stage.simulator.service.operate(task.id, "start")
            _, steps = await stage.give(operation, die_at=die_at)
            result, _ = await stage.give(operation)
            await asyncio.sleep(60)
            return result, steps

        result, steps = stage.play(play)
        return stage, result, steps

    _, _, whole = night(0)
    assert whole > 50
    for die_at in range(1 + FAULTS.index(fault), whole, 7):
        stage, result, _ = night(die_at)
        assert result is not None
        assert result.is_all_done, (die_at, result.counts)
        stage.simulator.service.settle()
        told = stage.histories()
        assert {task["state"] for task in told} == {wanted}, die_at
        assert [performed(task, operation.value) for task in told] == [1, 1] or fault == "", (die_at, told)
        assert max(performed(task, operation.value) for task in told) == 1, die_at
        assert all(action["verdict"] for action in stage.actions()), die_at


def _check(stage: Stage, limit: int) -> None:
    told = stage.histories()
    assert max(performed(task) for task in told) == 1
    assert most_at_once(told) <= limit
    done = {action["task_id"] for action in stage.actions() if action["verdict"] == "done" and action["operation"] == "start"}
    assert done == {task["id"] for task in told if performed(task)}


@pytest.mark.parametrize("seed", range(16))
def test_starters_that_meet_and_die_never_exceed_the_limit(journals: Journals, eight: Plan, seed: int) -> None:
    """Two of one wave and one of another, over a wire that breaks, one killed at a random step and given anew.

    Three at a time of the account, each server once, and nothing is sent that SMS refuses. With every other seed SMS shows what was
    done some seconds late.
    """
    random = Random(seed)
    faults = [random.choice(ACTION_FAULTS) if random.random() < 0.4 else "" for _ in range(30)]
    stage = Stage(journals, eight, seed=seed, faults=faults, migration_seconds=40.0, is_shuffled=True)
    stage.stale_seconds = 4.0 * (seed % 2)

    async def lane(wave: str, after: float, die_at: int) -> Mapping[str, int]:
        await asyncio.sleep(after)
        result, _ = await stage.give(Operation.START, wave, die_at=die_at, max_running=3)
        if result is None:
            result, _ = await stage.give(Operation.START, wave, max_running=3)
        assert result is not None
        return result.counts

    async def play() -> Any:
        lanes = (
            lane("wave-1", 0.0, random.randrange(1, 1500)),
            lane("wave-1", random.random() * 20, 0),
            lane("wave-2", random.random() * 20, 0),
        )
        counts = await asyncio.gather(*lanes)
        again = [(await stage.give(Operation.START, wave, max_running=3))[0] for wave in ("wave-1", "wave-2")]
        return counts, again

    counts, again = stage.play(play)
    assert all(result.is_all_done for result in again)
    assert not any("REFUSED" in each or "UNCERTAIN" in each for each in counts), counts
    told = stage.histories()
    assert [performed(task) for task in told] == [1] * 8
    assert most_at_once(told) <= 3
    assert len({action["task_id"] for action in stage.actions() if action["verdict"] == "done"}) == 8


@pytest.mark.parametrize("at", [0.05, 0.1, 0.15, 0.2])
def test_a_starter_that_others_took_for_dead_takes_its_turn_anew(journals: Journals, eight: Plan, at: float) -> None:
    """A laptop that slept: its leases are gone, that on the places too. It starts each server once, and goes round in no circle."""
    stage = Stage(journals, eight, migration_seconds=40.0)

    def wipe() -> None:
        journals.shelf.run(lambda connection: connection.execute(schema.lease.delete()))
        journals.shelf.run(lambda connection: connection.execute(schema.holder.delete()))

    async def play() -> Any:
        stage.loop.in_world(at, wipe)
        result, steps = await stage.give(Operation.START, max_running=2)
        return result, steps

    result, steps = stage.play(play)
    assert result is not None
    assert result.is_all_done
    assert steps < 5_000
    assert sorted(performed(task) for task in stage.histories()) == [0] * 4 + [1] * 4


def test_a_slow_pace_leaves_nobody_behind(journals: Journals, eight: Plan) -> None:
    """One action in four seconds: the last waits long, is looked at once more, and is sent; no place in the queue is lost."""
    stage = Stage(journals, eight, per_second=0.25)

    async def play() -> Any:
        for task in list(stage.simulator.service.tasks()):
            stage.simulator.service.operate(task.id, "start")
        results = [(await stage.give(Operation.STOP, wave))[0] for wave in ("wave-1", "wave-2")]
        return results, stage.loop.now

    results, took = stage.play(play)
    assert [dict(result.counts) for result in results] == [{"DONE": 4}, {"DONE": 4}]
    assert [performed(task, "stop") for task in stage.histories()] == [1] * 8
    assert took < 2 * 4 * 4.0


def test_no_intent_is_written_without_the_lease(journals: Journals) -> None:
    """That of another run, or none: refused. The holder's own may be written twice, for a commit whose answer was lost."""
    journals.shelf.put(journals.made)
    key = ActionKey("a", "task-1", 1)
    action = Action(key, "src-1", "run-1", Operation.START, Before("READY"), 1.0)

    def write(action: Action, *more: tuple[LeaseKind, str]) -> None:
        journals.shelf.run(lambda connection: action_log.write_intent(connection, action, "holder-1", more))

    def lease(kind: LeaseKind, name: str, holder: str) -> None:
        values = {"account": "a", "kind": kind.value, "key": name, "holder_id": holder}
        journals.shelf.run(lambda connection: connection.execute(schema.lease.insert(), [values]))

    with pytest.raises(LeaseLostError):
        write(action)
    lease(LeaseKind.SOURCE, "src-1", "holder-1")
    with pytest.raises(LeaseLostError):
        write(action, PLACES)
    lease(*PLACES, "holder-2")
    with pytest.raises(LeaseLostError):
        write(action, PLACES)
    write(action)
    write(action)
    with pytest.raises(LeaseLostError):
        write(replace(action, run_id="run-2"))
    found = journals.shelf.run(lambda connection: action_log.of_task(connection, "a", "task-1"))
    assert found == [action]
