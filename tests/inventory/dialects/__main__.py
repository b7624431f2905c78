"""Make the plans beside this file as LibreOffice writes them: `python -m tests.inventory.dialects` (soffice must be there)."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

HERE = Path(__file__).parent
HEADER = ("Wave", "Source ID", "Source name", "Target VM ID", "Speed limit", "Priority", "Syncing", "Note")


def main() -> None:
    """Write libreoffice.xlsx, libreoffice.ods and libreoffice.xls."""
    with TemporaryDirectory() as name:
        plan = Path(name) / "libreoffice.xlsx"
        make_book().save(plan)
        for suffix in ("xlsx", "ods", "xls"):
            command = ["soffice", f"-env:UserInstallation=file://{name}/profile", "--headless", "--convert-to", suffix]
            subprocess.run([*command, "--outdir", str(HERE), str(plan)], check=True, stdout=subprocess.DEVNULL)


def make_book() -> Workbook:
    """A plan with notes above its header, a merged wave, an error, formulas, a comment; a hidden row, column and sheet."""
    book = Workbook()
    servers = book.active
    assert isinstance(servers, Worksheet)
    servers.title = "Servers"
    for row in (
        ("Wave plan, written for the weekend",),
        (),
        HEADER,
        ("wave-1", "src-0001-a1b2", "web-01", "vm-0001", 100, "=1+1", True, "first line\nsecond line"),
        (None, "src-0002-a1b2", "web-02 \u0645\u0631\u062d\u0628\u0627", "vm-0002", "=1/0", 1, False, "two  spaces"),
        ("wave-1", "src-0003-a1b2", "e\u0301-03", "vm-0003", None, None, "yes", '=CONCATENATE("a","b")'),
    ):
        servers.append(row)
    servers["H4"].comment = Comment("a comment of the planner", "Ann")
    servers.merge_cells("A4:A5")
    servers.row_dimensions[6].hidden = True
    servers.column_dimensions["F"].hidden = True
    sheets: dict[str, list[tuple[Any, ...]]] = {
        "Disks": [
            ("Source ID", "Name", "Size"),
            ("src-0001-a1b2", "/dev/vda", "1,5 TB"),
            ("src-0001-a1b2", "/dev/vdb", 42949672960),
        ],
        "Waves": [("wave", "starts_at", "timezone"), ("wave-1", datetime(2027, 1, 9, 20, 30), "Europe/Berlin")],  # noqa: DTZ001
        "Defaults": [("region_id", "r-1"), ("project_id", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"), ("os_type", "LINUX")],
        'Bob\'s "notes"': [("not a plan's",)],
    }
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(list(cells))
    book["Defaults"].sheet_state = "hidden"
    return book


if __name__ == "__main__":
    main()
