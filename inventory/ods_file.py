"""An OpenDocument spreadsheet (.ods), as far as the reader does not tell: errors, formulas, what is hidden or merged, area.

Decides whether it is safe to hand to the reader, which lays out every sheet whole: a few bytes of this format can claim a million
rows of a cell. Parsed by expat, any DOCTYPE refused. Called by workbook.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from inventory.catalogue import plan_error
from inventory.cell_references import column_letters
from inventory.package import BROKEN, open_archive
from inventory.reading_limits import ReadingLimits, TooBigError
from inventory.sheet_facts import FactsFound, SheetFacts, UnsafeXmlError
from inventory.xml_walk import XmlWalk

if TYPE_CHECKING:
    from collections.abc import Mapping

MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_HIDDEN = frozenset({"collapse", "filter"})
_ERROR_TEXTS = ("#", "Err:")


def is_ods(content: bytes) -> bool:
    """Whether a zip is an OpenDocument file of any kind: it says so in its first bytes, or has that format's list of parts."""
    return content[30:38] == b"mimetype" or (b"META-INF/manifest.xml" in content and b"xl/workbook" not in content)


def read_ods_facts(name: str, content: bytes, limits: ReadingLimits) -> tuple[SheetFacts, ...]:
    """The facts of each sheet, in the file's order. Raises PlanError when it is damaged, encrypted, too big, or no spreadsheet."""
    try:
        archive = open_archive(name, content, limits)
        if not archive.read("mimetype").startswith(MIMETYPE):
            raise plan_error("PLAN-007", name=name, what="another document", remedy="give the plan's workbook (.xlsx or .ods)")
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise plan_error("PLAN-006", name=name)
        reader = _ContentReader(limits)
        with archive.open("content.xml") as stream:
            reader.read(stream)
    except TooBigError as exc:
        raise limits.refusal(name, exc) from exc
    except UnsafeXmlError as exc:
        raise plan_error("PLAN-010", name=name) from exc
    except BROKEN as exc:
        raise plan_error("PLAN-005", name=name) from exc
    return tuple(reader.sheets)


@dataclass(slots=True)
class _Sheet:
    """The sheet that is being read: what it holds beside values, how many rows and columns there were, and how far it reaches."""

    name: str
    found: FactsFound
    rows: int = 0
    columns: int = 0
    height: int = 0
    width: int = 0


@dataclass(slots=True)
class _Row:
    """The row that is being read: how often it stands there, and what of it is known so far."""

    times: int
    is_hidden: bool
    column: int = 0
    width: int = 0


@dataclass(slots=True)
class _Cell:
    """The cell that is being read."""

    column: int
    times: int
    formula: bool
    type: str
    is_error: bool
    text: str = ""

    @property
    def holds_anything(self) -> bool:
        return self.formula or bool(self.type) or bool(self.text)

    @property
    def fault(self) -> tuple[str, str]:
        """What is wrong with it, as code and what it shows; ("", "") for a sound one."""
        if self.is_error or (self.formula and self.type != "string" and self.text.startswith(_ERROR_TEXTS)):
            return "PLAN-101", self.text or "#ERROR"
        return ("PLAN-102", "") if self.formula and not self.type else ("", "")


class _ContentReader(XmlWalk):
    """Walks the cells of all sheets; `sheets` are the facts of each."""

    def __init__(self, limits: ReadingLimits) -> None:
        super().__init__()
        self.sheets: list[SheetFacts] = []
        self._limits = limits
        self._area = 0
        self._sheet: _Sheet | None = None
        self._row: _Row | None = None
        self._cell: _Cell | None = None
        self._in_note = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A sheet, a row, a cell, a text or a note begins."""
        match tag:
            case "table:table-cell" | "table:covered-table-cell":
                self._start_cell(attributes)
            case "text:p":
                if self._cell is not None and not self._in_note:
                    self.hear_text(wanted=True)
            case "table:table-row":
                is_hidden = attributes.get("table:visibility") in _HIDDEN
                self._row = _Row(_times(attributes, "table:number-rows-repeated", MAX_ROWS), is_hidden)
            case "table:table-column":
                self._add_columns(attributes)
            case "office:annotation":
                self._in_note = True
            case "table:table":
                if self._sheet is not None:
                    raise ValueError("a table in a cell")
                self._sheet = _Sheet(attributes.get("table:name", ""), FactsFound(self._limits.marks))

    def text(self, text: str) -> None:
        """A piece of a cell's text."""
        if self._cell is not None:
            self._cell.text += text

    def end(self, tag: str) -> None:
        """What began has ended."""
        match tag:
            case "table:table-cell" | "table:covered-table-cell":
                self._end_cell()
            case "text:p":
                self.hear_text(wanted=False)
            case "table:table-row":
                self._end_row()
            case "office:annotation":
                self._in_note = False
            case "table:table":
                self._end_sheet()

    def _add_columns(self, attributes: dict[str, str]) -> None:
        sheet = self._sheet
        if sheet is None:
            raise ValueError("a column without a sheet")
        times = _times(attributes, "table:number-columns-repeated", MAX_COLUMNS)
        if attributes.get("table:visibility") in _HIDDEN:
            sheet.found.add_hidden_columns(sheet.columns, sheet.columns + times - 1)
        sheet.columns += times

    def _start_cell(self, attributes: dict[str, str]) -> None:
        sheet, row = self._sheet, self._row
        if sheet is None or row is None:
            raise ValueError("a cell without a row")
        times = _times(attributes, "table:number-columns-repeated", MAX_COLUMNS)
        is_error = attributes.get("calcext:value-type") == "error"
        self._cell = _Cell(row.column, times, "table:formula" in attributes, attributes.get("office:value-type", ""), is_error)
        row.column += times
        if row.column > MAX_COLUMNS:
            raise TooBigError(f"the sheet {sheet.name} has more than {MAX_COLUMNS} columns", row.column, MAX_COLUMNS)
        down = _times(attributes, "table:number-rows-spanned", MAX_ROWS)
        across = _times(attributes, "table:number-columns-spanned", MAX_COLUMNS)
        if down * across > 1:
            column = self._cell.column
            sheet.found.add_merged((sheet.rows, column, sheet.rows + down - 1, column + across - 1))

    def _end_cell(self) -> None:
        sheet, row, cell = self._sheet, self._row, self._cell
        self._cell = None
        if sheet is None or row is None or cell is None or not cell.holds_anything:
            return
        row.width = max(row.width, cell.column + cell.times)
        code, shown = cell.fault
        if code:
            rows, columns = range(sheet.rows, sheet.rows + row.times), range(cell.column, cell.column + cell.times)
            for down, across in product(rows, columns):
                sheet.found.add_fault(down, across, code, shown)

    def _end_row(self) -> None:
        sheet, row = self._sheet, self._row
        self._row = None
        if sheet is None or row is None:
            return
        sheet.rows += row.times
        if not row.width:
            return
        sheet.height, sheet.width = sheet.rows, max(sheet.width, row.width)
        area = self._area + sheet.height * sheet.width
        if area > self._limits.cells:
            what = f"the sheet {sheet.name} reaches to cell {column_letters(sheet.width - 1)}{sheet.height}"
            raise TooBigError(what, area, self._limits.cells)
        if row.is_hidden:
            sheet.found.hidden.update(range(sheet.rows - row.times, sheet.rows))

    def _end_sheet(self) -> None:
        if self._sheet is not None:
            self._area += self._sheet.height * self._sheet.width
            self.sheets.append(self._sheet.found.facts())
        self._sheet = None


def _times(attributes: Mapping[str, str], name: str, most: int) -> int:
    """How often something is repeated or over how many cells it spans. Raises TooBigError beyond what a sheet can have."""
    said = attributes.get(name)
    if said is None:
        return 1
    times = int(said)
    if not 1 <= times <= most:
        raise TooBigError(f"it repeats cells {times} times, more than a sheet can have", abs(times), most)
    return times
