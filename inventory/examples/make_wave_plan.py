"""Make `wave-plan.xlsx`: 24 servers in 3 waves, of every kind that a plan can hold; the plan of `waves demo` and of the README.

Decides what stands in it: Linux with plain partitions, LVM and Btrfs, and Windows; targets that exist and targets made from a
template; disks in the sheet and disks left to SMS. All names, ids and addresses are examples. The same bytes come out each time:
`python -m inventory.examples.make_wave_plan` after a change, and commit both.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from inventory.columns import find_column

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

PLAN_PATH = Path(__file__).with_name("wave-plan.xlsx")

Row = dict[str, Any]
MADE_AT = datetime(2026, 11, 1)  # noqa: DTZ001  (workbooks know no time zones)
_WAVE_TINTS = {"wave-1": "E3F2E8", "wave-2": "E4EEF9", "wave-3": "FBF1DC"}
_TABS = {"Servers": "12355B", "Waves": "12355B", "Defaults": "12355B"}


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the example; its kind decides its disks: plain, lvm, database, btrfs, windows, or sms for none."""

    wave: str
    name: str
    kind: str
    has_target: bool = True
    more: tuple[tuple[str, Any], ...] = ()


def _of(wave: str, *servers: tuple[str, str, bool, Row]) -> tuple[Server, ...]:
    return tuple(Server(wave, name, kind, has_target, tuple(more.items())) for name, kind, has_target, more in servers)


SERVERS = (
    *_of(
        "wave-1",
        ("web-01", "plain", True, {"owner": "shop", "note": "behind the load balancer"}),
        ("web-02", "plain", True, {"owner": "shop", "note": "behind the load balancer"}),
        ("web-03", "plain", False, {"owner": "shop"}),
        ("web-04", "sms", False, {"owner": "shop", "note": "its disks come from SMS"}),
        ("app-01", "lvm", True, {"owner": "shop", "priority": 2, "depends_on": "web-01"}),
        ("app-02", "lvm", False, {"owner": "shop"}),
        ("cache-01", "sms", False, {"owner": "platform", "note": "its disks come from SMS"}),
        ("files-01", "btrfs", True, {"owner": "office", "speed_limit": 100}),
        ("win-01", "windows", True, {"owner": "office"}),
    ),
    *_of(
        "wave-2",
        ("db-01", "database", True, {"owner": "billing", "priority": 2, "syncing": "yes", "note": "cut over by hand"}),
        ("db-02", "database", True, {"owner": "billing", "syncing": "yes", "depends_on": "db-01", "note": "replica of db-01"}),
        ("app-03", "lvm", False, {"owner": "billing"}),
        ("app-04", "lvm", False, {"owner": "billing"}),
        ("mail-01", "plain", True, {"owner": "office"}),
        ("queue-01", "sms", False, {"owner": "platform", "note": "its disks come from SMS"}),
        ("win-02", "windows", True, {"owner": "billing"}),
        ("win-03", "windows", True, {"owner": "billing"}),
    ),
    *_of(
        "wave-3",
        ("db-03", "database", True, {"owner": "reports", "syncing": "yes"}),
        ("web-05", "plain", False, {"owner": "reports"}),
        ("web-06", "plain", False, {"owner": "reports"}),
        ("backup-01", "btrfs", True, {"owner": "platform", "speed_limit": 500, "priority": 0}),
        ("monitor-01", "sms", False, {"owner": "platform", "note": "its disks come from SMS"}),
        ("win-04", "windows", True, {"owner": "office"}),
        ("build-01", "plain", False, {"owner": "platform", "skip": "yes", "note": "retired instead of moved"}),
    ),
)

WAVES: tuple[Row, ...] = (
    {"wave": "wave-1", "starts_at": datetime(2030, 3, 2, 20), "ends_at": datetime(2030, 3, 3, 6), "speed_limit": 200},  # noqa: DTZ001
    {"wave": "wave-2", "starts_at": datetime(2030, 3, 9, 20), "ends_at": datetime(2030, 3, 10, 8), "speed_limit": 400},  # noqa: DTZ001
    {"wave": "wave-3", "starts_at": datetime(2030, 3, 16, 20), "ends_at": datetime(2030, 3, 17, 6), "speed_limit": 200},  # noqa: DTZ001
)
_OF_WAVES: dict[str, Row] = {
    "wave-1": {"bandwidth_mbps": 1000, "max_running": 10, "failure_budget": 2},
    "wave-2": {"bandwidth_mbps": 1000, "max_running": 6, "depends_on": "wave-1", "needs_approval": "yes", "failure_budget": 1},
    "wave-3": {"bandwidth_mbps": 1000, "max_running": 10, "depends_on": "wave-2", "failure_budget": 2},
}

DEFAULTS: tuple[tuple[str, Any], ...] = (
    ("region_id", "ap-southeast-3"),
    ("region_name", "ap-southeast-3"),
    ("project_id", "0123456789abcdef0123456789abcdef"),
    ("project_name", "ap-southeast-3"),
    ("name", "{wave}-{source_name}"),
    ("target_name", "{source_name}-hw"),
    ("use_public_ip", "no"),
    ("start_target_server", "yes"),
    ("auto_start", "no"),
    ("timezone", "Europe/Berlin"),
)


def _id(kind: str, number: int, part: int = 0) -> str:
    """An id that nobody takes for a real one: its kind, then zeros, then the server's number (and the disk's)."""
    return f"{kind * 8}-0000-4000-8000-{part:04}{number:08}"


def _servers() -> list[Row]:
    rows = []
    for number, server in enumerate(SERVERS, 1):
        is_windows = server.kind == "windows"
        row: Row = {
            "wave": server.wave,
            "source_server_id": _id("a", number),
            "source_name": server.name,
            "source_ip": f"192.0.2.{number + 10}",
            "os_type": "WINDOWS" if is_windows else "LINUX",
            "type": "MIGRATE_BLOCK" if is_windows else "MIGRATE_FILE",
            "target_vm_id": _id("b", number) if server.has_target else None,
            "vm_template_id": None if server.has_target else _id("e", 1 if server.kind == "plain" else 2),
            "migration_ip": f"10.20.0.{number + 10}" if server.has_target else None,
        }
        names = ("priority", "speed_limit", "syncing", "skip", "depends_on", "owner", "note")
        rows.append(row | {name: dict(server.more).get(name) for name in names})
    return rows


def _disks() -> dict[str, list[Row]]:
    """The rows of every sheet of disks, by the sheet."""
    sheets: dict[str, list[Row]] = {
        name: [] for name in ("Disks", "Volumes", "VolumeGroups", "LogicalVolumes", "Btrfs", "BtrfsSubvolumes")
    }
    for number, server in enumerate(SERVERS, 1):
        for sheet, rows in _LAYOUTS[server.kind].items():
            for place, row in enumerate(rows):
                full = {"source_server_id": _id("a", number), **row}
                if sheet == "Disks" and server.has_target:
                    full["disk_id"] = _id("d", number, place)
                if "uuid" in full and full["uuid"] is None:
                    full["uuid"] = _id("f", number)
                sheets[sheet].append(full)
    return sheets


def _disk(name: str, use: str, size: str, used: str) -> Row:
    return {"name": name, "device_use": use, "disk_id": None, "size": size, "used_size": used}


def _volume(disk: str, index: int, name: str, use: str, file_system: str, mount_point: str | None, size: str, used: str) -> Row:
    return {
        "disk": disk,
        "index": index,
        "name": name,
        "device_use": use,
        "file_system": file_system,
        "mount_point": mount_point,
        "size": size,
        "used_size": used,
    }


def _logical(group: str, name: str, file_system: str, mount_point: str, size: str, used: str) -> Row:
    return {
        "volume_group": group,
        "name": f"/dev/mapper/{group}-{name}",
        "file_system": file_system,
        "mount_point": mount_point,
        "size": size,
        "used_size": used,
    }


_BOOT = _volume("/dev/vda", 0, "/dev/vda1", "BOOT", "xfs", "/boot", "1 GiB", "300 MiB")
_PHYSICAL = _volume("/dev/vda", 1, "/dev/vda2", "VOLUME_GROUP", "LVM2_member", None, "78 GiB", "24 GiB")
_ROOT = _logical("vg_system", "root", "xfs", "/", "40 GiB", "18 GiB")
_VAR = _logical("vg_system", "var", "xfs", "/var", "30 GiB", "6 GiB")

_LAYOUTS: dict[str, dict[str, list[Row]]] = {
    "sms": {},
    "plain": {
        "Disks": [_disk("/dev/vda", "BOOT", "40 GiB", "12 GiB")],
        "Volumes": [
            _volume("/dev/vda", 0, "/dev/vda1", "OS", "ext4", "/", "36 GiB", "12 GiB"),
            _volume("/dev/vda", 1, "/dev/vda2", "NORMAL", "swap", None, "3 GiB", "0"),
        ],
    },
    "lvm": {
        "Disks": [_disk("/dev/vda", "BOOT", "80 GiB", "24 GiB")],
        "Volumes": [_BOOT, _PHYSICAL],
        "VolumeGroups": [{"name": "vg_system", "components": "/dev/vda2", "size": "78 GiB", "free_size": "8 GiB"}],
        "LogicalVolumes": [_ROOT, _VAR],
    },
    "database": {
        "Disks": [_disk("/dev/vda", "BOOT", "80 GiB", "24 GiB"), _disk("/dev/vdb", "NORMAL", "500 GiB", "310 GiB")],
        "Volumes": [_BOOT, _PHYSICAL],
        "VolumeGroups": [
            {"name": "vg_system", "components": "/dev/vda2", "size": "78 GiB", "free_size": "8 GiB"},
            {"name": "vg_data", "components": "/dev/vdb", "size": "499 GiB", "free_size": "0"},
        ],
        "LogicalVolumes": [_ROOT, _VAR, _logical("vg_data", "data", "xfs", "/data", "499 GiB", "310 GiB")],
    },
    "btrfs": {
        "Disks": [_disk("/dev/vda", "BOOT", "40 GiB", "12 GiB"), _disk("/dev/vdb", "NORMAL", "200 GiB", "90 GiB")],
        "Volumes": [
            _volume("/dev/vda", 0, "/dev/vda1", "OS", "ext4", "/", "39 GiB", "12 GiB"),
            _volume("/dev/vdb", 0, "/dev/vdb1", "NORMAL", "btrfs", "/srv", "199 GiB", "90 GiB"),
        ],
        "Btrfs": [
            {
                "name": "btrfs-srv",
                "label": "srv",
                "uuid": None,
                "device": "/dev/vdb1",
                "size": "199 GiB",
                "nodesize": 16384,
                "sectorsize": 4096,
                "data_profile": "single",
                "system_profile": "DUP",
                "metadata_profile": "DUP",
                "global_reserve1": "single",
                "g_vol_used_size": "90 GiB",
                "default_subvolid": "256",
                "default_subvol_name": "@srv",
                "default_subvol_mountpath": "/srv",
            }
        ],
        "BtrfsSubvolumes": [
            {
                "file_system_name": "btrfs-srv",
                "uuid": None,
                "is_snapshot": "false",
                "subvol_id": subvolume,
                "parent_id": "5",
                "subvol_name": name,
                "subvol_mount_path": path,
            }
            for subvolume, name, path in (("256", "@srv", "/srv"), ("257", "@archive", "/srv/archive"))
        ],
    },
    "windows": {
        "Disks": [_disk("Disk 0", "BOOT", "100 GiB", "42 GiB"), _disk("Disk 1", "NORMAL", "200 GiB", "70 GiB")],
        "Volumes": [
            _volume("Disk 0", 0, "(Reserved)", "BOOT", "NTFS", None, "500 MiB", "120 MiB"),
            _volume("Disk 0", 1, "C:\\", "OS", "NTFS", "C:\\", "99 GiB", "41 GiB"),
            _volume("Disk 1", 0, "D:\\", "NORMAL", "NTFS", "D:\\", "199 GiB", "70 GiB"),
        ],
    },
}


def make_workbook() -> Workbook:
    """The plan as a workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    _add(book, "Servers", _servers())
    _add(book, "Waves", [row | _OF_WAVES[row["wave"]] for row in WAVES])
    _add_defaults(book.create_sheet("Defaults"))
    for name, rows in _disks().items():
        _add(book, name, rows)
    for name, colour in _TABS.items():
        book[name].sheet_properties.tabColor = colour
    book.properties.creator = "migration-waves"
    book.properties.title = "Example of a wave plan"
    book.properties.created = MADE_AT
    return book


def _add(book: Workbook, name: str, rows: list[Row]) -> None:
    sheet = book.create_sheet(name)
    headers = list(dict.fromkeys(header for row in rows for header in row))
    sheet.append(headers)
    for row in rows:
        sheet.append([row.get(header) for header in headers])
    sheet.freeze_panes = "D2" if name == "Servers" else "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{len(rows) + 1}"
    _dress_header(sheet, name)
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            _dress(cell)
            if isinstance(cell.value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm"
        if "wave" in headers:
            cells[0].fill = PatternFill("solid", fgColor=_WAVE_TINTS[str(cells[0].value)])
    _set_widths(sheet)


def _add_defaults(sheet: Worksheet) -> None:
    for pair in DEFAULTS:
        sheet.append(pair)
    for name, value in sheet.iter_rows():
        _dress(name)
        _dress(value)
        name.font = Font(name="Calibri", size=10, bold=True, color="12355B")
        name.fill = PatternFill("solid", fgColor="F3F6FA")
    _set_widths(sheet)


def _dress_header(sheet: Worksheet, name: str) -> None:
    sheet.row_dimensions[1].height = 22
    for cell in sheet[1]:
        column = find_column(name, str(cell.value))
        cell.font = Font(name="Calibri", size=10, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="12355B" if column else "6B7280")
        cell.alignment = Alignment(vertical="center")
        text = f"{column.help}\n\nGive {column.bounds}." if column else "A column of the planner's own: carried into the report."
        cell.comment = Comment(text, "migration-waves", width=320, height=110)


def _dress(cell: Any) -> None:  # noqa: ANN401  (openpyxl's cells, merged ones too)
    cell.font = Font(name="Calibri", size=10, color="1F2A37")
    cell.border = Border(bottom=Side(style="hair", color="D5DBE3"))
    cell.alignment = Alignment(vertical="center")


def _set_widths(sheet: Worksheet) -> None:
    for number, column in enumerate(sheet.iter_cols(values_only=True), 1):
        longest = max(len(str(value)) for value in column if value is not None)
        sheet.column_dimensions[get_column_letter(number)].width = min(max(longest + 3, len(str(column[0])) + 5), 42)


def workbook_bytes() -> bytes:
    """The plan as a file, the same bytes each time: no date in it is today's."""
    saved, again = io.BytesIO(), io.BytesIO()
    make_workbook().save(saved)
    with zipfile.ZipFile(saved) as package, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in package.namelist():
            content = package.read(name)
            if name == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + MADE_AT.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), content
                )
            copy.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return again.getvalue()


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PLAN_PATH
    path.write_bytes(workbook_bytes())
    sys.stdout.write(f"{path}: {len(SERVERS)} servers in {len(WAVES)} waves\n")
