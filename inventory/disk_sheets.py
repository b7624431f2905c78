"""The columns of the sheets that say what a source server's disks hold: `Disks`, `Volumes`, `VolumeGroups` ... `BtrfsSubvolumes`.

Bounds are those of the API page (tables 5 to 10). Read by columns.py.
"""

from __future__ import annotations

from inventory.column import INT32_MAX, INT64_MAX, Column, Kind

_ID, _INT, _TEXT = Kind.ID, Kind.INTEGER, Kind.TEXT
_SOURCE = Column(
    "source_server_id",
    _ID,
    "The source server's id in SMS, as on the row of the server in `Servers`; where that is not known, its inventory_id, name or "
    "address, as there: then the row serves checks and the forecast, and is not sent.",
    ("source_id", "server_id", "source server", "sms_server_id"),
    required=True,
)

DISKS: tuple[Column, ...] = (
    _SOURCE,
    Column(
        "name",
        _TEXT,
        "The disk: its device path on Linux (/dev/vda), Disk 0, Disk 1, ... on Windows.",
        ("disk", "disk_name"),
        api_field="target_server.disks.name",
        required=True,
    ),
    Column(
        "device_use",
        Kind.ENUM,
        "What the disk is for: BOOT, OS or NORMAL.",
        ("disk_use",),
        choices=("NORMAL", "OS", "BOOT"),
        api_field="target_server.disks.device_use",
        default="NORMAL",
    ),
    Column(
        "disk_id",
        _ID,
        "The id of the target's disk (EVS volume). Not needed with a template.",
        ("target_disk_id", "evs_id"),
        api_field="target_server.disks.disk_id",
    ),
    Column(
        "size",
        Kind.SIZE,
        "The disk's size: bytes, or with a unit. G and GiB are 1024^3 bytes, GB is 1000^3; part bytes are rounded up.",
        ("disk_size", "size_bytes"),
        low=0,
        high=INT64_MAX,
        unit="bytes",
        api_field="target_server.disks.size",
        required=True,
    ),
    Column(
        "used_size",
        Kind.SIZE,
        "The used part of the disk; the sum of its volumes' when empty.",
        ("used", "used_size_bytes", "used_bytes"),
        low=0,
        high=INT64_MAX,
        unit="bytes",
        api_field="target_server.disks.used_size",
    ),
)


_VOLUME = "target_server.disks.physical_volumes"
_GROUP = "target_server.volume_groups"
_LOGICAL = f"{_GROUP}.logical_volumes"
_BTRFS = "target_server.btrfs_list"
_SUBVOLUME = f"{_BTRFS}.subvolumn"


def _size(name: str, says: str, prefix: str, *aliases: str, required: bool = False) -> Column:
    return Column(
        name, Kind.SIZE, says, aliases, low=0, high=INT64_MAX, unit="bytes", api_field=f"{prefix}.{name}", required=required
    )


def _count(name: str, says: str, prefix: str, high: int, default: str = "", *, required: bool = False) -> Column:
    return Column(name, _INT, says, low=0, high=high, api_field=f"{prefix}.{name}", default=default, required=required)


def _text(name: str, says: str, prefix: str, *aliases: str, max_length: int = 255, required: bool = False) -> Column:
    return Column(name, _TEXT, says, aliases, max_length=max_length, api_field=f"{prefix}.{name}", required=required)


VOLUMES: tuple[Column, ...] = (
    _SOURCE,
    Column("disk", _TEXT, "The disk that the volume is on, by its name in `Disks`.", ("disk_name",), required=True),
    _count("index", "The volume's number on its disk, from 0.", _VOLUME, INT32_MAX),
    _text(
        "name",
        "The volume: a drive letter on Windows, a device on Linux (/dev/vda1).",
        _VOLUME,
        "volume",
        "volume_name",
    ),
    _text("device_use", "What the volume is for: BOOT, OS, NORMAL, VOLUME_GROUP ...", _VOLUME, "volume_use"),
    _text("file_system", "The file system: ext4, xfs, NTFS ...", _VOLUME, "fs"),
    _text("mount_point", "Where the volume is mounted.", _VOLUME),
    _size("size", "The volume's size: bytes, or with a unit.", _VOLUME, "volume_size"),
    _size("used_size", "The used part of the volume.", _VOLUME, "used"),
    _count("inode_size", "The number of inodes.", _VOLUME, INT64_MAX),
    _text("uuid", "The volume's GUID, from the source server.", _VOLUME),
)

VOLUME_GROUPS: tuple[Column, ...] = (
    _SOURCE,
    _text("name", "The volume group's name.", _GROUP, "volume_group", "vg", required=True),
    _text("components", "Its physical volumes, separated by ;.", _GROUP),
    _size("size", "The volume group's size: bytes, or with a unit.", _GROUP),
    _size("free_size", "The part of it that no logical volume has.", _GROUP),
)

LOGICAL_VOLUMES: tuple[Column, ...] = (
    _SOURCE,
    Column(
        "volume_group",
        _TEXT,
        "The volume group it is in, by its name in `VolumeGroups`.",
        ("vg", "volume_group_name"),
        required=True,
    ),
    _text("name", "The logical volume: /dev/mapper/vg-lv.", _LOGICAL, "logical_volume", "lv", max_length=1024, required=True),
    _text("file_system", "The file system: ext4, xfs ...", _LOGICAL, "fs"),
    _text("mount_point", "Where it is mounted.", _LOGICAL, max_length=256),
    _text("device_use", "What it is for: BOOT, OS or NORMAL.", _LOGICAL),
    _size("size", "Its size: bytes, or with a unit.", _LOGICAL, required=True),
    _size("used_size", "The used part of it.", _LOGICAL, "used"),
    _size("free_size", "The free part of it; size less used_size when empty.", _LOGICAL, "free"),
    _count("inode_size", "The number of inodes, as the source says.", _LOGICAL, INT32_MAX),
    _count("inode_nums", "The number of inodes.", _LOGICAL, INT64_MAX),
    _count("block_count", "The number of blocks.", _LOGICAL, INT32_MAX, "0"),
    _count("block_size", "The size of a block, in bytes.", _LOGICAL, 1_048_576, "0"),
)

BTRFS: tuple[Column, ...] = (
    _SOURCE,
    _text("name", "The file system's name.", _BTRFS, "file_system_name", required=True),
    _text("label", "Its label; empty where it has none.", _BTRFS),
    _text("uuid", "Its UUID.", _BTRFS, required=True),
    _text("device", "The names of its devices.", _BTRFS, required=True),
    _size("size", "The space it takes: bytes, or with a unit.", _BTRFS, required=True),
    _size("nodesize", "The size of a node.", _BTRFS, required=True),
    _count("sectorsize", "The size of a sector, in bytes.", _BTRFS, INT32_MAX, required=True),
    _text("data_profile", "The profile of its data: single, RAID1 ...", _BTRFS),
    _text("system_profile", "The profile of its system chunks.", _BTRFS),
    _text("metadata_profile", "The profile of its metadata.", _BTRFS),
    _text("global_reserve1", "Its global reserve.", _BTRFS),
    _size("g_vol_used_size", "The used part of it.", _BTRFS, required=True),
    _text("default_subvolid", "The id of its default subvolume.", _BTRFS),
    _text("default_subvol_name", "The name of its default subvolume.", _BTRFS),
    _text("default_subvol_mountpath", "Where its default subvolume is mounted.", _BTRFS),
)

BTRFS_SUBVOLUMES: tuple[Column, ...] = (
    _SOURCE,
    Column("file_system_name", _TEXT, "The file system it is in, by its name in `Btrfs`.", ("file_system", "btrfs"), required=True),
    _text("uuid", "The UUID of its parent volume.", _SUBVOLUME),
    _text("is_snapshot", "Whether it is a snapshot, as the source says.", _SUBVOLUME),
    _text("subvol_id", "Its id.", _SUBVOLUME, "id"),
    _text("parent_id", "The id of its parent volume.", _SUBVOLUME),
    _text("subvol_name", "Its name.", _SUBVOLUME, "name", required=True),
    _text("subvol_mount_path", "Where it is mounted.", _SUBVOLUME, "mount_path"),
)
