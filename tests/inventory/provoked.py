"""For every kind of finding a plan that has it and nothing else of that sort: the rules of the catalogue, one line each."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.plans import DEFAULTS, disk, server


class Case(NamedTuple):
    """What to write into the plan, and the finding's place and code that it must give."""

    place: str
    code: str
    plan: dict[str, Any]


def _row(place: str, code: str, *, number: int = 1, **values: Any) -> Case:
    """One row with `values`; `place` is the column's name, resolved by the test to its cell in row 2."""
    return Case(place, code, {"servers": [server(number, **values)]})


def _rows(place: str, code: str, *rows: dict[str, Any], **sheets: Any) -> Case:
    return Case(place, code, {"servers": list(rows), **sheets})


def _wave(place: str, code: str, *waves: dict[str, Any], **sheets: Any) -> Case:
    return Case(place, code, {"waves": list(waves), **sheets})


def _volume(**values: Any) -> dict[str, Any]:
    return {"source_server_id": "src-0001-a1b2", "disk": "/dev/vda", "name": "/dev/vda1", "size": 1024} | values


_GROUP = {"source_server_id": "src-0001-a1b2", "name": "vg0"}
_LOGICAL = {"source_server_id": "src-0001-a1b2", "volume_group": "vg0", "name": "/dev/mapper/vg0-root", "size": 10}
_BTRFS = {
    "source_server_id": "src-0001-a1b2",
    "name": "data",
    "uuid": "u-1",
    "device": "/dev/vdb",
    "size": 10,
    "nodesize": 16384,
    "sectorsize": 4096,
    "g_vol_used_size": 1,
}
_SUBVOLUME = {"source_server_id": "src-0001-a1b2", "file_system_name": "data", "subvol_name": "home"}

_UEFI: dict[str, Any] = {
    "os_type": "WINDOWS",
    "type": "MIGRATE_BLOCK",
    "target_vm_id": None,
    "vm_template_id": "tpl-1",
    "migration_ip": None,
    "firmware": "EFI",
}

CASES: tuple[Case, ...] = (
    _row("speed_limit", "PLAN-101", speed_limit="#DIV/0!"),
    _row("speed_limit", "PLAN-102", speed_limit="=1+1"),
    Case("Servers!H1", "PLAN-103", {"servers": [server(1, speedlimt=1)]}),
    Case("Waves!B1", "PLAN-103", {"waves": [{"wave": "wave-1", "colour": "red"}]}),
    Case("Defaults!A8", "PLAN-103", {"defaults": {**DEFAULTS, "prioritty": 1}}),
    Case("Servers!H1", "PLAN-104", {"servers": [server(1, **{"Source ID": "src-9"})]}),
    Case(
        "Disks!A1",
        "PLAN-107",
        {"disks": [{"source_server_id": "src-0001-a1b2", "name": "/dev/vda", "device_use": "OS", "disk_id": "d"}]},
    ),
    Case("Defaults!B8", "PLAN-102", {"defaults": {**DEFAULTS, "priority": "=1+1"}}),
    Case("Defaults!A9", "PLAN-104", {"defaults": {**DEFAULTS, "priority": 1, "Task Priority": 2}}),
    Case("Defaults!B8", "PLAN-114", {"defaults": {**DEFAULTS, "priority": 65536}}),
    _row("source_server_id", "PLAN-110", source_server_id=12.0),
    _row("source_server_id", "PLAN-110", source_server_id="1.2E+15"),
    _row("region_id", "PLAN-111", region_id="r" * 256),
    _row("speed_limit", "PLAN-112", speed_limit="12O"),
    _row("priority", "PLAN-113", priority=1.5),
    _row("speed_limit", "PLAN-114", speed_limit=10001),
    _row("over_speed_threshold", "PLAN-114", over_speed_threshold=-0.5, speed_limit=1),
    _row("speed_limit", "PLAN-115", speed_limit="NaN"),
    _row("speed_limit", "PLAN-115", speed_limit="-Infinity"),
    _row("priority", "PLAN-116", priority=True),
    _row("syncing", "PLAN-118", syncing="maybe"),
    _row("os_type", "PLAN-119", os_type="LINX"),
    _row("type", "PLAN-119", type="MIGRATE_FILES"),
    Case("Disks!E2", "PLAN-120", {"disks": [disk(size="40 gigs")]}),
    _row("migration_ip", "PLAN-121", migration_ip="10.0.0.256"),
    _row("name", "PLAN-122", name="web.01"),
    _wave("Waves!B2", "PLAN-123", {"wave": "wave-1", "starts_at": "9.1. 8pm", "timezone": "UTC"}),
    _wave("Waves!B2", "PLAN-123", {"wave": "wave-1", "starts_at": "1999-12-31 20:00", "timezone": "UTC"}),
    _wave("Waves!B2", "PLAN-123", {"wave": "wave-1", "starts_at": "2200-01-01 00:00", "timezone": "UTC"}),
    _wave("Waves!B2", "PLAN-124", {"wave": "wave-1", "timezone": "Berlin"}),
    _row("target_name", "PLAN-125", target_name="web\n01"),
    Case("Defaults!B8", "PLAN-126", {"defaults": {**DEFAULTS, "name": "{sourcename1}-hw"}}),
    Case("Disks!E2", "PLAN-127", {"disks": [disk(size=9007199254740993, used_size=1)]}),
    Case("Disks!E2", "PLAN-130", {"disks": [disk(size="40.960 MB")]}),
    _row("over_speed_threshold", "PLAN-131", over_speed_threshold=0.1, speed_limit=100),
    Case("Disks!E2", "PLAN-128", {"disks": [disk(size=None), disk(name="/dev/vdb", device_use="NORMAL")]}),
    _row("wave", "PLAN-202", wave=None),
    _row("source_server_id", "PLAN-203", source_server_id=None, source_name=None, source_ip=None),
    _rows("Servers!B3", "PLAN-204", server(1), server(2, source_server_id="src-0001-a1b2")),
    _rows("Servers!B2", "PLAN-204", server(1), server(2, source_server_id="SRC-0001-A1B2")),
    _rows("Servers!C3", "PLAN-204", server(1), server(2, source_server_id=None, source_name="web-01")),
    _rows("Servers!D3", "PLAN-204", *(server(n, source_server_id=None, source_name=None, source_ip="10.1.1.1") for n in (1, 2))),
    _rows("Servers!B3", "PLAN-205", server(1), server(2, source_server_id="src-0001-a1b2", wave="wave-2")),
    _rows("Servers!F3", "PLAN-206", server(1), server(2, target_vm_id="vm-0001-c3d4")),
    _rows("Servers!F3", "PLAN-207", server(1), server(2, target_vm_id="vm-0001-c3d4", wave="wave-2")),
    _row("target_vm_id", "PLAN-208", target_vm_id=None),
    _row("vm_template_id", "PLAN-209", vm_template_id="tpl-1"),
    Case("Servers!A2", "PLAN-210", {"defaults": {"region_id": "r-1", "type": "MIGRATE_FILE"}}),
    _row("migration_ip", "PLAN-211", migration_ip="fd00::7"),
    _row("migration_ip", "PLAN-211", use_ipv6="yes"),
    _row("type", "PLAN-212", os_type="windows", type="migrate_file"),
    _row("depends_on", "PLAN-213", depends_on="db-1"),
    _row("depends_on", "PLAN-214", depends_on="web-01"),
    _rows("Servers!H2", "PLAN-215", server(1, depends_on="web-02"), server(2, depends_on="web-03"), server(3, depends_on="web-01")),
    _rows("Servers!H3", "PLAN-215", server(1), server(2, depends_on="192.168.0.4"), server(3, depends_on="src-0002-a1b2; web-01")),
    Case("Disks!A3", "PLAN-301", {"disks": [disk(), disk(9)]}),
    Case("Volumes!B2", "PLAN-302", {"disks": [disk()], "Volumes": [_volume(disk="/dev/vdb")]}),
    Case("Volumes!B2", "PLAN-302", {"Volumes": [_volume()]}),
    Case("Disks!B3", "PLAN-303", {"disks": [disk(), disk()]}),
    Case("Disks!E2", "PLAN-304", {"disks": [disk(size="40 GB")], "Volumes": [_volume(size="40 GiB")]}),
    Case("Disks!F2", "PLAN-305", {"disks": [disk(size="10 GiB", used_size="11 GiB")]}),
    Case("Volumes!E2", "PLAN-305", {"disks": [disk()], "Volumes": [_volume(used_size=1025)]}),
    Case("Disks!C2", "PLAN-306", {"disks": [disk(device_use=None)]}),
    Case(
        "LogicalVolumes!B2",
        "PLAN-307",
        {"disks": [disk()], "VolumeGroups": [_GROUP], "LogicalVolumes": [{**_LOGICAL, "volume_group": "vgO"}]},
    ),
    Case(
        "BtrfsSubvolumes!B2",
        "PLAN-308",
        {"disks": [disk()], "Btrfs": [_BTRFS], "BtrfsSubvolumes": [{**_SUBVOLUME, "file_system_name": "dat"}]},
    ),
    Case("Disks!B25", "PLAN-309", {"disks": [disk(name=f"/dev/vd{letter}") for letter in "abcdefghijklmnopqrstuvwx"]}),
    Case("Disks!E2", "PLAN-314", {"disks": [disk(size=40, used_size=12)]}),
    Case("Disks!E2", "PLAN-314", {"disks": [disk(size="1023 KiB", used_size=12)]}),
    Case("Disks!E2", "PLAN-310", {"disks": [disk(size="17 TiB")]}),
    Case("VolumeGroups!A2", "PLAN-311", {"VolumeGroups": [_GROUP]}),
    Case(
        "VolumeGroups!B2",
        "PLAN-312",
        {"disks": [disk()], "VolumeGroups": [_GROUP], "LogicalVolumes": [{**_LOGICAL, "name": f"lv{n}"} for n in range(256)]},
    ),
    Case("VolumeGroups!B3", "PLAN-313", {"disks": [disk()], "VolumeGroups": [_GROUP, _GROUP]}),
    Case("Btrfs!B3", "PLAN-313", {"disks": [disk()], "Btrfs": [_BTRFS, _BTRFS]}),
    _wave("Waves!A3", "PLAN-401", {"wave": "wave-1"}, {"wave": "wave-1"}),
    _wave(
        "Waves!C2",
        "PLAN-402",
        {"wave": "wave-1", "starts_at": "2027-01-09 20:00", "ends_at": "2027-01-09 06:00", "timezone": "Europe/Berlin"},
    ),
    _wave("Waves!B2", "PLAN-403", {"wave": "wave-1", "depends_on": "wave-O"}),
    _wave("Waves!B2", "PLAN-404", {"wave": "wave-1", "depends_on": "wave-2"}, {"wave": "wave-2", "depends_on": "wave-1"}),
    _wave("Servers!A3", "PLAN-405", {"wave": "wave-1"}, servers=[server(1), server(2, wave="Wave 1")]),
    _wave("Servers!A3", "PLAN-406", {"wave": "wave-1"}, servers=[server(1), server(2, wave="wave-l")]),
    _wave("Waves!B2", "PLAN-404", {"wave": "wave-1", "depends_on": "wave-1"}),
    _wave("Waves!B2", "PLAN-407", {"wave": "wave-1", "max_servers": 1}, servers=[server(1), server(2)]),
    Case(
        "Limits!A2",
        "PLAN-408",
        {"servers": [server(1, esx_host="e1")], "Limits": [{"column": "esxhst", "value": "*", "max_running": 2}]},
    ),
    _wave("Waves!B2", "PLAN-409", {"wave": "wave-1", "starts_at": "2027-03-28 02:30", "timezone": "Europe/Berlin"}),
    _wave("Waves!B2", "PLAN-409", {"wave": "wave-1", "starts_at": "2027-10-31 02:30", "timezone": "Europe/Berlin"}),
    _wave("Waves!B2", "PLAN-410", {"wave": "wave-1", "starts_at": "2027-03-28 02:30"}),
    _row("migration_ip", "PLAN-501", migration_ip=None),
    Case("Disks!D2", "PLAN-502", {"disks": [disk(disk_id=None)]}),
    _row("over_speed_threshold", "PLAN-503", os_type="WINDOWS", type="MIGRATE_BLOCK", over_speed_threshold=10, speed_limit=100),
    _row("priority", "PLAN-504", priority=3),
    _row("speed_limit", "PLAN-505", speed_limit=1001),
    _row("name", "PLAN-506", name="m-1"),
    _row("use_ipv6", "PLAN-507", use_ipv6="yes", target_vm_id=None, vm_template_id="tpl-1", migration_ip=None),
    _row("exist_server", "PLAN-508", exist_server="no"),
    _row("migration_ip", "PLAN-509", migration_ip="10.0.0.7", use_public_ip="yes"),
    Case("Servers!H2", "PLAN-510", {"servers": [server(1, is_need_consistency_check="x")], "disks": [disk()], "Btrfs": [_BTRFS]}),
    _row("migration_ip", "PLAN-509", migration_ip="FD00::7", use_ipv6="yes", use_public_ip="yes"),
    _row("over_speed_threshold", "PLAN-511", over_speed_threshold=10),
    _row("target_name", "PLAN-513", target_name="{source_name}-hw"),
    _row("speed_limit", "PLAN-512", speed_limit=10, use_ipv6="yes", migration_ip="fd00::7"),
    _wave("Waves!B2", "PLAN-520", {"wave": "wave-1", "max_running": 101}),
    Case("Defaults!B8", "PLAN-520", {"servers": [server(1), server(2, wave="w2")], "defaults": {**DEFAULTS, "max_running": 101}}),
    Case("Limits!C2", "PLAN-520", {"Limits": [{"column": "wave", "value": "*", "max_running": 101}]}),
    Case("Defaults!B8", "PLAN-521", {"servers": [server(n) for n in range(101)], "defaults": {**DEFAULTS, "auto_start": "yes"}}),
    Case("Servers!A1002", "PLAN-522", {"servers": [server(n) for n in range(1001)]}),
    _row("vm_template_id", "PLAN-523", **_UEFI),
    _row("vm_template_id", "PLAN-523", **{**_UEFI, "firmware": None, "Boot type": "efi"}),
    Case("Servers!H2", "PLAN-524", {"servers": [server(1, role="File server, Domain Controller")]}),
    Case("Servers!H2", "PLAN-524", {"servers": [server(1, **{"Is domain controller": "x"})]}),
    Case("Servers!H2", "PLAN-525", {"servers": [server(1, **{"Free memory (MB)": 128})]}),
    Case("Servers!H2", "PLAN-525", {"servers": [server(1, memory="0.2 GiB")]}),
    Case("Servers!H2", "PLAN-526", {"servers": [server(1, **{"CPU utilization (%)": 80.5})]}),
    Case("Servers!H2", "PLAN-526", {"servers": [server(1, cpu_usage="95 %")]}),
    Case("Disks!E2", "PLAN-527", {"disks": [disk(size="3 TiB", device_use="NORMAL")], "Volumes": [_volume(size="3 TiB")]}),
    Case("Disks!E2", "PLAN-528", {"disks": [disk(size="1025 GiB")]}),
)
