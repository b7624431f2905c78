"""The template's worked rows: three servers in two waves that pass `waves check`, and `waves submit` against a fleet that has them.

Decides what they show: a target made from a template and one that exists, disks in the sheet and disks left to SMS, Linux and
Windows. All names, ids and addresses are examples; an id of theirs begins with EXAMPLE_ID, by which the template marks their rows.
Called by template.py.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

Row = dict[str, Any]

EXAMPLE_ID = "aaaaaaaa-0000-"
OWN_COLUMN = "esx_host"
"""A column of the planner's own: carried into the report, and named in `Limits`."""

_WEEKS_AHEAD = 4
_SATURDAY = 5
_OPENS, _HOURS = time(20), 10


def _id(kind: str, number: int) -> str:
    return f"{kind * 8}-0000-4000-8000-{number:012}"


def worked_rows(today: date) -> Mapping[str, Sequence[Row]]:
    """The rows of each sheet by column; `Defaults` is column and value. The waves' windows open some Saturdays after `today`."""
    return {
        "Servers": _servers(),
        "Waves": _waves(today),
        "Defaults": [{"column": name, "value": value} for name, value in _DEFAULTS.items()],
        "Limits": [{"column": OWN_COLUMN, "value": "*", "max_running": 2}],
        "Disks": _disks(),
        "Volumes": _volumes(),
    }


_DEFAULTS: Mapping[str, Any] = {
    "name": "{wave}-{source_name}",
    "target_name": "{source_name}-hw",
    "region_id": "ap-southeast-3",
    "project_id": "0123456789abcdef0123456789abcdef",
    "use_public_ip": "no",
    "start_target_server": "yes",
    "timezone": "Europe/Berlin",
}


def _servers() -> list[Row]:
    return [
        {
            "wave": "wave-1",
            "source_server_id": _id("a", 1),
            "source_name": "web-01",
            "source_ip": "192.0.2.11",
            "os_type": "LINUX",
            "type": "MIGRATE_FILE",
            "vm_template_id": _id("e", 1),
            "note": "Example: SMS makes the target from a template",
            OWN_COLUMN: "esx-01",
        },
        {
            "wave": "wave-1",
            "source_server_id": _id("a", 2),
            "source_name": "win-01",
            "source_ip": "192.0.2.12",
            "os_type": "WINDOWS",
            "type": "MIGRATE_BLOCK",
            "target_vm_id": _id("b", 2),
            "migration_ip": "10.20.0.12",
            "priority": 2,
            "depends_on": "web-01",
            "note": "Example: the target exists, its disks are named in Disks",
            OWN_COLUMN: "esx-01",
        },
        {
            "wave": "wave-2",
            "source_server_id": _id("a", 3),
            "source_name": "db-01",
            "source_ip": "192.0.2.13",
            "os_type": "LINUX",
            "type": "MIGRATE_FILE",
            "vm_template_id": _id("e", 1),
            "speed_limit": 300,
            "syncing": "yes",
            "note": "Example: no row in Disks, so SMS tells its disks",
            OWN_COLUMN: "esx-02",
        },
    ]


def _waves(today: date) -> list[Row]:
    first = datetime.combine(_saturday_after(today), _OPENS)
    return [
        {
            "wave": "wave-1",
            "starts_at": first,
            "ends_at": first + timedelta(hours=_HOURS),
            "bandwidth_mbps": 1000,
            "max_running": 10,
            "failure_budget": 2,
            "speed_limit": 200,
        },
        {
            "wave": "wave-2",
            "starts_at": first + timedelta(weeks=1),
            "ends_at": first + timedelta(weeks=1, hours=_HOURS),
            "bandwidth_mbps": 1000,
            "max_running": 10,
            "depends_on": "wave-1",
            "needs_approval": "yes",
            "failure_budget": 0.1,
        },
    ]


def _saturday_after(today: date) -> date:
    return today + timedelta(days=(_SATURDAY - today.weekday()) % 7, weeks=_WEEKS_AHEAD)


def _disks() -> list[Row]:
    return [
        {
            "source_server_id": _id("a", 1),
            "name": "/dev/vda",
            "device_use": "BOOT",
            "size": "40 GiB",
            "used_size": "12 GiB",
        },
        {
            "source_server_id": _id("a", 2),
            "name": "Disk 0",
            "device_use": "BOOT",
            "disk_id": _id("d", 2),
            "size": "100 GiB",
            "used_size": "42 GiB",
        },
    ]


def _volumes() -> list[Row]:
    linux = {"source_server_id": _id("a", 1), "disk": "/dev/vda"}
    windows = {"source_server_id": _id("a", 2), "disk": "Disk 0"}
    return [
        linux
        | {"index": 0, "name": "/dev/vda1", "device_use": "OS", "file_system": "ext4", "mount_point": "/"}
        | {"size": "36 GiB", "used_size": "12 GiB"},
        linux | {"index": 1, "name": "/dev/vda2", "device_use": "NORMAL", "file_system": "swap", "size": "3 GiB", "used_size": 0},
        windows
        | {
            "index": 0,
            "name": "(Reserved)",
            "device_use": "BOOT",
            "file_system": "NTFS",
            "size": "500 MiB",
            "used_size": "120 MiB",
        },
        windows
        | {"index": 1, "name": "C:\\", "device_use": "OS", "file_system": "NTFS", "mount_point": "C:\\"}
        | {"size": "99 GiB", "used_size": "41 GiB"},
    ]
