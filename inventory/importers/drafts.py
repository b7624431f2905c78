"""Servers while their sheets are read: found by id or by name, and given their disks.

Decides who a row of disks or partitions belongs to: by the tool's own id where there is one, else by a name that only one
server has. Called by server_rows.py and disk_rows.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from inventory.importers.imported import ImportedDisk, ImportedServer, ImportedVolume


@dataclass(slots=True)
class DiskDraft:
    """A disk while its partitions are looked for."""

    name: str
    size: int | None
    used_size: int | None = None
    key: str = ""
    count: int = 1
    device_use: str = ""
    volumes: list[ImportedVolume] = field(default_factory=list)

    def done(self, name: str) -> ImportedDisk:
        """The disk, under a name that its server has once."""
        return ImportedDisk(name, self.size, self.used_size, self.device_use, tuple(self.volumes), self.count)


@dataclass(slots=True)
class Draft:
    """A server while it is read. `is_out` is one that is no server (a template): its disks are left out with it.

    `is_shared` is one whose disks the inventory lists under a name that others have too.
    """

    sheet: str
    cell: str
    name: str
    id: str = ""
    realm: str = ""
    is_out: bool = False
    is_shared: bool = False
    fqdn: str = ""
    addresses: tuple[str, ...] = ()
    disk_count: int | None = None
    total_size: int | None = None
    total_used: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, object] = field(default_factory=dict)
    disks: list[DiskDraft] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or self.id or (self.addresses[0] if self.addresses else self.cell)

    @property
    def has_total(self) -> bool:
        """Whether all that is known of its disks is their size together."""
        return [disk.key for disk in self.disks] == ["total"]

    def drop_total(self) -> None:
        """Forget the size of all disks together: the disks themselves are listed."""
        if self.has_total:
            self.disks.clear()

    def done(self) -> ImportedServer:
        """The server with its disks, each under a name of its own."""
        seen: dict[str, int] = {}
        disks = []
        for disk in self.disks:
            seen[disk.name] = number = seen.get(disk.name, 0) + 1
            disks.append(disk.done(disk.name if number == 1 else f"{disk.name} ({number})"))
        return ImportedServer(self.sheet, self.cell, self.values, self.extra, self.fqdn, self.addresses, tuple(disks))


class Fleet:
    """The servers of an inventory, found by id (within its realm, a vCenter) or by name."""

    def __init__(self, drafts: list[Draft]) -> None:
        self.drafts = drafts
        self._by_id: dict[str, list[Draft]] = {}
        self._by_name: dict[str, list[Draft]] = {}
        for draft in drafts:
            if draft.id:
                self._by_id.setdefault(draft.id.casefold(), []).append(draft)
            if draft.name:
                self._by_name.setdefault(draft.name.casefold(), []).append(draft)

    def find(self, server_id: str, realm: str, name: str) -> list[Draft]:
        """The servers that a row may belong to: one, none, or several that share a name."""
        if server_id and (found := self._by_id.get(server_id.casefold())):
            same = [draft for draft in found if _is_one_realm(realm, draft.realm)]
            named = [draft for draft in same if draft.name.casefold() == name.casefold()]
            return (named or same)[:1]
        found = self._by_name.get(name.casefold(), []) if name else []
        if not found and name and not server_id:
            found = self._by_id.get(name.casefold(), [])
        return found


def _is_one_realm(realm: str, other: str) -> bool:
    """Whether two rows can be of one vCenter: a sheet may say its id, its address or both."""
    return not realm or not other or not set(realm.split()).isdisjoint(other.split())
