"""Azure Migrate: assessments of several years and languages, and the CSV by which servers are imported there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inventory.importers.run import import_file
from tests.inventory.importers.samples import GIB, book, codes, disks, listed, said

if TYPE_CHECKING:
    from pathlib import Path

MACHINES = [
    ["Machine", "Azure VM readiness", "Compute monthly cost USD", "Operating system", "Boot type",
     "Memory(MB)", "Storage(GB)", "IP address", "Group name"],
    ["web", "Ready", 87.05, "Ubuntu 20.04", "BIOS", 8191, 167, "[fe80::1,10.0.0.4];[10.0.0.5];", "Everything"],
    ["db", "Ready", 87.05, "Microsoft Windows Server 2016", "EFI", 8191, 40, "[];", "Everything"],
]  # fmt: skip
DISKS = [
    ["Machine", "Disk name", "Source disk size(GB)"],
    ["web", "scsi0", "127"],
    ["web", "scsi0", "39.99"],
    ["db", "ide0", "1.84"],
]


def test_sizes_are_gib_and_never_rounded_down(tmp_path: Path) -> None:
    """39.99 GB are 39.99 GiB, up to the next byte; two disks of one name stay two."""
    made = import_file(
        book(tmp_path / "az.xlsx", Assessment_Summary=[["Azure Migrate"]], All_Assessed_Machines=MACHINES, All_Assessed_Disks=DISKS)
    )
    assert disks(made) == [("web", "scsi0", 127 * GIB), ("web", "scsi0 (2)", 42938935542), ("db", "ide0", 1975684957)]
    assert all(size * 100 >= given * GIB for (_, _, size), given in zip(disks(made), (12700, 3999, 184), strict=True) if size)
    assert made.format == "azure-migrate"


def test_a_group_is_no_wave_and_costs_stay_behind(tmp_path: Path) -> None:
    """Group and memory are kept, costs are told as left out; the first IPv4 address counts, and an empty bracket is none."""
    made = import_file(book(tmp_path / "az.xlsx", All_Assessed_Machines=MACHINES, All_Assessed_Disks=DISKS))
    assert said(made, "source_name", "source_ip", "os_type", "wave") == [
        ["web", "10.0.0.4", "LINUX", ""],
        ["db", "", "WINDOWS", ""],
    ]
    assert made.servers[0].extra["Group name"] == "Everything"
    assert "Compute monthly cost USD" in made.unmapped
    assert "Compute monthly cost USD" not in made.servers[0].extra
    assert {"IMPORT-102", "IMPORT-103", "IMPORT-118"} <= set(codes(made))


@pytest.mark.parametrize(
    ("machines", "disk"),
    [
        (["Computer", "Betriebssystem", "Starttyp", "Speicher (GB)", "IP-Adresse"],
         ["Computer", "Datenträgername", "Größe des Quelldatenträgers (GB)"]),
        (["Machine", "Système d'exploitation", "Type de démarrage", "Stockage (Go)", "Adresse IP"],
         ["Machine", "Nom du disque", "Taille du disque source (Go)"]),
        (["Machine", "Operating system", "Boot type", "Storage (GB)", "IP address"],
         ["Machine", "Disk name", "Source disk size (GB)"]),
    ],
)  # fmt: skip
def test_other_languages(tmp_path: Path, machines: list[str], disk: list[str]) -> None:
    """German and French headers mean the same, and decimal commas are read as such."""
    rows = [machines, ["web", "Windows Server 2019", "BIOS", "40,5", "10.0.0.4"]]
    made = import_file(book(tmp_path / "az.xlsx", All_Assessed_Machines=rows, All_Assessed_Disks=[disk, ["web", "d0", "40,5"]]))
    assert (made.format, disks(made)) == ("azure-migrate", [("web", "d0", 81 * GIB // 2)])
    assert said(made, "source_ip", "os_type") == [["10.0.0.4", "WINDOWS"]]


def test_machines_alone_have_their_storage_in_total(tmp_path: Path) -> None:
    """A CSV of the machines' sheet with semicolons: one row a server for all its disks, and it is said."""
    made = listed(
        tmp_path, "Machine;Azure readiness issues;Operating system;Storage(GB);IP address\nweb;none;Ubuntu;40,5;[10.0.0.4];\n"
    )
    assert disks(made) == [("web", "all disks together", 81 * GIB // 2)]
    assert {"IMPORT-113", "IMPORT-122"} <= set(codes(made))


def test_the_import_template_lists_disks_in_columns(tmp_path: Path) -> None:
    """`*Server name` is required there, `Disk 1 size (In GB)` is a disk."""
    made = listed(
        tmp_path,
        "*Server name,IP addresses,*Cores,*Memory (In MB),*OS name,Number of disks,"
        "Storage in use (In GB),Disk 1 size (In GB),Disk 2 size (In GB)\n"
        "web,10.0.0.4;10.0.0.5,4,8192,CentOS 7,2,30,40,8.5\n",
    )
    assert (made.format, disks(made)) == ("azure-migrate", [("web", "Disk 1", 40 * GIB), ("web", "Disk 2", 17 * GIB // 2)])
    assert said(made, "source_ip", "os_type") == [["10.0.0.4", "LINUX"]]
