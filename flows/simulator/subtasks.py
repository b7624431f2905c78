"""The sub-tasks of a task, in their order, by what it migrates and how (facts 7.1).

Names only; how far each is stands in work.py. The line says `guess` where no page does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = {("LINUX", "MIGRATE_FILE"): "LINUX_FILE", ("LINUX", "MIGRATE_BLOCK"): "LINUX_BLOCK"}
_WINDOWS = "WINDOWS_BLOCK"


def sub_tasks_of(request: Mapping[str, Any], *, makes_target: bool) -> tuple[str, ...]:
    """The names; `makes_target` is template mode. SYNC_* stands after the copy (guess), and is shown later."""
    kind = _KINDS.get((str(request.get("os_type")).upper(), str(request.get("type"))), _WINDOWS)
    disks = "FORMAT_DISK_WINDOWS" if kind == _WINDOWS else f"FORMAT_DISK_{kind}"
    first = ("CREATE_CLOUD_SERVER",) if makes_target else ()
    last = (f"SYNC_{kind}", f"CONFIGURE_{kind}", "DETTACH_AGENT_IMAGE")
    return (*first, "SSL_CONFIG", "ATTACH_AGENT_IMAGE", disks, f"MIGRATE_{kind}", *last)
