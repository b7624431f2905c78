"""Fleets: made-up layouts, plans, and that what SMS shows of a source makes a create that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from flows.simulator.fleet import Fleet, SourceServer, made_up_sources, make_fleet, source_id_for
from flows.simulator.layouts import make_layout
from flows.simulator.options import SimulatorOptions
from inventory.plan import PlanError
from tests.flows.simulator.bodies import post_task
from tests.flows.simulator.inmemory import InMemory

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
SHEETS: dict[str, list[tuple[object, ...]]] = {
    "Servers": [
        ("wave", "source_server_id", "source_name", "source_ip", "os_type", "target_vm_id", "vm_template_id"),
        ("wave-1", "s-1", "web-01", "10.0.0.1", "LINUX", "v-1", ""),
        ("wave-1", "", "db-01", "10.0.0.2", "WINDOWS", "", "tpl-1"),
        ("wave-2", "s-1", "web-01 again", "10.0.0.1", "LINUX", "v-2", ""),
    ],
    "Disks": [
        ("source_server_id", "name", "device_use", "size", "used_size"),
        ("s-1", "/dev/vda", "BOOT", 40 * GIB, 10 * GIB),
        ("s-1", "/dev/vdb", "NORMAL", 20 * GIB, None),
    ],
    "Volumes": [
        ("source_server_id", "disk", "index", "name", "device_use", "file_system", "mount_point", "size", "used_size"),
        ("s-1", "/dev/vda", 0, "/dev/vda1", "OS", "ext4", "/", 39 * GIB, 10 * GIB),
        ("s-1", "/dev/vdb", 0, "/dev/vdb1", "VOLUME_GROUP", "LVM2_member", "", 19 * GIB, 5 * GIB),
    ],
    "VolumeGroups": [("source_server_id", "name", "components", "size"), ("s-1", "data", "/dev/vdb1", 19 * GIB)],
    "LogicalVolumes": [
        ("source_server_id", "volume_group", "name", "file_system", "mount_point", "size", "used_size"),
        ("s-1", "data", "/dev/mapper/data-lv", "xfs", "/srv", 18 * GIB, 5 * GIB),
    ],
}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan of two source servers, one of them named twice."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in SHEETS.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(tmp_path / "plan.xlsx")
    return tmp_path / "plan.xlsx"


def test_a_plan_makes_its_servers_exist(plan: Path) -> None:
    """Sources once each, by id or by name; targets; templates; nothing else."""
    fleet = make_fleet(SimulatorOptions(fleet=plan))
    assert [(source.id, source.name, source.os_type) for source in fleet.sources()] == [
        ("s-1", "web-01", "LINUX"),
        (source_id_for("db-01"), "db-01", "WINDOWS"),
    ]
    assert [fleet.has_target(each) for each in ("v-1", "v-2", "v-3")] == [True, True, False]
    assert (fleet.has_template("tpl-1"), fleet.has_template("tpl-2"), fleet.find("s-9")) == (True, False, None)


def test_a_plan_gives_the_disks(plan: Path) -> None:
    """As its sheets say, free space and used space filled in; a source without rows has made-up ones."""
    fleet = make_fleet(SimulatorOptions(fleet=plan, any_target=True))
    layout = fleet.sources()[0].layout
    assert [(disk["name"], disk["size"], disk["used_size"]) for disk in layout.disks] == [
        ("/dev/vda", 40 * GIB, 10 * GIB),
        ("/dev/vdb", 20 * GIB, 5 * GIB),
    ]
    assert layout.volume_groups[0]["logical_volumes"][0]["free_size"] == 13 * GIB
    assert fleet.sources()[1].layout.disks[0]["name"] == "Disk 0"
    assert fleet.has_target("v-3")


def test_a_file_that_is_no_plan_says_so(tmp_path: Path) -> None:
    """The plan's own error comes through."""
    with pytest.raises(PlanError):
        make_fleet(SimulatorOptions(fleet=tmp_path / "missing.xlsx"))


def as_target(source: dict[str, Any]) -> dict[str, Any]:
    """A source's page as the target of a create, by the rules of the API: nulls and unknown keys left out, uses mapped."""
    disks = []
    for disk in source["init_target_server"]["disks"]:
        volumes = [{name: value for name, value in each.items() if value is not None} for each in disk["physical_volumes"]]
        use = disk["device_use"] if disk["device_use"] in {"OS", "BOOT"} else "NORMAL"
        disks.append({**disk, "device_use": use, "physical_volumes": volumes})
    groups, btrfs = source["volume_groups"], source["btrfs_list"]
    return {"vm_id": "v-1", "name": "target-1", "disks": disks, "volume_groups": groups, "btrfs_list": btrfs}


@given(st.text("abcdef0123456789-", min_size=1, max_size=20), st.sampled_from(["LINUX", "WINDOWS"]))
def test_what_a_source_shows_makes_a_create_that_is_taken(source_id: str, os_type: str) -> None:
    """In strict mode, judged against the source itself, whatever layout its id brings."""
    box = InMemory(Fleet([SourceServer(source_id, "web-01", os_type=os_type, judged=True)]))
    source = (
        box.json("GET", f"/v3/sources/{source_id}".replace("?", "%3F")) if "?" not in source_id and "%" not in source_id else None
    )
    if source is None:
        return
    kind = "MIGRATE_BLOCK" if os_type == "WINDOWS" else "MIGRATE_FILE"
    body = post_task(source_id, os_type=os_type, type=kind, target_server=as_target(source))
    assert (box.code("POST", "/v3/tasks", body), box.simulator.ledger.warnings) == ("", {})


def test_made_up_sources_are_the_same_every_time() -> None:
    """Ids, names and layouts do not change from run to run; all kinds of layout occur."""
    first, second = made_up_sources(60), made_up_sources(60)
    assert [(source.id, source.layout) for source in first] == [(source.id, source.layout) for source in second]
    kinds = {(bool(source.layout.volume_groups), bool(source.layout.btrfs_list), source.os_type) for source in first}
    assert kinds == {(False, False, "LINUX"), (True, False, "LINUX"), (False, True, "LINUX"), (False, False, "WINDOWS")}


@given(st.text(max_size=30), st.sampled_from(["LINUX", "WINDOWS"]))
def test_a_layout_holds_together(source_id: str, os_type: str) -> None:
    """Volumes fit their disk, used space fits its volume, one disk boots."""
    layout = make_layout(source_id, os_type)
    for disk in layout.disks:
        assert sum(volume["size"] for volume in disk["physical_volumes"]) <= disk["size"]
        assert disk["used_size"] <= disk["size"]
        assert all(volume["used_size"] <= volume["size"] for volume in disk["physical_volumes"])
    assert [disk["device_use"] for disk in layout.disks].count("BOOT") == 1
