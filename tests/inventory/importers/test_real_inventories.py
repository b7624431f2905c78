"""The real inventories, where they lie beside the repository: what comes in is what a count by hand gives.

The counts read the files by other means (openpyxl, the csv module) and by hand-picked columns.
"""

from __future__ import annotations

import csv
import math
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from inventory.checks import check_plan
from inventory.importers.plan_sheets import plan_book
from inventory.importers.run import import_file
from inventory.plan import read_plan
from inventory.plan_writer import write_plan

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "real-inventory"
GIB, MIB = 1024**3, 1024**2
UNSAID = {"PLAN-202", "PLAN-208", "PLAN-210"}
"""What no inventory says: the wave, the target, the region and project."""

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="no real inventories lie beside the repository")


def rows(name: str, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet by openpyxl."""
    with closing(openpyxl.load_workbook(FOLDER / name, read_only=True)) as book:
        header, *rest = book[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rest if any(cell is not None for cell in row)]


def lines(name: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def counted(name: str) -> tuple[str, int, int, int]:
    """Format, servers, disks and bytes, by hand."""
    match name:
        case "azure_migrate_assessment.xlsx":
            disks = rows(name, "All_Assessed_Disks")
            size = sum(math.ceil(Decimal(str(row["Source disk size(GB)"])) * GIB) for row in disks)
            return "azure-migrate", len(rows(name, "All_Assessed_Machines")), len(disks), size
        case "wave_plan_546_servers.xlsx":
            disks = rows(name, "Disks")
            return "plan", len(rows(name, "Servers")), len(disks), sum(int(row["size"]) for row in disks)
        case "rvtools_small.xlsx":
            disks = rows(name, "vDisk")
            return "rvtools", len(rows(name, "vInfo")), len(disks), sum(int(row["Capacity MiB"]) * MIB for row in disks)
        case "google_migrate_runbook.csv":
            machines = lines(name)
            size = sum(int(row["ProvisionedSpaceGB"]) * GIB for row in machines)
            return "google-m2vm", len(machines), sum(int(row["NumDisks"]) for row in machines), size
        case "cmf_intake_form.csv":
            return "aws-cmf", len(lines(name)), 0, 0
        case _:
            return "aws-mgn", len(lines(name)), 0, 0


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("azure_migrate_assessment.xlsx", (547, 1385)),
        ("wave_plan_546_servers.xlsx", (546, 1385)),
        ("rvtools_small.xlsx", (3, 5)),
        ("google_migrate_runbook.csv", (3, 3)),
        ("cmf_intake_form.csv", (8, 0)),
        ("aws_mgn_server_list.csv", (8, 0)),
    ],
)
def test_totals_are_those_of_the_file(tmp_path: Path, name: str, known: tuple[int, int]) -> None:
    """Servers, disks and bytes; the plan that is written has the same, and lacks what the inventory does not say, nothing else."""
    made = import_file(FOLDER / name)
    assert (made.format, len(made.servers), made.disks, made.bytes) == counted(name)
    assert (len(made.servers), made.disks) == known
    write_plan(tmp_path / "plan.xlsx", plan_book(made, "", datetime(2027, 1, 1, tzinfo=UTC)))
    plan = read_plan(tmp_path / "plan.xlsx")
    assert len(plan.servers) == len(made.servers)
    assert sum(row.integer("size") or 0 for row in plan.sheet_rows("Disks")) == made.bytes
    errors = {finding.code for finding in check_plan(plan) if finding.severity == "error"}
    assert errors <= (set() if made.format == "plan" else UNSAID)
    assert [row.source_name for row in plan.servers] == [server.name for server in made.servers]


def test_no_disk_of_the_assessment_is_smaller_than_it_says() -> None:
    """Disk by disk, in the order of the sheet."""
    made = import_file(FOLDER / "azure_migrate_assessment.xlsx")
    given: dict[str, list[Decimal]] = {}
    for row in rows("azure_migrate_assessment.xlsx", "All_Assessed_Disks"):
        given.setdefault(row["Machine"], []).append(Decimal(str(row["Source disk size(GB)"])) * GIB)
    found: dict[str, list[int]] = {}
    for server in made.servers:
        found.setdefault(server.name, []).extend(disk.size or 0 for disk in server.disks)
    assert given.keys() <= found.keys()
    assert all(0 <= size - least < 1 for name in given for size, least in zip(found[name], given[name], strict=True))


def test_the_assessed_machines_twin_is_told() -> None:
    """Two machines are called alike and have no id: both come in, and it is said that their disks cannot be told apart."""
    made = import_file(FOLDER / "azure_migrate_assessment.xlsx")
    assert [server.name for server in made.servers].count("MicrosoftAzureMigration") == 2
    assert {"IMPORT-104", "IMPORT-109"} <= {finding.code for finding in made.findings}
