"""Mark each bad cell of a workbook: a fill by how much the finding weighs, and a comment that begins with that word.

Decides how a mark looks, and that nothing of the planner's goes: a comment that is there stays below ours, every other format of
the cell stays, a cell inside a merged one is marked where the merged one begins. Called by annotate.py.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from inventory.cell_references import column_index
from inventory.finding_groups import group_findings
from inventory.findings import Severity
from inventory.report_style import SEVERITY_COLOURS, fill, writable_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openpyxl import Workbook
    from openpyxl.worksheet.dimensions import ColumnDimension
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.findings import Finding

AUTHOR = "waves check"
KEPT = "\n\n- - - was here before - - -\n"
"""Stands between our comment and the one that the cell had."""

MOST_MARKS = 100_000
"""No sheet is marked in more cells than this: nobody looks at so many, and Excel would be slow to open them."""

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")
_FILLS = {weight: fill(ground) for weight, (ground, _) in SEVERITY_COLOURS.items()}
_OURS = frozenset(f"00{ground}" for ground, _ in SEVERITY_COLOURS.values())
_WIDTH, _LINE_HEIGHT, _LINE_LETTERS, _TALLEST = 360, 18, 52, 600


@dataclass(frozen=True, slots=True)
class Marks:
    """How many cells were marked, and how many were left out as too many."""

    cells: int
    left_out: int


def mark_cells(workbook: Workbook, findings: Iterable[Finding]) -> Marks:
    """Fill and comment every cell that a finding names; errors before warnings where a cell has both."""
    by_cell: dict[tuple[str, int, int], list[Finding]] = {}
    left_out = 0
    for each in findings:
        for row, column in _cells(each.cell):
            place = (each.sheet, row, column)
            if place in by_cell or len(by_cell) < MOST_MARKS:
                by_cell.setdefault(place, []).append(each)
            else:
                left_out += 1
    _fit_comments(workbook)
    sheets = {sheet.title: _Sheet(sheet) for sheet in workbook.worksheets}
    marked = 0
    for (title, row, column), found in by_cell.items():
        if title in sheets:
            sheets[title].mark(row, column, found)
            marked += 1
    return Marks(marked, left_out)


def unmark_cells(workbook: Workbook) -> None:
    """Take away the marks of an earlier copy: where the planner goes on in the copy, no mended cell shall stay red."""
    for cell in _commented(workbook):
        comment = cell.comment
        if comment is not None and comment.author == AUTHOR:
            _, was_there, kept = str(comment.text).partition(KEPT)
            author, _, text = kept.partition(":\n")
            cell.comment = Comment(text, author) if was_there else None
            if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb in _OURS:
                cell.fill = PatternFill()


def _cells(area: str) -> Iterator[tuple[int, int]]:
    """The cells of a reference, as row and column from 1, as many as are marked at most."""
    match = _AREA.fullmatch(area)
    if match is None:
        return
    left, top = column_index(match[1]) + 1, int(match[2])
    right, bottom = (column_index(match[3]) + 1, int(match[4])) if match[3] else (left, top)
    for row in range(top, min(bottom, top + MOST_MARKS) + 1):
        for column in range(left, right + 1):
            yield row, column


class _Sheet:
    """One sheet being marked."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._columns: Sequence[ColumnDimension] = [each for each in sheet.column_dimensions.values() if each.has_style]

    def mark(self, row: int, column: int, found: Sequence[Finding]) -> None:
        """Mark one cell for all that was found there."""
        cell = self._cell(row, column)
        ordered = sorted(found, key=lambda each: each.severity is not Severity.ERROR)
        cell.fill = _FILLS[ordered[0].severity.value]
        text = "\n\n".join(f"{group.severity.value}: {group.told}" for group in group_findings(ordered))
        before = cell.comment
        if before is not None and before.author == AUTHOR:  # two findings that meet in a merged cell
            text = f"{before.text}\n\n{text}"
        elif before is not None:
            text = f"{text}{KEPT}{before.author}:\n{before.text}"
        cell.comment = _sized(Comment(writable_text(text), AUTHOR))

    def _cell(self, row: int, column: int) -> Cell:
        """The cell itself, with its column's format where it was not there before; of a merged one the cell it begins with."""
        is_new = (row, column) not in self._sheet._cells  # noqa: SLF001 - asking for a cell makes it
        cell = self._sheet.cell(row, column)
        if isinstance(cell, MergedCell):
            area = next(each for each in self._sheet.merged_cells.ranges if cell.coordinate in each)
            return self._cell(area.min_row, area.min_col)
        if is_new:
            self._dress(cell, column)
        return cell

    def _dress(self, cell: Cell, column: int) -> None:
        for of in self._columns:
            if (of.min or 0) <= column <= (of.max or 0):
                cell.number_format = of.number_format
                for look in ("font", "border", "alignment", "protection"):
                    setattr(cell, look, copy(getattr(of, look)))


def _commented(workbook: Workbook) -> Iterator[Cell]:
    for sheet in workbook.worksheets:
        cells = sheet._cells.values()  # noqa: SLF001 - iter_rows would make every cell that there is not
        yield from [cell for cell in cells if isinstance(cell, Cell) and cell.comment is not None]


def _fit_comments(workbook: Workbook) -> None:
    """Give the planner's own comments room for their text: openpyxl forgets how large they were."""
    for cell in _commented(workbook):
        if cell.comment is not None:
            _sized(cell.comment)


def _sized(comment: Comment) -> Comment:
    lines = sum(1 + len(line) // _LINE_LETTERS for line in str(comment.text).split("\n"))
    comment.width, comment.height = _WIDTH, min(_LINE_HEIGHT * (lines + 1), _TALLEST)
    return comment
