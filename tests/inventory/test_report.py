"""The report tells every row's outcome, in whole, harms no reader, and is never half written."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from inventory.findings import Finding, Severity
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from inventory.report import ReportError, WaveReport, check_report_path, write_report
from inventory.report_sheets import FINDING_COLUMNS, OUTCOME_COLUMNS
from inventory.report_style import TEXT_LIMIT, writable_text
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

STARTED = datetime(2027, 1, 9, 20, 0, 0, tzinfo=UTC)


def report_of(folder: Path, rows: list[dict[str, Any]], *, outcome: dict[str, Any] | None = None, **more: Any) -> WaveReport:
    """A report on a plan of `rows`, the first of which is CREATED, the next EXISTS, and so on through the statuses."""
    plan = read_plan(make_plan(folder / "plan.xlsx", rows))
    statuses = list(Status)
    outcomes = [
        Outcome(row, row.source_server_id, statuses[place % 8], task_id=f"task-{place}", submitted_at=STARTED, **(outcome or {}))
        for place, row in enumerate(plan.servers)
    ]
    given = {"author": "planner", "endpoint": "https://sms.example.com", "next_command": "waves submit plan.xlsx --wave wave-1"}
    return WaveReport(
        plan, "wave-1", "run-1", started_at=STARTED, ended_at=STARTED + timedelta(seconds=75), outcomes=outcomes, **(given | more)
    )


def written(folder: Path, report: WaveReport) -> Workbook:
    """The report, written and read back."""
    path = folder / "report.xlsx"
    write_report(path, report)
    return load_workbook(path)


def cells(workbook: Workbook, sheet: str) -> list[list[Any]]:
    """What a sheet says, row by row."""
    return [list(row) for row in workbook[sheet].iter_rows(values_only=True)]


def test_each_outcome_stands_beside_its_row_as_written(tmp_path: Path) -> None:
    """The plan's columns in their order and words, unknown ones too, then the outcome's."""
    rows = [server(1, Owner="shop", priority=2), server(2, Owner=None, note="@home")]
    head, first, second = cells(written(tmp_path, report_of(tmp_path, rows, outcome={"attempts": 1})), "Outcomes")
    headers = ["wave", "source_server_id", "source_name", "source_ip", "target_name", "target_vm_id", "migration_ip"]
    assert head == [*headers, "Owner", "priority", "note", *OUTCOME_COLUMNS]
    assert first[7:] == ["shop", 2, None, "CREATED", "task-0", None, None, None, "2027-01-09T20:00:00Z", 1]
    assert second[7:12] == [None, None, "@home", "EXISTS", "task-1"]


def test_long_sheets_have_a_frozen_header_and_a_filter(tmp_path: Path) -> None:
    """Over all columns and rows, so that a planner filters by status at once; the server's name stays beside its outcome."""
    finding = Finding("PLAN-112", Severity.ERROR, "Servers", "F17", "12O", "speed_limit is not a number", "give 0-10000")
    book = written(tmp_path, report_of(tmp_path, [server(1), server(2)], findings=[finding]))
    assert [book[name].freeze_panes for name in ("Outcomes", "Findings")] == ["D2", "A2"]
    assert book["Outcomes"].auto_filter.ref == "A1:N3"
    assert cells(book, "Findings") == [
        list(FINDING_COLUMNS),
        ["error", "PLAN-112", "Servers", "F17", "12O", "speed_limit is not a number", "give 0-10000"],
    ]


def test_statuses_are_told_by_word_and_by_colour(tmp_path: Path) -> None:
    """Eight statuses, eight fills, and the word in each cell for who sees no colour."""
    book = written(tmp_path, report_of(tmp_path, [server(n) for n in range(1, 9)]))
    marked = [row[7] for row in book["Outcomes"].iter_rows(min_row=2)]
    assert [cell.value for cell in marked] == [status.value for status in Status]
    assert len({cell.fill.fgColor.rgb for cell in marked}) == len(Status)


def test_the_summary_says_who_what_when_and_what_next(tmp_path: Path) -> None:
    """Counts add up to the wave; the plan's digest and the next command stand there to be copied; the reasons are grouped."""
    report = report_of(tmp_path, [server(n) for n in range(1, 17)], outcome={"advice": "do this"}, notes=["The pace was limited."])
    book = written(tmp_path, report)
    said = [[value for value in row if value is not None] for row in cells(book, "Summary")]
    for line in (["SHA-256", report.plan.sha256], ["Run by", "planner"], ["Ended", "2027-01-09 20:01:15 UTC, after 0:01:15"]):
        assert line in said
    assert ["waves submit plan.xlsx --wave wave-1"] in [line[:1] for line in said]
    assert ["CREATED", 2, 0.125, Status.CREATED.meaning] in said
    assert ["6 of 16 servers are done; 10 need attention."] in [line[:1] for line in said]
    assert ["CONFLICT", "-", 2, "do this", "web-03, web-11"] in said
    assert ["\N{BULLET} The pace was limited."] in said
    with zipfile.ZipFile(tmp_path / "report.xlsx") as package:
        assert "xl/charts/chart1.xml" in package.namelist()


def test_a_wave_that_is_done_says_so(tmp_path: Path) -> None:
    """No reasons, no command, one sentence."""
    book = written(tmp_path, report_of(tmp_path, [server()], next_command=""))
    said = [value for row in cells(book, "Summary") for value in row if value]
    assert "The server of the wave is done." in said
    assert "What needs attention" not in said


def test_an_empty_wave_is_a_report_too(tmp_path: Path) -> None:
    """Nothing to count, and nothing to draw."""
    report = report_of(tmp_path, [server()])
    book = written(tmp_path, WaveReport(report.plan, "wave-9", "r", "a", STARTED, STARTED, []))
    assert "The wave has no servers." in [value for row in cells(book, "Summary") for value in row]
    assert len(cells(book, "Outcomes")) == 1


@pytest.mark.parametrize("text", ["=1+1", "=", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", '=HYPERLINK("http://x","y")'])
def test_text_is_never_a_formula(tmp_path: Path, text: str) -> None:
    """Whatever SMS or the planner wrote is text in the file, and stays text when somebody edits the cell."""
    path = tmp_path / "report.xlsx"
    write_report(path, report_of(tmp_path, [server()], outcome={"error_message": text}))
    cell = load_workbook(path)["Outcomes"]["K2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
    with zipfile.ZipFile(path) as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet2.xml")


@given(st.text(st.characters(), max_size=200))
def test_any_text_can_be_written(text: str) -> None:
    """No text breaks the file: what XML cannot hold becomes visible, the rest is as it was."""
    safe = writable_text(text)
    fromstring(f"<t>{safe.replace('&', '&amp;').replace('<', '&lt;')}</t>".encode())
    assert len(safe) == len(text)
    assert all(ours == theirs or not theirs.isprintable() for ours, theirs in zip(safe, text, strict=True))


def test_control_characters_are_shown_and_long_text_says_that_it_is_cut(tmp_path: Path) -> None:
    """A bell is a picture of a bell, and a cell that is full says so."""
    report = report_of(tmp_path, [server()], outcome={"error_message": "bell\x07", "advice": "x" * 40_000})
    (_, row) = cells(written(tmp_path, report), "Outcomes")
    assert row[10] == "bell\N{SYMBOL FOR BELL}"
    assert len(row[11]) == TEXT_LIMIT
    assert row[11].endswith("[... cut: a cell holds 32,767 characters]")


def test_what_was_there_stays_until_the_new_report_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up in the middle leaves the old report, no half one, and no litter."""
    path = tmp_path / "report.xlsx"
    write_report(path, report_of(tmp_path, [server()]))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match="no space left on device"):
        write_report(path, report_of(tmp_path, [server(), server(2)]))
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["plan.xlsx", "report.xlsx"]


def test_a_temporary_folder_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are gathered in the system's temporary folder before they become a workbook."""
    report = report_of(tmp_path, [server()])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(ReportError, match="no such file or directory"):
        write_report(tmp_path / "report.xlsx", report)


def test_names_from_outside_cannot_break_the_file(tmp_path: Path) -> None:
    """Author, wave and notes come from the system and the sheet, and may hold anything."""
    odd = "=x & <y> \x07 " + "z" * 300
    book = written(tmp_path, report_of(tmp_path, [server()], author=odd, notes=[odd], endpoint=odd, next_command=odd))
    assert ["Run by", odd.replace("\x07", "\N{SYMBOL FOR BELL}")] in [row[1:3] for row in cells(book, "Summary")]
    with zipfile.ZipFile(tmp_path / "report.xlsx") as package:
        foot = fromstring(package.read("xl/worksheets/sheet2.xml")).find(".//{*}oddFooter")
    assert foot is not None
    assert len(foot.text or "") < 255


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("report.csv", "ends in .xlsx"),
        ("missing/report.xlsx", "does not exist"),
        ("folder.xlsx", "is a folder"),
        ("plan.xlsx", "is the plan itself"),
    ],
)
def test_a_place_where_no_report_can_go_is_told_before_the_wave(tmp_path: Path, name: str, words: str) -> None:
    """In one line, with what to do; by the check beforehand, and by the writing."""
    (tmp_path / "folder.xlsx").mkdir()
    report = report_of(tmp_path, [server()])
    with pytest.raises(ReportError, match=words) as error:
        check_report_path(tmp_path / name, report.plan.path)
    with pytest.raises(ReportError, match=words):
        write_report(tmp_path / name, report)
    assert "\n" not in str(error.value)


def test_a_report_that_is_open_elsewhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to replace a workbook that is open in Excel."""
    path = tmp_path / "report.xlsx"

    def locked(*_: object) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr("pathlib.Path.replace", locked)
    with pytest.raises(ReportError, match="close it if it is open in Excel"):
        write_report(path, report_of(tmp_path, [server()]))
    assert [each.name for each in tmp_path.iterdir()] == ["plan.xlsx"]


def test_openpyxl_is_loaded_only_to_write() -> None:
    """Whoever only names a report pays nothing for it."""
    code = "import sys, inventory.report; sys.exit('openpyxl' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
