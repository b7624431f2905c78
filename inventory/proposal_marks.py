"""How a proposal stands in a copy of the plan: columns of its own, in its own colours, told apart from what the planner wrote.

Called by proposal_copy.py and proposal_waves.py alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from inventory.columns import normalise
from inventory.outcomes import Status
from inventory.report_style import MIDDLE, STATUS_COLOURS, WRAP, fill, font, set_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

_OURS = "47607D"
_NUMBER = Alignment(vertical="top", horizontal="right", indent=1)


def column_of(headers: Sequence[str], name: str) -> int | None:
    """The column of this header, counted from 1, however it is spelt; None where there is none."""
    known = [normalise(header) for header in headers]
    return known.index(normalise(name)) + 1 if normalise(name) in known else None


def write_header(sheet: Worksheet, row: int, column: int, name: str, width: float) -> None:
    """A header in the colour of what is not the planner's own."""
    cell = cell_at(sheet, row, column)
    set_text(cell, name)
    cell.font, cell.fill, cell.alignment = font(bold=True, colour="FFFFFF"), fill(_OURS), MIDDLE
    sheet.column_dimensions[get_column_letter(column)].width = width


def write_proposed(sheet: Worksheet, row: int, column: int, value: str | float) -> None:
    """A proposed value, in the colours of one; text stays text whatever it looks like."""
    cell = cell_at(sheet, row, column)
    if isinstance(value, str):
        set_text(cell, value)
    else:
        cell.value = value
    ground, colour = STATUS_COLOURS[Status.EXISTS]
    cell.fill, cell.font, cell.alignment = fill(ground), font(colour=colour), WRAP if isinstance(value, str) else _NUMBER


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """A cell; of merged ones, which hold one text together, the one they begin with."""
    from openpyxl.cell.cell import MergedCell

    cell = sheet.cell(row, column)
    if not isinstance(cell, MergedCell):
        return cell
    area = next(each for each in sheet.merged_cells.ranges if cell.coordinate in each)
    return cell_at(sheet, area.min_row, area.min_col)
