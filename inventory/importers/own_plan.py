"""A plan of this program: the columns of `Servers` come in as they are, its other sheets are carried over cell by cell."""

from __future__ import annotations

from inventory.columns import SERVERS, SHEETS
from inventory.importers.forms import Form, Format, Role, Take, sign

_SERVERS = Form(
    Role.SERVERS,
    tuple(Take(column.name, "; ".join((column.name, *column.aliases))) for column in SERVERS),
    required=("source_server_id|source_name|source_ip", "wave"),
    sheets=("servers",),
    carries=True,
)
_DISKS = Form(
    Role.DISKS,
    (
        Take("server", "source_server_id; source_id; server_id; source server; sms_server_id"),
        Take("disk_name", "name; disk; disk_name"),
        Take("size", "size; disk_size; size_bytes", "bytes"),
        Take("used", "used_size; used; used_size_bytes; used_bytes", "bytes"),
        Take("device_use", "device_use; disk_use"),
        Take("disk_id", "disk_id; target_disk_id; evs_id"),
    ),
    required=("server", "size"),
    sheets=("disks",),
)

CARRIED_SHEETS = tuple(sheet for sheet in SHEETS if sheet != "Servers")
"""The sheets of a plan that are carried over cell by cell."""

OWN_PLAN = Format("plan", "a plan of this program", (_SERVERS, _DISKS), signs=(sign("wave;source_server_id"),))
