"""The workbook contract: one table of columns that reading, checking, the template and the docs are derived from.

Decides what each sheet of a plan may hold: a new column is one new line here. Reads nothing and checks nothing itself: table.py
matches headers, values.py judges cells by `Kind`, checks.py looks across rows. Bounds are those of the API page (tables 2-10).
Importing this module loads nothing heavy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

INT32_MAX = 2_147_483_647
INT64_MAX = 9_223_372_036_854_775_807


class Kind(StrEnum):
    """What the cells of a column hold, and so how they are read."""

    TEXT = "text"
    NOTE = "note"
    LABEL = "label"
    ID = "id"
    NAME = "name"
    ENUM = "choice"
    INTEGER = "whole number"
    DECIMAL = "number"
    SHARE = "count or share"
    """A whole number counts; a percentage, or what a spreadsheet keeps of one (0.1), is a share."""
    FLAG = "yes/no"
    SIZE = "size"
    IP = "IP address"
    DATETIME = "date and time"
    TIMEZONE = "time zone"
    ANY = "as the column it stands for"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one sheet.

    `low` and `high` bound numbers (both included); `max_length` bounds texts, in characters. `api_field` is the path in the body of
    the create that the value is sent as, None where it is ours alone. `default` says in words what holds when nothing is said
    anywhere: the API's own default, which is not sent. `required` columns must be there and filled in every row of their sheet.
    `inherited` columns of `Servers` may also stand in `Waves` and `Defaults`, for all rows of a wave or of the plan.
    """

    name: str
    kind: Kind
    help: str
    aliases: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    max_length: int = 255
    unit: str = ""
    api_field: str | None = None
    default: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    inherited: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """The name and every alias, as `normalise` makes them."""
        return tuple(normalise(text) for text in (self.name, *self.aliases))

    @property
    def bounds(self) -> str:
        """What a planner may give, in words: `0-10000 (Mbit/s)`, `LINUX or WINDOWS`, `yes or no`."""
        match self.kind:
            case Kind.ENUM:
                return " or ".join(self.choices)
            case Kind.FLAG:
                return "yes or no"
            case Kind.SIZE:
                return "bytes, or a number with its unit such as 40 GiB"
            case Kind.IP:
                return "an address such as 10.0.0.7"
            case Kind.DATETIME:
                return "a time such as 2027-01-09 20:00"
            case Kind.TIMEZONE:
                return "a name such as Europe/Berlin"
            case Kind.SHARE:
                return f"a count ({self._number_bounds()}) or a share such as 10%"
            case Kind.INTEGER | Kind.DECIMAL:
                return self._number_bounds()
            case _:
                return f"at most {self.max_length} characters"

    def _number_bounds(self) -> str:
        unit = f" ({self.unit})" if self.unit else ""
        if self.high is None or self.high >= INT32_MAX:
            return f"{self.low or 0} or more{unit}"
        return f"{self.low or 0}-{self.high}{unit}"


_IGNORED = re.compile(r"[\s_\-\u2010-\u2015\u200b\u200e\u200f\ufeff]+")


def normalise(header: str) -> str:
    """A header without case, spaces (non-breaking ones too), dashes and underscores, and without a closing `*`."""
    return _IGNORED.sub("", header).casefold().removesuffix("*")


_FLAG, _ID, _INT, _TEXT = Kind.FLAG, Kind.ID, Kind.INTEGER, Kind.TEXT
_SOURCE = Column(
    "source_server_id",
    _ID,
    "The source server's id in SMS, as on the row of the server in `Servers`; where that is not known, its inventory_id, name or "
    "address, as there: then the row serves checks and the forecast, and is not sent.",
    ("source_id", "server_id", "source server", "sms_server_id"),
    required=True,
)

SERVERS: tuple[Column, ...] = (
    Column("wave", Kind.LABEL, "The wave that moves this server.", ("wave_name", "wave_id", "migration_wave"), required=True),
    Column(
        "source_server_id",
        _ID,
        "The source server's id in SMS. It wins over name and address, which are then only compared.",
        ("source_id", "server_id", "sms_server_id"),
        api_field="source_server.id",
    ),
    Column(
        "source_name", _TEXT, "The source server's name in SMS.", ("server_name", "source_server_name", "source_hostname", "server")
    ),
    Column("source_ip", Kind.IP, "The source server's address in SMS.", ("server_ip", "source_server_ip", "source_address")),
    Column(
        "name",
        Kind.NAME,
        "The task's name: Chinese characters, letters, digits, _ and -. Made from the source's name when empty. In `Defaults` and "
        "`Waves` it may be a pattern: {source_name}-hw; other characters of what is filled in become -.",
        ("task_name", "migration_task_name"),
        api_field="name",
        inherited=True,
    ),
    Column(
        "type",
        Kind.ENUM,
        "How the data is moved: by file or by block. Windows is moved by block only, Linux by file when empty.",
        ("task_type", "migration_type", "migrate_type"),
        choices=("MIGRATE_FILE", "MIGRATE_BLOCK"),
        api_field="type",
        inherited=True,
    ),
    Column(
        "os_type",
        Kind.ENUM,
        "The source's operating system. Taken from SMS when empty.",
        ("os", "source_os_type", "os_family"),
        choices=("WINDOWS", "LINUX"),
        api_field="os_type",
        inherited=True,
    ),
    Column(
        "target_name",
        _TEXT,
        "The target server's name. In `Defaults` and `Waves` it may be a pattern: {source_name}-hw.",
        ("target_server_name", "target_server"),
        api_field="target_server.name",
        inherited=True,
    ),
    Column(
        "target_vm_id",
        _ID,
        "The id of the existing target server. Its disks are formatted. Either this or vm_template_id.",
        ("vm_id", "target_id", "target_server_id", "ecs_id"),
        api_field="target_server.vm_id",
    ),
    Column(
        "vm_template_id",
        _ID,
        "The id of the template that the target server is made from. Either this or target_vm_id.",
        ("template_id", "server_template_id"),
        api_field="vm_template_id",
        inherited=True,
    ),
    Column("region_id", _TEXT, "The target region's id.", ("region", "target_region_id"), api_field="region_id", inherited=True),
    Column(
        "region_name",
        _TEXT,
        "The target region's name; its id when empty.",
        ("target_region_name",),
        api_field="region_name",
        inherited=True,
    ),
    Column("project_id", _ID, "The target project's id.", ("target_project_id",), api_field="project_id", inherited=True),
    Column(
        "project_name",
        _TEXT,
        "The target project's name; the region's id, as default projects are called, when empty.",
        ("project", "target_project_name"),
        api_field="project_name",
        inherited=True,
    ),
    Column(
        "migration_ip",
        Kind.IP,
        "The target's address that the data is sent to: its public one with use_public_ip, else its private one. Not needed "
        "with a template.",
        ("target_ip",),
        api_field="migration_ip",
    ),
    Column(
        "priority",
        _INT,
        "The migration's priority: 0 low, 1 standard, 2 high.",
        ("task_priority",),
        low=0,
        high=65535,
        api_field="priority",
        default="1",
        inherited=True,
    ),
    Column(
        "speed_limit",
        _INT,
        "The highest transfer rate; 0 or empty for no limit.",
        ("speed_limit_mbps", "bandwidth_limit", "max_speed"),
        low=0,
        high=10000,
        unit="Mbit/s",
        api_field="speed_limit",
        default="no limit",
        inherited=True,
    ),
    Column(
        "over_speed_threshold",
        Kind.DECIMAL,
        "The task is stopped when it is faster than speed_limit by more than this share. Linux only.",
        (),
        low=0,
        high=100,
        unit="%",
        api_field="over_speed_threshold",
        default="no stop",
        inherited=True,
    ),
    Column(
        "start_target_server",
        _FLAG,
        "Whether the target is running after the migration.",
        ("start_target",),
        api_field="start_target_server",
        default="yes",
        inherited=True,
    ),
    Column(
        "auto_start",
        _FLAG,
        "Whether the task starts by itself once it is made.",
        (),
        api_field="auto_start",
        default="no",
        inherited=True,
    ),
    Column(
        "use_public_ip",
        _FLAG,
        "Whether the data goes to the target's public address; no for a private line.",
        ("public_ip",),
        api_field="use_public_ip",
        default="yes",
        inherited=True,
    ),
    Column(
        "use_ipv6", _FLAG, "Whether migration_ip is an IPv6 address.", ("ipv6",), api_field="use_ipv6", default="no", inherited=True
    ),
    Column(
        "syncing",
        _FLAG,
        "Whether changes are copied on after the first replication, until the cutover.",
        ("continuous_sync", "sync"),
        api_field="syncing",
        default="no",
        inherited=True,
    ),
    Column(
        "exist_server",
        _FLAG,
        "Whether the target exists already. Follows from target_vm_id when empty.",
        ("existing_server",),
        api_field="exist_server",
        inherited=True,
    ),
    Column(
        "start_network_check",
        _FLAG,
        "Whether the network between source and target is measured first.",
        ("network_check",),
        api_field="start_network_check",
        default="no",
        inherited=True,
    ),
    Column(
        "is_need_consistency_check",
        _FLAG,
        "Whether sizes and times of the files are compared after the replication. Not for Btrfs.",
        ("consistency_check", "need_consistency_check"),
        api_field="is_need_consistency_check",
        default="no",
        inherited=True,
    ),
    Column(
        "need_migration_test",
        _FLAG,
        "Whether a drill runs before the migration (5 to 15 minutes).",
        ("migration_test",),
        api_field="need_migration_test",
        default="no",
        inherited=True,
    ),
    Column(
        "clonevm_template_id",
        _ID,
        "The id of the template that a clone of the target is made from.",
        ("clone_template_id",),
        api_field="clonevm_template_id",
        inherited=True,
    ),
    Column(
        "skip",
        _FLAG,
        "Whether this server is left out; its row is reported as SKIPPED.",
        ("exclude",),
        default="no",
        inherited=True,
    ),
    Column(
        "depends_on", _TEXT, "Servers that must be done first: names or ids, separated by ;.", ("dependencies",), max_length=4096
    ),
    Column(
        "inventory_id",
        _TEXT,
        "The server's id in the inventory that it was imported from: what other sheets may name it by. Not sent.",
    ),
    Column("note", Kind.NOTE, "Anything; carried into the report.", ("notes", "comment", "comments", "remark"), max_length=32767),
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

WAVES: tuple[Column, ...] = (
    Column("wave", Kind.LABEL, "The wave's name, as in `Servers`.", ("wave_name", "wave_id"), required=True),
    Column("starts_at", Kind.DATETIME, "When the wave's window opens, in its time zone.", ("start", "start_time", "window_start")),
    Column(
        "ends_at",
        Kind.DATETIME,
        "When the wave's window closes: nothing new is sent after it.",
        ("end", "end_time", "window_end"),
    ),
    Column("timezone", Kind.TIMEZONE, "The time zone of starts_at and ends_at.", ("tz",), default="UTC", inherited=True),
    Column(
        "bandwidth_mbps",
        Kind.DECIMAL,
        "The line's bandwidth that the wave may use.",
        ("bandwidth",),
        low=0,
        high=10_000_000,
        unit="Mbit/s",
        inherited=True,
    ),
    Column(
        "rate_per_second",
        Kind.DECIMAL,
        "Never more requests a second than this.",
        ("rate",),
        low=0,
        high=10_000,
        unit="requests/s",
        default="no limit",
        inherited=True,
    ),
    Column(
        "max_running",
        _INT,
        "Never more of the wave's tasks running at once.",
        (),
        low=1,
        high=100_000,
        default="100",
        inherited=True,
    ),
    Column("depends_on", _TEXT, "Waves that must be done first, separated by ;.", ("dependencies",), max_length=4096),
    Column(
        "needs_approval",
        _FLAG,
        "Whether a person must approve the wave before it starts.",
        ("approval",),
        default="no",
        inherited=True,
    ),
    Column(
        "failure_budget",
        Kind.SHARE,
        "Nothing new is sent once more servers than this have failed.",
        (),
        low=0,
        high=100_000,
        default="no limit",
        inherited=True,
    ),
    Column("max_servers", _INT, "How many servers the wave may hold.", (), low=1, high=100_000, inherited=True),
)

LIMITS: tuple[Column, ...] = (
    Column("column", _TEXT, "A column of `Servers`, such as esx_host.", ("field",), required=True),
    Column("value", _TEXT, "The value it limits, or * for each value by itself.", (), required=True),
    Column(
        "max_running", _INT, "Never more of these servers running at once.", ("limit", "max"), low=1, high=100_000, required=True
    ),
)

DEFAULTS: tuple[Column, ...] = (
    Column("column", _TEXT, "A column of `Servers` or `Waves`.", ("field", "name", "setting"), required=True),
    Column("value", Kind.ANY, "What holds where neither row nor wave says anything.", ("default",)),
)

SHEETS: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "Servers": SERVERS,
        "Disks": DISKS,
        "Volumes": VOLUMES,
        "VolumeGroups": VOLUME_GROUPS,
        "LogicalVolumes": LOGICAL_VOLUMES,
        "Btrfs": BTRFS,
        "BtrfsSubvolumes": BTRFS_SUBVOLUMES,
        "Waves": WAVES,
        "Limits": LIMITS,
        "Defaults": DEFAULTS,
    }
)

WAVE_DEFAULTS: tuple[Column, ...] = tuple(column for column in SERVERS if column.inherited)
"""The columns of `Servers` that may also stand in `Waves`, as a default for the wave's rows."""

PLAN_DEFAULTS: tuple[Column, ...] = WAVE_DEFAULTS + tuple(column for column in WAVES if column.inherited)
"""The columns that `Defaults` may set, for every row or wave of the plan."""


def _index(columns: tuple[Column, ...]) -> Mapping[str, Column]:
    by_name = {normalise(column.name): column for column in columns}
    by_alias = {spelling: column for column in columns for spelling in column.spellings}
    return MappingProxyType(by_alias | by_name)


_BY_HEADER: Mapping[str, Mapping[str, Column]] = MappingProxyType(
    {
        **{sheet: _index(columns) for sheet, columns in SHEETS.items()},
        "Waves": MappingProxyType({**_index(WAVE_DEFAULTS), **_index(WAVES)}),
        "Defaults": _index(PLAN_DEFAULTS),
    }
)


def find_column(sheet: str, header: str) -> Column | None:
    """The column that a header of a sheet means, whatever its case, spaces, dashes or underscores; None for an unknown one.

    In `Waves` the inherited columns of `Servers` are found too; in `Defaults` the header is the text of the first column.
    """
    return _BY_HEADER.get(sheet, {}).get(normalise(header))


def headers_of(sheet: str) -> Mapping[str, Column]:
    """Every spelling that a sheet knows, normalised, with its column (for did-you-mean)."""
    return _BY_HEADER[sheet]
