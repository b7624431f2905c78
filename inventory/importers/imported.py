"""What an import makes of an inventory: servers with their disks, an account of every column, and the findings.

Data only. Made by run.py, joined with SMS by `flows.cli`, written by plan_writer.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.findings import Finding


@dataclass(frozen=True, slots=True)
class ImportedVolume:
    """A partition on a disk; sizes are bytes."""

    name: str = ""
    mount_point: str = ""
    file_system: str = ""
    size: int | None = None
    used_size: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedDisk:
    """A disk; sizes are bytes, None where the inventory says nothing readable. `count` is how many disks this row stands for."""

    name: str
    size: int | None = None
    used_size: int | None = None
    device_use: str = ""
    volumes: tuple[ImportedVolume, ...] = ()
    count: int = 1
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportedServer:
    """A server. `values` are columns of `Servers` by name, `extra` the columns that are carried as they are; `fqdn` is for joining.

    `sheet` and `cell` are where its name stands in the inventory.
    """

    sheet: str
    cell: str
    values: Mapping[str, Any]
    extra: Mapping[str, object] = field(default_factory=dict)
    fqdn: str = ""
    addresses: tuple[str, ...] = ()
    disks: tuple[ImportedDisk, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the inventory; "" where it has only an address or an id."""
        return str(self.values.get("source_name", ""))

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or str(self.values.get("source_ip") or self.values.get("source_server_id") or self.cell)


@dataclass(frozen=True, slots=True)
class ColumnAccount:
    """One column of the inventory and what became of it. `filled` counts its cells that hold anything."""

    sheet: str
    header: str
    cell: str
    became: str
    unit: str = ""
    filled: int = 0
    is_mapped: bool = True

    def as_json(self) -> dict[str, object]:
        """The column as `waves import --json` prints it."""
        return {
            "sheet": self.sheet,
            "column": self.header,
            "cell": self.cell,
            "became": self.became,
            "unit": self.unit,
            "filled": self.filled,
        }


@dataclass(frozen=True)
class Imported:
    """A whole inventory as a plan will have it. `sheets` are further sheets of a plan, carried as they are: headers, then rows."""

    format: str
    title: str
    name: str
    sha256: str
    servers: Sequence[ImportedServer]
    columns: Sequence[ColumnAccount]
    findings: Sequence[Finding]
    sheets: Mapping[str, Sequence[Sequence[object]]] = field(default_factory=dict)

    @property
    def disks(self) -> int:
        """How many disks the inventory has, those that it only counts too."""
        return sum(disk.count for server in self.servers for disk in server.disks)

    @property
    def bytes(self) -> int:
        """The size of all disks together."""
        return sum(disk.size or 0 for server in self.servers for disk in server.disks)

    @property
    def unmapped(self) -> list[str]:
        """The columns that became no column of a plan, each once."""
        return list(dict.fromkeys(column.header for column in self.columns if not column.is_mapped))

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(server.name.casefold() for server in self.servers)

    def disks_key(self, server: ImportedServer) -> str:
        """What `Disks` names the server by: its name where only one is called so, else its id in the inventory or at SMS."""
        if server.name and self._names[server.name.casefold()] == 1:
            return server.name
        said = server.values
        return str(said.get("inventory_id") or said.get("source_server_id") or server.name or said.get("source_ip") or "")
