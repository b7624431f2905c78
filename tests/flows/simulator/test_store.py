"""The state file: what a simulator knew, the next one on the same file knows."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from flows.simulator.store import SqliteStore
from flows.simulator.truth import tell_truth
from tests.flows.simulator.bodies import post_task
from tests.flows.simulator.inmemory import InMemory

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
