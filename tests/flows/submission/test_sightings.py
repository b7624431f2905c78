"""What is known of the tasks at SMS."""

from __future__ import annotations

from flows.sms.models import TaskSummary
from flows.submission.sightings import KnownTasks


def task(task_id: str, source: str = "src-1", target: str = "vm-1", state: str = "READY") -> TaskSummary:
    return TaskSummary(task_id, state=state, source_server_id=source, target_vm_id=target)


def test_tasks_are_found_by_id_source_and_target() -> None:
    """A source may have several; a task whose target is not made yet has none."""
    known = KnownTasks([task("t-1"), task("t-2", target="vm-2"), task("t-3", source="src-2", target="")])
    assert [found.id for found in known.of_source("src-1")] == ["t-1", "t-2"]
    assert [found.id for found in known.of_target("vm-2")] == ["t-2"]
    assert known.of_target("") == []
    assert known.get("t-3") == task("t-3", source="src-2", target="")
    assert known.get("t-9") is None


def test_the_latest_sight_of_a_task_counts() -> None:
    """Seen again in another state, it is still one task."""
    known = KnownTasks([task("t-1")])
    known.add(task("t-1", state="DELETING"))
    assert [found.state for found in known.of_source("src-1")] == ["DELETING"]
    assert len(known.all()) == 1


def test_an_intent_notes_what_was_there_around_it() -> None:
    """The ids of the tasks of its source and of its target, each once."""
    known = KnownTasks([task("t-1"), task("t-2", source="src-2", target="vm-1"), task("t-3", source="src-3", target="vm-3")])
    assert known.ids_around("src-1", "vm-1") == ("t-1", "t-2")
    assert known.ids_around("src-1", "") == ("t-1",)
