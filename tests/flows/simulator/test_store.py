"""The state file: what a simulator knew, the next one on the same file knows."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from flows.simulator.store import SqliteStore
from flows.simulator.truth import tell_truth
from tests.flows.simulator.bodies import as_bytes, post_task
from tests.flows.simulator.inmemory import InMemory
from tests.flows.simulator.test_night import GB, target

if TYPE_CHECKING:
    from pathlib import Path


def test_a_restarted_simulator_knows_its_tasks(tmp_path: Path) -> None:
    """Order, states, names, rules and the guard survive; what was deleted does not."""
    first = InMemory(state=tmp_path / "state.db")
    ids = [first.create(f"s-{number}", f"v-{number}") for number in range(3)]
    first.json("PUT", f"/v3/tasks/{ids[0]}", {"name": "renamed"})
    first.json("POST", f"/v3/tasks/{ids[0]}/speed-limit", {"speed_limit": [{"start": "00:00", "end": "24:00", "speed": 5}]})
    first.json("DELETE", f"/v3/tasks/{ids[1]}")
    first.simulator.store.close()
    second = InMemory(state=tmp_path / "state.db")
    assert second.listed() == [ids[2], ids[0]]
    assert second.json("GET", f"/v3/tasks/{ids[0]}")["name"] == "renamed"
    assert second.json("GET", f"/v3/tasks/{ids[0]}/speed-limit")["speed_limit"][0]["speed"] == 5
    assert second.code("POST", "/v3/tasks", post_task("s-0", "v-9")) == "SMS.7605"
    second.simulator.store.close()


def test_a_running_task_runs_on_after_a_restart(tmp_path: Path) -> None:
    """It ends at the moment it would have ended."""
    first = InMemory(state=tmp_path / "state.db", migration_seconds=100.0)
    task_id = first.create()
    first.json("POST", f"/v3/tasks/{task_id}/action", {"operation": "start"})
    first.simulator.store.close()
    second = InMemory(state=tmp_path / "state.db", migration_seconds=100.0)
    second.now += 100
    assert second.state(task_id) == "MIGRATE_SUCCESS"
    second.simulator.store.close()


def test_ids_are_never_given_again(tmp_path: Path) -> None:
    """A second life with the same seed, a moment later, makes other ids."""
    ids = []
    for life in range(2):
        box = InMemory(state=tmp_path / "state.db", seed=1, now=1_750_000_000.0 + life)
        ids.append(box.create(f"s-{life}", f"v-{life}"))
        box.simulator.store.close()
    assert ids[0] != ids[1]


def test_a_reset_forgets_the_file_too(tmp_path: Path) -> None:
    """No tasks now, none after a restart."""
    box = InMemory(state=tmp_path / "state.db")
    box.create()
    box.simulator.reset()
    assert (tell_truth(box.simulator)["tasks"], box.simulator.store.load()) == ([], [])
    box.simulator.store.close()


def test_another_file_is_not_taken(tmp_path: Path) -> None:
    """A text file is no state."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at" * 20)
    with pytest.raises(sqlite3.DatabaseError):
        SqliteStore(path)


def test_a_copy_goes_on_after_a_restart(tmp_path: Path) -> None:
    """On the shared line, with the bytes that it had left, its history and its troubles to come."""
    options: dict[str, Any] = {"bandwidth": 80.0, "state": tmp_path / "state.db", "fail": "SMS.6564=1", "configuration": 100.0}
    first = InMemory(**options)
    made = [first.create(f"s-{place}", f"v-{place}", target_server=target(10 * GB, vm_id=f"v-{place}")) for place in (1, 2)]
    for task_id in made:
        first.json("POST", f"/v3/tasks/{task_id}/action", {"operation": "start"})
    first.now += 600
    first.listed()
    first.simulator.store.close()
    second = InMemory(now=first.now + 400, **options)
    shown = second.json("GET", f"/v3/tasks/{made[0]}")
    assert (shown["subtask_info"], shown["migrate_speed"]) == ("MIGRATE_LINUX_FILE-50", 40.0)
    second.now += 1000
    assert second.json("GET", f"/v3/tasks/{made[0]}")["subtask_info"] == "CONFIGURE_LINUX_FILE-0"
    second.now += 100
    assert second.json("GET", f"/v3/tasks/{made[1]}")["state"] == "MIGRATE_FAIL"
    second.simulator.store.close()
    third = InMemory(now=second.now, **options)
    (told, _) = third.simulator.service.history()["tasks"]
    assert [each["state"] for each in told["states"]] == ["READY", "RUNNING", "MIGRATE_FAIL"]
    assert (told["bytes_copied"], told["error"]["error_code"]) == (10 * GB, "SMS.6564")
    third.simulator.store.close()


def test_a_file_of_an_older_simulator_is_taken_up(tmp_path: Path) -> None:
    """Columns that it lacks are added; its tasks are as they were."""
    with sqlite3.connect(tmp_path / "state.db") as old:
        old.execute(
            "CREATE TABLE tasks (position INTEGER PRIMARY KEY AUTOINCREMENT, id, name, source_server_id, target_vm_id, target_name,"
            " vm_template_id, created_at, visible_at, body, made_by, state, started_at, changes_at, finished_at, progress,"
            " speed_limits, changes, UNIQUE (id))"
        )
        old.execute(
            "INSERT INTO tasks VALUES (1, 't-1', 'web-01', 's-1', 'v-1', 't', '', 1.0, 1.0, ?, 'create', 'RUNNING', 1.0,"
            " 1750000050.0, NULL, 40, '[]', '{}')",
            (as_bytes(post_task()),),
        )
    old.close()
    box = InMemory(state=tmp_path / "state.db")
    assert (box.listed(), box.state("t-1")) == (["t-1"], "RUNNING")
    box.simulator.store.close()
