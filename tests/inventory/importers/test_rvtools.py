"""RVTools: versions 3 and 4, whole exports and small ones, workbooks and folders of CSVs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inventory.importers.run import import_file
from tests.inventory.importers.samples import GIB, MIB, book, codes, disks, said, text, told

if TYPE_CHECKING:
    from pathlib import Path

INFO = [
    [
        *("VM", "Powerstate", "Template", "SRM Placeholder", "DNS Name", "Disks", "Primary IP Address", "Provisioned MiB"),
        *("OS according to the configuration file", "OS according to the VMware Tools", "VM ID", "VM UUID", "VI SDK UUID", "Owner"),
    ],
    [
        *("app", "poweredOn", "False", "False", "app.a.example", 2, "10.0.0.1", 99999),
        *("Other (64-bit)", "Ubuntu Linux (64-bit)", "vm-1", "42-1", "vc-1", "Ada"),
    ],
    [
        *("app", "poweredOff", "False", "False", "app.b.example", 1, "10.0.0.2", 99999),
        *("Microsoft Windows Server 2019 (64-bit)", "", "vm-1", "42-2", "vc-2", "Bob"),
    ],
    ["golden", "poweredOff", "True", "False", "", 1, "", 10240, "CentOS 7 (64-bit)", "", "vm-3", "42-3", "vc-1", ""],
    ["stand-in", "poweredOff", "False", "True", "", 1, "", 10240, "CentOS 7 (64-bit)", "", "vm-4", "42-4", "vc-1", ""],
]
DISK = [
    ["VM", "Powerstate", "Disk", "Disk Key", "Capacity MiB", "Raw", "Disk Mode", "VM ID", "VI SDK UUID"],
    ["app", "poweredOn", "Hard disk 1", 2000, 40960, "False", "persistent", "vm-1", "vc-1"],
    ["app", "poweredOn", "Hard disk 2", 2001, 1024.5, "True", "independent_persistent", "vm-1", "vc-1"],
    ["app", "poweredOff", "Hard disk 1", 2000, 20480, "False", "persistent", "vm-1", "vc-2"],
    ["golden", "poweredOff", "Hard disk 1", 2000, 10240, "False", "persistent", "vm-3", "vc-1"],
    ["ghost", "poweredOff", "Hard disk 1", 2000, 10240, "False", "persistent", "vm-99", "vc-1"],
]
PARTITION = [
    ["VM", "Disk", "Disk Key", "Capacity MiB", "Consumed MiB", "Free MiB", "Free % ", "VM ID", "VI SDK UUID"],
    ["app", "/", 2000, 40000, 10000, 30000, 75, "vm-1", "vc-1"],
    ["app", "/data", "", 1000, 500, 500, 50, "vm-1", "vc-1"],
    ["app", "C:\\", "", 20000, 30000, 1, 1, "vm-1", "vc-2"],
]


def test_sheets_are_joined_by_the_tools_own_id(tmp_path: Path) -> None:
    """Two machines with one name, and even one id in two vCenters, keep their own disks; templates are no servers."""
    made = import_file(book(tmp_path / "rv.xlsx", vInfo=INFO, vDisk=DISK, vPartition=PARTITION))
    assert (made.format, len(made.servers), made.disks) == ("rvtools", 2, 3)
    assert disks(made) == [
        ("app", "Hard disk 1", 40960 * MIB),
        ("app", "Hard disk 2", 1024 * MIB + MIB // 2),
        ("app", "Hard disk 1", 20480 * MIB),
    ]
    assert said(made, "source_name", "source_ip", "os_type", "inventory_id") == [
        ["app", "10.0.0.1", "LINUX", "vm-1@vc-1"],
        ["app", "10.0.0.2", "WINDOWS", "vm-1@vc-2"],
    ]
    assert [server.extra["Owner"] for server in made.servers] == ["Ada", "Bob"]
    assert "Owner" in made.unmapped


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Templates, stand-ins, machines that are off, disks of nobody, partitions without a disk, more used than there is."""
    made = import_file(book(tmp_path / "rv.xlsx", vInfo=INFO, vDisk=DISK, vPartition=PARTITION, vHost=[["Host"], ["esx-1"]]))
    wanted = {"IMPORT-105", "IMPORT-106", "IMPORT-107", "IMPORT-108", "IMPORT-115", "IMPORT-124", "IMPORT-127", "IMPORT-128"}
    assert wanted <= set(codes(made))
    assert told(made, "IMPORT-108") == [("vDisk!A6", "1 row of vDisk belong to no server in the list, and are left out: ghost")]
    assert "golden" in told(made, "IMPORT-105")[0][1]


def test_partitions_lie_on_the_disk_of_their_key(tmp_path: Path) -> None:
    """The disk with / is the one that the machine starts from; used space is known by partition."""
    made = import_file(book(tmp_path / "rv.xlsx", vInfo=INFO, vDisk=DISK, vPartition=PARTITION))
    first = made.servers[0].disks[0]
    assert (first.device_use, [(volume.mount_point, volume.used_size) for volume in first.volumes]) == (
        "BOOT",
        [("/", 10000 * MIB)],
    )


def test_version_3_says_mb_and_means_mib(tmp_path: Path) -> None:
    """Sheets called tabv..., MB over MiB, sizes as text with thousands: the bytes are the same."""
    info = [
        ["VM", "Powerstate", "Template", "Disks", "Provisioned MB", "OS"],
        ["db", "poweredOn", "False", 1, "40.960", "Red Hat Enterprise Linux 6"],
    ]
    disk = [["VM", "Disk", "Capacity MB"], ["db", "Hard disk 1", "40,960"], ["db", "Hard disk 2", "1,234,567.5"]]
    made = import_file(book(tmp_path / "rv3.xlsx", tabvInfo=info, tabvDisk=disk))
    assert disks(made) == [("db", "Hard disk 1", 40 * GIB), ("db", "Hard disk 2", 1234567 * MIB + MIB // 2)]
    assert "IMPORT-103" in codes(made)
    assert "IMPORT-123" in codes(made)


def test_a_folder_of_csv_files_is_one_export(tmp_path: Path) -> None:
    """RVTools_tabvInfo.csv and RVTools_tabvDisk.csv, with semicolons and decimal commas as a German Windows writes them."""
    text(
        tmp_path / "RVTools_tabvInfo.csv",
        "VM;Powerstate;Template;OS according to the configuration file\nweb;poweredOn;False;Debian\n",
    )
    text(tmp_path / "RVTools_tabvDisk.csv", "VM;Disk;Capacity MiB\nweb;Hard disk 1;1.024\nweb;Hard disk 2;0,5\n")
    made = import_file(tmp_path)
    assert disks(made) == [("web", "Hard disk 1", GIB), ("web", "Hard disk 2", MIB // 2)]


@pytest.mark.parametrize(("column", "size"), [("Total disk capacity MiB", 3 * GIB), ("Provisioned MiB", None)])
def test_without_vdisk_only_a_true_total_counts(tmp_path: Path, column: str, size: int | None) -> None:
    """What vInfo calls provisioned holds swap and snapshots, and is no size of disks; what is missing is told."""
    info = [["VM", "Powerstate", "Disks", column], ["web", "poweredOn", 2, 3072]]
    made = import_file(book(tmp_path / "rv.xlsx", vInfo=info))
    assert [(disk.size, disk.count) for disk in made.servers[0].disks] == ([(size, 2)] if size else [])
    assert {"IMPORT-122", "IMPORT-113" if size else "IMPORT-114"} <= set(codes(made))


def test_without_ids_a_shared_name_is_told(tmp_path: Path) -> None:
    """Nobody is given another's disks in silence."""
    info = [["VM", "Powerstate"], ["twin", "poweredOn"], ["twin", "poweredOn"]]
    disk = [["VM", "Disk", "Capacity MiB"], ["twin", "Hard disk 1", 1024], ["twin", "Hard disk 1", 2048]]
    made = import_file(book(tmp_path / "rv.xlsx", vInfo=info, vDisk=disk))
    assert (made.disks, made.bytes) == (2, 3 * GIB)
    assert {"IMPORT-104", "IMPORT-109"} <= set(codes(made))
