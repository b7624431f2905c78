"""`start` against the real simulator, whose history is the judge: who is started when, and that no limit is ever exceeded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flows.operating.operations import Operation
from flows.submission.events import StopReason, StopSignal
from tests.conftest import wait_until
from tests.flows.operating.evening import ACTION, Evening, Heard, flat, tally
from tests.plans import server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def _quick() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, migration_seconds=0.3) as simulator:
        yield simulator


@pytest.fixture
def quick(_quick: SimulatorProcess, tmp_path: Path) -> Evening:
    """An evening on which a copy takes 0.3 s."""
    _quick.reset()
    return Evening(_quick, tmp_path)


def histories(evening: Evening) -> dict[str, dict[str, Any]]:
    """What really happened to each source's task."""
    return {task["source_server_id"]: task for task in evening.simulator.history()["tasks"]}


def runs(task: dict[str, Any]) -> list[tuple[float, float]]:
    """From when to when a task was RUNNING, each time."""
    states = task["states"]
    ends = [*(each["at"] for each in states[1:]), float("inf")]
    return [(each["at"], end) for each, end in zip(states, ends, strict=True) if each["state"] == "RUNNING"]


def most_at_once(tasks: list[dict[str, Any]]) -> int:
    """How many of the tasks were RUNNING at the worst moment."""
    changes = sorted(change for task in tasks for start, end in runs(task) for change in ((start, 1), (end, -1)))
    now = most = 0
    for _, step in changes:
        now += step
        most = max(most, now)
    return most


def performed(task: dict[str, Any], operation: str = "start") -> int:
    """How often SMS really performed an operation on a task."""
    return sum(each["operation"] == operation and each["performed"] for each in task["operations"])


async def test_a_wave_keeps_its_max_running_and_goes_on_as_places_come_free(quick: Evening) -> None:
    """Ten servers, three at once: all are started, once each, and never a fourth at the same time."""
    plan = await quick.made(10, waves=[{"wave": "wave-1", "max_running": 3}])
    assert tally(await quick.order(plan, "start")) == {"DONE": 10}
    tasks = list(histories(quick).values())
    assert most_at_once(tasks) == 3
    assert {performed(task) for task in tasks} == {1}


async def test_two_starters_at_once_keep_the_limit_between_them(quick: Evening) -> None:
    """The same wave from two machines, and another wave of the account: nobody is started twice, and never more run than may."""
    rows = [server(number, wave="wave-1" if number <= 8 else "wave-2") for number in range(1, 13)]
    plan = quick.plan(rows)
    for wave in ("wave-1", "wave-2"):
        await quick.submit(plan, wave)
    quick.settings["max_running"] = 4
    results = await asyncio.gather(
        quick.order(plan, "start"), quick.order(plan, "start"), quick.order(plan, "start", "wave-2", poll_seconds=0.07)
    )
    assert all(result.is_all_done for result in results)
    tasks = list(histories(quick).values())
    assert most_at_once(tasks) <= 4
    assert {performed(task) for task in tasks} == {1}


async def test_limits_are_kept_by_whatever_column(quick: Evening) -> None:
    """One at once of a host: the next of the same host starts when one ends, those of others pass it."""
    rows = [server(number, esx_host=f"esx-{number % 2}") for number in range(1, 7)]
    plan = await quick.made(rows, Limits=[{"column": "esx_host", "value": "*", "max_running": 1}])
    assert (await quick.order(plan, "start")).is_all_done
    of = histories(quick)
    by_host = [[of[row["source_server_id"]] for row in rows if row["esx_host"] == host] for host in ("esx-0", "esx-1")]
    assert [most_at_once(tasks) for tasks in by_host] == [1, 1]
    assert most_at_once(list(of.values())) == 2


async def test_order_is_by_priority_then_the_sheet_and_dependencies_come_first(quick: Evening) -> None:
    """web-01 needs web-04, which has low priority; one at a time."""
    rows = [server(1, depends_on="web-04", priority=2), server(2), server(3, priority=2), server(4, priority=0), server(5)]
    plan = await quick.made(rows, waves=[{"wave": "wave-1", "max_running": 1}])
    assert (await quick.order(plan, "start")).is_all_done
    of = histories(quick)
    began = sorted((runs(of[row["source_server_id"]])[0][0], row["source_name"]) for row in rows)
    assert [name for _, name in began] == ["web-03", "web-02", "web-05", "web-04", "web-01"]


async def test_a_server_whose_dependency_nobody_brings_on_is_told(evening: Evening) -> None:
    """The one that it needs has failed for good: no waiting for the end of the window."""
    plan = await evening.made([server(1), server(2, depends_on="web-01")])
    evening.simulator.set_state(evening.task_id(1), "MIGRATE_FAIL")
    result = await evening.order(plan, "start")
    assert flat(result) == ["ILLEGAL", "DEFERRED"]
    assert result.results[1].code == "WAVES.NEEDS"
    assert "web-01" in result.results[1].message


async def test_a_source_that_is_offline_is_waited_for(evening: Evening) -> None:
    """Passed over while it is away, said once, and started when it is back."""
    plan, heard = await evening.made(2), Heard()
    evening.simulator.set_connection("src-0002-a1b2", connected=False)
    order = asyncio.create_task(evening.order(plan, "start", watcher=heard))
    await asyncio.to_thread(wait_until, lambda: evening.state(1) == "RUNNING" and len(heard.musters) > 2)
    assert evening.state(2) == "READY"
    evening.simulator.set_connection("src-0002-a1b2", connected=True)
    assert tally(await order) == {"DONE": 2}
    assert [remark for remark in heard.remarks if "offline" in remark] == [
        "web-02 (Servers!A3): its source server is offline; it is started once it is back"
    ]


async def test_a_source_that_stays_offline_is_left_in_the_end_where_a_wave_waits_for_it(quick: Evening) -> None:
    """In a night: the others are copied, and the gate and the cutover are to come. Who needs it is left, too."""
    plan = await quick.made([server(1), server(2), server(3, depends_on="web-02")])
    quick.simulator.set_connection("src-0002-a1b2", connected=False)
    result = await quick.order(plan, "start", offline_patience_seconds=0.5)
    assert flat(result) == ["DONE", "DEFERRED", "DEFERRED"]
    assert [one.code for one in result.results] == ["", "SMS.6603", "WAVES.NEEDS"]
    assert result.stop is None


@pytest.mark.parametrize(("code", "restarted"), [("SMS.0807", 2), ("SMS.0204", 0), ("SMS.9999", 0)])
async def test_what_a_restart_cures_is_restarted_up_to_the_bound(evening: Evening, code: str, restarted: int) -> None:
    """A place is kept taken, so that `start` stays; the task fails each time anew."""
    plan = await evening.made(2, waves=[{"wave": "wave-1", "max_running": 1}])
    order = asyncio.create_task(evening.order(plan, "start"))
    task = evening.task_id(1)

    def fail_again() -> bool:
        if evening.state(1) == "RUNNING":
            evening.simulator.fail(task, code)
        return evening.state(2) == "RUNNING"

    await asyncio.to_thread(wait_until, fail_again)
    result = await order
    assert result.results[1].ended.value == "DONE"
    assert performed(histories(evening)["src-0001-a1b2"], "restart") == restarted
    actions = [action for action in await evening.actions(1) if action.operation is Operation.RESTART]
    assert [action.is_automatic for action in actions] == [True] * restarted


async def test_nothing_is_started_after_the_window(evening: Evening) -> None:
    """Its end in the sheet is past: every server is deferred, with the cell."""
    past = datetime.now(UTC) - timedelta(hours=1)
    plan = await evening.made(2)
    rows = [server(1), server(2)]
    waves = [{"wave": "wave-1", "starts_at": _cell(past - timedelta(hours=2)), "ends_at": _cell(past), "timezone": "UTC"}]
    result = await evening.order(evening.plan(rows, waves=waves), "start")
    assert {one.code for one in result.results} == {"WAVES.WINDOW"}
    assert evening.asked(ACTION) == 0
    assert plan.exists()


async def test_a_start_that_waits_for_places_can_be_stopped(evening: Evening) -> None:
    """Ctrl-C: what runs goes on, what waited is told, and a second `start` goes on where the first stopped."""
    plan, stop, heard = await evening.made(4, waves=[{"wave": "wave-1", "max_running": 2}]), StopSignal(), Heard()
    order = asyncio.create_task(evening.order(plan, "start", stop=stop, watcher=heard))
    await asyncio.to_thread(wait_until, lambda: len(heard.musters) > 2)
    stop.request(StopReason.interrupted())
    assert tally(await order) == {"DONE": 2, "DEFERRED": 2}
    for number in (1, 2):
        evening.simulator.set_state(evening.task_id(number), "SYNCING")
    assert tally(await evening.order(plan, "start")) == {"ALREADY": 2, "DONE": 2}


def _cell(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, microsecond=0)
