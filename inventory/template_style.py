"""The template's named styles, so that a planner's own rows and sheets can look like ours with one click.

Decides the look of headers by need, and of cells by the kind of their column: ids and names are text, or a spreadsheet makes
numbers of them. Colours and font are those of report_style.py. Called by template.py and its sheets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from openpyxl.styles import Alignment, Border, NamedStyle, Side

from inventory.columns import Kind
from inventory.report_style import BRAND, INK, LINE, MUTED, PAPER, fill, font
from inventory.template_forms import Need

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.columns import Column

SHARED = "2F6690"
EXAMPLE = "FFF8E6"
MISSING = "FBD5D5"
DOUBTFUL = "FFF0B8"

_TEXT = "@"
_LEFT = Alignment(vertical="center", horizontal="left", indent=1)
_GRID = Border(bottom=Side(style="thin", color="FFFFFF"), right=Side(style="thin", color="FFFFFF"))

HEADERS = {
    Need.REQUIRED: "Plan required",
    Need.SHARED: "Plan needed",
    Need.OPTIONAL: "Plan optional",
    Need.OWN: "Plan own column",
}
_HEADER_COLOURS = {
    Need.REQUIRED: (BRAND, "FFFFFF"),
    Need.SHARED: (SHARED, "FFFFFF"),
    Need.OPTIONAL: ("DCE5EF", BRAND),
    Need.OWN: (PAPER, MUTED),
}
TEXTS, _NUMBERS, _TIMES, _CHOICES = "Plan text", "Plan number", "Plan time", "Plan choice"
_LOOKS = {
    TEXTS: (_TEXT, INK),
    _NUMBERS: ("General", INK),
    _TIMES: ("yyyy-mm-dd hh:mm", INK),
    _CHOICES: (_TEXT, SHARED),
}
_BY_KIND = {
    Kind.INTEGER: _NUMBERS,
    Kind.DECIMAL: _NUMBERS,
    Kind.SHARE: _NUMBERS,
    Kind.SIZE: _NUMBERS,
    Kind.DATETIME: _TIMES,
    Kind.FLAG: _CHOICES,
    Kind.ENUM: _CHOICES,
}


def style_of(column: Column) -> str:
    """The named style of a column's cells."""
    return _BY_KIND.get(column.kind, TEXTS)


def add_styles(book: Workbook) -> None:
    """Make the named styles known to the workbook; to be called once, first."""
    for need, name in HEADERS.items():
        ground, colour = _HEADER_COLOURS[need]
        face = font(bold=True, colour=colour)

        book.add_named_style(NamedStyle(name, font=face, fill=fill(ground), alignment=_LEFT, border=_GRID, number_format=_TEXT))
    for name in _LOOKS:
        look = _looks(name)
        book.add_named_style(NamedStyle(name, **look))


def cell_at(sheet: Worksheet, row: int, place: int) -> Cell:
    """The cell of a sheet that is no part of a merged one, or the first of it."""
    return cast("Cell", sheet.cell(row, place))


def dress_column(sheet: Worksheet, letter: str, name: str) -> None:
    """Give the empty cells of a whole column the look of a named style."""
    look, dimension = _looks(name), sheet.column_dimensions[letter]
    dimension.font, dimension.alignment = look["font"], look["alignment"]
    dimension.border, dimension.number_format = look["border"], look["number_format"]


def _looks(name: str) -> dict[str, Any]:
    number_format, colour = _LOOKS[name]
    return {
        "font": font(colour=colour),
        "alignment": _LEFT,
        "border": Border(bottom=Side(style="hair", color=LINE)),
        "number_format": number_format,
    }
