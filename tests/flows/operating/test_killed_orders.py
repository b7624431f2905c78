"""Orders in processes of their own, killed at any moment: no operation is performed twice, and the next order ends the wave."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

from tests.conftest import wait_until
from tests.flows.operating.evening import flat
from tests.flows.operating.test_starter import histories, performed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.operating.evening import Evening

SERVERS = 20
KILLS = 2


def begin(evening: Evening, plan: Path, operation: str) -> subprocess.Popen[str]:
    words = [str(plan), str(evening.folder), evening.simulator.url, operation]
    command = [sys.executable, "-m", "tests.flows.operating.one_order", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_after(evening: Evening, process: subprocess.Popen[str], requests: int) -> None:
    """`kill -9` as soon as so many actions have reached SMS."""
    try:
        wait_until(lambda: evening.asked() >= requests or process.poll() is not None)
    finally:
        process.kill()
        process.communicate(timeout=30)


async def test_kills_between_intent_and_answer_perform_nothing_twice(evening: Evening) -> None:
    """`kill -9` while operations are under way, some of whose answers are lost; then an order that is left alone.

    What was in flight is settled by looks: the simulator's own history has one start for each task, and the journal a verdict for
    each of its actions.
    """
    plan = await evening.made(SERVERS)
    route = "POST /v3/tasks/{id}/action"
    random = Random(7)
    for kill in range(KILLS):
        evening.simulator.fault_once("hang-after" if kill % 2 else "reset-after", times=2, route=route)
        kill_after(evening, begin(evening, plan, "start"), evening.asked() + random.randrange(1, 4))
    last = begin(evening, plan, "start")
    printed, _ = last.communicate(timeout=60)
    told = json.loads(printed.splitlines()[-1])
    assert {ended for _, ended, _ in told} <= {"DONE", "ALREADY"}
    assert {performed(task) for task in histories(evening).values()} == {1}
    assert {task["state"] for task in histories(evening).values()} == {"RUNNING"}
    actions = [action for number in range(1, SERVERS + 1) for action in await evening.actions(number)]
    assert len({action.key.task_id for action in actions}) == SERVERS
    assert all(action.verdict is not None for action in actions)


async def test_what_was_in_doubt_and_has_failed_meanwhile_is_restarted(evening: Evening) -> None:
    """A start that nobody heard of was performed, and the task failed since, as a restart cures: it is restarted, not given up."""
    plan = await evening.made(1)
    evening.simulator.fault_once("hang-after", route="POST /v3/tasks/{id}/action")
    kill_after(evening, begin(evening, plan, "start"), 1)
    evening.simulator.fail(evening.task_id(), "SMS.0805")
    result = await evening.order(plan, "start")
    assert flat(result) == ["DONE"]
    assert [action.operation.value for action in await evening.actions()] == ["start", "restart"]
    assert evening.state() == "RUNNING"
