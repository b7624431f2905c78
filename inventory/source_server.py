"""A source server as SMS reports it: an item of `GET /v3/sources`, or `GET /v3/sources/{id}`, which alone has all its disks.

Decides how much disorder is tolerated on reading: nulls, missing lists, unknown keys, numbers as strings, all without a complaint;
only an answer without an id is refused. Judges nothing about the server: build.py does. Made by the SMS client and the simulator.
"""

from __future__ import annotations

import ipaddress
import math
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

_MIB = 1024**2
_GIB = 1024**3


def _text(value: object) -> str:
    """Text whatever came: null is "", a number its digits, a list or an object is not text and so "" too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""


def _decimal(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _integer(value: object) -> int | None:
    """A whole number, or None where there is none: null, "", "n/a", NaN. Fractions are cut off; "12 " and 12.0 are 12."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = _decimal(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def _flag(value: object) -> bool | None:
    """True, false, or None where nothing readable came; "true", "FALSE", 1 and 0 are understood."""
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    return bool(value) if isinstance(value, (bool, int)) else None


def _objects(value: object) -> list[Any]:
    """The objects of a list; null and what is no list is empty, what is no object in it is dropped (contradiction 23)."""
    return [item for item in value if isinstance(item, (dict, BaseModel))] if isinstance(value, (list, tuple)) else []


def _object_or_none(value: object) -> Any:  # noqa: ANN401
    return value if isinstance(value, (dict, BaseModel)) else None


Text = Annotated[str, BeforeValidator(_text)]
Integer = Annotated[int | None, BeforeValidator(_integer)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
_List = BeforeValidator(_objects)
_Maybe = BeforeValidator(_object_or_none)


class Reported(BaseModel):
    """What all parts of the report share: unknown keys are ignored, nothing changes once read."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=True)


class SourceVolume(Reported):
    """A partition of a source disk. Sizes are bytes; `uuid` is "" where SMS says null (contradiction 2)."""

    name: Text = ""
    device_use: Text = ""
    file_system: Text = ""
    mount_point: Text = ""
    index: Integer = None
    size: Integer = None
    used_size: Integer = None
    inode_size: Integer = None
    uuid: Text = ""


class SourceDisk(Reported):
    """A disk of the source. `device_use` may be VOLUME_GROUP, BTRFS or "" beside what a target disk may be."""

    name: Text = ""
    device_use: Text = ""
    size: Integer = None
    used_size: Integer = None
    partition_style: Text = ""
    os_disk: Flag = None
    physical_volumes: Annotated[tuple[SourceVolume, ...], _List] = ()


class SourceLogicalVolume(Reported):
    """A logical volume. Sizes are bytes; older agents report no `free_size`."""

    name: Text = ""
    device_use: Text = ""
    file_system: Text = ""
    mount_point: Text = ""
    size: Integer = None
    used_size: Integer = None
    free_size: Integer = None
    inode_size: Integer = None
    inode_nums: Integer = None
    block_count: Integer = None
    block_size: Integer = None


class SourceVolumeGroup(Reported):
    """A volume group; `components` are its devices, joined by `;`."""

    name: Text = ""
    components: Text = ""
    size: Integer = None
    free_size: Integer = None
    logical_volumes: Annotated[tuple[SourceLogicalVolume, ...], _List] = ()


class SourceSubvolume(Reported):
    """A subvolume of a Btrfs file system; all of it is text, `is_snapshot` too."""

    uuid: Text = ""
    is_snapshot: Text = ""
    subvol_id: Text = ""
    parent_id: Text = ""
    subvol_name: Text = ""
    subvol_mount_path: Text = ""


class SourceBtrfs(Reported):
    """A Btrfs file system; its subvolumes come under either spelling (contradiction 8)."""

    name: Text = ""
    label: Text = ""
    uuid: Text = ""
    device: Text = ""
    size: Integer = None
    nodesize: Integer = None
    sectorsize: Integer = None
    data_profile: Text = ""
    system_profile: Text = ""
    metadata_profile: Text = ""
    global_reserve1: Text = ""
    g_vol_used_size: Integer = None
    default_subvolid: Text = ""
    default_subvol_name: Text = ""
    default_subvol_mountpath: Text = ""
    subvolumn: Annotated[tuple[SourceSubvolume, ...], _List, Field(validation_alias=AliasChoices("subvolumn", "subvolume"))] = ()


class InitTargetServer(Reported):
    """The target that SMS proposes for the source: its disks as a planner may have resized them."""

    disks: Annotated[tuple[SourceDisk, ...], _List] = ()
    volume_groups: Annotated[tuple[SourceVolumeGroup, ...], _List] = ()


class SourceCheck(Reported):
    """One feasibility check of the agent; `result` is OK, WARN or ERROR."""

    name: Text = ""
    result: Text = ""
    error_code: Text = ""
    error_or_warn: Text = ""

    @property
    def has_failed(self) -> bool:
        """Whether SMS refuses to configure a target because of it."""
        return self.result.upper() == "ERROR"

    @property
    def has_warned(self) -> bool:
        """Whether the agent found something that may well fail later; a target may be configured all the same."""
        return self.result.upper() == "WARN"


class SourceNetwork(Reported):
    """A network card of the source."""

    name: Text = ""
    ip: Text = ""
    ipv6: Text = ""
    netmask: Text = ""
    gateway: Text = ""
    mac: Text = ""


class TaskTarget(Reported):
    """The target of the task that a source is bound to."""

    vm_id: Text = ""
    name: Text = ""


class CurrentTask(Reported):
    """The one task that a source is bound to."""

    id: Text = ""
    name: Text = ""
    type: Text = ""
    state: Text = ""
    vm_template_id: Text = ""
    target_server: Annotated[TaskTarget | None, _Maybe] = None


class SourceServer(Reported):
    """A source server. `connected` is None where SMS does not say; an item of the list has no disks but `init_target_server`'s."""

    id: Annotated[Text, Field(min_length=1)]
    name: Text = ""
    ip: Text = ""
    ipv6: Text = ""
    hostname: Text = ""
    os_type: Text = ""
    os_version: Text = ""
    firmware: Text = ""
    state: Text = ""
    migration_cycle: Text = ""
    connected: Flag = None
    cpu_quantity: Integer = None
    memory: Integer = None
    has_tc: Flag = None
    agent_version: Text = ""
    enterprise_project_id: Text = ""
    disks: Annotated[tuple[SourceDisk, ...], _List] = ()
    volume_groups: Annotated[tuple[SourceVolumeGroup, ...], _List] = ()
    btrfs_list: Annotated[tuple[SourceBtrfs, ...], _List] = ()
    init_target_server: Annotated[InitTargetServer | None, _Maybe] = None
    networks: Annotated[tuple[SourceNetwork, ...], _List] = ()
    checks: Annotated[tuple[SourceCheck, ...], _List] = ()
    current_task: Annotated[CurrentTask | None, _Maybe] = None

    @property
    def label(self) -> str:
        """What people call it: its name, else its host name, its address, its id."""
        return self.name or self.hostname or self.ip or self.id

    @property
    def is_windows(self) -> bool:
        """Whether its OS is Windows, by `os_type`."""
        return self.os_type.upper() == "WINDOWS"

    @property
    def is_uefi(self) -> bool:
        """Whether it boots by UEFI; False where SMS does not say (a list item)."""
        return self.firmware.upper() == "UEFI"

    @property
    def memory_bytes(self) -> int | None:
        """Its memory in bytes; None where SMS does not say.

        SMS writes bytes, MiB or, long ago, GiB into one field (contradiction 20): more than 10**6 is bytes; and since an agent
        needs 256 MiB to run, less than 256 is GiB.
        """
        if self.memory is None or self.memory > 10**6:
            return self.memory
        return self.memory * (_MIB if self.memory >= 256 else _GIB)

    @property
    def addresses(self) -> frozenset[str]:
        """Every IP address that SMS knows of it."""
        cards = {address for card in self.networks for address in (card.ip, card.ipv6)}
        return frozenset({self.ip, self.ipv6, *cards} - {""})

    def has_address(self, text: str) -> bool:
        """Whether `text` is one of its addresses, however it is written (IPv6 has many ways)."""
        return one_spelling(text) in {one_spelling(known) for known in self.addresses}

    @property
    def failed_checks(self) -> tuple[SourceCheck, ...]:
        """The feasibility checks with result ERROR: with any of them SMS takes no target."""
        return tuple(check for check in self.checks if check.has_failed)

    def planned_disks(self) -> tuple[SourceDisk, ...]:
        """The disks that the target shall have: those of `init_target_server`, else the source's own; else none."""
        planned = self.init_target_server.disks if self.init_target_server else ()
        return planned or self.disks

    def planned_volume_groups(self) -> tuple[SourceVolumeGroup, ...]:
        """The volume groups that the target shall have: those of `init_target_server`, else the source's own."""
        planned = self.init_target_server.volume_groups if self.init_target_server else ()
        return planned or self.volume_groups


def one_spelling(address: str) -> str:
    """An IP address in the one spelling that it is compared by; any other text as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
