"""How many bytes a task copies, by its create: what is used where files are copied, whole partitions where blocks are.

A create without disks (somebody else's task, or a lenient caller's) copies the disks that its source has. Pure; called by
progress.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.simulator.layouts import Layout

BYTES_PER_MBIT = 1e6 / 8


def bytes_to_copy(request: Mapping[str, Any], layout: Layout | None) -> int:
    """The bytes of the first, full copy; `layout` is the source's own."""
    disks = (request.get("target_server") or {}).get("disks") or (layout.disks if layout is not None else [])
    measure = _partitions if request.get("type") == "MIGRATE_BLOCK" else _used
    return sum(measure(disk) for disk in disks)


def directories(request: Mapping[str, Any], layout: Layout | None) -> list[str]:
    """What a consistency check goes through: where the volumes are mounted, `/` where nothing says."""
    disks = (request.get("target_server") or {}).get("disks") or (layout.disks if layout is not None else [])
    mounts = [volume.get("mount_point") or "" for disk in disks for volume in _volumes(disk)]
    return [mount for mount in dict.fromkeys(mounts) if mount.startswith("/") or mount[1:2] == ":"] or ["/"]


def _volumes(disk: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return disk.get("physical_volumes") or ()


def _partitions(disk: Mapping[str, Any]) -> int:
    # A whole disk given to a volume group has no partitions.
    return sum(volume.get("size") or 0 for volume in _volumes(disk)) or disk.get("size") or 0


def _used(disk: Mapping[str, Any]) -> int:
    # The page's own example has a disk that uses less than its partition (contradiction 3).
    used = max(disk.get("used_size") or 0, sum(volume.get("used_size") or 0 for volume in _volumes(disk)))
    size = disk.get("size")
    return used if size is None else min(size, used)
