"""Source servers as SMS reports them, for tests: a plain Linux, an LVM one, a Btrfs one and a Windows one."""

from __future__ import annotations

from typing import Any

from inventory.source_server import SourceServer

GIB = 1024**3


def linux(number: int = 1, **more: Any) -> SourceServer:
    """The `number`-th source of `tests.plans.server`: one disk of 40 GiB with an ext4 root, connected, all checks OK."""
    root = {
        "name": "/dev/vda1",
        "device_use": "OS",
        "file_system": "ext4",
        "mount_point": "/",
        "index": 0,
        "size": 39 * GIB,
        "used_size": 7 * GIB,
        "uuid": None,
        "inode_nums": 1,
    }
    disk = {
        "name": "/dev/vda",
        "device_use": "BOOT",
        "size": 40 * GIB,
        "used_size": GIB,
        "physical_volumes": [root],
        "os_disk": True,
    }
    return SourceServer.model_validate(
        {
            "id": f"src-{number:04}-a1b2",
            "name": f"web-{number:02}",
            "ip": f"192.168.0.{number % 250 + 1}",
            "os_type": "LINUX",
            "connected": True,
            "checks": [{"name": "OS_VERSION", "result": "OK"}],
            "disks": [disk],
            **more,
        }
    )


def lvm(**more: Any) -> SourceServer:
    """A Linux source with a whole-disk physical volume: a group of one logical volume that says no free_size."""
    logical = {"name": "/dev/mapper/vg-data", "size": 10, "used_size": 4, "file_system": "xfs", "mount_point": "/data", "uuid": "x"}
    disk = {"name": "/dev/vdb", "device_use": "VOLUME_GROUP", "size": 20, "used_size": 4, "physical_volumes": []}
    group = {"name": "vg", "components": "/dev/vdb", "size": 16, "logical_volumes": [logical]}
    return linux(disks=[disk], volume_groups=[group], **more)


def btrfs(**more: Any) -> SourceServer:
    """A Linux source with a Btrfs file system of one subvolume, spelt as the page's table spells it."""
    subvolume = {"uuid": "u", "is_snapshot": "false", "subvol_id": "256", "parent_id": "5", "subvol_name": "@"}
    return linux(btrfs_list=[{"name": "b", "label": None, "size": 9, "subvolume": [subvolume]}], **more)


def windows(**more: Any) -> SourceServer:
    """A Windows source that boots by UEFI."""
    volume = {"name": "C:\\", "uuid": "\\\\?\\Volume{1}\\", "file_system": "NTFS", "size": 60, "used_size": 30}
    disk = {"name": "Disk 0", "device_use": "", "size": 64, "used_size": 80, "physical_volumes": [volume]}
    return linux(os_type="WINDOWS", firmware="UEFI", disks=[disk], **more)
