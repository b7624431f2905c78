"""The sheet against the task that is there: each difference is told by its cell, and none of them makes a second task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from flows.sms.models import task_of
from flows.submission.drift import Difference, differences, edited_since
from flows.submission.records import RowRecord, Target
from flows.submission.shipment import Shipment
from inventory.plan import read_plan
from tests.flows.submission.night import flat
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from flows.sms.models import TaskSummary
    from flows.wave_job import WaveEnd
    from tests.flows.submission.night import Night

SOURCE, VM = server(1)["source_server_id"], server(1)["target_vm_id"]


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return read_plan(make_plan(tmp_path_factory.mktemp("drift") / "plan.xlsx")).servers[0]


def shipment(row: Any, digest: str = "today", *, is_of_sheet_alone: bool = True, **body: Any) -> Shipment:
    sent = {"name": "web-01", "type": "MIGRATE_FILE", "os_type": "LINUX", "target_server": {"name": "hw", "vm_id": "vm-1"}, **body}
    return Shipment(row, "src-1", json.dumps(sent).encode(), digest, sent["name"], Target("vm-1", "hw"), is_of_sheet_alone)


def task(**fields: Any) -> TaskSummary:
    """A task as SMS would tell it that was made from the shipment, but for `fields`."""
    told = {
        "id": "t-1",
        "name": "web-01",
        "type": "MIGRATE_FILE",
        "os_type": "LINUX",
        "target_server": {"vm_id": "vm-1", "name": "hw"},
    }
    made = task_of({**told, **fields})
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("sheet", "there", "columns"),
    [
        ({"name": "web-01"}, {"name": "renamed"}, ["name"]),
        ({"type": "MIGRATE_BLOCK"}, {}, ["type"]),
        ({"os_type": "LINUX"}, {"os_type": "linux"}, []),
        ({"target_server": {"name": "other", "vm_id": "vm-1"}}, {}, ["target_name"]),
        ({"speed_limit": 100}, {"speed_limit": 50}, ["speed_limit"]),
        ({"speed_limit": 100}, {"speed_limit": 100.0}, []),
        ({"start_target_server": False}, {"start_target_server": True}, ["start_target_server"]),
        ({"auto_start": True, "syncing": True}, {"auto_start": False, "syncing": False}, ["syncing", "auto_start"]),
        ({"is_need_consistency_check": True}, {"is_need_consistency_check": False}, ["is_need_consistency_check"]),
        ({"region_id": "r-1", "project_id": "p-1"}, {"region_id": "r-2", "project_id": "p-2"}, ["region_id", "project_id"]),
        ({"vm_template_id": "tpl-1"}, {"vm_template_id": "tpl-2"}, ["vm_template_id"]),
        ({"migration_ip": "10.0.0.1"}, {"migration_ip": "10.0.0.2"}, ["migration_ip"]),
    ],
)
def test_what_both_tell_and_tell_otherwise_differs(
    row: Any, sheet: dict[str, Any], there: dict[str, Any], columns: list[str]
) -> None:
    """One difference for each setting, by the sheet's name for it."""
    assert [found.column for found in differences(shipment(row, **sheet), task(**there))] == columns


@pytest.mark.parametrize("nothing", [None, "", [], {}, "50", True])
def test_what_sms_does_not_tell_is_not_compared(row: Any, nothing: Any) -> None:
    """Nor what it tells as another kind of value: null is what a listing says of much."""
    assert differences(shipment(row, speed_limit=100), task(speed_limit=nothing)) == []


def test_what_the_sheet_leaves_to_sms_and_what_a_running_task_changes_is_no_drift(row: Any) -> None:
    """State, speed and error are the task's own; a default of the API is nobody's word."""
    there = task(priority=1, start_target_server=True, state="RUNNING", migrate_speed=12, remain_seconds=60, error_json="{}")
    assert differences(shipment(row), there) == []


def test_a_difference_shows_values_as_a_planner_writes_them(row: Any) -> None:
    """Yes and no, plain numbers, texts in quotes."""
    found = differences(
        shipment(row, syncing=True, speed_limit=100, project_id="p-1"), task(syncing=False, speed_limit=50, project_id="p-2")
    )
    assert found == [
        Difference("speed_limit", "100", "50"),
        Difference("syncing", "yes", "no"),
        Difference("project_id", '"p-1"', '"p-2"'),
    ]


@pytest.mark.parametrize(
    ("sent", "today", "columns"),
    [
        ({"body_digest": "today", "task_name": "web-01"}, {}, None),
        ({"body_digest": "before", "task_name": "web-01"}, {}, []),
        ({"body_digest": "before", "task_name": "old"}, {}, ["name"]),
        ({"body_digest": "", "task_name": ""}, {}, None),
        ({"body_digest": "before", "task_name": "web-01"}, {"is_of_sheet_alone": False}, None),
    ],
)
def test_an_edited_row_is_known_by_the_digest_of_what_was_sent(
    row: Any, sent: dict[str, Any], today: dict[str, Any], columns: list[str] | None
) -> None:
    """Not a row that was never sent, nor one whose body SMS's own view of the source can change."""
    assert edited_since(RowRecord("account", "src-1", "run-1", **sent), shipment(row, **today), []) == columns


def drift(end: WaveEnd) -> list[tuple[str, str]]:
    """The findings of a run as (cell, problem)."""
    return [(finding.cell, finding.problem) for finding in end.result.findings if finding.code == "DRIFT"]


async def test_a_plan_edited_after_its_tasks_were_made_is_told_row_by_row(bare_night: Night) -> None:
    """Each setting by its cell, and once that the row was edited; EXISTS, nothing sent, although nothing guards the second task."""
    await bare_night.submit(bare_night.plan([server(1, speed_limit=50, priority=1), server(2, speed_limit=50)]))
    made = [task["id"] for task in bare_night.simulator.truth()["tasks"]]
    end = await bare_night.submit(bare_night.plan([server(1, speed_limit=100, priority=2), server(2, speed_limit=50)]))
    assert flat(end) == [("EXISTS", 0)] * 2
    first = end.result.outcomes[0].task_id
    assert drift(end) == [
        ("I2", f"the sheet says priority 2, task {first} at SMS has 1"),
        ("H2", f"the sheet says speed_limit 100, task {first} at SMS has 50"),
        ("A2", f"the row was edited after it was sent (priority, speed_limit), and task {first} is as it was sent"),
    ]
    assert [task["id"] for task in bare_night.simulator.truth()["tasks"]] == made


async def test_an_edit_that_no_listing_shows_is_told_all_the_same(night: Night) -> None:
    """The digest of what was sent is in the journal."""
    await night.submit(night.plan([server(1, start_network_check="no")]))
    end = await night.submit(night.plan([server(1, start_network_check="yes")]))
    task_id = end.result.outcomes[0].task_id
    assert drift(end) == [
        ("A2", f"the row was edited after it was sent (in columns that SMS does not tell), and task {task_id} is as it was sent")
    ]


async def test_a_limit_that_was_changed_by_hand_is_drift_and_progress_is_none(night: Night) -> None:
    """The sheet is as it was: only what SMS tells otherwise is told."""
    plan = night.plan([server(1, speed_limit=100)])
    made = night.simulator.add_task(SOURCE, target_vm_id=VM, name="web-01", target_name="web-01-hw", body={"speed_limit": 5})
    night.simulator.set_state(made, "RUNNING")
    columns = [problem.split()[3] for _, problem in drift(await night.submit(plan))]
    assert columns == ["speed_limit"]
    night.simulator.set_state(made, "MIGRATE_SUCCESS")
    assert [problem.split()[3] for _, problem in drift(await night.submit(plan))] == columns
