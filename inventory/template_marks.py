"""What the template marks by itself while it is filled in: what a row lacks, what contradicts, which rows are the examples.

Decides a few rules over whole columns, by conditional formats. They help and never judge: `waves check` does. Called by
template_sheet.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter

from inventory.columns import SHEETS
from inventory.report_style import MUTED
from inventory.template_forms import ONE_OF
from inventory.template_rows import EXAMPLE_ID
from inventory.template_style import DOUBTFUL, EXAMPLE, MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet


def add_marks(sheet: Worksheet, name: str, headers: Sequence[str], last: int) -> None:
    """Add the sheet's marks over its rows, from row 2 to `last`."""
    marks = _Marks(sheet, headers, last)
    for column in SHEETS[name]:
        if column.required:
            marks.missing(column.name)
    if name == "Servers":
        marks.none_of(ONE_OF[0])
        marks.both(*ONE_OF[1])
        marks.twice("source_server_id")
        marks.skipped()
    if name == "Waves":
        marks.not_after("ends_at", "starts_at")
    marks.examples()


def mark_example(sheet: Worksheet, cell: str, value: str) -> None:
    """Mark a cell as an example as long as it holds this value."""
    look = DifferentialStyle(fill=_ground(EXAMPLE))
    sheet.conditional_formatting.add(cell, Rule(type="expression", formula=[f'{cell}="{value}"'], dxf=look))


class _Marks:
    """The rules of one sheet; of two that fit a cell, the one added first is seen."""

    def __init__(self, sheet: Worksheet, headers: Sequence[str], last: int) -> None:
        self._sheet = sheet
        self._letters = {header: get_column_letter(place) for place, header in enumerate(headers, 1)}
        self._last = last
        self._width = get_column_letter(len(headers))

    def missing(self, name: str) -> None:
        """A required cell that is empty in a row that is not."""
        self._mark((name,), f"AND(LEN({self._cell(name)})=0,{self._is_used()})", MISSING)

    def none_of(self, names: Sequence[str]) -> None:
        """Cells of which one is needed, all of them empty in a row that is not."""
        empty = ",".join(f"LEN({self._cell(name)})=0" for name in names)
        self._mark(names, f"AND({empty},{self._is_used()})", MISSING)

    def both(self, one: str, other: str) -> None:
        """Two cells that exclude each other, both filled."""
        self._mark((one, other), f"AND(LEN({self._cell(one)})>0,LEN({self._cell(other)})>0)", MISSING)

    def not_after(self, end: str, start: str) -> None:
        """A window that closes before it opens."""
        both = f"ISNUMBER({self._cell(start)}),ISNUMBER({self._cell(end)})"
        self._mark((end,), f"AND({both},{self._cell(end)}<={self._cell(start)})", MISSING)

    def twice(self, name: str) -> None:
        """The same text in two rows."""
        rule = Rule(type="duplicateValues", dxf=DifferentialStyle(fill=_ground(DOUBTFUL)))
        self._sheet.conditional_formatting.add(self._range(name), rule)

    def skipped(self) -> None:
        """Rows that are left out."""
        look = DifferentialStyle(font=Font(color=MUTED, strike=True))
        self._add(self._rows(), f'LOWER({self._cell("skip")})="yes"', look)

    def examples(self) -> None:
        """The worked rows, until their id is replaced."""
        name = "source_server_id"
        if name in self._letters:
            self._paint(self._rows(), f'LEFT({self._cell(name)},{len(EXAMPLE_ID)})="{EXAMPLE_ID}"', EXAMPLE)

    def _mark(self, names: Sequence[str], formula: str, colour: str) -> None:
        for name in names:
            self._paint(self._range(name), formula, colour)

    def _paint(self, cells: str, formula: str, colour: str) -> None:
        self._add(cells, formula, DifferentialStyle(fill=_ground(colour)))

    def _add(self, cells: str, formula: str, look: DifferentialStyle) -> None:
        self._sheet.conditional_formatting.add(cells, Rule(type="expression", formula=[formula], dxf=look))

    def _cell(self, name: str) -> str:
        return f"${self._letters[name]}2"

    def _is_used(self) -> str:
        return f"COUNTA($A2:${self._width}2)>0"

    def _range(self, name: str) -> str:
        return f"{self._letters[name]}2:{self._letters[name]}{self._last}"

    def _rows(self) -> str:
        return f"A2:{self._width}{self._last}"


def _ground(colour: str) -> PatternFill:
    """A fill for a conditional format, of which a spreadsheet shows the background."""
    return PatternFill("solid", fgColor=colour, bgColor=colour)
