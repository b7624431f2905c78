"""Write one sheet of the template: header with notes, worked rows, and what helps whoever fills in the rest.

Decides widths, what stays in sight, how it prints. Rules, marks and the looks of empty rows belong to whole columns, so that a
sheet for 5,000 rows weighs what one for three does. Called by template.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.comments import Comment
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from inventory.columns import PLAN_DEFAULTS, Column, Kind
from inventory.report_style import BRAND, LINE, MUTED, add_sheet, font, set_page, set_text, set_widths
from inventory.server_checks import MANDATORY
from inventory.template_forms import CHOSEN_FROM, FORMS, Need, columns_of, need_of
from inventory.template_marks import add_marks, mark_example
from inventory.template_rows import OWN_COLUMN
from inventory.template_rules import rule_for
from inventory.template_style import HEADERS, SHARED, TEXTS, cell_at, dress_column, style_of
from inventory.template_words import give, note_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.template_rows import Row

HEADER_POINTS = 24.0
_ROW_POINTS = 17.0
_LINE_POINTS, _MEANING_LETTERS = 13.0, 100
_TABS = {"required": BRAND, "recommended": SHARED, "optional": LINE}
_FILTER_BUTTON = 5
_NOTE_POINTS, _NOTE_LETTERS, _NOTE_LINE_POINTS = 300, 54, 15
_PAGE_LETTERS = 180
_OWN_NOTE = (
    "A column of your own. Add as many as you like, in any place: they are carried into the report, --where finds rows by them, "
    "and Limits may name them."
)
_BY_KIND = {
    Kind.ID: 38,
    Kind.IP: 16,
    Kind.DATETIME: 19,
    Kind.TIMEZONE: 18,
    Kind.ENUM: 18,
    Kind.SIZE: 14,
    Kind.NAME: 26,
    Kind.NOTE: 52,
    Kind.LABEL: 14,
}
_TEXT_LETTERS = 18
_NARROW = frozenset({"disk", "disk_name", "name", "source_name"})


def add_plan_sheet(book: Workbook, name: str, rows: Sequence[Row], title: str) -> Worksheet:
    """Add a sheet of columns with its worked rows; `title` stands at the foot of each printed page."""
    sheet, form, columns = add_sheet(book, name), FORMS[name], columns_of(name)
    headers = [column.name for column in columns] + ([OWN_COLUMN] if name == "Servers" else [])
    widths = [*(_width(column) for column in columns), *([14.0] if name == "Servers" else [])]
    set_widths(sheet, widths)
    for place, column in enumerate(columns, 1):
        _add_header(sheet, place, column)
        dress_column(sheet, get_column_letter(place), style_of(column))
    if name == "Servers":
        _add_own_header(sheet, len(headers))
    for number, row in enumerate(rows, 2):
        _add_row(sheet, number, columns, row)
    last = form.rows + 1
    for place, column in enumerate(columns, 1):
        letter = get_column_letter(place)
        sheet.add_data_validation(rule_for(column, f"{letter}2", f"{letter}2:{letter}{last}", _chosen_from(name, column)))
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{last}"
    sheet.freeze_panes = f"{get_column_letter(len(form.first) + 1)}2"
    add_marks(sheet, name, headers, last)
    _finish(sheet, name, title, sum(widths))
    return sheet


def add_defaults(book: Workbook, rows: Sequence[Row], title: str) -> Worksheet:
    """Add the sheet `Defaults`: every column that it may set, with what it means beside it; most of its values are empty."""
    sheet, said = add_sheet(book, "Defaults"), {row["column"]: row["value"] for row in rows}
    set_widths(sheet, (30, 38, 84))
    for place, column in enumerate(columns_of("Defaults"), 1):
        _add_header(sheet, place, column)
    sheet["C1"] = "meaning"
    sheet["C1"].style = HEADERS[Need.OPTIONAL]
    for number, column in enumerate(PLAN_DEFAULTS, 2):
        _add_default(sheet, number, column, said.get(column.name))
    sheet.freeze_panes = "B2"
    _finish(sheet, "Defaults", title, 0)
    return sheet


def _add_default(sheet: Worksheet, number: int, column: Column, value: str | None) -> None:
    name, cell, meaning = (cell_at(sheet, number, place) for place in (1, 2, 3))
    name.value = column.name
    name.style, cell.style, meaning.style = TEXTS, style_of(column), TEXTS
    name.font = font(bold=True, colour=BRAND)
    _put(cell, value)
    meaning.value = f"{column.help.replace('`', '')} {give(column)}"
    meaning.font = font(colour=MUTED)
    meaning.alignment = Alignment(vertical="center", horizontal="left", indent=1, wrap_text=True)
    sheet.row_dimensions[number].height = _LINE_POINTS * -(-len(meaning.value) // _MEANING_LETTERS) + 5
    sheet.add_data_validation(rule_for(column, f"B{number}", f"B{number}"))
    if column.name in MANDATORY and value is not None:
        mark_example(sheet, f"B{number}", value)


def _add_header(sheet: Worksheet, place: int, column: Column) -> None:
    need, cell = need_of(sheet.title, column), cell_at(sheet, 1, place)
    cell.value = f"{column.name} *" if need is Need.REQUIRED else column.name
    cell.style = HEADERS[need]
    _add_note(cell, note_for(sheet.title, column))


def _add_own_header(sheet: Worksheet, place: int) -> None:
    cell = cell_at(sheet, 1, place)
    cell.value, cell.style = OWN_COLUMN, HEADERS[Need.OWN]
    _add_note(cell, _OWN_NOTE)
    dress_column(sheet, get_column_letter(place), TEXTS)


def _add_note(cell: Cell, text: str) -> None:
    lines = sum(-(-max(len(line), 1) // _NOTE_LETTERS) for line in text.splitlines())
    cell.comment = Comment(text, "migration-waves", width=_NOTE_POINTS, height=_NOTE_LINE_POINTS * (lines + 1))


def _add_row(sheet: Worksheet, number: int, columns: Sequence[Column], row: Row) -> None:
    sheet.row_dimensions[number].height = _ROW_POINTS
    for place, column in enumerate(columns, 1):
        cell = cell_at(sheet, number, place)
        cell.style = style_of(column)
        _put(cell, row.get(column.name))
    if OWN_COLUMN in row:
        cell = cell_at(sheet, number, len(columns) + 1)
        cell.style = TEXTS
        _put(cell, row[OWN_COLUMN])


def _put(cell: Cell, value: str | float | datetime | None) -> None:
    if isinstance(value, str):
        set_text(cell, value)
    elif value is not None:
        cell.value = value
        if isinstance(value, float):
            cell.number_format = "0%"


def _chosen_from(sheet: str, column: Column) -> str:
    """The range that a drop-down offers: what stands in another sheet's column, or, in `Limits`, the headers of `Servers`."""
    if (sheet, column.name) == ("Limits", "column"):
        return f"Servers!$A$1:${get_column_letter(len(columns_of('Servers')) + 1)}$1"
    if (sheet, column.name) not in CHOSEN_FROM:
        return ""
    other, name = CHOSEN_FROM[sheet, column.name]
    letter = get_column_letter([each.name for each in columns_of(other)].index(name) + 1)
    return f"{other}!${letter}$2:${letter}${FORMS[other].rows + 1}"


def _width(column: Column) -> float:
    by_kind = _BY_KIND.get(column.kind, _TEXT_LETTERS if column.kind is Kind.TEXT else 0)
    by_kind = 16 if column.name in _NARROW else by_kind
    return max(by_kind, len(column.name) + _FILTER_BUTTON + 2 * column.required, 10)


def _finish(sheet: Worksheet, name: str, title: str, letters: float) -> None:
    """Header, tab and paper: as many pages side by side as it takes to be read, the first columns on each."""
    set_page(sheet, title)
    sheet.page_setup.fitToWidth = max(1, round(letters / _PAGE_LETTERS))
    if sheet.page_setup.fitToWidth > 1:
        sheet.print_title_cols = f"A:{get_column_letter(len(FORMS[name].first))}"
    sheet.row_dimensions[1].height = HEADER_POINTS
    sheet.sheet_properties.tabColor = _TABS[FORMS[name].need]
    sheet.sheet_view.zoomScale = 100
