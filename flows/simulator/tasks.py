"""One migration task: what it is made of, and how it looks in a listing and on its own page (facts 7.1).

Decides the two JSON shapes and keeps the listed one until the task changes. Changes no state: core.py does, by states.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from flows.simulator.answers import json_bytes

_SUB_TASKS = {
    ("LINUX", "MIGRATE_FILE"): ("FORMAT_DISK_LINUX_FILE", "MIGRATE_LINUX_FILE", "CONFIGURE_LINUX_FILE"),
    ("LINUX", "MIGRATE_BLOCK"): ("FORMAT_DISK_LINUX_BLOCK", "MIGRATE_LINUX_BLOCK", "CONFIGURE_LINUX_BLOCK"),
}
_WINDOWS_SUB_TASKS = ("FORMAT_DISK_WINDOWS", "MIGRATE_WINDOWS_BLOCK", "CONFIGURE_WINDOWS_BLOCK")
_COPIED = ("type", "os_type", "priority", "speed_limit", "migration_ip", "syncing", "start_target_server", "need_migration_test")


@dataclass(slots=True, eq=False)
class Task:
    """A task as the service holds it. Times are seconds since the epoch by the simulator's clock, None where not yet.

    `body` is the create request as received. `made_by` says who made it: `create`, `late` or `admin`. `progress` is 0-100.
    """

    id: str
    name: str
    source_server_id: str
    target_vm_id: str
    target_name: str
    vm_template_id: str
    created_at: float
    visible_at: float
    body: bytes
    made_by: str = "create"
    state: str = "READY"
    started_at: float | None = None
    changes_at: float | None = None
    finished_at: float | None = None
    progress: int = 0
    speed_limits: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    _listed: bytes = b""

    def forget_listed(self) -> None:
        """Drop the cached listing entry: call it after any change."""
        self._listed = b""

    def listed(self, source: dict[str, Any]) -> bytes:
        """The task as one item of `GET /v3/tasks`, as JSON; `source` is its source server in the listed shape."""
        if not self._listed:
            self._listed = json_bytes(self.summary(source))
        return self._listed

    def request(self) -> dict[str, Any]:
        """The create request, with what PUT has changed since."""
        return {**json.loads(self.body or b"{}"), **self.changes}

    def summary(self, source: dict[str, Any]) -> dict[str, Any]:
        """The task as a listing shows it. Values that the service does not have yet are null, as in the published samples."""
        request = self.request()
        value: dict[str, Any] = {"id": self.id, "name": self.name, "state": self.state}
        value.update((name, request.get(name)) for name in _COPIED)
        value["start_target_server"] = request.get("start_target_server", True)
        value["syncing"] = request.get("syncing") or False
        value["priority"] = 1 if request.get("priority") is None else request["priority"]
        value |= {
            "create_date": _milliseconds(self.created_at),
            "estimate_complete_time": None,
            "migrate_speed": 0,
            "compress_rate": None,
            "error_json": None,
            "total_time": None
            if self.finished_at is None or self.started_at is None
            else int((self.finished_at - self.started_at) * 1000),
            "sub_tasks": self._sub_tasks(str(request.get("os_type")), str(request.get("type"))),
            "source_server": source,
            "enterprise_project_id": "0",
            "target_server": {"id": self.target_vm_id, "vm_id": self.target_vm_id, "name": self.target_name},
            "log_collect_status": "INIT",
            "network_check_info": None,
            "special_config": [],
            "subtask_info": None,
        }
        return value

    def detail(self, source: dict[str, Any]) -> dict[str, Any]:
        """The task as `GET /v3/tasks/{id}` shows it: the listed shape and what only the page of one task has."""
        request = self.request()
        target = request.get("target_server") or {}
        value = self.summary(source)
        value |= {name: request.get(name) for name in ("region_id", "region_name", "project_id", "project_name", "use_public_ip")}
        value |= {
            "vm_template_id": self.vm_template_id,
            "connected": source.get("connected", True),
            "start_date": _milliseconds(self.started_at),
            "finish_date": _milliseconds(self.finished_at),
            "float_ip": request.get("migration_ip"),
            "remain_seconds": None,
            "target_snapshot_id": None,
            "clone_server": None,
        }
        value["target_server"] = {
            **value["target_server"],
            "disks": target.get("disks") or [],
            "volume_groups": target.get("volume_groups") or [],
            # The published SDK declares a list of texts here, other clients a list of objects (contradiction 23): empty suits both.
            "btrfs_list": [],
        }
        return value

    def truth(self, *, with_body: bool = False) -> dict[str, Any]:
        """The task as the admin page tells it: what really is, visible to clients or not."""
        value: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "source_server_id": self.source_server_id,
            "target_vm_id": self.target_vm_id,
            "target_name": self.target_name,
            "vm_template_id": self.vm_template_id,
            "state": self.state,
            "created_at": self.created_at,
            "made_by": self.made_by,
        }
        if with_body:
            value["body"] = json.loads(self.body or b"{}")
        return value

    def _sub_tasks(self, os_type: str, type_: str) -> list[dict[str, Any]]:
        names = _SUB_TASKS.get((os_type.upper(), type_), _WINDOWS_SUB_TASKS)
        first = ("CREATE_CLOUD_SERVER",) if self.vm_template_id and not self.target_vm_id else ()
        names = (*first, "SSL_CONFIG", "ATTACH_AGENT_IMAGE", *names, "DETTACH_AGENT_IMAGE")
        return [
            {"id": index, "name": name, "progress": _share(self.progress, index, len(names)), "start_date": None, "end_date": None}
            for index, name in enumerate(names)
        ]


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _share(progress: int, index: int, count: int) -> int:
    return max(0, min(100, progress * count - index * 100))
