"""A task is read whatever SMS leaves out or writes as null."""

from __future__ import annotations

import pytest

from flows.sms.models import TaskSummary, task_of


@pytest.mark.parametrize("row", [None, "t1", [], {}, {"id": None}, {"id": ""}, {"id": 7}])
def test_what_has_no_id_is_no_task(row: object) -> None:
    """It cannot be asked for, so it cannot be adopted either."""
    assert task_of(row) is None


@pytest.mark.parametrize("nothing", [None, "", [], {}, "text", 3, True])
def test_fields_of_another_type_are_not_said(nothing: object) -> None:
    """Nested objects too; numbers are no texts, and texts no numbers."""
    row = {
        "id": "t1",
        "source_server": nothing,
        "target_server": nothing,
        "state": [nothing],
        "create_date": "1",
        "migrate_speed": True,
    }
    assert task_of(row) == TaskSummary("t1")


def test_a_listed_task_is_read() -> None:
    """The fields that the engine goes by."""
    row = {
        "id": "t1",
        "name": "task-1",
        "state": "MIGRATE_SUCCESS",
        "type": "MIGRATE_FILE",
        "os_type": "LINUX",
        "source_server": {"id": "s1", "name": "web-01", "ip": "10.0.0.1"},
        "target_server": {"id": "x", "vm_id": "v1", "name": "web-01-hw"},
        "create_date": 1737720000000,
        "migrate_speed": 12.5,
        "remain_seconds": 60,
        "error_json": '{"error_code":"SMS.0805"}',
    }
    task = task_of(row)
    assert task == TaskSummary(
        "t1", "task-1", "MIGRATE_SUCCESS", "MIGRATE_FILE", "LINUX", "s1", "web-01", "10.0.0.1", "v1", "web-01-hw", "",
        1737720000000, 12.5, 60, '{"error_code":"SMS.0805"}',
    )  # fmt: skip
    assert not task.is_deleting
