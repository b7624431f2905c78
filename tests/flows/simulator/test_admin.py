"""The admin interface: the truth, the levers, the page."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.flows.simulator.bodies import EXAMPLE, as_bytes, post_task
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process() -> Iterator[SimulatorProcess]:
    """One process for all tests here."""
    with SimulatorProcess(any_source=True, guard=False, lag=60, authentication=False) as started:
        yield started


@pytest.fixture
def simulator(process: SimulatorProcess) -> SimulatorProcess:
    """The process, its tasks and counts forgotten."""
    process.reset()
    process.set_faults()
    process.set_access(denied_actions=[])
    return process


def fetch(simulator: SimulatorProcess, path: str, body: bytes | None = None) -> bytes:
    """GET, or POST of a body, over real HTTP."""
    request = urllib.request.Request(simulator.url + path, data=body)  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
        return bytes(answer.read())


def test_the_truth_sees_through_the_lag(simulator: SimulatorProcess) -> None:
    """Tasks that no client can see yet, duplicates, requests, warnings, bodies."""
    for _ in range(2):
        fetch(simulator, "/v3/tasks", EXAMPLE.encode())
    source = json.loads(EXAMPLE)["source_server"]["id"]
    truth = simulator.truth(bodies=True)
    assert json.loads(fetch(simulator, "/v3/tasks"))["count"] == 0
    assert (truth["duplicates"], len(truth["tasks_by_source"][source])) == ([source], 2)
    assert truth["tasks"][0]["body"] == json.loads(EXAMPLE)
    assert truth["requests"] == {"POST /v3/tasks": 2}
    assert truth["warnings"] == ["POST /v3/tasks: unknown key is_need_consistency_result (2 times)"]


def test_arrivals_are_kept_with_their_moments(simulator: SimulatorProcess) -> None:
    """In their order and by route, those that were refused too."""
    for body in (EXAMPLE.encode(), as_bytes(post_task())):
        fetch(simulator, "/v3/tasks", body)
    with pytest.raises(urllib.error.HTTPError):
        fetch(simulator, "/v3/tasks", b"no json")
    fetch(simulator, "/v3/tasks")
    creates, reads = simulator.arrivals(), simulator.arrivals("GET /v3/tasks")
    assert (len(creates), len(reads)) == (3, 1)
    assert [*creates, *reads] == sorted([*creates, *reads])


def test_bodies_are_kept_as_they_came(simulator: SimulatorProcess) -> None:
    """Taken and refused ones, with the task's id or the error's code."""
    with pytest.raises(urllib.error.HTTPError):
        fetch(simulator, "/v3/tasks", b"no json")
    fetch(simulator, "/v3/tasks", as_bytes(post_task()))
    (refused, taken) = simulator.bodies()
    assert (refused["status"], refused["result"], refused["body"]) == (400, "SMS.9001", "no json")
    assert (taken["status"], json.loads(taken["body"])) == (200, post_task())
    assert taken["result"] == simulator.truth()["tasks"][0]["id"]


def test_a_foreign_task_is_seen_at_once(simulator: SimulatorProcess) -> None:
    """Made past every rule, moved and removed by hand."""
    task_id = simulator.add_task("s-9", target_vm_id="v-9", name="by-hand", state="MIGRATE_SUCCESS")
    (listed,) = json.loads(fetch(simulator, "/v3/tasks"))["tasks"]
    assert (listed["id"], listed["name"], listed["state"]) == (task_id, "by-hand", "MIGRATE_SUCCESS")
    simulator.set_state(task_id, "DELETING")
    assert json.loads(fetch(simulator, f"/v3/tasks/{task_id}"))["state"] == "DELETING"
    simulator.delete_task(task_id)
    assert simulator.tasks_of("s-9") == []


def test_faults_are_counted(simulator: SimulatorProcess) -> None:
    """By kind; reads apart."""
    simulator.set_faults("SMS.6526=1,read-503=1", seed=3)
    for path, body in (("/v3/tasks", as_bytes(post_task())), ("/v3/tasks", None)):
        with pytest.raises(urllib.error.HTTPError):
            fetch(simulator, path, body)
    assert simulator.truth()["faults"] == {"SMS.6526-before": 1, "read-503-before": 1}


def test_a_reset_takes_back_what_was_ordered(simulator: SimulatorProcess) -> None:
    """Tasks, counts, and single faults that have not struck yet."""
    simulator.fault_once("503", times=3)
    simulator.add_task("s-1")
    simulator.reset()
    fetch(simulator, "/v3/tasks", as_bytes(post_task()))
    truth = simulator.truth()
    assert (len(truth["tasks"]), truth["faults"], truth["requests"]) == (1, {}, {"POST /v3/tasks": 1})


def test_levers_say_what_is_wrong(simulator: SimulatorProcess) -> None:
    """A fault, a state or a task that there is not."""
    with pytest.raises(RuntimeError, match="is no fault"):
        simulator.set_faults("explode=1")
    with pytest.raises(RuntimeError, match="NOSUCH"):
        simulator.add_task("s-1", state="NOSUCH")
    with pytest.raises(RuntimeError, match="no such task"):
        simulator.delete_task("unknown")


def test_access_and_sources_can_be_changed(simulator: SimulatorProcess) -> None:
    """A denied action is a 403; a source that is not connected a 6603."""
    simulator.add_source("s-away", connected=False)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetch(simulator, "/v3/tasks", as_bytes(post_task("s-away")))
    simulator.set_access(denied_actions=["sms:server:createTask"])
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(simulator, "/v3/tasks", as_bytes(post_task()))
    assert simulator.truth()["refusals"] == {"SMS.6603": 1, "SMS.9004": 1}


def test_a_night_is_driven_by_hand_and_told(simulator: SimulatorProcess) -> None:
    """A task fails where it is, a source goes offline and comes back, another task is deleted: all of it in the history."""
    made = [json.loads(fetch(simulator, "/v3/tasks", as_bytes(post_task(f"s-{place}", f"v-{place}"))))["id"] for place in (1, 2, 3)]
    simulator.set_state(made[0], "RUNNING")
    simulator.fail(made[0], "SMS.3802", message="Port 22 is shut.", params=["10.0.0.1"])
    simulator.set_connection("s-2", connected=False)
    simulator.delete_task(made[2])
    told = simulator.history()
    by_id = {task["id"]: task for task in told["tasks"]}
    assert [each["state"] for each in by_id[made[0]]["states"]] == ["READY", "RUNNING", "MIGRATE_FAIL"]
    assert by_id[made[0]]["error"] == {"error_code": "SMS.3802", "error_param": ["10.0.0.1"], "error_msg": "Port 22 is shut."}
    assert (by_id[made[2]]["gone_why"], by_id[made[1]]["gone_at"]) == ("by hand", None)
    assert [(each["source_server_id"], each["to"]) for each in told["outages"]] == [("s-2", None)]
    simulator.set_connection("s-2", connected=True)
    assert simulator.history()["outages"][0]["to"] is not None
    simulator.set_connection("s-2", connected=False, seconds=600)
    simulator.reset()
    assert json.loads(fetch(simulator, "/v3/sources/s-2"))["connected"] is True
    with pytest.raises(RuntimeError, match="no such source"):
        simulator.set_connection("", connected=True)
    with pytest.raises(RuntimeError, match="start the simulator with a bandwidth"):
        simulator.set_bandwidth(500)


def test_the_page_tells_people(simulator: SimulatorProcess) -> None:
    """What happened in words, and nothing that a task's name could run."""
    assert b"No source server has two tasks" in fetch(simulator, "/admin")
    for _ in range(2):
        simulator.add_task("s-1", name="<script>alert(1)</script>")
    page = fetch(simulator, "/admin")
    assert b"1 source servers have two tasks" in page
    assert b"<script>" not in page
