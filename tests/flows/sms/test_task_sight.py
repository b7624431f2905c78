from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flows.sms.task_sight import sight_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "name",
    "state",
    "source_server",
    "target_server",
    "sub_tasks",
    "subtask_info",
    "error_json",
    "connected",
    "syncing",
    "speed_limit",
    "migrate_speed",
    "remain_seconds",
    "create_date",
    "start_date",
    "finish_date",
]


def step(name: str, progress: float | None, begun: int | None = None, ended: int | None = None) -> dict[str, Any]:
    return {"name": name, "progress": progress, "start_date": begun, "end_date": ended}


def test_a_running_task_shows_how_far_it_is() -> None:
    """The copy counts nine tenths; the first sub-task that is not done is what it does now; times come in milliseconds."""
    steps = [
        step("SSL_CONFIG", 100, 1_000_000, 1_060_000),
        step("MIGRATE_LINUX_FILE", 50, 1_060_000),
        step("CONFIGURE_LINUX_FILE", 0),
    ]
    row = {"id": "t-1", "state": "RUNNING", "sub_tasks": steps, "migrate_speed": 12.5, "source_server": {"id": "s-1", "state": "x"}}
    sight = sight_of(row)
    assert sight is not None
    assert (sight.progress, sight.sub_task, sight.copy_progress, sight.speed_mbps) == (50.0, "MIGRATE_LINUX_FILE", 50.0, 12.5)
    assert (sight.started_at, sight.copying_at, sight.copied_at, sight.finished_at) == (1000.0, 1060.0, None, None)


def test_state_alone_decides() -> None:
    """Progress of null or 160 while it runs means nothing; a task that succeeded is at 100 whatever its sub-tasks say."""
    running = sight_of({"id": "t", "state": "RUNNING", "sub_tasks": [step("MIGRATE_LINUX_FILE", 160), step("SSL_CONFIG", None)]})
    done = sight_of({"id": "t", "state": "MIGRATE_SUCCESS", "sub_tasks": [step("MIGRATE_LINUX_FILE", 7)], "finish_date": 2_000_000})
    assert running is not None
    assert done is not None
    assert (running.progress, running.copy_progress) == (90.0, 100.0)
    assert (done.progress, done.sub_task, done.finished_at) == (100.0, "", 2000.0)


def test_the_error_of_a_task_is_read_whatever_its_shape() -> None:
    """JSON in a text, with whatever keys; a list of parameters; or no JSON at all."""
    shapes = {
        json.dumps({"error_code": "SMS.0805", "error_param": ["/dev/vda1", "rsync"]}): ("SMS.0805", "/dev/vda1, rsync"),
        json.dumps({"errorCode": "SMS.1105", "errorMsg": "no\x1b[31m disk"}): ("SMS.1105", "no[31m disk"),
        "disk on fire": ("", "disk on fire"),
        "": ("", ""),
    }
    for told, expected in shapes.items():
        sight = sight_of({"id": "t", "state": "MIGRATE_FAIL", "error_json": told})
        assert sight is not None
        assert (sight.error_code, sight.error_message) == expected


def test_a_source_without_its_agent_is_offline() -> None:
    """By `connected` where it is told, else by the source's own state."""
    lost: list[dict[str, object]] = [
        {"connected": False},
        {"source_server": {"connected": False}},
        {"source_server": {"state": "unavailable"}},
    ]
    assert [sight_of({"id": "t", **row}).is_offline for row in lost] == [True] * 3  # type: ignore[union-attr]
    assert not sight_of({"id": "t", "connected": True}).is_offline  # type: ignore[union-attr]


def test_what_has_no_sub_tasks_may_still_say_how_far_it_is() -> None:
    """`subtask_info` is a name and a share, as seen in the field; anything else there is a name."""
    assert sight_of({"id": "t", "subtask_info": "MIGRATE_LINUX_FILE-37"}).progress == 37.0  # type: ignore[union-attr]
    assert sight_of({"id": "t", "subtask_info": "odd-²"}).sub_task == "odd-²"  # type: ignore[union-attr]
    assert sight_of({"id": "t", "subtask_info": "MIGRATE_LINUX_FILE-160"}).progress == 100.0  # type: ignore[union-attr]


def test_a_foreign_word_is_shown_without_what_is_invisible_in_it() -> None:
    """A state or a sub-task that would clear the screen, or turn the text around, does not."""
    sight = sight_of({"id": "t", "state": "RUN\x1b[2J\u202eNING", "sub_tasks": [step("COPY\x9b" + "Y" * 900, 1)]})
    assert sight is not None
    assert sight.state == "RUN[2JNING"
    assert len(sight.sub_task) == 64


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), JSON)
def test_no_answer_can_break_the_reading(row: dict[str, Any], other: object) -> None:
    """Any value in any field: a sight with a progress from 0 to 100, or none."""
    sight = sight_of({"id": "t", **row})
    assert sight is not None
    assert sight.progress is None or 0 <= sight.progress <= 100
    assert sight_of(other) is None or isinstance(other, dict)
