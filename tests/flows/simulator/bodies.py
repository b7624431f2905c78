"""Bodies of creates for the simulator's tests: the smallest that strict mode takes, and the page's own example."""

from __future__ import annotations

import json
from typing import Any

EXAMPLE = """{
  "name" : "MigrationTask",
  "type" : "MIGRATE_FILE",
  "os_type" : "LINUX",
  "start_target_server" : true,
  "use_public_ip" : true,
  "migration_ip" : "192.168.0.1",
  "region_name" : "region_name",
  "region_id" : "region_id",
  "project_name" : "project_name",
  "project_id" : "xxxxxxxxxxxxxxxxxxxxxxxx00000001",
  "source_server" : { "id" : "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx0001" },
  "target_server" : {
    "vm_id" : "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx0001",
    "name" : "Auto-tar-name",
    "disks" : [ {
      "name" : "/dev/vda",
      "disk_id" : "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx0001",
      "size" : 42949672960,
      "used_size" : 429496,
      "device_use" : "BOOT",
      "physical_volumes" : [ {
        "uuid" : null, "index" : 0, "name" : "/dev/vda1", "device_use" : "OS", "file_system" : "ext4", "mount_point" : "/",
        "size" : 42947575808, "used_size" : 5346484224
      } ]
    } ],
    "volume_groups" : [ ]
  },
  "is_need_consistency_result" : true
}"""


def post_task(source: str = "s-1", vm_id: str = "v-1", **changes: Any) -> dict[str, Any]:
    """A create that strict mode takes; `changes` replace or (None) remove top-level fields."""
    body: dict[str, Any] = {
        "name": "MigrationTask",
        "type": "MIGRATE_FILE",
        "os_type": "LINUX",
        "region_name": "region-1",
        "region_id": "region-1",
        "project_name": "project-1",
        "project_id": "p-1",
        "source_server": {"id": source},
        "target_server": {"vm_id": vm_id, "name": "target-1", "disks": [disk()]},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def disk(**changes: Any) -> dict[str, Any]:
    """A disk with one volume."""
    volume = {"name": "/dev/vda1", "size": 10, "used_size": 5}
    return {"name": "/dev/vda", "size": 10, "used_size": 5, "physical_volumes": [volume], **changes}


def as_bytes(value: object) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(value).encode()


SMALLEST: dict[str, dict[str, Any]] = {
    "PostTask": post_task(),
    "SourceServerByTask": {"id": "s-1"},
    "TargetServerByTask": post_task()["target_server"],
    "TargetDisks": disk(),
    "PhysicalVolumes": {},
    "VolumeGroups": {},
    "LogicalVolumes": {
        "file_system": "xfs", "inode_size": 0, "mount_point": "/", "name": "lv", "size": 2, "used_size": 1, "free_size": 1,
    },
    "BtrfsFileSystem": {
        "name": "/data", "label": "", "uuid": "u", "device": "/dev/vdb", "size": 1, "nodesize": 1, "sectorsize": 1,
        "data_profile": "single", "system_profile": "DUP", "metadata_profile": "DUP", "global_reserve1": "single",
        "g_vol_used_size": 0, "default_subvolid": "5", "default_subvol_name": "", "default_subvol_mountpath": "/", "subvolume": [],
    },
    "BtrfsSubvolumn": {
        "uuid": "u", "is_snapshot": "false", "subvol_id": "5", "parent_id": "0", "subvol_name": "", "subvol_mount_path": "/",
    },
}  # fmt: skip
"""The smallest object of each of the page's tables."""
