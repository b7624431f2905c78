"""Find a form's table in a sheet: its header row, and which column is which field in which unit.

Decides by headers alone. Called by run.py for every form and sheet, and by recognise.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from inventory.cell_references import column_letters
from inventory.importers.forms import SIZED, Form
from inventory.importers.headers import header_key, split_unit
from inventory.importers.words import VOCABULARY, meaning
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.importers.source_file import SourceSheet

HEADER_WITHIN_ROWS = 40
_DISK = "disk|hdd|drive|volume|platte|festplatte|datenträger|disque|disco|диск|磁盘|硬盘|ディスク|디스크"
_NUMBERED = re.compile(
    rf"(?:{_DISK})#?([0-9]{{1,3}})(?:size|capacity|größe|groesse|kapazität|taille|capacité|tamaño|размер|大小|容量|サイズ)?"
)
_DESCRIBED = re.compile(r"(?:sourceproperties[.])?disks[\[.]?([0-9]{1,3})[\].]*bytes")
"""A disk of AWS's describe-source-servers, flattened: sourceProperties.disks[0].bytes."""
_NAMED = (
    ("os disk", "system disk", "boot disk", "root disk", "systemplatte", "systemfestplatte", "disque système", "disco de sistema",
     "系统盘", "系统磁盘", "システムディスク", "systemdisk", "osdisk"),
    ("data disk", "datenplatte", "disque de données", "disco de datos", "数据盘", "数据磁盘", "データディスク"),
)  # fmt: skip
_OF_NAME = {
    header_key(f"{word}{size}"): number
    for number, words in enumerate(_NAMED, 1)
    for word in words
    for size in ("", "size", "大小", "容量")
}
"""A column of the disk that the system is on, or of the data: its number."""
_SHEET_PREFIX = re.compile(r"^(?:rvtools)?(?:tab)?")


@dataclass(frozen=True, slots=True)
class Match:
    """A column's meaning: its field, its rank among the columns of that field (0 is best), and the unit that its header says."""

    field: str
    rank: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A form's table in a sheet. Rows and columns count from 0; `matches` are the columns that have a field.

    `end` is the row at which another table begins, or the number of rows.
    """

    form: Form
    sheet: SourceSheet
    header_row: int
    headers: tuple[str, ...]
    matches: Mapping[int, Match]
    end: int

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it has a column for."""
        return frozenset(match.field for match in self.matches.values())

    @property
    def is_cut(self) -> bool:
        """Whether another table stands below it."""
        return self.end < len(self.sheet.rows)

    def places(self, field: str) -> list[int]:
        """The columns of a field, the best first."""
        found = [(match.rank, place) for place, match in self.matches.items() if match.field == field]
        return [place for _, place in sorted(found)]

    def rows(self) -> Iterator[tuple[int, Sequence[object]]]:
        """The rows below the header that hold anything, with their index in the sheet."""
        for index in range(self.header_row + 1, self.end):
            row = self.sheet.rows[index]
            if not _is_blank(row):
                yield index, row

    def cell(self, place: int, row: int) -> str:
        """The reference of a cell."""
        return f"{column_letters(place)}{row + 1}"


def find_table(form: Form, sheet: SourceSheet) -> SourceTable | None:
    """The form's table in a sheet: the row with the most of its fields, and all that are required; None where there is none."""
    best, most = -1, 0
    for index, row in enumerate(sheet.rows[: form.header_row or HEADER_WITHIN_ROWS]):
        if form.header_row and index != form.header_row - 1:
            continue
        matches = match_headers(form, row)
        fields = {match.field for match in matches.values()}
        if len(fields) > most and all(_has(fields, required) for required in form.required):
            best, most = index, len(fields)
    if best < 0:
        return None
    end = _end(sheet, best)
    return SourceTable(form, sheet, best, _headers(sheet, best, end), match_headers(form, sheet.rows[best]), end)


def _is_blank(row: Sequence[object]) -> bool:
    return not any(cell is not None and cell != "" and strip(show(cell)) for cell in row)


def _headers(sheet: SourceSheet, header_row: int, end: int) -> tuple[str, ...]:
    """The headers of a table; a column with cells and no header (beside a merged one, say) is called by its letter."""
    rows = sheet.rows[header_row + 1 : end]
    headers = [strip(show(cell)) for cell in sheet.rows[header_row]]
    headers += [""] * (max(map(len, rows), default=0) - len(headers))
    for place, header in enumerate(headers):
        if not header and any(place < len(row) and row[place] not in ("", None) for row in rows):
            headers[place] = f"column {column_letters(place)}"
    return tuple(headers)


def _end(sheet: SourceSheet, header_row: int) -> int:
    """Where a table ends: at a row of other headers below an empty one; else with its sheet."""
    own = {header_key(cell) for cell in sheet.rows[header_row] if isinstance(cell, str)}
    is_below_blank = False
    for index in range(header_row + 1, len(sheet.rows)):
        row = sheet.rows[index]
        if _is_blank(row):
            is_below_blank = True
            continue
        if is_below_blank and _is_header(row) and not own >= {header_key(cell) for cell in row if cell not in ("", None)}:
            return index
        is_below_blank = False
    return len(sheet.rows)


def _is_header(row: Sequence[object]) -> bool:
    """Whether a row is one of headers: texts, of which two and every other at least mean something in a list."""
    cells = [cell for cell in row if cell not in ("", None)]
    known = sum(bool(meaning(cell)) for cell in cells if isinstance(cell, str))
    return known > 1 and known * 2 >= len(cells) and all(isinstance(cell, str) for cell in cells)


def _has(fields: set[str], required: str) -> bool:
    """Whether a required field is there; `a|b` is one of both."""
    return any(field in fields for field in required.split("|"))


def match_headers(form: Form, row: Sequence[object]) -> dict[int, Match]:
    """The columns of a row of headers that the form knows."""
    index = _index(form)
    matches: dict[int, Match] = {}
    for place, cell in enumerate(row):
        if not isinstance(cell, str) or not strip(cell):
            continue
        match = _match(form, index, cell)
        if match is not None:
            matches[place] = match
    return matches


def _match(form: Form, index: Mapping[str, tuple[str, int]], header: str) -> Match | None:
    base, unit = split_unit(header)
    if unit and base in _index(form, sizes=True):
        return Match(*_index(form, sizes=True)[base], unit)
    key = header_key(header)
    if key in index:
        return Match(*index[key])
    if form.numbered and (found := _NUMBERED.fullmatch(base)):
        return Match(f"disk:{int(found[1])}", 0, unit)
    if form.numbered and base in _OF_NAME:
        return Match(f"disk:{_OF_NAME[base]}", 0, unit)
    if form.numbered and (found := _DESCRIBED.fullmatch(key)):
        return Match(f"disk:{int(found[1])}", 0, "bytes")
    return None


@cache
def _index(form: Form, *, sizes: bool = False) -> Mapping[str, tuple[str, int]]:
    """A header's key -> its field and rank; of sized fields alone where asked so. The form's own come before the vocabulary."""
    index: dict[str, tuple[str, int]] = {}
    for take in form.takes if not sizes else [take for take in form.takes if take.field in SIZED]:
        for rank, key in enumerate(take.keys):
            index.setdefault(key, (take.field, rank))
    for field in form.spoken:
        word, _, alias = field.partition("=")
        if sizes and word not in SIZED:
            continue
        for rank, key in enumerate(VOCABULARY[alias or word]):
            index.setdefault(key, (word, 1000 + rank))
    return index


def sheet_key(name: str) -> str:
    """A sheet's name as it is compared: `RVTools_tabvInfo` is `vinfo`."""
    return _SHEET_PREFIX.sub("", header_key(name))
