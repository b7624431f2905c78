"""A table is found wherever it stands on its sheet; what is hidden, merged or beside it is told, and never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from inventory.checks import check_plan
from inventory.plan import Plan, read_plan
from tests.plans import disk, found, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HEADER = ("wave", "source_name", "priority", "owner")


def plan(tmp_path: Path, rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], object] = lambda _: None) -> Plan:
    """The plan whose only sheet has these rows, from A1 on."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Servers"
    for row in rows:
        sheet.append(list(row))
    change(sheet)
    book.save(tmp_path / "plan.xlsx")
    return read_plan(tmp_path / "plan.xlsx")


def named(made: Plan) -> list[tuple[int, str, str]]:
    return [(row.position, row.wave, row.source_name) for row in made.servers]


def test_a_header_is_found_below_notes_that_name_columns(tmp_path: Path) -> None:
    """The row that names the most columns is the header, though a legend above it names two."""
    legend = [["Wave", "Server"], ["the weekend", "its name"], *([["note"]] * 25), []]
    made = plan(tmp_path, [*legend, HEADER, ("w", "a", 1, "Ann")])
    assert named(made) == [(30, "w", "a")]
    assert found(made.findings) == []


def test_hidden_and_filtered_rows_are_read_and_told_once(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.auto_filter.ref = "A1:D7"
        sheet.auto_filter.add_filter_column(0, ["w"])
        for row in (3, 4, 6, 9):
            sheet.row_dimensions[row].hidden = True

    made = plan(tmp_path, [HEADER, *(("w", f"s{number}", 1) for number in range(6))], hide)
    assert len(made.servers) == 6
    assert found(made.findings) == [("Servers", "PLAN-132")]
    assert made.findings[0].problem == "3 rows are hidden or filtered out (rows 3-4, 6), and read all the same"


def test_hidden_columns_of_a_plan_are_read_and_told_once(tmp_path: Path) -> None:
    """At the first of them; a column of one's own, and one in which nothing stands, may be hidden."""

    def hide(sheet: Worksheet) -> None:
        for letter in "BCDEG":
            sheet.column_dimensions[letter].hidden = True

    header = (*HEADER, "priority of whom", "type", "speed_limit")
    made = plan(tmp_path, [header, ("w", "a", 1, "Ann", "x", "MIGRATE_FILE", None)], hide)
    assert (made.servers[0].source_name, found(made.findings)) == ("a", [("Servers!B1", "PLAN-136")])
    assert made.findings[0].problem == "the columns source_name (B), priority (C) are hidden, and read all the same"


def test_a_sheet_called_almost_like_one_of_a_plan_is_named(tmp_path: Path) -> None:
    """Not where there is the sheet itself, and not whatever else a workbook holds."""
    others: dict[str, Any] = {"Disk": [disk()], "Notes": [{"a": 1}], "Wave 1": [{"a": 1}], "Limit": [{"a": 1}]}
    made = read_plan(make_plan(tmp_path / "plan.xlsx", **others))
    assert found(made.findings) == [("Disk", "PLAN-137"), ("Limit", "PLAN-137")]
    assert made.findings[0].line().startswith('Disk  the sheet "Disk" is not read: did you mean Disks?')
    assert found(read_plan(make_plan(tmp_path / "plan.xlsx", disks=[disk()], Disk=[disk()])).findings) == []


def test_what_is_merged_over_rows_holds_for_each(tmp_path: Path) -> None:
    """As it looks to the planner; it is told once a column, at its first area."""

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("A4:A5")

    made = plan(tmp_path, [HEADER, ("w1", "a"), (None, "b"), ("w2", "c"), (None, "d")], merge)
    assert named(made) == [(2, "w1", "a"), (3, "w1", "b"), (4, "w2", "c"), (5, "w2", "d")]
    assert found(made.findings) == [("Servers!A2:A3", "PLAN-133")]
    assert "(and 1 more such areas): it is taken for each of these rows" in made.findings[0].problem


def test_what_is_merged_over_columns_is_told(tmp_path: Path) -> None:
    made = plan(tmp_path, [HEADER, ("w", "a", 1)], lambda sheet: sheet.merge_cells("A2:B2"))
    assert (made.servers[0].wave, made.servers[0].source_name) == ("w", "")
    assert found(made.findings) == [("Servers!A2:B2", "PLAN-133")]


def test_a_header_of_two_rows_is_read(tmp_path: Path) -> None:
    """Groups above the columns, and the columns without a group merged over both rows."""

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    made = plan(tmp_path, [("Wave", "Source", None, "x"), (None, "Source name", "Source IP", "y"), ("w", "a", "10.0.0.1")], merge)
    assert named(made) == [(3, "w", "a")]
    assert found(made.findings) == []


def test_merged_areas_that_overlap_cost_nothing(tmp_path: Path) -> None:
    """No spreadsheet writes them; a file may claim any number of them."""

    def merge(sheet: Worksheet) -> None:
        for end in range(3, 300):
            sheet.merged_cells.add(f"A2:A{1_048_576 - end}")

    made = plan(tmp_path, [HEADER, ("w", "a"), (None, "b")], merge)
    assert named(made) == [(2, "w", "a"), (3, "w", "b")]


@pytest.mark.parametrize(
    ("second", "place"),
    [
        ([HEADER, ("w", "c", 1)], "A4:D5"),
        ([[], HEADER, ("w", "c", 1)], "A5:D6"),
        ([[], ["Source ID", "Name", "Size"], ["src-1", "/dev/vda", "40 GiB"]], "A5:C6"),
        ([[], [None, "Source ID", "Name", "Size"], [None, "src-1", "/dev/vda", "40 GiB"]], "B5:D6"),
    ],
)
def test_a_second_table_below_is_told_and_not_read(tmp_path: Path, second: Sequence[Sequence[Any]], place: str) -> None:
    made = plan(tmp_path, [HEADER, ("w", "a", 1), ("w", "b", 1), *second])
    assert named(made) == [(2, "w", "a"), (3, "w", "b")]
    assert found(made.findings) == [(f"Servers!{place}", "PLAN-134")]


def test_an_empty_row_between_servers_is_no_second_table(tmp_path: Path) -> None:
    made = plan(tmp_path, [HEADER, ("w", "server", 1), [], ("wave", "name", 1), ("w", "c", 1)])
    assert len(made.servers) == 3
    assert found(made.findings) == []


def test_a_longer_table_beside_is_told_and_gives_no_rows(tmp_path: Path) -> None:
    """Beyond an empty column stands a legend: its rows are no servers, and its cells beside servers stay with them."""
    rows = [(*HEADER, None, "Team"), ("w", "a", 1, "Ann", None, "red"), (None,) * 5 + ("blue",), (None,) * 5 + ("green",)]
    made = plan(tmp_path, rows)
    assert named(made) == [(2, "w", "a")]
    assert made.servers[0].extra == {"owner": "Ann", "Team": "red"}
    assert found(made.findings) == [("Servers!F3:F4", "PLAN-135")]


def test_a_row_that_says_nothing_known_is_still_a_row(tmp_path: Path) -> None:
    """Without an empty column between, a cell in an unknown column may be all that is left of a server: it is no silent loss."""
    made = plan(tmp_path, [HEADER, ("w", "a", 1, "Ann"), (None, None, None, "Bob")])
    assert [each.code for each in check_plan(made) if each.cell.endswith("3")] == [
        "PLAN-202",
        "PLAN-203",
        "PLAN-208",
        "PLAN-210",
    ]
