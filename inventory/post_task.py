"""The body of `POST /v3/tasks`: PostTask and everything nested in it, each field with the bounds of its table on the API page.

Decides what may stand in a body and how it is written down, byte for byte. Knows no sheet and no source server: build.py fills it.
Fields stand in the page's order and carry the page's names. The numbered contradictions are those between the page, the official
SDK and what the service was seen to do: 1 (`is_need_consistency_check` is the name that counts), 2 (a null uuid is left out),
4 (`vm_id` is "" with a template), 8 (`subvolumn` is the key on the wire), 9 and 10 (the page's wide ranges are accepted here, the
checks warn), 17 (`os_type` is always sent).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_INTEGER = 2_147_483_647
MAX_LONG = 9_223_372_036_854_775_807
MAX_LIST = 65_535

Text = Annotated[str, Field(max_length=255)]
Integer = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Long = Annotated[int, Field(ge=0, le=MAX_LONG)]

TaskType = Literal["MIGRATE_FILE", "MIGRATE_BLOCK"]
OsType = Literal["WINDOWS", "LINUX"]
DiskUse = Literal["NORMAL", "OS", "BOOT"]


class Body(BaseModel):
    """What all parts of the body share: unknown keys are refused, types are not coerced, nothing changes once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class SourceServerByTask(Body):
    """Table 3: the source server, by its id."""

    id: Text


class BtrfsSubvolumn(Body):
    """Table 6: a subvolume of a Btrfs file system. `uuid` is the parent's, and `is_snapshot` is a string."""

    uuid: Text
    is_snapshot: Text
    subvol_id: Text
    parent_id: Text
    subvol_name: Text
    subvol_mount_path: Text


class BtrfsFileSystem(Body):
    """Table 5: a Btrfs file system, all of it mandatory. Sizes are bytes; `label` is "" where there is none."""

    name: Text
    label: Text
    uuid: Text
    device: Text
    size: Long
    nodesize: Long
    sectorsize: Integer
    data_profile: Text
    system_profile: Text
    metadata_profile: Text
    global_reserve1: Text
    g_vol_used_size: Long
    default_subvolid: Text
    default_subvol_name: Text
    default_subvol_mountpath: Text
    # The page's table says `subvolume`; SDK and Terraform send `subvolumn` (contradiction 8).
    subvolumn: Annotated[tuple[BtrfsSubvolumn, ...], Field(max_length=MAX_LIST, strict=False)]


class PhysicalVolumes(Body):
    """Table 8: a partition, everything optional. Sizes are bytes; `name` is a drive letter on Windows, a device on Linux."""

    device_use: Text | None = None
    file_system: Text | None = None
    index: Integer | None = None
    mount_point: Text | None = None
    name: Text | None = None
    size: Long | None = None
    inode_size: Long | None = None
    used_size: Long | None = None
    uuid: Text | None = None


class TargetDisks(Body):
    """Table 7: a disk of the target server. Sizes are bytes; `disk_id` is absent where a template makes the server."""

    device_use: DiskUse | None = None
    disk_id: Text | None = None
    name: Text
    physical_volumes: Annotated[tuple[PhysicalVolumes, ...], Field(max_length=MAX_LIST, strict=False)]
    size: Long
    used_size: Long


class LogicalVolumes(Body):
    """Table 10: a logical volume. Sizes are bytes; `inode_size` is copied as the source says it (contradiction 14)."""

    block_count: Integer | None = None
    block_size: Annotated[int, Field(ge=0, le=1_048_576)] | None = None
    file_system: Text
    inode_size: Integer
    inode_nums: Long | None = None
    device_use: Text | None = None
    mount_point: Annotated[str, Field(max_length=256)]
    name: Annotated[str, Field(max_length=1024)]
    size: Long
    used_size: Long
    free_size: Long


class VolumeGroups(Body):
    """Table 9: a volume group. `components` are its devices, joined by `;`; sizes are bytes."""

    components: Text | None = None
    free_size: Long | None = None
    logical_volumes: Annotated[tuple[LogicalVolumes, ...], Field(max_length=255, strict=False)] | None = None
    name: Text | None = None
    size: Long | None = None


class TargetServerByTask(Body):
    """Table 4: the target server. `vm_id` is "" where a template makes the server (contradiction 4)."""

    btrfs_list: Annotated[tuple[BtrfsFileSystem, ...], Field(max_length=MAX_LIST, strict=False)] | None = None
    disks: Annotated[tuple[TargetDisks, ...], Field(max_length=MAX_LIST, strict=False)]
    name: Text
    vm_id: Text
    volume_groups: Annotated[tuple[VolumeGroups, ...], Field(max_length=MAX_LIST, strict=False)] | None = None


class PostTask(Body):
    """Table 2: the request body. An optional that is None is not sent, so that the API's own default holds.

    `speed_limit` is Mbit/s (0: no limit), `over_speed_threshold` percent. The last two fields are known to the SDK alone.
    """

    name: Text
    type: TaskType
    start_target_server: bool | None = None
    auto_start: bool | None = None
    os_type: OsType
    source_server: SourceServerByTask
    target_server: TargetServerByTask
    migration_ip: Text | None = None
    region_name: Text
    region_id: Text
    project_name: Text
    project_id: Text
    priority: Annotated[int, Field(ge=0, le=65_535)] | None = None
    vm_template_id: Text | None = None
    use_public_ip: bool | None = None
    use_ipv6: bool | None = None
    syncing: bool | None = None
    exist_server: bool | None = None
    start_network_check: bool | None = None
    speed_limit: Annotated[int, Field(ge=0, le=10_000)] | None = None
    over_speed_threshold: Annotated[float, Field(ge=0, le=100)] | None = None
    is_need_consistency_check: bool | None = None
    need_migration_test: bool | None = None
    clonevm_template_id: Text | None = None

    def to_json(self) -> bytes:
        """The body as it is sent: UTF-8, no spaces, fields in the page's order, absent optionals left out.

        The same task gives the same bytes in every process, so that a digest of them identifies the body. Empty lists are sent.
        """
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)

    def as_dict(self) -> dict[str, Any]:
        """The body as plain dictionaries and lists, absent optionals left out: what `to_json` writes."""
        return self.model_dump(mode="json", exclude_none=True)
