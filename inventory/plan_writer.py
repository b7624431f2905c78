"""Write a plan's workbook from rows: `Servers`, `Disks`, `Volumes` ... in the house's look.

Decides how a plan looks that a program wrote; whole_file.py sees to it that there is never half of one. Knows nothing of where the
rows come from. Called by `waves import`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.columns import Kind, find_column
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

_WIDTH_SAMPLE = 200
_LONGEST_WIDTH = 44
_SIZE_FORMAT = "#,##0"


class PlanWriteError(Exception):
    """A plan cannot be written to that place; `problem` and `remedy` are the two halves of its line."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class PlanTable:
    """A sheet of a plan: its headers and its rows. From the column `own` on (from 0; -1 for none) they are not the plan's own.

    `fixed` columns stay in sight when one scrolls to the right.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    own: int = -1
    fixed: int = 0


@dataclass(frozen=True, slots=True)
class PlanBook:
    """A plan to be written: its sheets by name, in order, and what adds further sheets after them. `written_at` is UTC."""

    title: str
    author: str
    written_at: datetime
    tables: Mapping[str, PlanTable]
    more: Sequence[Callable[[Workbook], None]] = field(default_factory=tuple)


def check_plan_path(path: Path, *, may_replace: bool, sources: Sequence[Path] = ()) -> None:
    """Raise PlanWriteError if no plan can be written there: looks only, before anything is read."""
    if path.suffix.lower() != ".xlsx":
        raise PlanWriteError(f"{path} is no name for a plan", "give a name that ends in .xlsx")
    if not path.parent.is_dir():
        raise PlanWriteError(f"the folder {path.parent} does not exist", "make it, or choose another with --out")
    if path.is_dir():
        raise PlanWriteError(f"{path} is a folder", "give a file name with --out")
    if path.exists() and any(source.exists() and path.samefile(source) for source in sources):
        raise PlanWriteError(f"{path} is the inventory itself, which is never written", "give the plan another name with --out")
    if path.exists() and not may_replace:
        raise PlanWriteError(f"{path} is there already", "choose another name with --out, or replace it with --force")


def write_plan(path: Path, book: PlanBook) -> None:
    """Write the plan to `path`; raises PlanWriteError, and then what was there is there still."""
    try:
        write_whole(path, compose(book).save)
    except OSError as cause:
        reason = (cause.strerror or str(cause)).lower()
        raise PlanWriteError(
            f"the plan {path} cannot be written ({reason})", "close it where it is open, or choose another --out"
        ) from cause


def compose(book: PlanBook) -> Workbook:
    """The plan as a workbook that is ready to be saved, once."""
    from openpyxl import Workbook

    from inventory.report_style import writable_text

    workbook = Workbook(write_only=True)
    workbook.properties.title = writable_text(book.title)
    workbook.properties.creator = writable_text(book.author)
    workbook.properties.created = workbook.properties.modified = book.written_at.replace(tzinfo=None)
    for name, table in book.tables.items():
        add_table(workbook, name, table, f"{book.title} - {name}")
    for add in book.more:
        add(workbook)
    return workbook


def add_table(workbook: Workbook, name: str, table: PlanTable, title: str) -> Worksheet:
    """Add a sheet that holds a table: header in the house's colours, filter, fixed columns, sizes with thousands."""
    from openpyxl.utils import get_column_letter

    from inventory.report_style import add_sheet, header_row, set_page, set_widths

    sheet = add_sheet(workbook, name)
    sizes = {place for place, header in enumerate(table.headers) if _is_size(name, header)}
    set_widths(sheet, [_width(header, table, place) for place, header in enumerate(table.headers)])
    set_page(sheet, title)
    sheet.freeze_panes = f"{get_column_letter(table.fixed + 1)}2"
    sheet.row_dimensions[1].height = 20
    if table.headers:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.headers))}{len(table.rows) + 1}"
    ours = table.own if table.own >= 0 else len(table.headers)
    others = table.headers[ours:]
    sheet.append([*header_row(sheet, table.headers[:ours]), *header_row(sheet, others, own=len(others))])
    for row in table.rows:
        sheet.append([_cell(sheet, value, is_size=place in sizes) for place, value in enumerate(row)])
    return sheet


def _is_size(sheet: str, header: str) -> bool:
    column = find_column(sheet, header)
    return column is not None and column.kind is Kind.SIZE


def _cell(sheet: Worksheet, value: object, *, is_size: bool) -> object | Cell | None:
    from openpyxl.cell import WriteOnlyCell

    from inventory.report_style import text_value

    if value is None or value == "":
        return None
    if isinstance(value, str):
        return text_value(sheet, value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if is_size and isinstance(value, int):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = _SIZE_FORMAT
        return cell
    return value


def _width(header: str, table: PlanTable, place: int) -> float:
    """Wide enough for the header with its filter button and for the longest of the first cells, within reason."""
    shown = [row[place] for row in table.rows[:_WIDTH_SAMPLE] if place < len(row)]
    longest = max((len(f"{cell:,}") if isinstance(cell, int) else len(str(cell)) for cell in shown if cell is not None), default=0)
    return min(max(len(header) + 5, longest + 2, 9), _LONGEST_WIDTH)
