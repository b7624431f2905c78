"""Find what a sheet's XML holds beside values: errors such as #DIV/0!, formulas never calculated, what is hidden or merged.

Calamine gives "" for an error and for such a formula, which would read as "not said". Decides from the sheet's XML alone: a quick
search over its bytes finds what is hidden or merged, and says whether there is an error or an uncalculated formula (neither in
nearly every plan); only then is the XML parsed, by expat, any DOCTYPE refused. The same pass bounds the area of the sheet, since
the reader lays it out whole. Called by package.py.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from inventory.cell_references import column_index, column_letters
from inventory.reading_limits import ReadingLimits, TooBigError
from inventory.sheet_facts import FactsFound, SheetFacts, UnsafeXmlError
from inventory.xml_walk import CHUNK_BYTES, XmlWalk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inventory.sheet_facts import Area

__all__ = ["MAX_CELLS", "UnsafeXmlError", "check_head", "check_part", "scan_sheet"]

MAX_CELLS = ReadingLimits().cells
_OVERLAP = 512
_LONGEST_CELL = 1 << 17
_SHEET_COLUMNS = 16_384
_FAR_COLUMNS = (
    (re.compile(rb'<c r="[A-Z]{3}[0-9]+"[^>]*(?<!/)>'), _SHEET_COLUMNS),
    (re.compile(rb'<c r="[C-Z][A-Z][0-9]+"[^>]*(?<!/)>'), 702),
)
_ODDLY_WRITTEN = re.compile(
    rb"""\s[rt]\s*='|\s[rt](?:\s+=|=\s)|[\t\r\n][rt]="""
    rb"""|<(?!row r=")row[\s>]|:(?:row|c)[\s>]|<c(?! r="[A-Z])[\s>]"""
)
_UNCALCULATED = re.compile(rb"<f(?:(?:\s[^>]*)?/>|(?:\s[^>]*[^/>])?>[^<]*</f>)\s*(?=<[^v]|<v[^>]|<v><)")
_ROW = re.compile(rb'<row r="([0-9]{1,7})"')
_HIDDEN_ROW = re.compile(rb'<row r="([0-9]{1,7})"[^>]* hidden="(?:1|true)"')
_COLUMN = re.compile(rb"<col [^>]*>")
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')
_FIRST_AND_LAST = (re.compile(rb' min="([0-9]{1,5})"'), re.compile(rb' max="([0-9]{1,5})"'))
_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(rb"<[A-Za-z_]")
_REF = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_TRUE = frozenset({"1", "true"})


def check_head(stream: IO[bytes]) -> None:
    """Refuse a part of the package whose XML has a DOCTYPE: it can only stand before the first element."""
    head = _COMMENT.sub(b"", stream.read(CHUNK_BYTES))
    root = _ROOT.search(head)
    if _is_other_encoding(head) or _DOCTYPE.search(head[: root.start() if root else None]) or (root is None and stream.read(1)):
        raise UnsafeXmlError


def check_part(stream: IO[bytes]) -> None:
    """Read a part to its end (a damaged one raises), and refuse a DOCTYPE."""
    for chunk in _chunks(stream):
        _refuse_doctype(chunk)


def scan_sheet(open_part: Callable[[], IO[bytes]], limits: ReadingLimits | None = None) -> SheetFacts:
    """The facts of a sheet beside its values.

    Raises UnsafeXmlError, TooBigError, ValueError for XML that is not well formed, and what the zip raises for a damaged part.
    """
    limits = limits or ReadingLimits()
    search = _Search(limits)
    with open_part() as stream:
        search.read(stream)
    if not search.is_suspicious:
        return search.found.facts()
    reader = _SheetReader(limits)
    with open_part() as stream:
        reader.read(stream)
    rows, columns = reader.extent
    if rows * columns > limits.cells:
        raise TooBigError(f"reaches to cell {column_letters(columns - 1)}{rows}", rows * columns, limits.cells)
    return reader.found.facts()


def _refuse_doctype(chunk: bytes) -> None:
    if b"<!" in chunk and _DOCTYPE.search(chunk):
        raise UnsafeXmlError


def _is_other_encoding(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:64]


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The part in pieces that overlap by the last cell that was begun, so that nothing is missed on an edge."""
    kept = b""
    while chunk := stream.read(CHUNK_BYTES):
        if not kept and _is_other_encoding(chunk):
            raise UnsafeXmlError
        chunk = kept + chunk
        yield chunk
        cell = chunk.rfind(b"<c ", -min(len(chunk), _LONGEST_CELL))
        kept = chunk[-_OVERLAP:] if cell < 0 else chunk[min(cell, max(len(chunk) - _OVERLAP, 0)) :]


class _Search:
    """What can be told from a sheet's bytes, and whether they must be parsed.

    The searches know XML as spreadsheets write it: `t="e"`, `<row r="1"`. What is written otherwise is so from its start, and is
    parsed.
    """

    def __init__(self, limits: ReadingLimits) -> None:
        self.found = FactsFound(limits.marks)
        self.is_suspicious = False
        self._limits = limits
        self._rows = 0
        self._columns = 78
        self._begun = 0

    def read(self, stream: IO[bytes]) -> None:
        """Search the part to its end."""
        for number, chunk in enumerate(_chunks(stream)):
            _refuse_doctype(chunk)
            if self.is_suspicious:
                continue
            self._bound(chunk)
            self._find(chunk)
            self.is_suspicious = (
                b't="e"' in chunk
                or (b"<f" in chunk and _UNCALCULATED.search(chunk) is not None)
                or self._rows * self._columns > self._limits.cells
                or (number == 0 and _ODDLY_WRITTEN.search(chunk) is not None)
            )

    def _bound(self, chunk: bytes) -> None:
        """The rows down to the last one with a value, and a bound on the columns of cells that are not merely painted."""
        last = chunk.rfind(b"</c>")
        row = _row_at(chunk, chunk.rfind(b'<row r="', 0, last)) if last >= 0 else 0
        if last >= 0:
            self._rows = max(self._rows, row or self._begun)
        self._begun = _row_at(chunk, chunk.rfind(b'<row r="')) or self._begun
        for far, columns in _FAR_COLUMNS:
            if columns > self._columns and far.search(chunk):
                self._columns = columns
                break

    def _find(self, chunk: bytes) -> None:
        if b' hidden="' in chunk:
            self.found.hidden.update(int(row) - 1 for row in _HIDDEN_ROW.findall(chunk))
            for column in filter(_HIDDEN.search, _COLUMN.findall(chunk)):
                first, last = (place.search(column) for place in _FIRST_AND_LAST)
                if first and last:
                    self.found.add_hidden_columns(int(first[1]) - 1, int(last[1]) - 1)
        if b"<mergeCell " in chunk:
            for ref in _MERGED.findall(chunk):
                self.found.add_merged(_area(ref.decode("ascii")))


def _row_at(chunk: bytes, place: int) -> int:
    """The number of the row whose tag begins at a place; 0 where there is none, or its number is cut off."""
    match = _ROW.match(chunk, place) if place >= 0 else None
    return int(match[1]) if match else 0


def _area(ref: str) -> Area:
    first, _, last = ref.partition(":")
    (top, left), (bottom, right) = _place(first), _place(last or first)
    return min(top, bottom), min(left, right), max(top, bottom), max(left, right)


def _place(ref: str) -> tuple[int, int]:
    match = _REF.fullmatch(ref)
    if match is None:
        raise ValueError(ref)
    return int(match[2]) - 1, column_index(match[1])


class _SheetReader(XmlWalk):
    """Walks a sheet's cells: `found` as scan_sheet returns it, `extent` as (rows, columns) of the cells that hold something."""

    def __init__(self, limits: ReadingLimits) -> None:
        super().__init__()
        self.found = FactsFound(limits.marks)
        self.extent = (0, 0)
        self._row = self._column = -1
        self._type = ""
        self._formula = self._inline = False
        self._value: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A row, a cell, what it holds, or a merged area begins."""
        match tag.rpartition(":")[2]:
            case "c":
                self._start_cell(attributes)
            case "row":
                self._start_row(attributes)
            case "col":
                if attributes.get("hidden") in _TRUE:
                    self.found.add_hidden_columns(int(attributes.get("min", "0")) - 1, int(attributes.get("max", "0")) - 1)
            case "f":
                self._formula = True
            case "is":
                self._inline = True
            case "v":
                self._value = ""
                self.hear_text(wanted=True)
            case "mergeCell":
                self.found.add_merged(_area(attributes.get("ref", "")))

    def text(self, text: str) -> None:
        """A piece of a cell's value."""
        self._value = (self._value or "") + text

    def end(self, tag: str) -> None:
        """A value or a cell ends."""
        match tag.rpartition(":")[2]:
            case "v":
                self.hear_text(wanted=False)
            case "c":
                self._end_cell()

    def _start_row(self, attributes: dict[str, str]) -> None:
        said = attributes.get("r", "")
        self._row = int(said) - 1 if said.isdecimal() else self._row + 1
        self._column = -1
        if attributes.get("hidden") in _TRUE:
            self.found.hidden.add(self._row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._type, self._value = attributes.get("t", ""), None
        self._formula = self._inline = False
        match = _REF.fullmatch(attributes.get("r", ""))
        if match:
            self._row, self._column = int(match[2]) - 1, column_index(match[1])
        else:
            self._column += 1

    def _end_cell(self) -> None:
        if self._value or self._inline:
            self.extent = (max(self.extent[0], self._row + 1), max(self.extent[1], self._column + 1))
        if self._type == "e":
            self.found.add_fault(self._row, self._column, "PLAN-101", self._value or "#ERROR")
        elif self._is_uncalculated():
            self.found.add_fault(self._row, self._column, "PLAN-102")

    def _is_uncalculated(self) -> bool:
        """Whether the cell is a formula without a value; one that gives "" has a value, which is said to be a text."""
        has_value = bool(self._value) or self._inline or (self._type == "str" and self._value is not None)
        return self._formula and not has_value
