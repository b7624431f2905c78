"""A workbook of Excel 97-2003 (.xls), as far as the reader does not tell: errors, what is hidden or merged, and its area.

Decides whether it is safe to hand to the reader, and hands on its workbook stream alone, without macros and whatever else the file
holds, to a process that may die (child_reader.py). A formula that was never calculated cannot be told here: the format always keeps
a value beside it. Called by book.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.catalogue import plan_error
from inventory.cell_references import column_letters
from inventory.child_reader import read_in_child
from inventory.compound_file import CompoundFile, write_compound_file
from inventory.reading_limits import ReadingLimits, TooBigError
from inventory.sheet_facts import FactsFound, SheetFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.child_reader import Rows

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MAX_RECORDS = 8_000_000
"""A sheet as full as the format allows (65,536 rows of 100 cells) has fewer; more are there to cost time."""

_BOF, _EOF, _FILE_PASSWORD, _BOUND_SHEET, _STRINGS = 0x0809, 0x000A, 0x002F, 0x0085, 0x00FC
_ROW, _COLUMNS, _BOOL_OR_ERROR, _FORMULA, _MERGED, _MANY_NUMBERS = 0x0208, 0x007D, 0x0205, 0x0006, 0x00E5, 0x00BD
_CELLS = frozenset({0x0203, 0x0204, 0x027E, 0x00FD, 0x00D6, _BOOL_OR_ERROR, _FORMULA, _MANY_NUMBERS})
_HIDDEN_BIT, _EXCEL_97 = 0x20, 0x0600
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


@dataclass(frozen=True, slots=True)
class XlsSheet:
    """A sheet: its name as on its tab, whether its tab is hidden, and what it holds beside its values."""

    name: str
    is_hidden: bool
    facts: SheetFacts


@dataclass(frozen=True, slots=True)
class XlsFile:
    """A workbook that may be read: `content` is a file that holds nothing else; the sheets are in the file's order."""

    name: str
    content: bytes
    sheets: tuple[XlsSheet, ...]
    limits: ReadingLimits

    def read(self, places: Sequence[int]) -> list[Rows]:
        """The rows of the sheets at these places, from A1 on. Raises PlanError where the reader cannot make sense of them."""
        return read_in_child(self.name, self.content, self.limits, places)[1] if places else []


def read_xls(name: str, content: bytes, limits: ReadingLimits) -> XlsFile:
    """Open a workbook and walk its records.

    Raises PlanError when it is damaged, encrypted, too big, or another kind of file.
    """
    try:
        file = CompoundFile(content)
        if "ENCRYPTEDPACKAGE" in file.names:
            raise plan_error("PLAN-006", name=name)
        stream_name = next((each for each in ("Workbook", "Book") if each.upper() in file.names), "")
        if not stream_name:
            raise plan_error("PLAN-007", name=name, what="another document", remedy="give the plan's workbook (.xlsx)")
        walk = _Walk(file.stream(stream_name), limits)
        sheets = walk.sheets()
        if walk.is_encrypted:
            raise plan_error("PLAN-006", name=name)
        return XlsFile(name, write_compound_file(stream_name, walk.stream), sheets, limits)
    except TooBigError as exc:
        raise limits.refusal(name, exc) from exc
    except (ValueError, KeyError, IndexError, struct.error) as exc:
        raise plan_error("PLAN-006" if _ENCRYPTED in content else "PLAN-005", name=name) from exc


@dataclass(slots=True)
class _Walk:
    """Walks the records of a workbook's stream: first those of the workbook, then those of each sheet."""

    stream: bytes
    limits: ReadingLimits
    is_encrypted: bool = False
    _records: int = 0
    _area: int = 0
    _listed: list[tuple[int, str, bool]] = field(default_factory=list)

    def sheets(self) -> tuple[XlsSheet, ...]:
        """Each sheet; none where the workbook is encrypted."""
        for kind, at, _ in self._read(0):
            if kind == _FILE_PASSWORD:
                self.is_encrypted = True
                return ()
            if kind == _BOUND_SHEET:
                self._listed.append(self._listing(at))
            elif kind == _STRINGS and struct.unpack_from("<I", self.stream, at + 4)[0] > len(self.stream):
                raise ValueError("more texts than the file has bytes")
        if not self._listed:
            raise ValueError("no sheets")
        return tuple(XlsSheet(name, is_hidden, self._sheet(place)) for place, name, is_hidden in self._listed)

    def _listing(self, at: int) -> tuple[int, str, bool]:
        """Where a sheet begins, its name, and whether its tab is hidden."""
        place, state, length = struct.unpack_from("<IBxB", self.stream, at)
        is_new = struct.unpack_from("<H", self.stream, 4)[0] >= _EXCEL_97
        is_wide = is_new and self.stream[at + 7] & 1
        start = at + 8 if is_new else at + 7
        text = self.stream[start : start + length * (2 if is_wide else 1)]
        return place, text.decode("utf-16-le" if is_wide else "latin-1" if is_new else "cp1252", "replace"), state & 3 != 0

    def _read(self, at: int) -> Iterator[tuple[int, int, int]]:
        """The records from a place to the end of their part: kind, where the content begins, its length."""
        depth = 0
        limit = int(MAX_RECORDS * self.limits.times)
        while True:
            kind, length = struct.unpack_from("<HH", self.stream, at)
            if at + 4 + length > len(self.stream):
                raise ValueError("a record that is cut off")
            yield kind, at + 4, length
            if kind == _BOF:
                depth += 1
            elif kind == _EOF:
                depth -= 1
            if depth <= 0:
                return
            at += 4 + length
            self._records += 1
            if self._records > limit:
                raise TooBigError(f"it has more than {limit} records", self._records, limit)

    def _sheet(self, place: int) -> SheetFacts:
        found = FactsFound(self.limits.marks)
        height = width = 0
        for kind, at, length in self._read(place):
            if kind in _CELLS:
                row, column = struct.unpack_from("<HH", self.stream, at)
                last = struct.unpack_from("<H", self.stream, at + length - 2)[0] if kind == _MANY_NUMBERS else column
                height, width = max(height, row + 1), max(width, last + 1)
                self._find_error(found, kind, at, row, column)
            elif kind == _ROW:
                row, flags = struct.unpack_from("<H10xH", self.stream, at)
                if flags & _HIDDEN_BIT:
                    found.hidden.add(row)
            elif kind == _COLUMNS:
                first, last, flags = struct.unpack_from("<HH4xH", self.stream, at)
                if flags & 1:
                    found.add_hidden_columns(first, last)
            elif kind == _MERGED:
                self._find_merged(found, at)
        self._area += height * width
        if self._area > self.limits.cells:
            what = f"a sheet reaches to cell {column_letters(width - 1)}{height}"
            raise TooBigError(what, self._area, self.limits.cells)
        return found.facts()

    def _find_error(self, found: FactsFound, kind: int, at: int, row: int, column: int) -> None:
        if kind == _BOOL_OR_ERROR:
            code, is_error = struct.unpack_from("<BB", self.stream, at + 6)
        elif kind == _FORMULA:
            value = self.stream[at + 6 : at + 14]
            code, is_error = value[2], value[0] == 2 and value[6:] == b"\xff\xff"
        else:
            return
        if is_error:
            found.add_fault(row, column, "PLAN-101", _ERRORS.get(code, "#ERROR"))

    def _find_merged(self, found: FactsFound, at: int) -> None:
        (count,) = struct.unpack_from("<H", self.stream, at)
        for number in range(count):
            top, bottom, left, right = struct.unpack_from("<HHHH", self.stream, at + 2 + 8 * number)
            found.add_merged((top, left, bottom, right))
