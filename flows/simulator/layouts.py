"""Plausible disks for a source server of which no sheet tells: plain Linux, LVM, Btrfs or Windows, always the same for one id.

Shapes follow facts section 6 (samples of the old API among them): swap volumes, a whole disk given to LVM, Windows' reserved
partition. Sizes are bytes. Pure; called by fleet.py when a source's page is first asked for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

GIB = 1 << 30
MIB = 1 << 20
_DATA_DISKS = (0, 0, 1, 1, 2, 3)
_SIZES_GIB = (40, 60, 80, 100, 200)


@dataclass(frozen=True, slots=True)
class Layout:
    """The disks, volume groups and Btrfs file systems of one source server, in the API's shapes of the source side."""

    disks: list[dict[str, Any]] = field(default_factory=list)
    volume_groups: list[dict[str, Any]] = field(default_factory=list)
    btrfs_list: list[dict[str, Any]] = field(default_factory=list)


def make_layout(source_id: str, os_type: str) -> Layout:
    """A layout by OS (`WINDOWS`, anything else is Linux), the kind of Linux drawn from the id."""
    rng = random.Random(source_id)  # noqa: S311 - chance for show, not for secrets
    if os_type.upper() == "WINDOWS":
        return _windows(rng)
    return rng.choice((_plain, _plain, _lvm, _btrfs))(rng)


def _plain(rng: random.Random) -> Layout:
    return Layout(disks=[_linux_system_disk(rng, swap=True), *(_data_disk(rng, index) for index in range(rng.choice(_DATA_DISKS)))])


def _lvm(rng: random.Random) -> Layout:
    size = rng.choice(_SIZES_GIB) * GIB
    disk = _disk("/dev/vdb", "VOLUME_GROUP", size, size // 3, [])
    used = size // 3
    logical = {
        "name": "/dev/mapper/data-lv0", "file_system": "xfs", "mount_point": "/srv", "size": size - GIB, "used_size": used,
        "free_size": size - GIB - used, "inode_size": 512, "inode_nums": 1_048_576, "block_count": 262_144, "block_size": 4096,
        "device_use": "NORMAL",
    }  # fmt: skip
    group = {
        "name": "data",
        "components": "/dev/vdb",
        "size": size - 4 * MIB,
        "free_size": GIB - 4 * MIB,
        "logical_volumes": [logical],
    }
    return Layout(disks=[_linux_system_disk(rng, swap=True), disk], volume_groups=[group])


def _btrfs(rng: random.Random) -> Layout:
    size = rng.choice(_SIZES_GIB) * GIB
    uuid, used = _uuid(rng), size // 4
    volume = _volume("/dev/vdb1", "BTRFS", "btrfs", "/data", size - 2 * MIB, used, uuid)
    subvolume = {
        "uuid": uuid, "is_snapshot": "false", "subvol_id": "256", "parent_id": "5", "subvol_name": "@data",
        "subvol_mount_path": "/data",
    }  # fmt: skip
    file_system = {
        "name": "/dev/vdb1", "label": "", "uuid": uuid, "device": "/dev/vdb1", "size": size - 2 * MIB, "nodesize": 16384,
        "sectorsize": 4096, "data_profile": "single", "system_profile": "DUP", "metadata_profile": "DUP",
        "global_reserve1": "single",
        "g_vol_used_size": used, "default_subvolid": "5", "default_subvol_name": "", "default_subvol_mountpath": "/data",
        "subvolumn": [subvolume],
    }  # fmt: skip
    disk = _disk("/dev/vdb", "BTRFS", size, used, [volume])
    return Layout(disks=[_linux_system_disk(rng, swap=False), disk], btrfs_list=[file_system])


def _windows(rng: random.Random) -> Layout:
    size = rng.choice(_SIZES_GIB) * GIB
    used = size * rng.randint(20, 60) // 100
    reserved = _volume("(Reserved)", "BOOT", "NTFS", "", 500 * MIB, 40 * MIB, _volume_guid(rng))
    system = _volume("C:\\", "OS", "NTFS", "C:\\", size - 502 * MIB, used, _volume_guid(rng), index=1)
    disks = [_disk("Disk 0", "BOOT", size, used + 40 * MIB, [reserved, system])]
    for index in range(rng.choice(_DATA_DISKS)):
        size, letter = rng.choice(_SIZES_GIB) * GIB, "DEF"[index]
        volume = _volume(f"{letter}:\\", "NORMAL", "NTFS", f"{letter}:\\", size - 2 * MIB, size // 5, _volume_guid(rng))
        disks.append(_disk(f"Disk {index + 1}", "NORMAL", size, size // 5, [volume]))
    return Layout(disks=disks)


def _linux_system_disk(rng: random.Random, *, swap: bool) -> dict[str, Any]:
    size = rng.choice(_SIZES_GIB) * GIB
    swap_size = 2 * GIB if swap else 0
    used = (size - swap_size) * rng.randint(15, 60) // 100
    volumes = [_volume("/dev/vda1", "OS", "ext4", "/", size - swap_size - 2 * MIB, used, _uuid(rng))]
    if swap:
        volumes.append(_volume("/dev/vda2", "NORMAL", "swap", "swap", swap_size, 0, _uuid(rng)))
    return _disk("/dev/vda", "BOOT", size, used, volumes)


def _data_disk(rng: random.Random, index: int) -> dict[str, Any]:
    size = rng.choice(_SIZES_GIB) * GIB
    name, used = f"/dev/vd{chr(ord('b') + index)}", size * rng.randint(5, 70) // 100
    return _disk(
        name, "NORMAL", size, used, [_volume(f"{name}1", "NORMAL", "ext4", f"/data{index}", size - 2 * MIB, used, _uuid(rng))]
    )


def _disk(name: str, use: str, size: int, used: int, volumes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name, "device_use": use, "size": size, "used_size": used, "physical_volumes": volumes, "partition_style": "MBR",
        "os_disk": use == "BOOT", "relation_name": None, "inode_size": None,
    }  # fmt: skip


def _volume(name: str, use: str, file_system: str, mount: str, size: int, used: int, uuid: str, index: int = 0) -> dict[str, Any]:
    return {
        "name": name, "device_use": use, "file_system": file_system, "mount_point": mount, "size": size, "used_size": used,
        "uuid": uuid, "index": index, "inode_size": 256, "inode_nums": None, "size_per_cluster": None,
    }  # fmt: skip


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _volume_guid(rng: random.Random) -> str:
    return f"\\\\?\\Volume{{{_uuid(rng)}}}\\"
