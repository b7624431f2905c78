"""An import as the sheets of a plan: `Servers`, `Disks`, `Volumes`, `Waves`, `Defaults`, then what the import says of itself.

Decides the order of columns, and what a planner finds to fill in. Called by `waves import`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.columns import SERVERS
from inventory.plan_writer import PlanBook, PlanTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from openpyxl import Workbook

    from inventory.importers.imported import Imported

_FIRST = (
    "wave",
    "source_server_id",
    "source_name",
    "source_ip",
    "os_type",
    "target_name",
    "vm_template_id",
    "target_vm_id",
    "migration_ip",
)
"""The columns that every imported plan has: what an inventory says, and what the planner has to."""
_FIXED = 3
_ASKED = ("region_id", "project_id", "vm_template_id")
_WAVES = ("wave", "starts_at", "ends_at", "timezone", "bandwidth_mbps")


def plan_book(imported: Imported, author: str, written_at: datetime, notes: Sequence[str] = ()) -> PlanBook:
    """The plan's workbook, ready to be written."""
    tables = {"Servers": _servers(imported), **_disks(imported), **_waves(imported), **_carried(imported)}
    if "Defaults" not in tables:
        tables["Defaults"] = PlanTable(("column", "value"), [(name, "") for name in _ASKED])

    def add_import(workbook: Workbook) -> None:
        from inventory.importers.import_sheets import add_import_sheets

        add_import_sheets(workbook, imported, written_at, notes)

    return PlanBook(f"Plan from {imported.name}", author, written_at, tables, (add_import,))


def _servers(imported: Imported) -> PlanTable:
    said = {name for server in imported.servers for name in server.values}
    own = [*_FIRST, *(column.name for column in SERVERS if column.name in said and column.name not in _FIRST)]
    carried = list(dict.fromkeys(header for server in imported.servers for header in server.extra))
    filled = [header for header in carried if any(server.extra.get(header) not in ("", None) for server in imported.servers)]
    rows = [
        [*(server.values.get(name, "") for name in own), *(server.extra.get(header, "") for header in filled)]
        for server in imported.servers
    ]
    return PlanTable([*own, *filled], rows, own=len(own), fixed=_FIXED)


def _disks(imported: Imported) -> dict[str, PlanTable]:
    disks: list[Sequence[object]] = []
    volumes: list[Sequence[object]] = []
    for server in imported.servers:
        key = imported.disks_key(server)
        for disk in server.disks:
            disks.append((key, disk.name, disk.device_use, disk.size, disk.used_size))
            volumes += [
                (key, disk.name, index, volume.name, volume.file_system, volume.mount_point, volume.size, volume.used_size)
                for index, volume in enumerate(disk.volumes)
            ]
    sheets = {}
    if disks:
        sheets["Disks"] = PlanTable(("source_server_id", "name", "device_use", "size", "used_size"), disks, fixed=2)
    if volumes:
        headers = ("source_server_id", "disk", "index", "name", "file_system", "mount_point", "size", "used_size")
        sheets["Volumes"] = PlanTable(headers, volumes, fixed=2)
    return sheets


def _waves(imported: Imported) -> dict[str, PlanTable]:
    waves = list(dict.fromkeys(str(server.values["wave"]) for server in imported.servers if server.values.get("wave")))
    return {"Waves": PlanTable(_WAVES, [(wave, "", "", "", "") for wave in waves])} if waves else {}


def _carried(imported: Imported) -> Mapping[str, PlanTable]:
    """The other sheets of a plan that came in, as they were."""
    tables = {}
    for name, rows in imported.sheets.items():
        headers = [str(cell) if cell not in ("", None) else "" for cell in rows[0]]
        tables[name] = PlanTable(headers, rows[1:])
    return tables
