"""The target server's disks, volume groups and Btrfs, as the body wants them: from the sheet's rows, or from what SMS reports.

Decides which keys go over (all others are dropped), what a missing one becomes, and how much of a disk counts as used
(contradiction 3). Values are handed on as plain dictionaries; PostTask judges their bounds. Called by build.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inventory.plan import Plan
    from inventory.rows import SheetRow
    from inventory.source_server import Reported, SourceBtrfs, SourceDisk, SourceServer, SourceVolumeGroup

Fields: TypeAlias = dict[str, Any]

# A source's disk may also be VOLUME_GROUP, BTRFS or "", which a target's disk may not: NORMAL then.
_DISK_USES = frozenset({"NORMAL", "OS", "BOOT"})

_VOLUME_TEXTS = ("device_use", "file_system", "mount_point", "name", "uuid")
_VOLUME_NUMBERS = ("index", "size", "inode_size", "used_size")
_LOGICAL_TEXTS = ("file_system", "mount_point", "name")
_LOGICAL_NUMBERS = ("block_count", "block_size", "inode_size", "inode_nums", "size", "used_size", "free_size")
_BTRFS_TEXTS = (
    "name",
    "label",
    "uuid",
    "device",
    "data_profile",
    "system_profile",
    "metadata_profile",
    "global_reserve1",
    "default_subvolid",
    "default_subvol_name",
    "default_subvol_mountpath",
)
_BTRFS_NUMBERS = ("size", "nodesize", "sectorsize", "g_vol_used_size")
_SUBVOLUME_TEXTS = ("uuid", "is_snapshot", "subvol_id", "parent_id", "subvol_name", "subvol_mount_path")


def used_size(size: int, used: int | None, volumes: Iterable[Fields]) -> int:
    """How much of a disk is used, in bytes: what is said or what its volumes use, whichever is more, and never more than its size.

    The page's own example has a disk that uses less than its partition does (contradiction 3).
    """
    return min(size, max(used or 0, sum(volume.get("used_size") or 0 for volume in volumes)))


def target_from_sheet(plan: Plan, source_server_id: str, *, has_target: bool = True) -> Fields:
    """`disks`, `volume_groups` and, where there is any, `btrfs_list`, from the sheets' rows of the server.

    Without an existing target a template makes the disks: a `disk_id` in the sheet is another server's then, and is not sent.
    """
    volumes = _grouped(plan.volumes.get(source_server_id, ()), "disk")
    logical = _grouped(plan.logical_volumes.get(source_server_id, ()), "volume_group")
    target: Fields = {
        "disks": [_sheet_disk(row, volumes.get(row.text("name"), [])) for row in plan.disks.get(source_server_id, ())],
        "volume_groups": [
            _sheet_group(row, logical.get(row.text("name"), [])) for row in plan.volume_groups.get(source_server_id, ())
        ],
    }
    if not has_target:
        for disk in target["disks"]:
            disk.pop("disk_id", None)
    if btrfs := plan.btrfs.get(source_server_id, ()):
        subvolumes = _grouped(plan.btrfs_subvolumes.get(source_server_id, ()), "file_system_name")
        target["btrfs_list"] = [_sheet_btrfs(row, subvolumes.get(row.text("name"), [])) for row in btrfs]
    return target


def _grouped(rows: Iterable[SheetRow], name: str) -> Mapping[str, list[SheetRow]]:
    groups: dict[str, list[SheetRow]] = {}
    for row in rows:
        groups.setdefault(row.text(name), []).append(row)
    return groups


def _said(row: SheetRow, texts: Iterable[str], numbers: Iterable[str]) -> Fields:
    """What a row says; what it does not say is not in it."""
    fields: Fields = {name: text for name in texts if (text := row.text(name))}
    fields |= {name: number for name in numbers if (number := row.integer(name)) is not None}
    return fields


def _sheet_disk(row: SheetRow, rows: Iterable[SheetRow]) -> Fields:
    volumes = [_said(volume, _VOLUME_TEXTS, _VOLUME_NUMBERS) for volume in rows]
    disk = _said(row, ("device_use", "disk_id", "name"), ("size",))
    used = used_size(disk.get("size", 0), row.integer("used_size"), volumes)
    return disk | {"physical_volumes": volumes, "used_size": used}


def _sheet_group(row: SheetRow, rows: Iterable[SheetRow]) -> Fields:
    logical = [_filled_logical(_said(volume, (*_LOGICAL_TEXTS, "device_use"), _LOGICAL_NUMBERS)) for volume in rows]
    return _filled_group(_said(row, ("components", "name"), ("free_size", "size")) | {"logical_volumes": logical})


def _filled_logical(volume: Fields) -> Fields:
    """A logical volume with table 10's mandatory fields filled in: older agents, and planners, say no `free_size` and no inodes."""
    filled: Fields = {**dict.fromkeys(_LOGICAL_TEXTS, ""), "inode_size": 0, "used_size": 0, **volume}
    filled.setdefault("free_size", max(0, filled.get("size", 0) - filled["used_size"]))
    return filled


def _filled_group(group: Fields) -> Fields:
    """A volume group that says what its logical volumes leave free, where its size is known."""
    if "size" in group:
        taken = sum(volume.get("size", 0) for volume in group["logical_volumes"])
        group.setdefault("free_size", max(0, group["size"] - taken))
    return group


def _sheet_btrfs(row: SheetRow, rows: Iterable[SheetRow]) -> Fields:
    subvolumes = [dict.fromkeys(_SUBVOLUME_TEXTS, "") | _said(subvolume, _SUBVOLUME_TEXTS, ()) for subvolume in rows]
    return dict.fromkeys(_BTRFS_TEXTS, "") | _said(row, _BTRFS_TEXTS, _BTRFS_NUMBERS) | {"subvolumn": subvolumes}


def target_from_source(source: SourceServer) -> Fields:
    """`disks`, `volume_groups` and, on Linux, `btrfs_list`, from what SMS reports of the source; it knows no `disk_id`."""
    target: Fields = {
        "disks": [_source_disk(place, disk) for place, disk in enumerate(source.planned_disks())],
        "volume_groups": [_source_group(group) for group in source.planned_volume_groups()],
    }
    if not source.is_windows:
        target["btrfs_list"] = [_source_btrfs(btrfs) for btrfs in source.btrfs_list]
    return target


def _reported(part: Reported, texts: Iterable[str], numbers: Iterable[str]) -> Fields:
    """What SMS reports: every text, "" too (a swap partition has mount point ""), and the numbers that are not null."""
    fields: Fields = {name: getattr(part, name) for name in texts}
    fields |= {name: number for name in numbers if (number := getattr(part, name)) is not None}
    return fields


def _source_disk(place: int, disk: SourceDisk) -> Fields:
    volumes = [_reported(volume, _VOLUME_TEXTS, _VOLUME_NUMBERS) for volume in disk.physical_volumes]
    for volume in volumes:
        if not volume["uuid"]:  # null at the source: left out (contradiction 2)
            del volume["uuid"]
    size = disk.size or 0
    return {
        "device_use": disk.device_use if disk.device_use in _DISK_USES else "NORMAL",
        "name": disk.name or f"Disk {place}",
        "physical_volumes": volumes,
        "size": size,
        "used_size": used_size(size, disk.used_size, volumes),
    }


def _source_group(group: SourceVolumeGroup) -> Fields:
    logical = []
    for volume in group.logical_volumes:
        fields = _reported(volume, (*_LOGICAL_TEXTS, "device_use"), _LOGICAL_NUMBERS)
        if not fields["device_use"]:
            del fields["device_use"]
        logical.append(_filled_logical({"size": 0, **fields}))
    return _filled_group(_reported(group, ("components", "name"), ("free_size", "size")) | {"logical_volumes": logical})


def _source_btrfs(btrfs: SourceBtrfs) -> Fields:
    subvolumes = [_reported(subvolume, _SUBVOLUME_TEXTS, ()) for subvolume in btrfs.subvolumn]
    return dict.fromkeys(_BTRFS_NUMBERS, 0) | _reported(btrfs, _BTRFS_TEXTS, _BTRFS_NUMBERS) | {"subvolumn": subvolumes}
