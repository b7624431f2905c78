"""Plans made for tests: real workbooks, written by openpyxl into a folder of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl import Workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.findings import Finding

Row = dict[str, Any]

DEFAULTS: Mapping[str, Any] = {
    "region_id": "ap-southeast-3",
    "region_name": "ap-southeast-3",
    "project_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "project_name": "ap-southeast-3",
    "type": "MIGRATE_FILE",
    "os_type": "LINUX",
    "use_public_ip": False,
}


def server(number: int = 1, **values: Any) -> Row:
    """A row of `Servers` that has nothing wrong with it (beside DEFAULTS), the `number`-th; `values` replace its own."""
    row: Row = {
        "wave": "wave-1",
        "source_server_id": f"src-{number:04}-a1b2",
        "source_name": f"web-{number:02}",
        "source_ip": f"192.168.0.{number % 250 + 1}",
        "target_name": f"web-{number:02}-hw",
        "target_vm_id": f"vm-{number:04}-c3d4",
        "migration_ip": f"10.0.0.{number % 250 + 1}",
    }
    return row | values


def disk(number: int = 1, **values: Any) -> Row:
    """A row of `Disks` for the `number`-th server: 40 GiB, bootable, on an existing target's disk."""
    row: Row = {
        "source_server_id": f"src-{number:04}-a1b2",
        "name": "/dev/vda",
        "device_use": "BOOT",
        "disk_id": f"vol-{number:04}-e5f6",
        "size": 42949672960,
        "used_size": 5346484224,
    }
    return row | values


def make_plan(
    path: Path,
    servers: Sequence[Row] | None = None,
    *,
    disks: Sequence[Row] = (),
    waves: Sequence[Row] = (),
    defaults: Mapping[str, Any] = DEFAULTS,
    **sheets: Sequence[Row],
) -> Path:
    """Write a plan and return its path; one plain server where none are given.

    A sheet has the columns that its rows name, in the order in which they first appear; `sheets` are others by the plan's name for
    them (`Volumes=[...]`). The first row of `Servers` is row 2.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Servers"
    _write(sheet, [server()] if servers is None else servers)
    for name, rows in {"Disks": disks, "Waves": waves, **sheets}.items():
        if rows:
            _write(book.create_sheet(name), rows)
    if defaults:
        page = book.create_sheet("Defaults")
        for pair in defaults.items():
            page.append(pair)
    book.save(path)
    return path


def found(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Findings as (place, code), for flat assertions."""
    return [(finding.place, finding.code) for finding in findings]


def _write(sheet: Worksheet, rows: Sequence[Row]) -> None:
    headers = list(dict.fromkeys(header for row in rows for header in row))
    sheet.append(headers)
    for row in rows:
        sheet.append([row.get(header) for header in headers])
