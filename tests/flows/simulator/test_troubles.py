"""What goes wrong in a night, by itself or by hand: agents that fail, sources that go offline, answers that are lost."""

from __future__ import annotations

import json
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.agent_faults import MIX, TROUBLES, AgentFaults, parse_fail
from flows.simulator.faults import FaultError, parse_faults
from flows.simulator.fleet import SourceServer
from flows.simulator.request import Request
from tests.flows.simulator.bodies import as_bytes
from tests.flows.simulator.inmemory import InMemory
from tests.flows.simulator.test_night import GB, act, create, ends, page

CURED = [kind for kind, trouble in TROUBLES.items() if kind.startswith("SMS.") and not trouble.is_lasting and kind != "SMS.0806"]
LASTING = [kind for kind, trouble in TROUBLES.items() if trouble.is_lasting]


def told(box: InMemory, task_id: str) -> dict[str, Any]:
    """The history of a task, there or gone."""
    return next(task for task in box.simulator.service.history()["tasks"] if task["id"] == task_id)


def drain(box: InMemory) -> None:
    """Let everything happen that happens by itself."""
    ends(box, [])


def test_a_specification_of_failures_is_shares_by_kind() -> None:
    """A percentage is the mix; kinds add up; what there is not, or too much, is told."""
    assert sum(parse_fail("5%").values()) == pytest.approx(0.05)
    assert parse_fail("5%").keys() == MIX.keys()
    assert parse_fail("SMS.0805=0.02, away=0.1,SMS.0805=0.01") == {"SMS.0805": pytest.approx(0.03), "away": 0.1}
    for text, words in (("SMS.1=0.1", "is nothing"), ("away", "has no share"), ("away=2", "is not a share"), ("away=x", "no")):
        with pytest.raises(FaultError, match=words):
            parse_fail(text)
    with pytest.raises(FaultError, match="110%"):
        parse_fail("away=0.6,offline=0.5")


def test_failures_come_as_often_as_they_should_and_restarts_cure_most() -> None:
    """5 % of 5,000, give or take; of those that a restart can cure, four in five at the first and more at the second."""
    plan = AgentFaults(3, {"SMS.0805": 0.5, "SMS.6564": 0.1})
    runs = [[plan.draw(f"s-{number}", run) for run in (1, 2, 3)] for number in range(4000)]
    kinds = [[strike.kind if strike else "" for strike in each] for each in runs]
    assert 0.57 < sum(bool(first) for first, _, _ in kinds) / 4000 < 0.63
    assert all(each == ["SMS.6564"] * 3 for each in kinds if each[0] == "SMS.6564")
    again = [second for first, second, _ in kinds if first == "SMS.0805"]
    assert 0.06 < sum(map(bool, again)) / len(again) < 0.14


@pytest.mark.parametrize("kind", CURED)
def test_what_a_restart_cures_is_cured_and_nothing_is_copied_twice(kind: str) -> None:
    """It fails in its sub-task, says so in its error and on the errors' page, and goes on where it was."""
    box = InMemory(bandwidth=80.0, preparation=60.0, configuration=30.0, fail=f"{kind}=1")
    task_id = create(box, 1, 10 * GB)
    act(box, task_id, "start")
    drain(box)
    shown = page(box, task_id)
    error = json.loads(shown["error_json"])
    assert (shown["state"], error["error_code"], error["error_param"]) == ("MIGRATE_FAIL", kind, [])
    assert shown["subtask_info"].startswith(TROUBLES[kind].stage)
    (listed,) = box.json("GET", "/v3/errors?offset=0")["migration_errors"]
    assert json.loads(listed["error_json"]) == error
    for _ in range(8):
        if box.state(task_id) == "MIGRATE_FAIL":
            act(box, task_id, "restart")
            assert page(box, task_id)["error_json"] is None
            drain(box)
    assert (box.state(task_id), told(box, task_id)["bytes_copied"]) == ("MIGRATE_SUCCESS", 10 * GB)


@pytest.mark.parametrize("kind", LASTING)
def test_what_no_restart_cures_fails_each_time(kind: str) -> None:
    """In the same sub-task."""
    box = InMemory(bandwidth=80.0, preparation=60.0, configuration=30.0, fail=f"{kind}=1")
    task_id = create(box, 1, GB)
    for operation in ("start", "restart", "restart"):
        act(box, task_id, operation)
        drain(box)
        assert box.state(task_id) == "MIGRATE_FAIL"
        assert page(box, task_id)["subtask_info"].startswith(TROUBLES[kind].stage)


def test_a_sync_fails_as_a_sync() -> None:
    """SYNC_FAIL, and a restart is SYNCING again."""
    box = InMemory(bandwidth=80.0, fail="SMS.0806=1", change_per_day=1.0)
    task_id = create(box, 1, 10 * GB, syncing=True)
    act(box, task_id, "start")
    box.now += 1200
    assert box.state(task_id) == "SYNC_FAIL"
    while box.state(task_id) == "SYNC_FAIL":
        act(box, task_id, "restart")
        box.now += 3600
    assert box.state(task_id) == "SYNCING"


def test_a_source_that_is_away_refuses_its_first_start_and_comes_back() -> None:
    """6603 while it is offline; its task starts when it is back."""
    box = InMemory(bandwidth=80.0, fail="away=1")
    task_id = create(box, 1, GB)
    assert box.code("POST", f"/v3/tasks/{task_id}/action", {"operation": "start"}) == "SMS.6603"
    assert page(box, task_id)["connected"] is False
    box.now = box.simulator.service.next_change_at()
    act(box, task_id, "start")
    assert (box.state(task_id), page(box, task_id)["connected"]) == ("RUNNING", True)
    (outage,) = box.simulator.service.history()["outages"]
    assert 60 <= outage["to"] - outage["from"] <= 1200


@pytest.mark.parametrize("options", [{"bandwidth": 80.0}, {"migration_seconds": 1000.0}])
def test_a_running_task_stalls_while_its_source_is_offline(options: dict[str, Any]) -> None:
    """Speed 0, no bytes, and it goes on; after too long a while it fails with SMS.0201 and a restart goes on."""
    box = InMemory(**options)
    task_id = create(box, 1, 10 * GB)  # 1,000 seconds
    act(box, task_id, "start")
    box.now += 400
    service = box.simulator.service
    service.take_offline("s-1", service.settle(), 300)
    box.now += 200
    assert (page(box, task_id)["migrate_speed"], told(box, task_id)["bytes_copied"]) == (0, 4 * GB)
    box.now += 699
    assert box.state(task_id) == "RUNNING"
    service.take_offline("s-1", service.settle())
    box.now += 900
    assert (box.state(task_id), told(box, task_id)["error"]["error_code"]) == ("MIGRATE_FAIL", "SMS.0201")
    service.bring_online("s-1", box.now)
    act(box, task_id, "restart")
    box.now += 2
    assert (box.state(task_id), told(box, task_id)["bytes_copied"]) == ("MIGRATE_SUCCESS", 10 * GB)


def test_a_limit_that_is_not_applied_pauses_the_task() -> None:
    """Without `tc` a task with a threshold is faster than its limit, and SMS.9007 ends that."""
    box = InMemory(bandwidth=100.0)
    box.simulator.service.fleet.put(SourceServer("s-1", "web-01", has_tc=False))
    task_id = create(box, 1, 100 * GB, speed_limit=10, over_speed_threshold=10.0)
    act(box, task_id, "start")
    assert page(box, task_id)["migrate_speed"] == 100.0
    box.now += 60
    assert (box.state(task_id), told(box, task_id)["error"]["error_code"]) == ("MIGRATE_FAIL", "SMS.9007")


def test_an_endpoint_may_refuse_a_word_and_too_many_tasks() -> None:
    """9001 that names the operations there are; a start past `max_running` is refused until one is done."""
    box = InMemory(migration_seconds=100.0, refused_operations=frozenset({"cutover"}), max_running=1)
    first, second = create(box, 1, GB, syncing=True), create(box, 2, GB)
    act(box, first, "start")
    assert box.code("POST", f"/v3/tasks/{second}/action", {"operation": "start"}) == "SMS.6526"
    box.now += 100
    assert box.code("POST", f"/v3/tasks/{first}/action", {"operation": "cutover"}) == "SMS.9001"
    act(box, second, "start")
    assert [box.state(each) for each in (first, second)] == ["SYNCING", "RUNNING"]


def test_a_consistency_check_is_made_where_it_was_asked_for() -> None:
    """By the create or an action; after the copy and after the cutover; differences at their share."""
    box = InMemory(migration_seconds=100.0, inconsistent=1.0)
    asked, silent = create(box, 1, GB, is_need_consistency_check=True, syncing=True), create(box, 2, GB)
    for task_id in (asked, silent):
        act(box, task_id, "start")
    box.now += 100
    act(box, asked, "cutover")
    results = box.json("GET", f"/v3/tasks/{asked}/consistency-result")
    assert [(each["finished_time"], each["check_result"]) for each in results["result_list"]] == [
        (int(box.now * 1000), "SUCCESS")
    ] * 2
    (line,) = results["result_list"][0]["consistency_result"]
    assert (line["dir_check"], line["num_different_files"] > 0) == ("/", True)
    assert box.json("GET", f"/v3/tasks/{silent}/consistency-result") == {"task_id": silent, "result_list": []}
    box.json("POST", f"/v3/tasks/{silent}/action", {"operation": "start", "is_need_consistency_check": True})
    box.now += 100
    assert len(box.json("GET", f"/v3/tasks/{silent}/consistency-result")["result_list"]) == 1


CALLS = {
    "action": ("POST", "action", {"operation": "start"}),
    "speed": ("POST", "speed-limit", {"speed_limit": [{"start": "00:00", "end": "24:00", "speed": 5}]}),
    "delete": ("DELETE", "", None),
}


@pytest.mark.parametrize("group", CALLS)
@pytest.mark.parametrize(("fault", "performed"), [("drop-after", True), ("504-before", False), ("reset-before", False)])
def test_faults_strike_what_is_done_to_tasks(group: str, fault: str, *, performed: bool) -> None:
    """Performed and not heard, or not performed: the history of the task tells which, there or gone."""
    box = InMemory()
    task_id = create(box, 1, GB)
    box.simulator.faults.spec = parse_faults(f"{group}-{fault}=1")
    method, path, body = CALLS[group]
    request = Request(method, f"/v3/tasks/{task_id}/{path}".rstrip("/"), body=b"" if body is None else as_bytes(body))
    reply = box.simulator.receive(request, "r-1")
    assert (reply.true is not None, reply.told is None) == (performed, fault.startswith(("drop", "reset")))
    history = told(box, task_id)
    (note,) = history["operations"]
    word = "start" if group == "action" else group
    assert (note["operation"], note["performed"], note["answer"]) == (word, performed, fault)
    effects = {"action": history["state"] == "RUNNING", "speed": bool(history["speed_limits"]), "delete": bool(history["gone_at"])}
    assert effects[group] is performed
    assert box.simulator.faults.injected == {f"{group}-{fault}": 1}


def test_a_late_operation_is_performed_at_its_moment() -> None:
    """504 now; the task starts when it is due, although nobody looked then."""
    box = InMemory(late_seconds=30.0, migration_seconds=100.0)
    task_id = create(box, 1, GB)
    box.simulator.faults.spec = parse_faults("action-late=1")
    request = Request("POST", f"/v3/tasks/{task_id}/action", body=as_bytes({"operation": "start"}))
    reply = box.simulator.receive(request, "r-1")
    assert (reply.true, reply.told and reply.told.status, box.state(task_id)) == (None, 504, "READY")
    began = box.now
    box.now += 1000
    (note,) = told(box, task_id)["operations"]
    assert (note["operation"], note["at"] - began, note["performed"], note["answer"]) == ("start", 30, True, "late")
    assert [(each["state"], each["at"] - began) for each in told(box, task_id)["states"]] == [
        ("READY", 0),
        ("RUNNING", 30),
        ("MIGRATE_SUCCESS", 130),
    ]


@given(st.integers(0, 50))
def test_a_night_is_the_same_for_one_seed(seed: int) -> None:
    """However often and whenever somebody looks: states, times and bytes of every task."""

    def night(look_every: float) -> tuple[list[str], list[float]]:
        box = InMemory(seed=seed, bandwidth=200.0, preparation=60.0, configuration=60.0, fail="60%", change_per_day=0.5)
        made = [create(box, number, (number + 1) * GB, syncing=number % 2 == 0) for number in range(4)]
        for task_id in made:
            box.code("POST", f"/v3/tasks/{task_id}/action", {"operation": "start"})
        until = box.now + 7200
        while box.now < until:
            box.now += look_every
            box.json("GET", "/v3/tasks")
        tasks = box.simulator.service.history()["tasks"]
        states = [one for each in tasks for one in each["states"]]
        return [one["state"] for one in states], [*(one["at"] for one in states), *(each["bytes_copied"] for each in tasks)]

    (states, figures), (same_states, same_figures) = night(30.0), night(7200.0)
    assert states == same_states
    assert figures == pytest.approx(same_figures, rel=0, abs=1.0)


def test_a_history_outlives_its_task() -> None:
    """Deleted by a client or by hand: when, and how far it was."""
    box = InMemory(bandwidth=80.0)
    first, second = create(box, 1, GB), create(box, 2, GB)
    act(box, second, "start")
    box.now += 50
    box.json("DELETE", f"/v3/tasks/{first}")
    box.simulator.service.remove(box.simulator.service.task(second))
    assert [(told(box, each)["gone_why"], told(box, each)["bytes_copied"]) for each in (first, second)] == [
        ("deleted", 0),
        ("by hand", GB // 2),
    ]
    assert (told(box, first)["gone_at"], box.simulator.service.next_change_at()) == (box.now, inf)
