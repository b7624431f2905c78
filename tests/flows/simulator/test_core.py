"""What exists, who sees it and what may happen to it: the guard, the lag, late creates, moves, deletion."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.fleet import Fleet, SourceServer
from flows.simulator.request import Request
from flows.simulator.states import OPERATIONS, State
from flows.simulator.truth import tell_truth
from tests.flows.simulator.bodies import as_bytes, post_task
from tests.flows.simulator.inmemory import InMemory


def request_of(body: object) -> Request:
    """A create as it comes in."""
    return Request("POST", "/v3/tasks", body=as_bytes(body))


def test_a_created_task_is_ready_and_listed() -> None:
    """Its id, its state, and the source and target that the request named."""
    box = InMemory()
    task_id = box.create("s-1", "v-1", name="web-01")
    (listed,) = box.json("GET", "/v3/tasks?source_server_id=s-1")["tasks"]
    assert (listed["id"], listed["state"], listed["name"]) == (task_id, "READY", "web-01")
    assert (listed["source_server"]["id"], listed["target_server"]["vm_id"]) == ("s-1", "v-1")


def test_the_guard_refuses_a_second_task_of_a_source_or_target() -> None:
    """In every state of the first one, a success too, until it is gone."""
    box = InMemory()
    task_id = box.create("s-1", "v-1")
    for state in State:
        box.simulator.service.set_state(box.simulator.service.task(task_id), state)
        assert box.code("POST", "/v3/tasks", post_task("s-1", "v-2")) == "SMS.7605"
        assert box.code("POST", "/v3/tasks", post_task("s-2", "v-1")) == "SMS.7605"
    box.simulator.service.remove(box.simulator.service.task(task_id))
    assert box.code("POST", "/v3/tasks", post_task("s-1", "v-1")) == ""


def test_without_the_guard_a_source_may_have_two_and_the_truth_says_so() -> None:
    """Two tasks of one source, and their source among the duplicates."""
    box = InMemory(guard=False)
    assert box.create("s-1") != box.create("s-1")
    assert tell_truth(box.simulator)["duplicates"] == ["s-1"]


def test_the_guard_leaves_template_mode_alone() -> None:
    """Tasks without a target id bind their source only."""
    box = InMemory()
    target = {"vm_id": "", "name": "t", "disks": []}
    for source in ("s-1", "s-2"):
        assert box.code("POST", "/v3/tasks", post_task(source, target_server=target, vm_template_id="tpl")) == ""


def test_the_lag_hides_a_task_which_the_guard_sees() -> None:
    """Listing, page and current_task show it only when the lag is over; 7605 comes at once."""
    box = InMemory(lag=3.0)
    task_id = box.create("s-1")
    box.now += 2.9
    assert (box.listed(), box.listed("source_server_id=s-1")) == ([], [])
    assert box.code("GET", f"/v3/tasks/{task_id}") == "SMS.7703"
    assert box.json("GET", "/v3/sources/s-1")["current_task"] is None
    assert box.code("POST", "/v3/tasks", post_task("s-1", "v-2")) == "SMS.7605"
    box.now += 0.1
    assert (box.listed(), box.state(task_id)) == ([task_id], "READY")
    assert box.json("GET", "/v3/sources/s-1")["current_task"]["id"] == task_id


def test_the_lag_may_leave_the_page_alone() -> None:
    """`lag_detail` off hides a task from listings only."""
    box = InMemory(lag=3.0, lag_detail=False)
    task_id = box.create("s-1")
    assert (box.listed(), box.state(task_id)) == ([], "READY")


def test_a_late_create_comes_at_its_moment() -> None:
    """Nothing before it is due; then a task made by it, visible from then on."""
    box = InMemory(late_seconds=5.0)
    box.simulator.perform_late(request_of(post_task("s-1")))
    box.now += 4.9
    assert tell_truth(box.simulator)["tasks"] == []
    box.now += 60
    (task,) = tell_truth(box.simulator)["tasks"]
    assert (task["made_by"], task["created_at"]) == ("late", box.now - 59.9)


def test_a_late_create_meets_the_guard() -> None:
    """Whoever came first keeps the source."""
    box = InMemory(late_seconds=5.0)
    box.simulator.perform_late(request_of(post_task("s-1")))
    task_id = box.create("s-1")
    box.now += 5
    assert tell_truth(box.simulator)["tasks_by_source"] == {"s-1": [task_id]}


@pytest.mark.parametrize(
    ("source", "changes", "code"),
    [
        ("s-unknown", {}, "SMS.7602"),
        ("s-away", {}, "SMS.6603"),
        ("s-unfit", {}, "SMS.6504"),
        ("s-1", {"target_server": {"vm_id": "v-1", "name": "t", "disks": []}}, ""),
        ("s-1", {"target_server": {"vm_id": "v-unknown", "name": "t", "disks": []}}, "SMS.0412"),
        ("s-1", {"target_server": {"name": "t", "disks": []}, "vm_template_id": "tpl-unknown"}, "SMS.7101"),
        ("s-1", {"os_type": "WINDOWS", "type": "MIGRATE_BLOCK"}, "SMS.6601"),
        ("s-1", {}, "SMS.6539"),
    ],
)
def test_a_create_is_compared_with_what_exists(source: str, changes: dict[str, Any], code: str) -> None:
    """Unknown, disconnected or unfit source, unknown target or template, another OS, a disk too small."""
    known = [SourceServer("s-1", "web-01", judged=True), SourceServer("s-away", "db-01", connected=False)]
    known.append(SourceServer("s-unfit", "old-01", failed_checks=("RSYNC",)))
    box = InMemory(Fleet(known, {"v-1"}, {"tpl-1"}))
    assert box.code("POST", "/v3/tasks", post_task(source, **changes)) == code


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_legal_where_the_table_says_and_nowhere_else(operation: str) -> None:
    """From every state: the move of the table, or its code and no change."""
    box = InMemory()
    task_id, move = box.create(), OPERATIONS[operation]
    for state in State:
        box.simulator.service.set_state(box.simulator.service.task(task_id), state)
        code = box.code("POST", f"/v3/tasks/{task_id}/action", {"operation": operation})
        assert code == ("" if state in move.begins else move.code)
        if code:
            assert box.state(task_id) == state


@pytest.mark.parametrize(("syncing", "then"), [(False, "MIGRATE_SUCCESS"), (True, "SYNCING")])
def test_a_started_task_runs_and_ends(*, syncing: bool, then: str) -> None:
    """RUNNING for its time, then done, or syncing until cutover; stop passes through ABORTING."""
    box = InMemory(migration_seconds=100.0)
    task_id = box.create(syncing=syncing)
    box.json("POST", f"/v3/tasks/{task_id}/action", {"operation": "start"})
    box.now += 99.9
    assert box.state(task_id) == "RUNNING"
    box.now += 0.1
    assert box.state(task_id) == then
    if syncing:
        box.json("POST", f"/v3/tasks/{task_id}/action", {"operation": "cutover"})
        assert box.state(task_id) == "MIGRATE_SUCCESS"


def test_a_stopped_task_may_be_restarted() -> None:
    """RUNNING, ABORTING, ABORT, RUNNING; its source follows."""
    box = InMemory()
    path = f"/v3/tasks/{box.create()}"
    seen = []
    for operation, seconds in (("start", 0), ("stop", 0), ("", 2), ("restart", 0)):
        if operation:
            box.json("POST", f"{path}/action", {"operation": operation})
        box.now += seconds
        seen.append((box.state(path.rpartition("/")[2]), box.json("GET", "/v3/sources/s-1")["state"]))
    assert seen == [("RUNNING", "replicate"), ("ABORTING", "stopping"), ("ABORT", "stopped"), ("RUNNING", "replicate")]


def test_auto_start_is_ready_first() -> None:
    """A task that starts by itself shows READY straight after its create, and RUNNING some seconds later."""
    box = InMemory()
    task_id = box.create(auto_start=True)
    assert box.state(task_id) == "READY"
    box.now += 5
    assert box.state(task_id) == "RUNNING"


def test_a_task_of_a_busy_source_is_not_deleted() -> None:
    """Refused while it runs, done when it is stopped; afterwards it does not exist."""
    box = InMemory()
    task_id = box.create()
    box.json("POST", f"/v3/tasks/{task_id}/action", {"operation": "start"})
    assert box.code("DELETE", f"/v3/tasks/{task_id}") == "SMS.2015"
    box.simulator.service.set_state(box.simulator.service.task(task_id), State.ABORT)
    assert box.code("DELETE", f"/v3/tasks/{task_id}") == ""
    assert box.code("GET", f"/v3/tasks/{task_id}") == "SMS.7703"


def test_a_slow_deletion_keeps_its_source_bound() -> None:
    """DELETING for a while, the guard still says 7605, then gone."""
    box = InMemory(delete_seconds=10.0)
    task_id = box.create("s-1")
    box.json("DELETE", f"/v3/tasks/{task_id}")
    assert box.state(task_id) == "DELETING"
    assert box.code("POST", "/v3/tasks", post_task("s-1", "v-2")) == "SMS.7605"
    box.now += 10
    assert (box.listed(), box.code("POST", "/v3/tasks", post_task("s-1", "v-2"))) == ([], "")


def test_a_batch_is_deleted_whole_or_not_at_all() -> None:
    """One unknown id spares all; without it all go."""
    box = InMemory()
    ids = [box.create(f"s-{number}", f"v-{number}") for number in range(3)]
    assert box.code("POST", "/v3/tasks/delete", {"ids": [*ids, "unknown"]}) == "SMS.7703"
    assert len(box.listed()) == 3
    assert box.json("POST", "/v3/tasks/delete", {"ids": [*ids, ids[0]]}) == {}
    assert box.listed() == []


CREATE = st.tuples(st.just("create"), st.integers(0, 3), st.integers(0, 3))
OTHER = st.tuples(st.sampled_from(["late", "delete", "start", "wait"]), st.integers(0, 3), st.integers(0, 3))


@given(st.lists(CREATE | OTHER, max_size=30))
def test_with_the_guard_no_source_and_no_target_ever_has_two_tasks(moves: list[tuple[str, int, int]]) -> None:
    """Whatever is created, created late, started, deleted or waited for, in any order."""
    box = InMemory(delete_seconds=3.0, late_seconds=2.0, lag=1.0)
    for what, source, target in moves:
        body = post_task(f"s-{source}", f"v-{target}")
        if what == "create":
            box.call("POST", "/v3/tasks", body)
        elif what == "late":
            box.simulator.perform_late(request_of(body))
        elif what == "wait":
            box.now += source
        else:
            for task in list(box.simulator.service.tasks_of(f"s-{source}")):
                path = f"/v3/tasks/{task.id}"
                box.call("DELETE", path) if what == "delete" else box.call("POST", f"{path}/action", {"operation": "start"})
        truth = tell_truth(box.simulator)
        targets = [task["target_vm_id"] for task in truth["tasks"]]
        assert truth["duplicates"] == []
        assert len(targets) == len(set(targets))
