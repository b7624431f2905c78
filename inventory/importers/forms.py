"""What a format is: its sheets, and for each the table of what every column becomes.

Declarative: a `Take` is one line of such a table. Decides nothing; matching.py matches headers by it, the formats' own modules
fill it in.

Fields of servers: `source_name`, `source_ip` ... (any column of `Servers`, carried as it is), and what is worked out:
`addresses`, `fqdn`, `os`, `template`, `stand_in`, `power`, `disk_count`, `total_size`, `total_used`, `strategy`, `realm` (what
an id is unique in). Of disks: `server`, `server_id`, `realm`, `disk_name`, `disk_key`, `size`, `used`, `raw`, `mode`. Of
partitions: also `mount_point`, `file_system`. `keep` carries a column as it is, `leave` lists it as left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inventory.importers.headers import header_key

KEEP, LEAVE = "keep", "leave"
SIZED = frozenset({"total_size", "total_used", "size", "used"})
"""The fields whose columns hold sizes: their headers may end in a unit."""


class Role(StrEnum):
    """What the rows of a sheet are."""

    SERVERS = "servers"
    DISKS = "disks"
    PARTITIONS = "partitions"


@dataclass(frozen=True, slots=True)
class Take:
    """One field and the headers that it goes by, separated by `;`, the best first; of sizes without their unit.

    `unit` is what the tool counts in where the header says nothing.
    """

    field: str
    headers: str
    unit: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The headers as they are compared."""
        return tuple(filter(None, (header_key(header) for header in self.headers.split(";"))))


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of sheet. `sheets` are its names without a prefix (`tab`), any name where empty; `required` fields must be there.

    `spoken` fields are looked for by the vocabulary of words.py too, where no header of the form's own is there. With
    `numbered`, columns such as `Disk 1 size (In GB)` are disks. With `carries`, columns without a field are carried into the
    plan; else they are left out.

    Where it `is_mapped` by a person, the units of its fields count before the headers', and a mapping may say more: the row of
    the header (from 1; 0 where it is looked for), what texts of a column (by its key; in small letters) mean, what holds for all.
    """

    role: Role
    takes: tuple[Take, ...]
    required: tuple[str, ...]
    sheets: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    numbered: bool = False
    carries: bool = False
    is_mapped: bool = False
    header_row: int = 0
    values: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()

    def translated(self, key: str, text: str) -> str:
        """What a cell's text means in the column with that header key, by the values that a mapping gives it."""
        for header, values in self.values:
            if header == key:
                return dict(values).get(text.casefold(), text)
        return text


@dataclass(frozen=True, slots=True)
class Format:
    """A tool's export: its name on the command line, its title, its sheets, and the unit that its `MB` or `GB` really is.

    `signs` are sets of headers, any of which tells the format when all of it stands in one row; `expects` are sheets
    whose absence is told: role, name, why.
    """

    name: str
    title: str
    forms: tuple[Form, ...]
    signs: tuple[frozenset[str], ...] = ()
    why_binary: str = "the larger reading is the safe one"
    expects: tuple[tuple[Role, str, str], ...] = ()


def sign(headers: str) -> frozenset[str]:
    """Headers, separated by `;`, as a set that is compared."""
    return frozenset(header_key(header) for header in headers.split(";"))
