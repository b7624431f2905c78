"""Read a table's cells by field: texts, sizes in bytes, and what becomes of each column.

Decides which of a field's columns counts for a row (the best that says something), in which unit a column is, and under which
header a column is carried. Called by server_rows.py and disk_rows.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.catalogue import near
from inventory.columns import find_column, headers_of, normalise
from inventory.importers.forms import KEEP, LEAVE, SIZED, Role
from inventory.importers.headers import binary_name, header_key, is_decimal_spelling, split_unit
from inventory.importers.imported import ColumnAccount
from inventory.importers.sizes import (
    AmbiguousSizeError,
    NotASizeError,
    NoUnitError,
    decimal_sign,
    has_digits_or_unit,
    is_bytes,
    is_nothing,
    parse_size,
    parse_sizes,
)
from inventory.values import ERROR_TEXTS, show, strip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.importers.forms import Format
    from inventory.importers.ledger import Ledger
    from inventory.importers.matching import SourceTable

BECAME = {
    "addresses": "source_ip (the first IPv4 address)",
    "fqdn": "kept; joins the server with SMS by its host name (source_ip where it is an address)",
    "os": "os_type by its words; kept",
    "template": "templates are left out",
    "stand_in": "placeholders of site recovery are left out",
    "power": "told where the machine is not running; kept",
    "disk_count": "compared with the disks found; kept",
    "strategy": "told where it is not Rehost; kept",
    "realm": "what the id is unique in",
    "server": "the server of the row",
    "server_id": "the server of the row, by its id",
    "disk_name": "Disks: name",
    "disk_key": "joins partitions with disks",
    "size": "Disks: size",
    "used": "Disks: used_size",
    "device_use": "Disks: device_use",
    "disk_id": "Disks: disk_id",
    "raw": "told where it is set",
    "mode": "told where it is independent",
    "mount_point": "Volumes: name and mount_point",
    "file_system": "Volumes: file_system",
    "total_size": "Disks: size, one row for all disks where they are not listed",
    "total_used": "Disks: used_size, with the size of all disks",
    "source_name": "source_name",
    "inventory_id": "inventory_id; joins the sheets of the export",
}
ALSO_KEPT = frozenset({"addresses", "fqdn", "os", "power", "disk_count", "strategy"})
"""Fields whose columns are carried as they are, too."""


class Reader:
    """A table, read field by field; what cannot be read is told in the ledger."""

    def __init__(self, table: SourceTable, format_: Format, ledger: Ledger) -> None:
        self.table = table
        self._ledger = ledger
        self._units: dict[int, str] = {}
        self._signs: dict[int, str] = {}
        self._unitless: set[int] = set()
        self._unread: set[int] = set()
        self._elsewhere: frozenset[int] = frozenset()
        self._used = {place for match in table.matches.values() for place in self._of(match.field)}
        for place, match in table.matches.items():
            if match.field in SIZED or match.field.startswith("disk:"):
                self._prepare_size(place, format_)
        self.carried = self._carried_headers()

    def _of(self, field: str) -> list[int]:
        """The columns of a field that count: of a name only the best, of all else the further ones where the best is empty."""
        places = self.table.places(field)
        return places[:1] if field in {"source_name", "server", "disk_name"} else places

    def text(self, row: Sequence[object], field: str, index: int) -> str:
        """What a row says in a field; "" for nothing. An error value is told."""
        for place in self._of(field):
            text = self.cell_text(row, place, index)
            if not is_nothing(text):
                return text
        return ""

    def texts(self, row: Sequence[object], field: str, index: int) -> str:
        """What a row says in all columns of a field together."""
        return " ".join(filter(None, (self.cell_text(row, place, index) for place in self._of(field))))

    def place(self, field: str) -> int:
        """The best column of a field, the first of the table where there is none."""
        return next(iter(self._of(field)), 0)

    def cell_text(self, row: Sequence[object], place: int, index: int) -> str:
        """A cell as text; "" and told where it shows an error."""
        fault = self.table.sheet.faults.get((index, place), "")
        text = strip(show(row[place])) if place < len(row) else ""
        if fault or text.upper() in ERROR_TEXTS:
            if place in self._used:
                cell = self.table.cell(place, index)
                self._ledger.tell("IMPORT-120", self.table.sheet.name, cell, fault or text, column=self.table.headers[place])
            return ""
        return self.table.form.translated(header_key(self.table.headers[place]), text) if self.table.form.values else text

    def size(self, row: Sequence[object], field: str, index: int) -> int | None:
        """The bytes of a field; None where nothing is said, or nothing that can be read (which is told)."""
        for place in self._of(field):
            if place < len(row) and place not in self._unitless and (size := self._size(row, place, index)) is not None:
                return size
        return None

    def listed(self, row: Sequence[object], field: str) -> list[tuple[str, int]]:
        """The disks that one cell of a field lists, label and bytes of each; none where it has one size, or none."""
        for place in self._of(field):
            if place < len(row) and place in self._units and place not in self._unitless:
                found = parse_sizes(row[place], self._units[place], self._signs[place])
                if len(found) > 1 or (found and found[0][0]):
                    return found
        return []

    def within(self, field: str, index: int, used: int | None, size: int | None) -> int | None:
        """The used part, where it is a part of the size; else None, and told."""
        if used is None or size is None or used <= size:
            return used
        place, table = self.place(field), self.table
        shown = self.cell_text(table.sheet.rows[index], place, index)
        self._ledger.tell("IMPORT-124", table.sheet.name, table.cell(place, index), shown, column=table.headers[place])
        return None

    def has_size(self, field: str) -> bool:
        """Whether the table has a column of sizes for the field whose unit is known."""
        return any(place not in self._unitless for place in self._of(field))

    def numbered(self, row: Sequence[object], index: int) -> list[tuple[int, int]]:
        """The disks of columns such as `Disk 1 size (In GB)`: number and bytes; a size of 0 is no disk."""
        fields = sorted(
            {m.field for m in self.table.matches.values() if m.field.startswith("disk:")}, key=lambda field: int(field[5:])
        )
        return [(int(field[5:]), size) for field in fields if (size := self.size(row, field, index))]

    def _size(self, row: Sequence[object], place: int, index: int) -> int | None:
        if self.cell_text(row, place, index) == "":
            return None
        try:
            return parse_size(row[place], self._units[place], self._signs[place])
        except (NotASizeError, NoUnitError):
            code = "IMPORT-110"
        except AmbiguousSizeError:
            code = "IMPORT-111"
        cell = self.table.cell(place, index)
        self._ledger.tell(code, self.table.sheet.name, cell, show(row[place]), column=self.table.headers[place])
        return None

    def _prepare_size(self, place: int, format_: Format) -> None:
        """Find the unit of a column and its decimal sign; a column of bare numbers without a unit is told and not read."""
        match, header, sheet = self.table.matches[place], self.table.headers[place], self.table.sheet
        own = next((take.unit for take in self.table.form.takes if take.field == match.field and take.unit), "")
        is_said = self.table.form.is_mapped and own
        unit = own if is_said else match.unit or own or (split_unit(header)[1] if self.table.form.is_mapped else "")
        cells = [row[place] for _, row in self.table.rows() if place < len(row)]
        self._units[place] = unit
        self._signs[place] = decimal_sign(cells, sheet.decimal)
        if not unit and is_bytes(cells):
            self._units[place] = unit = "bytes"
        self._unread |= {place} if any(not self._can_read(cell, place) for cell in cells) else set()
        if not unit and any(isinstance(cell, str) and strip(cell) for cell in cells) and not any(map(has_digits_or_unit, cells)):
            self._unitless.add(place)  # `Size: Standard_D2s_v3` is no size of a disk
        elif not unit and not any(isinstance(cell, str) and strip(cell)[-1:].isalpha() and not is_nothing(cell) for cell in cells):
            self._unitless.add(place)
            if any(cell not in ("", None) for cell in cells):
                self._ledger.tell("IMPORT-112", sheet.name, self.table.cell(place, self.table.header_row), column=header)
        elif unit and is_decimal_spelling(unit):
            words = {"column": header, "said": unit, "unit": binary_name(unit), "why": format_.why_binary}
            self._ledger.tell("IMPORT-103", sheet.name, self.table.cell(place, self.table.header_row), header, **words)

    def _can_read(self, cell: object, place: int) -> bool:
        try:
            parse_size(cell, self._units[place], self._signs[place])
        except (NotASizeError, NoUnitError, AmbiguousSizeError):
            return bool(parse_sizes(cell, self._units[place], self._signs[place]))
        return True

    def share(self, disks: Reader) -> None:
        """Leave the columns of disks to the reader of the same table's disks, and it the others to this one."""
        mine, theirs = set(self.table.matches), set(disks.table.matches)
        self._elsewhere = frozenset(theirs - mine)
        disks._elsewhere = frozenset(range(len(disks.table.headers))) - self._elsewhere
        self.carried = self._carried_headers()

    def is_carried(self, place: int) -> bool:
        """Whether a column goes into the plan under its own header."""
        match = self.table.matches.get(place)
        if place in self._elsewhere:
            return False
        if match is None:
            return self.table.form.carries and bool(self.table.headers[place])
        if match.field in ALSO_KEPT or match.field == KEEP or place in self._unitless | self._unread:
            return self.table.form.carries
        return match.field != LEAVE and place not in self._used and self.table.form.carries

    def _carried_headers(self) -> Mapping[int, str]:
        """The columns carried, with a header that no plan takes for one of its own, each once."""
        taken: set[str] = set()
        carried = {}
        for place in range(len(self.table.headers)):
            if self.is_carried(place):
                carried[place] = _own_header(self.table.headers[place], taken)
                taken.add(normalise(carried[place]))
        return carried

    def account(self) -> None:
        """Enter what became of every column of the table."""
        filled = [0] * len(self.table.headers)
        for _, row in self.table.rows():
            for place, cell in enumerate(row[: len(filled)]):
                filled[place] += cell not in ("", None)
        kept: list[str] = []
        left: list[str] = []
        for place, header in enumerate(self.table.headers):
            if not header or place in self._elsewhere:
                continue
            became, is_mapped = self._became(place)
            if not is_mapped:
                (kept if place in self.carried else left).append(header)
            cell = self.table.cell(place, self.table.header_row)
            unit = self._shown_unit(place)
            self._ledger.columns.append(ColumnAccount(self.table.sheet.name, header, cell, became, unit, filled[place], is_mapped))
        for code, headers in (("IMPORT-101", kept), ("IMPORT-102", left)):
            if headers:
                count = f"{len(headers)} column" + ("s" if len(headers) > 1 else "")
                self._ledger.tell(code, self.table.sheet.name, "", "", count=count, columns=", ".join(headers))

    def _became(self, place: int) -> tuple[str, bool]:
        match = self.table.matches.get(place)
        kept = f"kept as {self.carried[place]}" if place in self.carried else "left out"
        if match is None or match.field == LEAVE or place in self._unitless:
            return kept, False
        if match.field == KEEP or place not in self._used:
            return kept, place in self.carried
        if match.field.startswith("disk:"):
            return "Disks: a row with this size", True
        became = BECAME.get(match.field, match.field) + (
            "; kept, since not all of it could be read" if place in self._unread else ""
        )
        return became.replace("Disks:", "Volumes:") if self.table.form.role is Role.PARTITIONS else became, True

    def _shown_unit(self, place: int) -> str:
        if place not in self._units or place in self._unitless:
            return ""
        unit = self._units[place]
        return binary_name(unit) if unit else "as each cell says"


def _own_header(header: str, taken: set[str]) -> str:
    """The header that a column is carried under: its own, marked where a plan would read it as, or mistake it for, its own."""
    key = normalise(header)
    text = header
    if find_column("Servers", header) is not None or near(key, headers_of("Servers"), 0.82):
        text = f"{header} (inventory)"
    number = 2
    while normalise(text) in taken:
        text = f"{header} ({number})"
        number += 1
    return text
