"""The disks of one source server as a plan's sheets give them, in the API's shapes of the source side (facts section 6).

Copies what the sheets say and fills what SMS would know anyhow (free space, an empty label). Called by planfleet.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.simulator.layouts import Layout
from flows.simulator.tables import TABLES

if TYPE_CHECKING:
    from inventory.plan import Plan, SheetRow

_TEXTS_OF = {name: [each.name for each in fields if each.type == "string"] for name, fields in TABLES.items()}
_NUMBERS_OF = {name: [each.name for each in fields if each.type == "integer"] for name, fields in TABLES.items()}


def layout_of(plan: Plan, source_id: str) -> Layout | None:
    """The layout of a source that has rows in `Disks`; None for any other."""
    if not plan.has_disks(source_id):
        return None
    return Layout(
        disks=[_disk(plan, row) for row in plan.disks[source_id]],
        volume_groups=[_volume_group(plan, row) for row in plan.volume_groups.get(source_id, ())],
        btrfs_list=[_btrfs(plan, row) for row in plan.btrfs.get(source_id, ())],
    )


def _disk(plan: Plan, row: SheetRow) -> dict[str, Any]:
    name, source_id = row.text("name"), row.text("source_server_id")
    volumes = [_volume(each) for each in plan.volumes.get(source_id, ()) if each.text("disk") == name]
    size = row.integer("size") or sum(volume["size"] or 0 for volume in volumes)
    used = row.integer("used_size")
    return {
        "name": name,
        "device_use": row.text("device_use") or "NORMAL",
        "size": size,
        "used_size": min(size, sum(volume["used_size"] or 0 for volume in volumes)) if used is None else used,
        "physical_volumes": volumes,
        "partition_style": "MBR",
        "os_disk": row.text("device_use") == "BOOT",
        "relation_name": None,
        "inode_size": None,
    }


def _volume(row: SheetRow) -> dict[str, Any]:
    volume = _fields("PhysicalVolumes", row)
    # Sources send null for a volume without a UUID (contradiction 2).
    return {**volume, "uuid": volume["uuid"] or None}


def _volume_group(plan: Plan, row: SheetRow) -> dict[str, Any]:
    group = _fields("VolumeGroups", row)
    source_id, name = row.text("source_server_id"), row.text("name")
    rows = [each for each in plan.logical_volumes.get(source_id, ()) if each.text("volume_group") == name]
    return {**group, "logical_volumes": [_logical_volume(each) for each in rows]}


def _logical_volume(row: SheetRow) -> dict[str, Any]:
    volume = _fields("LogicalVolumes", row)
    if volume["free_size"] is None:
        volume["free_size"] = max(0, (volume["size"] or 0) - (volume["used_size"] or 0))
    return volume


def _btrfs(plan: Plan, row: SheetRow) -> dict[str, Any]:
    file_system = _fields("BtrfsFileSystem", row)
    source_id, name = row.text("source_server_id"), row.text("name")
    rows = [each for each in plan.btrfs_subvolumes.get(source_id, ()) if each.text("file_system_name") == name]
    return {**file_system, "subvolumn": [_fields("BtrfsSubvolumn", each) for each in rows]}


def _fields(table: str, row: SheetRow) -> dict[str, Any]:
    texts = {name: row.text(name) for name in _TEXTS_OF[table]}
    return texts | {name: row.integer(name) for name in _NUMBERS_OF[table]}
