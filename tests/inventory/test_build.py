"""A row and its source become the body that the page describes, or a list of every reason why they do not."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.build import BuildError, build_post_task, needs_source
from inventory.build_findings import BUILD_KINDS
from inventory.build_target import used_size
from inventory.catalogue import CATALOGUE
from inventory.columns import SHEETS, Column, Kind
from inventory.disk_checks import DETAIL_SHEETS
from inventory.findings import Severity
from inventory.plan import Plan, ServerRow, read_plan
from inventory.post_task import PostTask
from inventory.source_findings import find_source_findings
from inventory.source_server import SourceServer
from inventory.task_name import make_task_name
from tests.inventory.sources import GIB, btrfs, linux, lvm, windows
from tests.plans import DEFAULTS, disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

# The example of the page "Creating a Migration Task", as it stands there.
PAGE_EXAMPLE: dict[str, Any] = {
    "name": "MigrationTask",
    "type": "MIGRATE_FILE",
    "os_type": "LINUX",
    "start_target_server": True,
    "use_public_ip": True,
    "migration_ip": "192.168.0.1",
    "region_name": "region_name",
    "region_id": "region_id",
    "project_name": "project_name",
    "project_id": "xxxxxxxxxxxxxxxxxxxxxxxx00000001",
    "source_server": {"id": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx0001"},
    "target_server": {
        "vm_id": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx0001",
        "name": "Auto-tar-name",
        "disks": [
            {
                "name": "/dev/vda",
                "disk_id": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx0001",
                "size": 42949672960,
                "used_size": 429496,
                "device_use": "BOOT",
                "physical_volumes": [
                    {
                        "uuid": None,
                        "index": 0,
                        "name": "/dev/vda1",
                        "device_use": "OS",
                        "file_system": "ext4",
                        "mount_point": "/",
                        "size": 42947575808,
                        "used_size": 5346484224,
                    }
                ],
            }
        ],
        "volume_groups": [],
    },
    "is_need_consistency_result": True,
}


def the_plan(path: Path, *servers: dict[str, Any], **sheets: Any) -> Plan:
    """A plan of these rows, read back."""
    return read_plan(make_plan(path / "plan.xlsx", servers or None, **sheets))


def the_row(path: Path, **values: Any) -> tuple[ServerRow, Plan]:
    """The only row of a plan without disks in the sheet, and the plan."""
    plan = the_plan(path, server(**values))
    return plan.servers[0], plan


def codes(error: pytest.ExceptionInfo[BuildError]) -> list[str]:
    """The codes of everything that ruled a task out."""
    return [finding.code for finding in error.value.findings]


def test_one_row_and_its_disk_make_the_pages_example(tmp_path: Path) -> None:
    """The example, taken into the sheet as it stands, comes out as it stands, but for what four contradictions ask for."""
    source_id, target = PAGE_EXAMPLE["source_server"]["id"], PAGE_EXAMPLE["target_server"]
    plain = ("name", "type", "os_type", "start_target_server", "use_public_ip", "migration_ip", "region_name", "region_id")
    row = {
        "wave": "wave-1",
        "source_server_id": source_id,
        **{name: PAGE_EXAMPLE[name] for name in (*plain, "project_name", "project_id")},
        "target_vm_id": target["vm_id"],
        "target_name": target["name"],
        "is_need_consistency_check": PAGE_EXAMPLE["is_need_consistency_result"],
    }
    on_disk = dict(target["disks"][0])
    on_volume = on_disk.pop("physical_volumes")[0]
    volumes = [{"source_server_id": source_id, "disk": "/dev/vda", **on_volume}]
    plan = the_plan(tmp_path, row, disks=[{"source_server_id": source_id, **on_disk}], defaults={}, Volumes=volumes)

    expected = copy.deepcopy(PAGE_EXAMPLE)
    # Contradiction 1: the example's is_need_consistency_result is is_need_consistency_check everywhere else.
    expected["is_need_consistency_check"] = expected.pop("is_need_consistency_result")
    # Contradiction 2: a null uuid is left out.
    del expected["target_server"]["disks"][0]["physical_volumes"][0]["uuid"]
    # Contradiction 3: a disk uses at least what its partitions use.
    expected["target_server"]["disks"][0]["used_size"] = 5346484224
    # Contradiction 11: whether the target exists is said outright.
    expected["exist_server"] = True
    assert json.loads(build_post_task(plan.servers[0], plan, None).to_json()) == expected


def test_the_sheets_disks_win_and_sms_is_not_asked(tmp_path: Path) -> None:
    """A row whose sheet says everything needs no source, and a source that is there anyway changes nothing."""
    plan = the_plan(tmp_path, server(), disks=[disk()])
    row = plan.servers[0]
    assert not needs_source(row, plan)
    assert build_post_task(row, plan, None).to_json() == build_post_task(row, plan, linux()).to_json()


@pytest.mark.parametrize(
    "values", [{"source_server_id": None}, {"os_type": None}, {"source_name": None}, {"source_name": None, "target_name": "t"}]
)
def test_sms_is_asked_for_what_the_row_does_not_say(tmp_path: Path, values: dict[str, Any]) -> None:
    """The id, the OS, and the source's name where the task or the target would be called after it."""
    defaults = {name: value for name, value in DEFAULTS.items() if name not in values}
    plan = the_plan(tmp_path, server(**values), disks=[disk()], defaults=defaults)
    assert needs_source(plan.servers[0], plan)


def test_disks_come_from_sms_where_the_sheet_has_none(tmp_path: Path) -> None:
    """Partition by partition, without unknown keys and null uuids, and the disk uses at least what its volumes do."""
    row, plan = the_row(tmp_path)
    assert needs_source(row, plan)
    (on_target,) = build_post_task(row, plan, linux()).as_dict()["target_server"]["disks"]
    assert on_target["physical_volumes"] == [
        {
            "device_use": "OS",
            "file_system": "ext4",
            "index": 0,
            "mount_point": "/",
            "name": "/dev/vda1",
            "size": 39 * GIB,
            "used_size": 7 * GIB,
        }
    ]
    assert (on_target["device_use"], on_target["size"], on_target["used_size"]) == ("BOOT", 40 * GIB, 7 * GIB)
    assert "disk_id" not in on_target


def test_the_proposed_target_wins_over_the_sources_own_disks(tmp_path: Path) -> None:
    """A disk that was resized in SMS is made in its new size."""
    row, plan = the_row(tmp_path)
    source = linux(init_target_server={"disks": [{"name": "/dev/vda", "size": 80 * GIB, "physical_volumes": None}]})
    assert [each.size for each in build_post_task(row, plan, source).target_server.disks] == [80 * GIB]


def test_lvm_is_completed(tmp_path: Path) -> None:
    """A whole-disk physical volume is a NORMAL disk; free_size and inode_size, which old agents lack, are filled in."""
    row, plan = the_row(tmp_path)
    target = build_post_task(row, plan, lvm()).as_dict()["target_server"]
    assert (target["disks"][0]["device_use"], target["disks"][0]["used_size"]) == ("NORMAL", 4)
    (group,) = target["volume_groups"]
    assert (group["components"], group["free_size"]) == ("/dev/vdb", 6)
    (volume,) = group["logical_volumes"]
    assert (volume["free_size"], volume["inode_size"]) == (6, 0)
    assert "uuid" not in volume


def test_btrfs_is_complete_and_spelt_as_sent(tmp_path: Path) -> None:
    """All sixteen fields are there, null ones empty, subvolumes under the key that is sent; a Linux without Btrfs sends []."""
    row, plan = the_row(tmp_path)
    (file_system,) = build_post_task(row, plan, btrfs()).as_dict()["target_server"]["btrfs_list"]
    assert len(file_system) == 16
    assert (file_system["label"], file_system["nodesize"]) == ("", 0)
    assert file_system["subvolumn"][0]["subvol_name"] == "@"
    assert build_post_task(row, plan, linux()).as_dict()["target_server"]["btrfs_list"] == []


def test_windows_is_migrated_by_block_and_has_no_btrfs(tmp_path: Path) -> None:
    """The type follows from the OS where nobody says it; used space is capped at the disk's size."""
    defaults = {name: value for name, value in DEFAULTS.items() if name not in {"type", "os_type"}}
    plan = the_plan(tmp_path, server(), defaults=defaults)
    body = build_post_task(plan.servers[0], plan, windows()).as_dict()
    assert (body["type"], body["os_type"]) == ("MIGRATE_BLOCK", "WINDOWS")
    assert "btrfs_list" not in body["target_server"]
    assert (body["target_server"]["disks"][0]["device_use"], body["target_server"]["disks"][0]["used_size"]) == ("NORMAL", 64)
    assert body["target_server"]["disks"][0]["physical_volumes"][0]["uuid"] == "\\\\?\\Volume{1}\\"


def test_sheets_of_lvm_and_btrfs_are_joined(tmp_path: Path) -> None:
    """Logical volumes go to their group, subvolumes to their file system, and mandatory fields that are empty are filled in."""
    source = {"source_server_id": "src-0001-a1b2"}
    plan = the_plan(
        tmp_path,
        server(),
        disks=[disk(device_use=None, disk_id=None)],
        VolumeGroups=[{**source, "name": "vg", "components": "/dev/vda2", "size": "30 GiB"}],
        LogicalVolumes=[{**source, "volume_group": "vg", "name": "/dev/mapper/vg-root", "size": "20 GiB", "used_size": "5 GiB"}],
        Btrfs=[
            {
                **source,
                "name": "b",
                "uuid": "u",
                "device": "/dev/vdb",
                "size": 1,
                "nodesize": 2,
                "sectorsize": 3,
                "g_vol_used_size": 4,
            }
        ],
        BtrfsSubvolumes=[{**source, "file_system_name": "b", "subvol_name": "@"}],
    )
    target = build_post_task(plan.servers[0], plan, None).as_dict()["target_server"]
    assert "device_use" not in target["disks"][0]
    assert target["volume_groups"][0]["free_size"] == 10 * GIB
    assert target["volume_groups"][0]["logical_volumes"][0]["free_size"] == 15 * GIB
    assert [part["subvol_name"] for part in target["btrfs_list"][0]["subvolumn"]] == ["@"]


def test_a_template_makes_the_target(tmp_path: Path) -> None:
    """Contradictions 4 and 11: vm_id is empty, exist_server false, and the target is called after the source."""
    row, plan = the_row(tmp_path, target_vm_id=None, target_name=None, vm_template_id="tpl-1", migration_ip=None)
    body = build_post_task(row, plan, linux()).as_dict()
    assert (body["vm_template_id"], body["exist_server"]) == ("tpl-1", False)
    assert (body["target_server"]["vm_id"], body["target_server"]["name"]) == ("", "web-01")
    assert "migration_ip" not in body


def test_a_template_gets_no_disk_ids(tmp_path: Path) -> None:
    """A row that was given a template leaves the disks of its former target alone."""
    plan = the_plan(tmp_path, server(target_vm_id=None, vm_template_id="tpl-1"), disks=[disk()])
    assert [each.disk_id for each in build_post_task(plan.servers[0], plan, None).target_server.disks] == [None]


def test_what_nobody_said_is_not_sent(tmp_path: Path) -> None:
    """The API's own defaults hold for every optional that no row, wave or default names."""
    plan = the_plan(tmp_path, server(), defaults={"region_id": "r1", "project_id": "p1"})
    sent = set(build_post_task(plan.servers[0], plan, linux()).as_dict())
    mandatory = {name for name, field in PostTask.model_fields.items() if field.is_required()}
    assert sent == mandatory | {"migration_ip", "exist_server"}


SENT = [(sheet, column) for sheet, columns in SHEETS.items() for column in columns if column.api_field]
LINKS = {"disk": "Disks", "volume_group": "VolumeGroups", "file_system_name": "Btrfs"}


def filled(sheet: str, *, without: str = "") -> dict[str, Any]:
    """A row of a sheet in which every column says something, each text something else."""
    values: dict[str, Any] = {}
    for column in SHEETS[sheet]:
        match column.kind:
            case Kind.ENUM:
                value: Any = column.choices[0]
            case Kind.FLAG:
                value = column.name != "skip"
            case Kind.INTEGER | Kind.DECIMAL | Kind.SIZE:
                value = 7
            case Kind.IP:
                value = "10.0.0.7"
            case _:
                value = f"{LINKS.get(column.name, sheet)}-{'name' if column.name in LINKS else column.name}"
        values[column.name] = value
    return values | {"source_server_id": "s-1", "os_type": "LINUX", without: None}


@pytest.mark.parametrize(("sheet", "column"), SENT, ids=[f"{sheet}.{column.name}" for sheet, column in SENT])
def test_every_sent_column_reaches_the_body(tmp_path: Path, sheet: str, column: Column) -> None:
    """A column that names a field of the API is in the body at that very place, with the row's own value."""
    other = "target_vm_id" if column.name == "vm_template_id" else "vm_template_id"
    rows = {kind: [filled(kind)] for kind in DETAIL_SHEETS if kind != "Disks"}
    plan = the_plan(tmp_path, filled("Servers", without=other), disks=[filled("Disks")], defaults={}, **rows)
    value: Any = build_post_task(plan.servers[0], plan, None).as_dict()
    for part in str(column.api_field).split("."):
        value = value[part]
        value = value[0] if isinstance(value, list) else value
    assert value == filled(sheet)[column.name]


def test_no_field_of_the_body_is_out_of_the_sheets_reach() -> None:
    """Whatever the API takes for a task, a column says."""
    heads = {str(column.api_field).partition(".")[0] for _, column in SENT}
    assert heads == set(PostTask.model_fields)


def test_regions_code_stands_in_for_the_names(tmp_path: Path) -> None:
    """Contradiction 12: the region's code is its name, and a region's first project is called like it."""
    plan = the_plan(tmp_path, server(), disks=[disk()], defaults={"region_id": "eu-1", "project_id": "p1", "os_type": "LINUX"})
    task = build_post_task(plan.servers[0], plan, None)
    assert (task.region_name, task.project_name, task.type) == ("eu-1", "eu-1", "MIGRATE_FILE")


def test_patterns_are_filled_in_with_what_sms_knows(tmp_path: Path) -> None:
    """A pattern of `Defaults` whose field the row leaves empty takes the source's name."""
    defaults = {**DEFAULTS, "name": "{source_name}-mv", "target_name": "{source_name}-hw"}
    plan = the_plan(tmp_path, server(source_name=None, target_name=None), disks=[disk()], defaults=defaults)
    row = plan.servers[0]
    assert needs_source(row, plan)
    task = build_post_task(row, plan, linux())
    assert (task.name, task.target_server.name) == ("web-01-mv", "web-01-hw")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"os_type": "WINDOWS"}, "PLAN-604"),
        ({"checks": [{"name": "FIRMWARE", "result": "ERROR", "error_code": "SMS.0206"}]}, "PLAN-605"),
        ({"disks": None}, "PLAN-606"),
        ({"disks": [{"name": "/dev/vda", "size": -1}]}, "PLAN-608"),
    ],
)
def test_what_sms_knows_can_rule_a_task_out(tmp_path: Path, more: dict[str, Any], code: str) -> None:
    """Each with the code of its kind, at the cell that is meant: the row's, or the default it comes from."""
    row, plan = the_row(tmp_path)
    with pytest.raises(BuildError) as error:
        build_post_task(row, plan, linux(**more))
    assert code in codes(error)
    assert error.value.findings[0].place.partition("!")[0] in {"Servers", "Defaults"}
    assert f"[{error.value.findings[0].code}]" in str(error.value)


def test_a_source_that_sms_does_not_know_rules_a_task_out(tmp_path: Path) -> None:
    """The row's own id is named, at its cell."""
    row, plan = the_row(tmp_path)
    with pytest.raises(BuildError) as error:
        build_post_task(row, plan, None)
    assert [(finding.place, finding.value) for finding in error.value.findings] == [("Servers!B2", "src-0001-a1b2")]


def test_a_system_that_nobody_knows_rules_a_task_out(tmp_path: Path) -> None:
    """Neither the sheet nor SMS says LINUX or WINDOWS: whether SMS was asked or not, it is not guessed."""
    defaults = {name: value for name, value in DEFAULTS.items() if name != "os_type"}
    plan = the_plan(tmp_path, disks=[disk()], defaults=defaults)
    for source in (None, linux(os_type=""), linux(os_type="SOLARIS")):
        with pytest.raises(BuildError) as error:
            build_post_task(plan.servers[0], plan, source)
        assert codes(error) == ["PLAN-607"]


def test_all_reasons_come_at_once(tmp_path: Path) -> None:
    """Nobody mends one thing only to be told of the next."""
    plan = the_plan(tmp_path, server(target_vm_id=None), defaults={"type": "MIGRATE_FILE"})
    with pytest.raises(BuildError) as error:
        build_post_task(plan.servers[0], plan, windows(checks=[{"name": "VSS", "result": "ERROR"}]))
    assert codes(error) == ["PLAN-210", "PLAN-208", "PLAN-212", "PLAN-605"]


@pytest.mark.parametrize(
    ("values", "more", "code"),
    [
        ({}, {"connected": False}, "PLAN-620"),
        ({}, {"checks": [{"name": "MEMORY", "result": "WARN", "error_code": "SMS.0515"}]}, "PLAN-634"),
        ({"source_name": "app-09"}, {}, "PLAN-621"),
        ({"source_ip": "10.9.9.9"}, {}, "PLAN-621"),
        ({}, {}, "PLAN-622"),
        ({"speed_limit": 5}, {"has_tc": False}, "PLAN-625"),
        ({"is_need_consistency_check": "yes"}, {"btrfs_list": [{"name": "b"}]}, "PLAN-624"),
        ({}, {"disks": [{"name": f"/dev/vd{n}", "size": 1} for n in range(24)]}, "PLAN-627"),
    ],
)
def test_what_sms_may_well_accept_is_a_warning(tmp_path: Path, values: dict[str, Any], more: dict[str, Any], code: str) -> None:
    """The task is built all the same, and the warning is there to be shown."""
    row, plan = the_row(tmp_path, **values)
    source = linux(**more)
    found = find_source_findings(row, plan, source)
    assert code in [finding.code for finding in found if finding.severity is Severity.WARNING]
    assert build_post_task(row, plan, source).source_server.id == source.id


def test_a_disk_of_the_sheet_that_is_too_small_is_told(tmp_path: Path) -> None:
    """Smaller than the source's is a warning, at the disk's cell."""
    plan = the_plan(tmp_path, server(), disks=[disk(size=40 * GIB - 5)])
    found = find_source_findings(plan.servers[0], plan, linux())
    assert [(finding.code, finding.place) for finding in found] == [("PLAN-626", "Disks!E2")]
    assert "by 5 bytes" in found[0].problem


@given(
    size=st.integers(0, 2**63 - 1), used=st.none() | st.integers(0, 2**63 - 1), parts=st.lists(st.none() | st.integers(0, 2**62))
)
def test_used_space_is_between_nothing_and_the_disk(size: int, used: int | None, parts: list[int | None]) -> None:
    """Never more than the disk holds, never less than it or its volumes are said to use, unless that is more than it holds."""
    found = used_size(size, used, [{"used_size": part} for part in parts])
    assert found <= size
    assert found == size or (found >= (used or 0) and found >= sum(part or 0 for part in parts))


@given(name=st.text(max_size=40), source_id=st.text(min_size=1, max_size=40))
def test_a_made_name_is_one_that_sms_takes(name: str, source_id: str) -> None:
    """Contradiction 13: 4 to 20 of `[A-Za-z0-9_-]`, the same each time, also after being made into one once."""
    made = make_task_name(name, source_id)
    assert 4 <= len(made) <= 20
    assert made.isascii()
    assert made.replace("-", "").replace("_", "").isalnum()
    assert made == make_task_name(name, source_id) == make_task_name(made, source_id)


@pytest.mark.parametrize(
    ("name", "made"), [("web-01", "web-01"), ("db", "db-"), ("web-01.example.com", "web-01-"), ("数据库", "server-")]
)
def test_a_made_name_stays_readable(name: str, made: str) -> None:
    """A name that fits is kept; any other keeps its beginning, and two servers never share one."""
    names = {make_task_name(name, source_id) for source_id in ("s1", "s2")}
    assert all(each.startswith(made) for each in names)
    assert len(names) == (1 if name == made else 2)


numbers = st.none() | st.integers(-1, 2**63 - 1) | st.floats() | st.text(max_size=3)
words = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
volumes = st.fixed_dictionaries(
    {}, optional={"name": words, "size": numbers, "used_size": numbers, "uuid": words, "index": numbers, "mount_point": words}
)
disks = st.fixed_dictionaries(
    {},
    optional={
        "name": words,
        "size": numbers,
        "used_size": numbers,
        "device_use": words,
        "physical_volumes": st.lists(volumes, max_size=2),
    },
)
groups = st.fixed_dictionaries(
    {}, optional={"size": numbers, "logical_volumes": st.lists(volumes, max_size=2), "components": words}
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[ServerRow, Plan]:
    """A row without disks in the sheet, read once."""
    return the_row(tmp_path_factory.mktemp("plan"))


@settings(max_examples=60)
@given(on_disks=st.lists(disks, min_size=1, max_size=3), in_groups=st.lists(groups, max_size=2))
def test_whatever_sms_reports_the_body_keeps_its_bounds(
    plain: tuple[ServerRow, Plan], on_disks: list[Any], in_groups: list[Any]
) -> None:
    """Any disorder becomes a valid body that survives the wire, or is refused by findings; nothing else is raised."""
    row, plan = plain
    source = SourceServer.model_validate({"id": "s", "os_type": "LINUX", "disks": on_disks, "volume_groups": in_groups})
    try:
        task = build_post_task(row, plan, source)
    except BuildError as refusal:
        reasons = {finding.code for finding in refusal.findings}
    else:
        reasons = {"PLAN-608"}
        assert PostTask.model_validate_json(task.to_json()) == task
        assert all(each.used_size <= each.size for each in task.target_server.disks)
    assert reasons == {"PLAN-608"}


sizes = st.integers(0, 10**15)


@settings(max_examples=25)
@given(
    on_disks=st.lists(
        st.tuples(sizes, st.none() | sizes, st.lists(st.tuples(st.none() | sizes, st.none() | sizes), max_size=2)), max_size=3
    )
)
def test_whatever_the_sheet_says_the_body_keeps_its_bounds(tmp_path_factory: pytest.TempPathFactory, on_disks: list[Any]) -> None:
    """Sizes go over to the byte, what is empty is absent, and the body survives the wire."""
    key = {"source_server_id": "src-0001-a1b2"}
    rows = [disk(name=f"/dev/vd{place}", size=size, used_size=used) for place, (size, used, _) in enumerate(on_disks)]
    parts = [
        {**key, "disk": f"/dev/vd{place}", "index": 0, "size": size, "used_size": used}
        for place, (_, _, volumes) in enumerate(on_disks)
        for size, used in volumes
    ]
    plan = the_plan(tmp_path_factory.mktemp("plan"), server(), disks=rows or [disk()], Volumes=parts)
    task = build_post_task(plan.servers[0], plan, None)
    assert PostTask.model_validate_json(task.to_json()) == task
    if on_disks:
        assert [each.size for each in task.target_server.disks] == [size for size, _, _ in on_disks]
        sent = [(part.size, part.used_size) for each in task.target_server.disks for part in each.physical_volumes]
        assert sent == [part for _, _, volumes in on_disks for part in volumes]


def test_codes_are_of_their_own() -> None:
    """No code of a build means anything else in the catalogue, and each kind has an example and a remedy."""
    assert not set(BUILD_KINDS) & set(CATALOGUE)
    for code, kind in BUILD_KINDS.items():
        assert code == kind.code
        assert kind.remedy
        assert kind.example
