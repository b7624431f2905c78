"""LibreOffice opens every workbook that we write, loses nothing of it, and its values are ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from flows.cli.main import main
from inventory.examples.make_wave_plan import PLAN_PATH
from inventory.report import write_report
from inventory.template_file import write_template
from tests.inventory.test_report import report_of
from tests.left_out import left_out
from tests.libreoffice import convert, why_not
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

HOSTILE = "=1+1 & <b> \x07 \N{RIGHT-TO-LEFT OVERRIDE} e\N{COMBINING ACUTE ACCENT} 名称 " + "x" * 40_000
INVENTORY = "Name,IP,OS,Disk (GB),Owner\nweb-01,10.0.0.1,Ubuntu 22.04,39.99,shop\n=1+1,10.0.0.2,Windows Server 2019,100,@office\n"
RESULTS: dict[Any, Any] = {"=1+2": 3}
"""Of the formulas that the planner's own workbooks hold: ours hold none."""

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = ("template", "example", "report", "annotated", "imported", "proposed", "hostile")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Workbook, Workbook]]:
    """Every workbook as we wrote it and as LibreOffice saved it again, by name."""
    if reason := why_not():
        left_out(reason)
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    written = [write(name, ours) for name in NAMES]
    copies = convert(written, "xlsx", theirs)
    return {
        name: (load_workbook(one), load_workbook(other, data_only=True))
        for name, one, other in zip(NAMES, written, copies, strict=True)
    }


def write(name: str, folder: Path) -> Path:
    """Write the workbook of this name as a user gets it; where it is."""
    path = folder / f"{name}.xlsx"
    match name:
        case "template":
            write_template(path, ("waves check template.xlsx", "waves submit template.xlsx --wave wave-1"), NOW)
        case "example":
            path.write_bytes(PLAN_PATH.read_bytes())
        case "report":
            write_report(
                path, report_of(folder, [server(number, Owner="shop") for number in range(1, 17)], outcome={"attempts": 2})
            )
        case "annotated":
            plan = make_plan(folder / "wrong.xlsx", [server(1, priority="12O"), server(2, os_type="OS/2"), server(3, note="=1+2")])
            main(["check", str(plan), "--annotate", str(path)])
        case "imported":
            (folder / "list.csv").write_text(INVENTORY, encoding="utf-8")
            main(["import", str(folder / "list.csv"), "--out", str(path)])
        case "proposed":
            plan = make_plan(folder / "waveless.xlsx", [server(number, wave=None) for number in range(1, 5)])
            main(["plan", str(plan), "--waves", "2", "--out", str(path)])
        case _:
            odd = {"error_message": HOSTILE, "advice": "@SUM(A1)", "error_code": "#N/A"}
            write_report(path, report_of(folder, [server(note="'@x")], outcome=odd, author=HOSTILE[:400], notes=[HOSTILE]))
    return path


def cells(sheet: Worksheet) -> dict[str, Any]:
    """What stands in a sheet, by cell; of a formula its result."""
    return {
        cell.coordinate: RESULTS.get(cell.value, cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None
    }


def notes(sheet: Worksheet) -> dict[str, str]:
    """The comments of a sheet, by cell."""
    return {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}


def charts(sheet: Any) -> int:
    """How many charts a sheet has, as openpyxl reads them."""
    return len(sheet._charts)


def rules(sheet: Worksheet) -> dict[str, tuple[str | None, ...]]:
    """The rules of a sheet, by the first cell of each."""
    return {
        str(rule.sqref).partition(":")[0]: (rule.type, rule.formula1, rule.promptTitle, rule.prompt, rule.error)
        for rule in sheet.data_validations.dataValidation
    }


@pytest.mark.parametrize("name", NAMES)
def test_its_values_are_ours(opened: dict[str, tuple[Workbook, Workbook]], name: str) -> None:
    """Opened and recalculated, each sheet holds the same values in the same cells: nothing repaired, nothing made a formula."""
    ours, theirs = opened[name]
    assert theirs.sheetnames == ours.sheetnames
    for sheet in ours.worksheets:
        assert cells(theirs[sheet.title]) == cells(sheet), sheet.title


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_what_helps_a_reader(opened: dict[str, tuple[Workbook, Workbook]], name: str) -> None:
    """Notes, filters, merged cells, links and the repeated header are understood, not dropped."""
    ours, theirs = opened[name]
    for sheet in ours.worksheets:
        copy = theirs[sheet.title]
        assert notes(copy) == notes(sheet), sheet.title
        assert copy.auto_filter.ref == sheet.auto_filter.ref, sheet.title
        assert set(map(str, copy.merged_cells.ranges)) == set(map(str, sheet.merged_cells.ranges)), sheet.title
        assert copy.print_title_rows == sheet.print_title_rows, sheet.title
        assert charts(copy) == charts(sheet), sheet.title


def test_it_understands_the_template_s_help(opened: dict[str, tuple[Workbook, Workbook]]) -> None:
    """Every drop-down, bound and message is there, and every mark."""
    ours, theirs = opened["template"]
    for sheet in ours.worksheets:
        copy = theirs[sheet.title]
        assert rules(copy) == rules(sheet), sheet.title
        marks, kept = (sum(len(each.rules) for each in page.conditional_formatting) for page in (sheet, copy))
        assert kept == marks, sheet.title
