"""Find the cells that only look empty: errors such as #DIV/0!, and formulas that were never calculated.

Calamine gives "" for both, which would read as "not said". Decides from the sheet's XML alone: a quick search over its bytes says
whether there is anything to find (no `t="e"` and no `<f` in nearly every plan); only then is the XML parsed, by expat, any DOCTYPE
refused. The same pass bounds the area of the sheet, since the reader lays it out whole. Called by package.py.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, TypeAlias
from xml.parsers import expat

from inventory.cell_references import column_index, column_letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Fault: TypeAlias = tuple[str, str]
"""A finding's code, and what the cell shows."""

MAX_CELLS = 12_000_000
"""The area of a sheet, from A1 to its last cell: what the reader lays out in memory."""

CHUNK_BYTES = 1 << 20
_OVERLAP = 64
_FAR_AWAY = tuple(map(re.compile, (rb' r="[A-Z]{3}', rb' r="[B-Z][A-Z]', rb'<row r="[0-9]{6}')))
_ODDLY_WRITTEN = re.compile(
    rb"""\s[rt]\s*='|\s[rt](?:\s+=|=\s)|[\t\r\n][rt]="""
    rb"""|<(?!row r=")row[\s>]|:(?:row|c)[\s>]"""
)
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_REF = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


class UnsafeXmlError(Exception):
    """XML that no spreadsheet writes: a DOCTYPE, or an encoding other than UTF-8."""


class SheetTooBigError(Exception):
    """A sheet whose used area is beyond what is read; `ref` is its last cell."""

    def __init__(self, ref: str) -> None:
        super().__init__(ref)
        self.ref = ref


def check_part(stream: IO[bytes]) -> bool:
    """Read a part to its end (a damaged one raises), refuse a DOCTYPE; whether there is anything to look for in it.

    The searches know XML as spreadsheets write it: `t="e"`, `<row r="1"`. What is written otherwise is so from its start, and is
    parsed.
    """
    suspicious = False
    for number, chunk in enumerate(_chunks(stream)):
        if b"<!" in chunk and _DOCTYPE.search(chunk):
            raise UnsafeXmlError
        suspicious = suspicious or _is_suspicious(chunk) or (number == 0 and _ODDLY_WRITTEN.search(chunk) is not None)
    return suspicious


def _is_suspicious(chunk: bytes) -> bool:
    """Whether a piece may hold an error, a formula, or a cell far away."""
    return b't="e"' in chunk or _has_formula(chunk) or any(far.search(chunk) for far in _FAR_AWAY)


def _has_formula(chunk: bytes) -> bool:
    return b"<f" in chunk and (b"<f>" in chunk or b"<f " in chunk or b"<f/" in chunk)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The part in pieces that overlap a little, so that nothing is missed on an edge."""
    kept = b""
    while chunk := stream.read(CHUNK_BYTES):
        if not kept and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in chunk[:64]):
            raise UnsafeXmlError
        yield kept + chunk
        kept = chunk[-_OVERLAP:]


def scan_sheet(open_part: Callable[[], IO[bytes]]) -> Mapping[tuple[int, int], Fault]:
    """The cells that hold an error or an uncalculated formula, by (row, column) from 0.

    Raises UnsafeXmlError, SheetTooBigError, ValueError for XML that is not well formed, and what the zip raises for a damaged part.
    """
    with open_part() as stream:
        if not check_part(stream):
            return {}
    reader = _SheetReader()
    with open_part() as stream:
        reader.read(stream)
    rows, columns = reader.extent
    if rows * columns > MAX_CELLS:
        raise SheetTooBigError(f"{column_letters(columns - 1)}{rows}")
    return reader.faults


class _SheetReader:
    """Walks a sheet's cells: `faults` as scan_sheet returns them, `extent` as (rows, columns) of the cells that hold something."""

    def __init__(self) -> None:
        self.faults: dict[tuple[int, int], Fault] = {}
        self.extent = (0, 0)
        self._row = self._column = -1
        self._type = ""
        self._formula = self._inline = self._reading = False
        self._value: str | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, stream: IO[bytes]) -> None:
        """Walk the part to its end; ValueError where it is not well formed."""
        try:
            while chunk := stream.read(CHUNK_BYTES):
                self._parser.Parse(chunk)
            self._parser.Parse(b"", True)  # noqa: FBT003 - expat takes no keywords
        except expat.ExpatError as exc:
            raise ValueError(str(exc)) from exc

    def _refuse(self, *_: object) -> None:
        raise UnsafeXmlError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag.rpartition(":")[2]:
            case "c":
                self._start_cell(attributes)
            case "row":
                self._row = int(attributes["r"]) - 1 if attributes.get("r", "").isdecimal() else self._row + 1
                self._column = -1
            case "f":
                self._formula = True
            case "is":
                self._inline = True
            case "v":
                self._value, self._reading = "", True
                self._parser.CharacterDataHandler = self._text

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._type, self._value = attributes.get("t", ""), None
        self._formula = self._inline = False
        match = _REF.fullmatch(attributes.get("r", ""))
        if match:
            self._row, self._column = int(match[2]) - 1, column_index(match[1])
        else:
            self._column += 1

    def _text(self, text: str) -> None:
        self._value = (self._value or "") + text

    def _end(self, tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local == "v":
            self._reading = False
            self._parser.CharacterDataHandler = None
        elif local == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        if self._value or self._inline:
            self.extent = (max(self.extent[0], self._row + 1), max(self.extent[1], self._column + 1))
        if self._type == "e":
            self.faults[self._row, self._column] = ("PLAN-101", self._value or "#ERROR")
        elif self._formula and not self._value and not self._inline and (self._type != "str" or self._value is None):
            self.faults[self._row, self._column] = ("PLAN-102", "")
