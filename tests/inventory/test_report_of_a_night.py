"""After a night the report's first figures are of servers that are moved, not of those that have a task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inventory.outcomes import Outcome, Status
from inventory.report_night import unmoved_groups
from inventory.report_records import NightTold, TaskTold
from tests.inventory.test_report import STARTED, cells, written
from tests.inventory.test_report_sheets import NIGHT, planned

if TYPE_CHECKING:
    from pathlib import Path


def task(number: int, state: str, error: str = "", advice: str = "") -> TaskTold:
    """How the task of a server stood at the end."""
    return TaskTold(f"web-{number:02}", f"src-{number:04}-a1b2", f"t-{number}", state, STARTED, None, None, None, error, advice)


def test_a_server_that_has_a_task_and_failed_is_not_done(tmp_path: Path) -> None:
    """The tiles count it as in need of attention, and it is named with what to do about it."""
    report = planned(tmp_path, NIGHT, {0: STARTED})
    failed = task(2, "MIGRATE_FAIL", "SMS.6564 no grub", "install grub")
    said = cells(written(tmp_path, replace(report, night=NightTold(tasks=(task(1, "MIGRATE_SUCCESS"), failed)))), "Summary")
    tiles = next(place for place, row in enumerate(said) if "need attention" in row)
    assert [cell for cell in said[tiles - 1] if cell is not None] == [2, 1, 1, 0.5]
    (line,) = [row[1:] for row in said if row[1] == "MIGRATE_FAIL"]
    assert [cell for cell in line if cell is not None] == ["MIGRATE_FAIL", "SMS.6564", 1, "install grub", "web-02"]


def test_without_a_night_those_that_have_their_task_are_done(tmp_path: Path) -> None:
    assert planned(tmp_path, NIGHT, {}).done == 2


def test_whoever_was_never_seen_is_not_done_and_whoever_was_to_be_left_out_is(tmp_path: Path) -> None:
    report = planned(tmp_path, NIGHT, {})
    first, second = report.outcomes
    told = replace(report, outcomes=[Outcome(first.row, first.source_server_id, Status.SKIPPED), second], night=NightTold())
    assert told.done == 1


def test_servers_that_are_left_for_the_same_reason_stand_together() -> None:
    """The most frequent reason first."""
    tasks = [task(1, "ABORT"), task(2, "MIGRATE_FAIL", "SMS.0805 a", "restart"), task(3, "MIGRATE_FAIL", "SMS.0805 b", "restart")]
    groups = unmoved_groups(NightTold(tasks=(*tasks, task(4, "SYNC_SUCCESS"))))
    assert [(each.state, each.code, each.servers) for each in groups] == [
        ("MIGRATE_FAIL", "SMS.0805", ["web-02", "web-03"]),
        ("ABORT", "", ["web-01"]),
    ]
    assert groups[0].examples(1) == "web-02 and 1 more"
