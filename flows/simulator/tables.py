"""Tables 2-10 of the public page "Creating a Migration Task", field by field: names, types, bounds, what is mandatory.

Data only, written from the page and not from the client's models: this is the other side of the wire. `lenient` is what the
official SDK requires instead, where that differs (facts section 5). validation.py turns the tables into checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONG = 9223372036854775807
INTEGER = 2147483647
TEXT = 255
ARRAY = 65535

FieldType = Literal["string", "integer", "double", "boolean", "object", "array"]


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table. `high` bounds a text's characters, a number, or an array's items; `table` names what is nested.

    `mandatory` is the page's word, `lenient` the SDK's. `alias` is a second spelling that is accepted. `code` is the
    error code that the service has for this field, where one is known.
    """

    name: str
    type: FieldType = "string"
    mandatory: bool = False
    high: float = TEXT
    low: float = 0
    table: str = ""
    choices: tuple[str, ...] = ()
    lenient: bool | None = None
    alias: str = ""
    code: str = "SMS.9001"


def _long(name: str, *, mandatory: bool = False) -> Field:
    return Field(name, "integer", mandatory, LONG, lenient=False)


def _must(name: str, high: int = TEXT) -> Field:
    return Field(name, mandatory=True, high=high, lenient=False)


def _flag(name: str) -> Field:
    return Field(name, "boolean")


TABLES: dict[str, tuple[Field, ...]] = {
    "PostTask": (
        Field("name", mandatory=True, code="SMS.7711"),
        Field("type", mandatory=True, choices=("MIGRATE_FILE", "MIGRATE_BLOCK"), code="SMS.7712"),
        Field("os_type", mandatory=True, choices=("WINDOWS", "LINUX"), code="SMS.6601"),
        Field("source_server", "object", mandatory=True, table="SourceServerByTask", code="SMS.6030"),
        Field("target_server", "object", mandatory=True, table="TargetServerByTask", code="SMS.6031"),
        Field("migration_ip"),
        Field("region_name", mandatory=True),
        Field("region_id", mandatory=True),
        Field("project_name", mandatory=True),
        Field("project_id", mandatory=True),
        Field("priority", "integer", high=65535),
        Field("vm_template_id"),
        _flag("start_target_server"),
        _flag("auto_start"),
        _flag("use_public_ip"),
        _flag("use_ipv6"),
        _flag("syncing"),
        _flag("exist_server"),
        _flag("start_network_check"),
        Field("speed_limit", "integer", high=10000),
        Field("over_speed_threshold", "double", high=100),
        _flag("is_need_consistency_check"),
        # The SDK alone has these two.
        Field("clonevm_template_id"),
        _flag("need_migration_test"),
    ),
    "SourceServerByTask": (Field("id", mandatory=True, code="SMS.6030"),),
    "TargetServerByTask": (
        Field("disks", "array", mandatory=True, high=ARRAY, table="TargetDisks", lenient=False, code="SMS.6033"),
        Field("btrfs_list", "array", high=ARRAY, table="BtrfsFileSystem"),
        Field("volume_groups", "array", high=ARRAY, table="VolumeGroups"),
        # vm_id and name are mandatory unless there is a template (contradiction 4): validation.py says so, here they may be absent.
        Field("name"),
        Field("vm_id", code="SMS.6032"),
    ),
    "TargetDisks": (
        Field("device_use", choices=("NORMAL", "OS", "BOOT")),
        Field("disk_id"),
        _must("name"),
        Field("physical_volumes", "array", mandatory=True, high=ARRAY, table="PhysicalVolumes", lenient=False),
        _long("size", mandatory=True),
        _long("used_size", mandatory=True),
    ),
    "PhysicalVolumes": (
        Field("device_use"),
        Field("file_system"),
        Field("index", "integer", high=INTEGER),
        Field("mount_point"),
        Field("name"),
        _long("size"),
        _long("inode_size"),
        _long("used_size"),
        Field("uuid"),
    ),
    "VolumeGroups": (
        Field("components"),
        _long("free_size"),
        Field("logical_volumes", "array", high=255, table="LogicalVolumes"),
        Field("name"),
        _long("size"),
    ),
    "LogicalVolumes": (
        Field("block_count", "integer", high=INTEGER),
        Field("block_size", "integer", high=1048576),
        _must("file_system"),
        Field("inode_size", "integer", mandatory=True, high=INTEGER, lenient=False),
        _long("inode_nums"),
        Field("device_use"),
        _must("mount_point", 256),
        _must("name", 1024),
        _long("size", mandatory=True),
        _long("used_size", mandatory=True),
        _long("free_size", mandatory=True),
    ),
    "BtrfsFileSystem": (
        *(_must(name) for name in ("name", "label", "uuid", "device")),
        _long("size", mandatory=True),
        _long("nodesize", mandatory=True),
        Field("sectorsize", "integer", mandatory=True, high=INTEGER, lenient=False),
        *(_must(name) for name in ("data_profile", "system_profile", "metadata_profile", "global_reserve1")),
        _long("g_vol_used_size", mandatory=True),
        *(_must(name) for name in ("default_subvolid", "default_subvol_name", "default_subvol_mountpath")),
        # The page writes `subvolume`, every client writes `subvolumn` (contradiction 8).
        Field("subvolume", "array", mandatory=True, high=ARRAY, table="BtrfsSubvolumn", lenient=False, alias="subvolumn"),
    ),
    "BtrfsSubvolumn": tuple(
        _must(name) for name in ("uuid", "is_snapshot", "subvol_id", "parent_id", "subvol_name", "subvol_mount_path")
    ),
}
