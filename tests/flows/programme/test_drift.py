"""Where the cloud is not what the sheet says: each difference once, at its cell, and none where nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.programme.drift import LEFT, SECOND, SETTING, STRANGE, Drift, Placed, find_drift
from flows.sms.models import TaskSummary, task_of
from inventory.plan import read_plan
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path


def task(source: str, task_id: str = "t-1", **fields: Any) -> TaskSummary:
    told = {"id": task_id, "name": "web", "state": "READY", "source_server": {"id": source}, **fields}
    made = task_of(told)
    assert made is not None
    return made


def drift(folder: Path, row: dict[str, Any], *tasks: TaskSummary, ours: str = "t-1") -> list[Drift]:
    plan = read_plan(make_plan(folder / "plan.xlsx", [row]))
    [placed] = [Placed(each, each.source_server_id, ours) for each in plan.servers]
    return find_drift([placed], tasks, {})


SOURCE = server(1)["source_server_id"]


def test_a_setting_that_was_changed_is_told_at_its_cell(tmp_path: Path) -> None:
    [found] = drift(tmp_path, server(1, speed_limit=100, priority=2), task(SOURCE, speed_limit=300, priority=2))
    assert (found.kind, found.server, found.task_id) == (SETTING, "web-01", "t-1")
    assert found.problem == "speed_limit is 100 in the sheet, and 300 in the task"
    assert found.cell.startswith("Servers!")


def test_what_one_side_does_not_say_is_no_drift(tmp_path: Path) -> None:
    assert not drift(tmp_path, server(1), task(SOURCE, speed_limit=300, priority=None, syncing="yes"))


def test_a_second_task_of_a_source_is_told(tmp_path: Path) -> None:
    [found] = drift(tmp_path, server(1), task(SOURCE), task(SOURCE, "t-2"))
    assert (found.kind, found.problem) == (SECOND, "the source server has 2 tasks: t-2 too")


def test_a_task_of_another_is_told_and_not_compared(tmp_path: Path) -> None:
    [found] = drift(tmp_path, server(1, priority=1), task(SOURCE, "t-9", priority=2), ours="")
    assert (found.kind, found.task_id) == (STRANGE, "t-9")
    assert "which this journal did not make" in found.problem


def test_the_task_of_a_skipped_row_is_nobodys_business(tmp_path: Path) -> None:
    assert not drift(tmp_path, server(1, skip="yes"), task(SOURCE, "t-9"), ours="")


def test_a_task_on_its_way_out_is_not_there(tmp_path: Path) -> None:
    assert not drift(tmp_path, server(1), task(SOURCE), task(SOURCE, "t-2", state="DELETING"))


def test_a_server_that_left_the_sheet_is_told_while_its_task_is_there() -> None:
    [found] = find_drift([], [task("s-7", "t-7")], {"s-7": "t-7", "s-8": "t-8"})
    assert (found.kind, found.server, found.task_id) == (LEFT, "s-7", "t-7")
