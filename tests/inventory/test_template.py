"""The template holds every column with its words and bounds, has nothing wrong with it, and is what a spreadsheet takes."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from inventory.checks import check_plan
from inventory.columns import PLAN_DEFAULTS, SHEETS, WAVE_DEFAULTS, Column, Kind, find_column
from inventory.plan import Plan, read_plan
from inventory.template import compose_template
from inventory.template_file import TemplateError, write_template
from inventory.template_forms import FORMS, MOST_SERVERS, ONE_OF, columns_of
from inventory.template_rules import rule_for
from inventory.template_words import MESSAGE_LIMIT, TITLE_LIMIT, message_for, note_for
from inventory.values import RefusedError, parse_value
from tests.plans import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
COMMANDS = ("waves check plan.xlsx", "waves submit plan.xlsx --wave wave-1")
EVERY = [(sheet, column) for sheet in SHEETS for column in columns_of(sheet)]


@cache
def content() -> bytes:
    """The template's bytes."""
    stream = io.BytesIO()
    compose_template("plan.xlsx", COMMANDS, NOW).save(stream)
    return stream.getvalue()


@cache
def book() -> Workbook:
    """The template, read back."""
    return load_workbook(io.BytesIO(content()))


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """The template, read as a plan."""
    write_template(tmp_path / "plan.xlsx", COMMANDS, NOW)
    return read_plan(tmp_path / "plan.xlsx")


def headers(sheet: Worksheet) -> list[str]:
    """A sheet's headers."""
    return [str(cell.value) for cell in sheet[1]]


def rules(sheet: Worksheet) -> dict[str, DataValidation]:
    """The rules of a sheet by the cells that they are for."""
    return {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}


def test_nothing_is_wrong_with_it(plan: Plan) -> None:
    """Three servers in two waves, without an error and without a warning that its writer would have to wonder about."""
    assert [finding.line() for finding in check_plan(plan)] == []
    assert [(row.wave, row.source_name) for row in plan.servers] == [
        ("wave-1", "web-01"),
        ("wave-1", "win-01"),
        ("wave-2", "db-01"),
    ]
    assert list(plan.waves) == ["wave-1", "wave-2"]


def test_the_worked_rows_show_every_kind(plan: Plan) -> None:
    """A target from a template and one that exists, disks in the sheet and disks left to SMS, both systems, both windows ahead."""
    assert [bool(row.text("target_vm_id")) for row in plan.servers] == [False, True, False]
    assert [plan.has_disks(row.source_server_id) for row in plan.servers] == [True, True, False]
    assert {row.text("os_type") for row in plan.servers} == {"LINUX", "WINDOWS"}
    assert [row.text("target_name") for row in plan.servers] == ["web-01-hw", "win-01-hw", "db-01-hw"]
    assert all(wave.starts_at is not None and wave.starts_at > NOW for wave in plan.waves.values())


@pytest.mark.parametrize("sheet", [name for name in SHEETS if name != "Defaults"])
def test_every_column_is_there(sheet: str) -> None:
    """Under its own name, the required ones marked; in `Waves` those that a wave may set for its servers, too."""
    found = [find_column(sheet, header) for header in headers(book()[sheet])]
    wanted = {column.name for column in (*SHEETS[sheet], *(WAVE_DEFAULTS if sheet == "Waves" else ()))}
    assert {column.name for column in found if column} == wanted
    marked = {str(cell.value).removesuffix(" *") for cell in book()[sheet][1] if str(cell.value).endswith(" *")}
    assert marked == {column.name for column in SHEETS[sheet] if column.required}


def test_defaults_offers_every_name_that_it_may_hold(plan: Plan) -> None:
    """Each with its meaning beside it; a name without a value says nothing."""
    rows = list(book()["Defaults"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [column.name for column in PLAN_DEFAULTS]
    assert set(plan.defaults) == {row[0] for row in rows if row[1] is not None}
    assert all(row[2] for row in rows)


@pytest.mark.parametrize(("sheet", "column"), EVERY, ids=[f"{sheet}-{column.name}" for sheet, column in EVERY])
def test_every_column_is_explained(sheet: str, column: Column) -> None:
    """Meaning and bounds at the header, and again beside the cell, as long as a spreadsheet shows it."""
    assert column.bounds in note_for(sheet, column) or column.kind in {Kind.NOTE, Kind.ANY}
    message = message_for(column)
    assert column.bounds in message or column.kind in {Kind.NOTE, Kind.ANY}
    assert message.splitlines()[0] in column.help.replace("`", "")
    assert len(message) <= MESSAGE_LIMIT


@pytest.mark.parametrize("sheet", [name for name in SHEETS if name != "Defaults"])
def test_the_help_reaches_every_row(sheet: str) -> None:
    """Rules, notes, filter and marks over all rows that the sheet is made for, by ranges; the header stays in sight."""
    page, last = book()[sheet], FORMS[sheet].rows + 1
    letters = [get_column_letter(place) for place, _ in enumerate(columns_of(sheet), 1)]
    assert set(rules(page)) == {f"{letter}2:{letter}{last}" for letter in letters}
    assert all(cell.comment is not None for cell in page[1])
    assert page.freeze_panes == f"{get_column_letter(len(FORMS[sheet].first) + 1)}2"
    assert page.auto_filter.ref == f"A1:{get_column_letter(page.max_column)}{last}"
    assert FORMS["Servers"].rows == MOST_SERVERS


def test_the_size_of_the_plan_weighs_nothing() -> None:
    """Made for 5,000 servers and 60,000 rows beneath them, it holds the cells of its examples alone."""
    assert sum(sheet.max_row for sheet in book().worksheets) < 200
    assert len(content()) < 80_000


def test_a_spreadsheet_takes_its_rules() -> None:
    """Titles, messages and lists are no longer than a file may hold: Excel calls a file with longer ones damaged."""
    for sheet in book().worksheets:
        for rule in sheet.data_validations.dataValidation:
            assert 0 < len(rule.promptTitle or "") <= TITLE_LIMIT
            assert 0 < len(rule.prompt or "") <= MESSAGE_LIMIT
            assert 0 < len(rule.errorTitle or "") <= TITLE_LIMIT
            assert 0 < len(rule.error or "") <= MESSAGE_LIMIT
            assert len(rule.formula1 or "") <= 255
            assert rule.showInputMessage
            assert rule.showErrorMessage


@pytest.mark.parametrize(("sheet", "column"), EVERY, ids=[f"{sheet}-{column.name}" for sheet, column in EVERY])
def test_a_drop_down_offers_what_is_read(sheet: str, column: Column) -> None:
    """Every choice of every list is a value that the column takes; every enum and every yes/no has a list."""
    rule = rule_for(column, "A2", "A2:A9")
    if column.kind in {Kind.ENUM, Kind.FLAG, Kind.TIMEZONE}:
        choices = str(rule.formula1).strip('"').split(",")
        assert len({parse_value(column, choice) for choice in choices}) == len(choices)
    assert (rule.type == "list") == (column.kind in {Kind.ENUM, Kind.FLAG, Kind.TIMEZONE})


@pytest.mark.parametrize(
    ("sheet", "column"), [each for each in EVERY if each[1].kind in {Kind.INTEGER, Kind.DECIMAL, Kind.SHARE}], ids=str
)
def test_a_number_s_bounds_are_those_that_are_read(sheet: str, column: Column) -> None:
    """At both bounds the cell is read; beyond them it is refused by the sheet and by the reader."""
    rule = rule_for(column, "A2", "A2:A9")
    low, high = int(rule.formula1 or 0), rule.formula2
    assert parse_value(column, low) == low
    refused = [low - 1]
    if high is not None:
        assert parse_value(column, int(high)) == int(high)
        refused.append(int(high) + 1)
    for number in refused:
        with pytest.raises(RefusedError):
            parse_value(column, number)


def test_examples_in_defaults_are_marked_until_they_are_replaced() -> None:
    """Region and project of the examples are nobody's: they are marked as long as they stand there."""
    page = book()["Defaults"]
    marked = {str(each.sqref): each.rules[0].formula[0] for each in page.conditional_formatting}
    places = {str(page[f"A{number}"].value): f"B{number}" for number in range(2, page.max_row + 1)}
    assert marked == {places[name]: f'{places[name]}="{page[places[name]].value}"' for name in ("region_id", "project_id")}


def test_what_another_sheet_holds_can_be_chosen() -> None:
    """The waves in `Servers`, the servers in `Disks`, the headers in `Limits`."""
    waves, disks, limits = (rules(book()[name]) for name in ("Servers", "Disks", "Limits"))
    assert waves["A2:A5001"].formula1 == "Waves!$A$2:$A$501"
    offered = str(disks["A2:A20001"].formula1)
    assert book()["Servers"][offered.partition("!")[2].replace("$", "").partition(":")[0]].value == plan_id(1)
    assert str(limits["A2:A201"].formula1).startswith("Servers!$A$1:")


def plan_id(number: int) -> str:
    """The source id of a worked row."""
    return f"aaaaaaaa-0000-4000-8000-{number:012}"


def test_ids_and_names_stay_text() -> None:
    """The empty cells of their columns are formatted as text, or a spreadsheet makes 12 of 0012."""
    page = book()["Servers"]
    for place, column in enumerate(columns_of("Servers"), 1):
        number_format = page.column_dimensions[get_column_letter(place)].number_format
        assert (number_format == "@") == (column.kind not in {Kind.INTEGER, Kind.DECIMAL, Kind.DATETIME}), column.name


@pytest.mark.parametrize("group", ONE_OF)
def test_of_a_group_one_is_needed(tmp_path: Path, group: tuple[str, ...]) -> None:
    """What the template calls needed is: a row that has none of them is an error."""
    given: dict[str, Any] = {"wave": "wave-1", "source_name": "web-01", "vm_template_id": "template-1"}
    without = {name: value for name, value in given.items() if name not in group}
    codes = [{each.code for each in check_plan(read_plan(make_plan(tmp_path / "plan.xlsx", [row])))} for row in (given, without)]
    assert codes[0] == set()
    assert codes[1] & {"PLAN-203", "PLAN-208"}


def test_the_guide_leads_to_every_sheet_and_names_what_comes_next() -> None:
    """A link a sheet, the two commands with the plan's name in them, a pattern with its result."""
    guide = book()["Guide"]
    assert book().sheetnames == ["Guide", *FORMS]
    cells = [cell for row in guide.iter_rows() for cell in row if cell.value is not None]
    links = {cell.value: cell.hyperlink.location for cell in cells if cell.hyperlink}
    assert links == {name: f"'{name}'!A1" for name in SHEETS}
    assert {*COMMANDS, "{source_name}-hw", "40 GiB"} <= {cell.value for cell in cells}


def test_every_sheet_prints_with_its_header() -> None:
    """On A4, landscape, the header on every page; the guide on one page."""
    assert [sheet.print_title_rows for sheet in book().worksheets] == [None, *["$1:$1"] * len(SHEETS)]
    assert {sheet.page_setup.orientation for sheet in book().worksheets[1:]} == {"landscape"}
    assert book()["Guide"].page_setup.orientation == "portrait"


def test_a_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    """Without it the file is as it was, and nothing else is left behind."""
    path = tmp_path / "plan.xlsx"
    path.write_bytes(b"mine")
    with pytest.raises(TemplateError, match="is there already"):
        write_template(path, COMMANDS, NOW)
    assert path.read_bytes() == b"mine"
    write_template(path, COMMANDS, NOW, replace=True)
    assert read_plan(path).servers
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither half a plan nor an empty one; what stood there before is there still."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "old.xlsx").write_bytes(b"mine")
    for name, replace in (("new.xlsx", False), ("old.xlsx", True)):
        with pytest.raises(TemplateError, match="no space left on device"):
            write_template(tmp_path / name, COMMANDS, NOW, replace=replace)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("old.xlsx", b"mine")]


@pytest.mark.parametrize(
    ("name", "words"), [("plan.csv", "ends in .xlsx"), ("gone/plan.xlsx", "does not exist"), ("folder.xlsx", "is a folder")]
)
def test_a_place_where_none_can_go_is_told(tmp_path: Path, name: str, words: str) -> None:
    """In one line, with what to do, and nothing is written."""
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(TemplateError, match=words):
        write_template(tmp_path / name, COMMANDS, NOW, replace=True)


def test_odd_names_break_nothing(tmp_path: Path) -> None:
    """A file's name stands in the guide and at the foot of each page, whatever it is."""
    path = tmp_path / "=1+1 & R&D 5%.xlsx"
    write_template(path, (f'waves check "{path.name}"', "=1+1"), NOW)
    assert [cell.data_type for row in load_workbook(path)["Guide"].iter_rows() for cell in row if cell.value == "=1+1"] == ["s"]
    assert check_plan(read_plan(path)) == ()
