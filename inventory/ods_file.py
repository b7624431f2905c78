"""An OpenDocument spreadsheet (.ods), as far as the reader does not tell: errors, formulas, hidden rows, merged cells, area.

Decides whether it is safe to hand to the reader, which lays out every sheet whole: a few bytes of this format can claim a million
rows of a cell. Parsed by expat, any DOCTYPE refused. Called by workbook.py.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

from inventory.catalogue import plan_error
from inventory.cell_references import column_letters
from inventory.package import open_archive
from inventory.reading_limits import ReadingLimits, TooBigError
from inventory.sheet_facts import FactsFound, SheetFacts, UnsafeXmlError

if TYPE_CHECKING:
    from collections.abc import Mapping

MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_CHUNK_BYTES = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, NotImplementedError, RuntimeError, SyntaxError)
_CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
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
    except _BROKEN as exc:
        raise plan_error("PLAN-005", name=name) from exc
    return tuple(reader.sheets)


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


class _ContentReader:
    """Walks the cells of all sheets; `sheets` are the facts of each."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.sheets: list[SheetFacts] = []
        self._limits = limits
        self._area = 0
        self._name = ""
        self._found = FactsFound(limits.marks)
        self._rows = self._height = self._width = 0
        self._depth = 0
        self._row: _Row | None = None
        self._cell: _Cell | None = None
        self._in_note = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, stream: IO[bytes]) -> None:
        """Walk the part to its end; ValueError where it is not well formed."""
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                self._parser.Parse(chunk)
            self._parser.Parse(b"", True)  # noqa: FBT003 - expat takes no keywords
        except expat.ExpatError as exc:
            raise ValueError(str(exc)) from exc

    def _refuse(self, *_: object) -> None:
        raise UnsafeXmlError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _CELLS:
            self._start_cell(attributes)
        elif tag == "text:p":
            if self._cell is not None and not self._in_note:
                self._parser.CharacterDataHandler = self._text
        elif tag == "table:table-row":
            is_hidden = attributes.get("table:visibility") in _HIDDEN
            self._row = _Row(_times(attributes, "table:number-rows-repeated", MAX_ROWS), is_hidden)
        elif tag == "office:annotation":
            self._in_note = True
        elif tag == "table:table":
            self._depth += 1
            if self._depth > 1:
                raise ValueError("a table in a cell")
            self._name = attributes.get("table:name", "")
            self._found = FactsFound(self._limits.marks)
            self._rows = self._height = self._width = 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        row = self._row
        if row is None:
            raise ValueError("a cell without a row")
        times = _times(attributes, "table:number-columns-repeated", MAX_COLUMNS)
        is_error = attributes.get("calcext:value-type") == "error"
        self._cell = _Cell(row.column, times, "table:formula" in attributes, attributes.get("office:value-type", ""), is_error)
        row.column += times
        if row.column > MAX_COLUMNS:
            raise TooBigError(f"the sheet {self._name} has more than {MAX_COLUMNS} columns", row.column, MAX_COLUMNS)
        down = _times(attributes, "table:number-rows-spanned", MAX_ROWS)
        across = _times(attributes, "table:number-columns-spanned", MAX_COLUMNS)
        if down * across > 1:
            column = self._cell.column
            self._found.add_merged((self._rows, column, self._rows + down - 1, column + across - 1))

    def _text(self, text: str) -> None:
        if self._cell is not None:
            self._cell.text += text

    def _end(self, tag: str) -> None:
        if tag in _CELLS:
            self._end_cell()
        elif tag == "text:p":
            self._parser.CharacterDataHandler = None
        elif tag == "table:table-row":
            self._end_row()
        elif tag == "office:annotation":
            self._in_note = False
        elif tag == "table:table":
            self._depth -= 1
            self._area += self._height * self._width
            self.sheets.append(self._found.facts())

    def _end_cell(self) -> None:
        cell, row = self._cell, self._row
        self._cell = None
        if cell is None or row is None or not (cell.formula or cell.type or cell.text):
            return
        row.width = max(row.width, cell.column + cell.times)
        if cell.is_error or (cell.formula and cell.type != "string" and cell.text.startswith(_ERROR_TEXTS)):
            self._add_faults(cell, row, "PLAN-101", cell.text or "#ERROR")
        elif cell.formula and not cell.type:
            self._add_faults(cell, row, "PLAN-102", "")

    def _add_faults(self, cell: _Cell, row: _Row, code: str, shown: str) -> None:
        for down in range(row.times):
            for across in range(cell.times):
                self._found.add_fault(self._rows + down, cell.column + across, code, shown)

    def _end_row(self) -> None:
        row = self._row
        if row is None:
            return
        self._rows += row.times
        if row.width:
            self._height, self._width = self._rows, max(self._width, row.width)
            area = self._area + self._height * self._width
            if area > self._limits.cells:
                what = f"the sheet {self._name} reaches to cell {column_letters(self._width - 1)}{self._height}"
                raise TooBigError(what, area, self._limits.cells)
            if row.is_hidden:
                self._found.hidden.update(range(self._rows - row.times, self._rows))
        self._row = None


def _times(attributes: Mapping[str, str], name: str, most: int) -> int:
    """How often something is repeated or over how many cells it spans. Raises TooBigError beyond what a sheet can have."""
    said = attributes.get(name)
    if said is None:
        return 1
    times = int(said)
    if not 1 <= times <= most:
        raise TooBigError(f"it repeats cells {times} times, more than a sheet can have", abs(times), most)
    return times
