"""A night on the other side of the wire: bytes over a shared line, speeds, sub-tasks, rounds, cutover, as clients see them."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.fleet import Fleet, SourceServer
from flows.simulator.layouts import GIB
from inventory.forecast_run import Job, run_jobs
from tests.flows.simulator.bodies import disk
from tests.flows.simulator.inmemory import InMemory
from tests.flows.simulator.test_line import fluid_ends

MBIT = 1e6 / 8
GB = 1_000_000_000


def target(used: int, size: int = 0, vm_id: str = "v-1") -> dict[str, Any]:
    """A target server whose one disk uses so many bytes."""
    volume = {"name": "/dev/vda1", "size": size or used, "used_size": used, "mount_point": "/"}
    return {"vm_id": vm_id, "name": "t", "disks": [disk(size=size or used, used_size=used, physical_volumes=[volume])]}


def create(box: InMemory, number: int, used: int, **changes: Any) -> str:
    """A task of source and target `number` that copies so many bytes."""
    return box.create(f"s-{number}", f"v-{number}", target_server=target(used, vm_id=f"v-{number}"), **changes)


def act(box: InMemory, task_id: str, operation: str) -> None:
    """Tell a task something, which must be taken."""
    box.json("POST", f"/v3/tasks/{task_id}/action", {"operation": operation})


def page(box: InMemory, task_id: str) -> dict[str, Any]:
    """A task's own page."""
    return dict(box.json("GET", f"/v3/tasks/{task_id}"))


def ends(box: InMemory, task_ids: list[str]) -> dict[int, float]:
    """When each task has succeeded, on a clock that jumps from one thing to the next until nothing more happens."""
    while (then := box.simulator.service.next_change_at()) < inf:
        box.now = max(box.now, then)
        box.simulator.service.settle()
    tasks = [box.simulator.service.task(task_id) for task_id in task_ids]
    return {place: task.finished_at for place, task in enumerate(tasks) if task.state == "MIGRATE_SUCCESS" and task.finished_at}


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 400), st.sampled_from([0, 40, 100, 250])), min_size=1, max_size=6),
    st.sampled_from([100.0, 300.0, 1000.0]),
    st.sampled_from([0.5, 1.0]),
)
def test_tasks_end_when_a_fluid_would(loads: list[tuple[int, int, int]], bandwidth: float, efficiency: float) -> None:
    """Start times, gigabytes and limits at random: prepared, copied over the fair share, configured."""
    box = InMemory(bandwidth=bandwidth, efficiency=efficiency, preparation=90.0, configuration=30.0)
    began = box.now
    made = [create(box, place, size * GB, speed_limit=limit) for place, (_, size, limit) in enumerate(loads)]
    for start, place in sorted((start, place) for place, (start, _, _) in enumerate(loads)):
        box.now = began + start
        act(box, made[place], "start")
    fluid = fluid_ends(
        [(start + 90.0, size * GB / MBIT, float(limit) or inf) for start, size, limit in loads], bandwidth * efficiency
    )
    assert ends(box, made) == pytest.approx({place: began + end + 30.0 for place, end in fluid.items()}, abs=0.01)
    for place, task_id in enumerate(made):
        assert box.simulator.service.progress.copied(box.simulator.service.task(task_id), box.now) == loads[place][1] * GB


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from([0, 40, 100, 250])), min_size=1, max_size=6))
def test_a_night_without_trouble_is_the_forecast(loads: list[tuple[int, int]]) -> None:
    """The forecast's own reckoning of the same wave, to the second: two models, written apart."""
    box = InMemory(bandwidth=300.0, efficiency=0.8, preparation=120.0, configuration=60.0)
    made = [create(box, place, size * GB, speed_limit=limit) for place, (size, limit) in enumerate(loads)]
    began = box.now
    for task_id in made:
        act(box, task_id, "start")
    jobs = [Job(size * GB, float(limit) * MBIT or inf, prepare=120.0, cut_over=60.0) for size, limit in loads]
    spans = run_jobs(jobs, 300.0 * 0.8 * MBIT)
    assert ends(box, made) == pytest.approx({place: began + span.end for place, span in enumerate(spans)}, rel=0, abs=0.1)


def test_files_are_what_is_used_and_blocks_are_partitions() -> None:
    """By the create; without disks in it, by the source's own."""
    box = InMemory(Fleet([SourceServer("s-3", "web-03")]), bandwidth=100.0)
    service = box.simulator.service
    volume = {"name": "/dev/vda1", "size": 30 * GIB, "used_size": 5 * GIB}
    disks = [
        disk(size=40 * GIB, used_size=429_496, physical_volumes=[volume]),
        disk(size=8 * GIB, used_size=1, physical_volumes=[]),
    ]
    box.simulator.service.fleet.put(SourceServer("s-1", "a"))
    box.simulator.service.fleet.put(SourceServer("s-2", "b"))
    by_file = box.create("s-1", "v-1", target_server={"vm_id": "v-1", "name": "t", "disks": disks})
    by_block = box.create("s-2", "v-2", type="MIGRATE_BLOCK", target_server={"vm_id": "v-2", "name": "t", "disks": disks})
    bare = box.create("s-3", "v-3", target_server={"vm_id": "v-3", "name": "t", "disks": []})
    whole = [service.progress.work(service.task(each)).whole for each in (by_file, by_block, bare)]
    layout = service.fleet.find("s-3")
    assert layout is not None
    assert whole[:2] == [5 * GIB + 1, 38 * GIB]
    assert 0 < whole[2] <= sum(each["size"] for each in layout.layout.disks)


def test_a_listing_and_a_page_tell_speed_share_and_rest() -> None:
    """Half a minute after a start, in the middle of the copy, while it configures, and when all is done."""
    box = InMemory(bandwidth=80.0, preparation=60.0, configuration=50.0)
    task_id = create(box, 1, 10 * GB)  # 1,000 seconds at 80 Mbit/s
    began = box.now
    assert (page(box, task_id)["subtask_info"], page(box, task_id)["migrate_speed"]) == (None, 0)
    act(box, task_id, "start")
    seen = []
    for after in (30, 560, 1085, 1110):
        box.now = began + after
        shown = page(box, task_id)
        (entry,) = box.json("GET", "/v3/tasks")["tasks"]
        assert {name: shown[name] for name in entry if name not in {"sub_tasks", "target_server"}} == {
            name: value for name, value in entry.items() if name not in {"sub_tasks", "target_server"}
        }
        assert [each["progress"] for each in entry["sub_tasks"]] == [each["progress"] for each in shown["sub_tasks"]]
        seen.append((shown["state"], shown["subtask_info"], shown["migrate_speed"], shown["remain_seconds"]))
    assert seen == [
        ("RUNNING", "ATTACH_AGENT_IMAGE-50", 0.0, None),
        ("RUNNING", "MIGRATE_LINUX_FILE-50", 80.0, 550),
        ("RUNNING", "CONFIGURE_LINUX_FILE-50", 0.0, 25),
        ("MIGRATE_SUCCESS", "DETTACH_AGENT_IMAGE-100", 0, None),
    ]
    assert (shown["start_date"], shown["finish_date"]) == (int(began * 1000), int((began + 1110) * 1000))
    assert shown["total_time"] == 1_110_000
    assert {each["progress"] for each in shown["sub_tasks"]} == {100}


def test_two_share_the_line_and_one_that_stops_leaves_it() -> None:
    """Half each, then all for the other; the one that stopped goes on where it was."""
    box = InMemory(bandwidth=100.0)
    first, second = create(box, 1, 30 * GB), create(box, 2, 30 * GB)
    for task_id in (first, second):
        act(box, task_id, "start")
    box.now += 600
    assert [page(box, each)["migrate_speed"] for each in (first, second)] == [50.0, 50.0]
    act(box, first, "stop")
    assert page(box, second)["migrate_speed"] == 100.0
    box.now += 600
    act(box, first, "restart")
    shown = page(box, first)
    assert (shown["state"], shown["subtask_info"], shown["migrate_speed"]) == ("RUNNING", "MIGRATE_LINUX_FILE-12", 50.0)


def test_a_line_may_change_and_sources_may_have_another() -> None:
    """Slower, down, and up again; a named one is for its own sources, as each wave of a plan has its bandwidth."""
    box = InMemory(bandwidth=100.0)
    service = box.simulator.service
    service.fleet.put(SourceServer("s-2", "web-02", line="wave-2"))
    service.set_bandwidth(300.0, "wave-2")
    first, second = create(box, 1, 30 * GB), create(box, 2, 30 * GB)
    for task_id in (first, second):
        act(box, task_id, "start")
    seen = []
    for mbps in (100.0, 40.0, 0.0, 80.0):
        service.set_bandwidth(mbps)
        seen.append([page(box, each)["migrate_speed"] for each in (first, second)])
        box.now += 60
    assert seen == [[100.0, 300.0], [40.0, 300.0], [0.0, 300.0], [80.0, 300.0]]
    assert service.progress.copied(service.task(first), service.settle()) == pytest.approx(60 * (100 + 40 + 80) * MBIT)
    with pytest.raises(ValueError, match="start the simulator with a bandwidth"):
        InMemory().simulator.service.set_bandwidth(5.0)


def test_speed_rules_hold_at_their_time_of_day() -> None:
    """A rule takes the place of the task's own limit from its beginning to its end, UTC; a new rule counts at once."""
    box = InMemory(now=1_750_032_000.0 - 1_750_032_000.0 % 86400 + 7 * 3600, bandwidth=1000.0)  # 07:00
    task_id = create(box, 1, 5000 * GB, speed_limit=400)
    act(box, task_id, "start")
    rules = [{"start": "08:00", "end": "18:00", "speed": 100}, {"start": "22:00", "end": "02:00", "speed": 0}]
    box.json("POST", f"/v3/tasks/{task_id}/speed-limit", {"speed_limit": rules})
    seen = []
    for hours in (0, 0.99, 0.01, 9.99, 0.01, 4, 3, 1):
        box.now += hours * 3600
        seen.append(page(box, task_id)["migrate_speed"])
    assert seen == [400.0, 400.0, 100.0, 100.0, 400.0, 1000.0, 1000.0, 400.0]
    box.json("POST", f"/v3/tasks/{task_id}/speed-limit", {"speed_limit": [{"start": "00:00", "end": "24:00", "speed": 7}]})
    assert page(box, task_id)["migrate_speed"] == 7.0


def test_a_syncing_task_copies_its_changes_until_its_cutover() -> None:
    """SYNCING for ever, in rounds; a cutover copies what is left, configures, and is a success; a start then syncs once more."""
    box = InMemory(bandwidth=80.0, configuration=100.0, change_per_day=0.1, sync_seconds=600.0)
    task_id = create(box, 1, 10 * GB, syncing=True)
    work = box.simulator.service.progress.work(box.simulator.service.task(task_id))
    act(box, task_id, "start")
    box.now += 1000
    assert (box.state(task_id), work.copied) == ("SYNCING", 10 * GB)
    box.now += 86_000
    assert box.state(task_id) == "SYNCING"
    assert 140 <= work.rounds <= 145
    assert work.copied == pytest.approx(11 * GB, rel=0.01)
    act(box, task_id, "cutover")
    asked = box.now
    assert box.code("POST", f"/v3/tasks/{task_id}/action", {"operation": "cutover"}) == "SMS.1039"
    assert box.json("GET", "/v3/sources/s-1")["state"] == "cutovering"
    (end,) = ends(box, [task_id]).values()
    assert 100 < end - asked < 110
    began = box.simulator.service.task(task_id).started_at or 0.0
    assert work.copied == pytest.approx(10 * GB + 10 * GB * 0.1 * (asked - began) / 86400)
    box.now += 8640
    act(box, task_id, "start")
    assert (box.state(task_id), page(box, task_id)["subtask_info"]) == ("SYNCING", "SYNC_LINUX_FILE-0")
    box.now += 300
    assert box.state(task_id) == "SYNC_SUCCESS"


def test_quirks_are_shown_of_running_tasks_only() -> None:
    """Speed 0, no progress, more than 100: at their share of the time, and the state stays true."""
    box = InMemory(bandwidth=80.0, quirks=0.5)
    task_id = create(box, 1, 1000 * GB)
    act(box, task_id, "start")
    speeds, shares = [], []
    for _ in range(200):
        box.now += 30
        (entry,) = box.json("GET", "/v3/tasks")["tasks"]
        speeds.append(entry["migrate_speed"])
        shares.append(next(each["progress"] for each in entry["sub_tasks"] if each["name"].startswith("MIGRATE")))
    odd = [speed == 0 or share is None or share > 100 for speed, share in zip(speeds, shares, strict=True)]
    assert 60 < sum(odd) < 140
    assert (0 in speeds, None in shares, max(share or 0 for share in shares) > 100) == (True, True, True)


LEGAL = {
    "READY": {"RUNNING"},
    "RUNNING": {"SYNCING", "MIGRATE_SUCCESS", "MIGRATE_FAIL", "ABORTING"},
    "SYNCING": {"MIGRATE_SUCCESS", "SYNC_SUCCESS", "SYNC_FAIL", "ABORTING"},
    "MIGRATE_SUCCESS": {"SYNCING"},
    "SYNC_SUCCESS": {"SYNCING"},
    "MIGRATE_FAIL": {"RUNNING", "SKIPPING"},
    "SYNC_FAIL": {"RUNNING", "SKIPPING"},
    "ABORTING": {"ABORT"},
    "ABORT": {"RUNNING", "SKIPPING"},
    "SKIPPING": {"READY"},
}
"""What may follow a state (facts 7.2), whatever is done and whatever goes wrong."""

MOVES = st.sampled_from(["start", "stop", "restart", "cutover", "skip", "wait", "delete", "offline", "online", "slower"])


@given(st.integers(0, 9), st.sampled_from(["", "90%"]), st.lists(st.tuples(MOVES, st.integers(0, 3)), max_size=30))
def test_no_move_of_anybody_loses_or_doubles_a_byte(seed: int, fail: str, moves: list[tuple[str, int]]) -> None:
    """Whatever is done to three tasks: the line is never overfull, a success has all its bytes, each change of state is legal."""
    box = InMemory(
        seed=seed, fail=fail, bandwidth=100.0, preparation=30.0, configuration=20.0, change_per_day=0.2, sync_seconds=120.0
    )
    made = [create(box, number, (number + 1) * GB, syncing=number == 2) for number in range(3)]
    service, began = box.simulator.service, box.now
    tasks = [service.task(each) for each in made]
    for move, number in moves:
        make_move(box, made, move, number)
        now = service.settle()
        assert sum(service.progress.speed(task) for task in tasks) <= 100 * MBIT * (1 + 1e-9)
        assert sum(service.progress.copied(task, now) for task in tasks) <= (now - began) * 100 * MBIT + 1
        for place, task in enumerate(tasks, start=1):
            assert service.progress.copied(task, now) >= 0
            assert task.state != "MIGRATE_SUCCESS" or service.progress.copied(task, now) >= place * GB
            assert not service.progress.speed(task) or task.state in {"RUNNING", "SYNCING"}
            assert (task.error is None) or task.state not in {"READY", "RUNNING", "SYNCING", "MIGRATE_SUCCESS"}
    assert service.next_change_at() > service.settle()
    for history in service.history()["tasks"]:
        states = [each["state"] for each in history["states"]]
        assert all(then in LEGAL[state] for state, then in pairwise(states))


def make_move(box: InMemory, made: list[str], move: str, number: int) -> None:
    """Do one thing to a task or to its source, taken or refused; or let some time pass."""
    service = box.simulator.service
    if move == "wait" or number == len(made):
        box.now += 60 * (number + 1)
    elif move == "offline":
        service.take_offline(f"s-{number}", service.settle(), 200)
    elif move == "online":
        service.bring_online(f"s-{number}", service.settle())
    elif move == "slower":
        rules = [{"start": "00:00", "end": "24:00", "speed": 30}]
        box.call("POST", f"/v3/tasks/{made[number]}/speed-limit", {"speed_limit": rules})
    elif move == "delete":
        box.call("DELETE", f"/v3/tasks/{made[number]}")
    else:
        box.call("POST", f"/v3/tasks/{made[number]}/action", {"operation": move})
