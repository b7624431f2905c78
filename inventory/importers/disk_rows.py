"""Read the rows of disks and partitions, and give each to its server.

Decides what is told where that cannot be done: nothing is dropped in silence. Called by run.py after the servers are read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.importers.drafts import DiskDraft
from inventory.importers.imported import ImportedVolume
from inventory.importers.systems import is_yes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.importers.columns_read import Reader
    from inventory.importers.drafts import Draft, Fleet
    from inventory.importers.ledger import Ledger

_ROOT = re.compile(r"/|[Cc]:[\\/]?")


def read_disks(reader: Reader, fleet: Fleet, ledger: Ledger) -> None:
    """Give every row of a table of disks to its server; those of servers that are left out go with them."""
    for index, row in reader.table.rows():
        draft = _owner(reader, fleet, row, index, ledger)
        if draft is None or draft.is_out:
            continue
        draft.drop_total()
        name = reader.text(row, "disk_name", index) or f"Disk {len(draft.disks) + 1}"
        size, used = reader.size(row, "size", index), reader.size(row, "used", index)
        disk = DiskDraft(name, size, reader.within("used", index, used, size), reader.text(row, "disk_key", index))
        disk.device_use = reader.text(row, "device_use", index)
        draft.disks.append(disk)
        if is_yes(reader.text(row, "raw", index)) or "independent" in reader.text(row, "mode", index).casefold():
            ledger.gather(
                "IMPORT-128", reader.table.sheet.name, reader.table.cell(reader.place("disk_name"), index), f"{draft.label} {name}"
            )


def read_partitions(reader: Reader, fleet: Fleet, ledger: Ledger) -> None:
    """Put every partition on its disk: by the disk's key, or on the only disk that the server has."""
    for index, row in reader.table.rows():
        draft = _owner(reader, fleet, row, index, ledger)
        if draft is None or draft.is_out:
            continue
        disk = _disk_of(reader.text(row, "disk_key", index), draft)
        mount = reader.text(row, "mount_point", index)
        if disk is None:
            cell = reader.table.cell(reader.place("mount_point"), index)
            ledger.gather("IMPORT-115", reader.table.sheet.name, cell, f"{draft.label} {mount}")
            continue
        size, used = reader.size(row, "size", index), reader.size(row, "used", index)
        used = reader.within("used", index, used, size)
        disk.volumes.append(ImportedVolume(mount, mount, reader.text(row, "file_system", index), size, used))
        if _ROOT.fullmatch(mount) and not disk.device_use:
            disk.device_use = "BOOT"


def _disk_of(key: str, draft: Draft) -> DiskDraft | None:
    """The disk with that key; where the row has none, the only disk of the server."""
    keyed = [disk for disk in draft.disks if key and disk.key == key]
    if keyed:
        return keyed[0]
    return draft.disks[0] if len(draft.disks) == 1 and draft.disks[0].count == 1 and not key else None


def _owner(reader: Reader, fleet: Fleet, row: Sequence[object], index: int, ledger: Ledger) -> Draft | None:
    """The server of a row; told where there is none, and where several are called so: the first of them then has it."""
    name = reader.text(row, "server", index)
    found = fleet.find(reader.text(row, "server_id", index), reader.texts(row, "realm", index), name)
    sheet, cell = reader.table.sheet.name, reader.table.cell(reader.place("server"), index)
    if not found:
        ledger.gather("IMPORT-108", sheet, cell, name or f"row {index + 1}")
        return None
    inside = [draft for draft in found if not draft.is_out]
    if len(inside) > 1:
        for draft in inside:
            draft.drop_total()
            draft.is_shared = True
        ledger.gather(f"IMPORT-109:{name}", sheet, cell, name)
    return (inside or found)[0]
