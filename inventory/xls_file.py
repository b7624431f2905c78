"""A workbook of Excel 97-2003 (.xls), as far as the reader does not tell: errors, hidden rows, merged cells, and its area.

Decides whether it is safe to hand to the reader, and hands on its workbook stream alone, without macros and whatever else the file
holds. A formula that was never calculated cannot be told here: the format always keeps a value beside it. Called by workbook.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.catalogue import plan_error
from inventory.cell_references import column_letters
from inventory.compound_file import CompoundFile, write_compound_file
from inventory.reading_limits import ReadingLimits, TooBigError
from inventory.sheet_facts import FactsFound, SheetFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MAX_RECORDS = 8_000_000
"""A sheet as full as the format allows (65,536 rows of 100 cells) has fewer; more are there to cost time."""

_BOF, _EOF, _FILE_PASSWORD, _BOUND_SHEET, _STRINGS = 0x0809, 0x000A, 0x002F, 0x0085, 0x00FC
_ROW, _BOOL_OR_ERROR, _FORMULA, _MERGED, _MANY_NUMBERS = 0x0208, 0x0205, 0x0006, 0x00E5, 0x00BD
_CELLS = frozenset({0x0203, 0x0204, 0x027E, 0x00FD, 0x00D6, _BOOL_OR_ERROR, _FORMULA, _MANY_NUMBERS})
_HIDDEN_BIT = 0x20
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def read_xls(name: str, content: bytes, limits: ReadingLimits) -> tuple[bytes, tuple[SheetFacts, ...]]:
    """The workbook alone in a file of its own, and the facts of each sheet in the file's order.

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
        return write_compound_file(stream_name, walk.stream), sheets
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
    _places: list[int] = field(default_factory=list)

    def sheets(self) -> tuple[SheetFacts, ...]:
        """The facts of each sheet; none where the workbook is encrypted."""
        for kind, at, _ in self._read(0):
            if kind == _FILE_PASSWORD:
                self.is_encrypted = True
                return ()
            if kind == _BOUND_SHEET:
                self._places.append(*struct.unpack_from("<I", self.stream, at))
            elif kind == _STRINGS and struct.unpack_from("<I", self.stream, at + 4)[0] > len(self.stream):
                raise ValueError("more texts than the file has bytes")
        if not self._places:
            raise ValueError("no sheets")
        return tuple(map(self._sheet, self._places))

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
