"""After a night the report's first figures are of servers that are moved, not of those that have a task."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from inventory.outcomes import Outcome, Status
from inventory.report import write_page
from inventory.report_facts import verdict
from inventory.report_night import unmoved_groups
from inventory.report_records import ActionTold, DecisionTold, NightTold, StageTold, TaskTold
from tests.inventory.test_report import STARTED, cells, written
from tests.inventory.test_report_html import Seen
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


@pytest.mark.parametrize(
    ("states", "decision", "said"),
    [
        ({}, "approved", "The night is done. The gate before cutover: approved by Ann (go)."),
        (
            {"approve": "held"},
            "not approved",
            "The night is not done: approve holds it. The gate before cutover: not approved",
        ),
        (
            {"cutover": "running"},
            "approved",
            "The night is not done: cutover was stopped (line 2). The gate before cutover:",
        ),
        ({"cutover": "failed"}, "", "The night is not done: cutover failed (line 2). 0 of 2 servers are moved."),
    ],
)
def test_the_first_sentence_says_how_the_night_ended_and_who_decided(
    states: dict[str, str], decision: str, said: str, tmp_path: Path
) -> None:
    """The report's own stage, which is on while it is written, is not told."""
    stages = [
        StageTold(name, "what it does", states.get(name, "done"), STARTED, STARTED, f"line {place}")
        for place, name in enumerate(("preflight", "approve", "cutover"))
    ]
    stages.append(StageTold("report", "the report is written", "running", STARTED, None, ""))
    decided = DecisionTold("cutover", STARTED, ("failed: 0, wanted none: ok",), decision, "Ann", "go", STARTED)
    report = replace(planned(tmp_path, NIGHT, {}), night=NightTold(tuple(stages), (decided,)))
    assert verdict(report).text.startswith(said)
    shown = [row[0] for row in cells(written(tmp_path, report), "Night")]
    assert ("cutover" in shown, "report" in shown) == (True, False)


def test_no_text_of_a_night_is_markup_on_the_page(tmp_path: Path) -> None:
    """A comment at a gate, a server's name, an answer of SMS: text on the page, whatever it looks like."""
    bad = "</script><img src=x onerror=window.hit=1>"
    night = NightTold(
        (StageTold("approve", bad, "held", STARTED, None, bad),),
        (DecisionTold(bad, STARTED, (bad,), "not approved", bad, bad, STARTED),),
        (ActionTold(bad, "s", "t", 1, "start", bad, "a person", STARTED, None, bad, bad, bad, bad),),
        (replace(task(1, bad, bad, bad), server=bad),),
    )
    write_page(tmp_path / "page.html", replace(planned(tmp_path, NIGHT, {}), night=night))
    seen = Seen((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert not [tag for tag, _ in seen.elements if tag == "img"]
    assert {attributes["id"] for tag, attributes in seen.elements if tag == "table" and "id" in attributes} >= {"tasks", "actions"}
    lists = [json.loads(text) for tag, text in seen.raw if tag == "script" and text.startswith('{"columns"')]
    assert [bad in json.dumps(found["rows"]) for found in lists].count(True) == 2
