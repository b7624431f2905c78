"""The report of a rehearsal: a workbook and a page that say what the records say, whatever stands in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from inventory.rehearsal_page import page_of, write_rehearsal_page
from inventory.rehearsal_records import Cause, GateRecord
from inventory.rehearsal_report import FAULT_COLUMNS, GATE_COLUMNS, SERVER_COLUMNS, WAVE_COLUMNS, write_rehearsal
from inventory.report_file import ReportError
from tests.inventory.test_rehearsal_records import at, rehearsal, server

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.rehearsal_records import Rehearsal

HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>\x00\u202e'


def full() -> Rehearsal:
    found = rehearsal(
        server(4.0, bytes=10),
        server(12.0, server=HOSTILE, lost={Cause.SPEED: 7200.0}, note=HOSTILE),
        server(None, state="MIGRATE_FAIL", errors=("SMS.1807",)),
        faults={"agent: SMS.1807": 1},
    )
    gate = GateRecord("cutover", at(5), at(5.5), "approved", "me", HOSTILE, ("failed: 1, wanted none: NOT MET",))
    [wave] = found.waves
    return replace(found, waves=(replace(wave, name=HOSTILE[:30], gates=(gate,), notes=(HOSTILE,)),))


def test_the_workbook_has_a_row_for_each_wave_server_gate_and_fault(tmp_path: Path) -> None:
    write_rehearsal(tmp_path / "r.xlsx", tmp_path / "plan.xlsx", full())
    book = load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["Summary", "Waves", "Servers", "Gates", "Faults", "Notes"]
    sheets = {name: list(book[name].iter_rows(values_only=True)) for name in book.sheetnames}
    for name, columns in (("Waves", WAVE_COLUMNS), ("Servers", SERVER_COLUMNS), ("Gates", GATE_COLUMNS), ("Faults", FAULT_COLUMNS)):
        assert sheets[name][0] == tuple(title for title, _ in columns)
    assert [row[2:5] for row in sheets["Servers"][1:]] == [
        ("moved", None, None),
        ("moved late", "slower than forecast", 120),
        ("not moved", "its copy failed", None),
    ]
    assert sheets["Gates"][1][2:6] == ("approved", "2030-03-03 01:00 +00:00", "2030-03-03 01:30 +00:00", 30)
    assert sheets["Faults"][1:] == [("agent", "SMS.1807", 1)]
    assert sheets["Notes"][0] == ("wave", "note")
    assert len(sheets["Notes"]) == 2
    words = [cell for row in sheets["Summary"] for cell in row if isinstance(cell, str)]
    assert "The programme does not hold: 0 of 1 wave ends inside the window, 1 server late, 1 server not moved" in words


def test_no_text_is_a_formula_or_a_part_of_the_page(tmp_path: Path) -> None:
    write_rehearsal(tmp_path / "r.xlsx", tmp_path / "plan.xlsx", full())
    for sheet in load_workbook(tmp_path / "r.xlsx"):
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    page = "".join(page_of(full()))
    assert "<script" not in page
    assert "\u202e" not in page
    assert page.count("<tr>") == page.count("</tr>")


def test_a_report_is_never_written_over_the_plan(tmp_path: Path) -> None:
    plan = tmp_path / "plan.xlsx"
    plan.write_bytes(b"a plan")
    with pytest.raises(ReportError):
        write_rehearsal(plan, plan, full())
    with pytest.raises(ReportError):
        write_rehearsal_page(tmp_path / "no folder" / "r.html", plan, full())
    assert plan.read_bytes() == b"a plan"
