"""The body of a create against the public page: every bound, every code, every contradiction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.answers import Refusal
from flows.simulator.checking import Found, compile_tables
from flows.simulator.options import SimulatorOptions
from flows.simulator.tables import TABLES, Field
from flows.simulator.validation import Validator
from tests.flows.simulator.bodies import EXAMPLE, SMALLEST, as_bytes, disk, post_task

PAGE = compile_tables(lenient=False)
STRICT, LENIENT = Validator(SimulatorOptions()), Validator(SimulatorOptions(lenient=True))

FIELDS = [pytest.param(table, each, id=f"{table}.{each.name}") for table, fields in TABLES.items() for each in fields]
ARRAYS = [
    pytest.param(table, each, id=f"{table}.{each.name}")
    for table, fields in TABLES.items()
    for each in fields
    if each.type == "array"
]
NUMBERS = [
    pytest.param(table, each, id=f"{table}.{each.name}")
    for table, fields in TABLES.items()
    for each in fields
    if each.type in {"integer", "double"}
]


def body_with(table: str, part: dict[str, Any]) -> dict[str, Any]:
    """The smallest body that holds `part` as an object of that table."""
    disks = [disk()]
    target: dict[str, Any] = {"vm_id": "v-1", "name": "target-1", "disks": disks}
    match table:
        case "PostTask":
            return part
        case "SourceServerByTask":
            return post_task(source_server=part)
        case "TargetServerByTask":
            target = part
        case "TargetDisks":
            target["disks"] = [part]
        case "PhysicalVolumes":
            target["disks"] = [disk(size=2**63 - 1, physical_volumes=[part])]
        case "VolumeGroups":
            target["volume_groups"] = [part]
        case "LogicalVolumes":
            target["volume_groups"] = [{"logical_volumes": [part]}]
        case "BtrfsFileSystem":
            target["btrfs_list"] = [part]
        case _:
            target["btrfs_list"] = [{**SMALLEST["BtrfsFileSystem"], "subvolume": [part]}]
    return post_task(target_server=target)


def code_of(body: object, validator: Validator = STRICT) -> str:
    """The code that a body is refused with; empty when it is taken."""
    try:
        validator.read(body if isinstance(body, bytes) else as_bytes(body))
    except Refusal as refusal:
        return refusal.code
    return ""


def edge(each: Field) -> tuple[object, object] | None:
    """The largest value that a field takes, and the smallest that is too large."""
    if each.type == "string" and not each.choices:
        return "1" * int(each.high), "1" * (int(each.high) + 1)
    if each.type == "integer":
        return int(each.high), int(each.high) + 1
    return (each.high, each.high + 0.001) if each.type == "double" else None


@pytest.mark.parametrize("table", TABLES)
def test_the_smallest_object_of_each_table_is_taken(table: str) -> None:
    """Only mandatory fields, at their smallest, make a body that strict mode takes."""
    assert code_of(body_with(table, SMALLEST[table])) == ""


@pytest.mark.parametrize(("table", "each"), FIELDS)
def test_mandatory_means_mandatory(table: str, each: Field) -> None:
    """Without a mandatory field a body is refused with the field's code; lenient mode asks for what the SDK asks for."""
    without = {name: value for name, value in SMALLEST[table].items() if name != each.name}
    ruled = table == "TargetServerByTask" and each.name in {"name", "vm_id"}
    expected = each.code if each.mandatory or ruled else ""
    assert code_of(body_with(table, without)) == expected
    if each.lenient is False:
        assert code_of(body_with(table, without), LENIENT) == ""


@pytest.mark.parametrize(("table", "each"), FIELDS)
def test_a_bound_holds_to_the_last_unit(table: str, each: Field) -> None:
    """The page's maximum is taken, one more is refused."""
    edges = edge(each)
    if edges is None or (table == "PostTask" and each.name == "migration_ip"):
        return
    largest = {**SMALLEST[table], each.name: edges[0]}
    if table == "TargetDisks" and each.name == "size":
        largest["physical_volumes"] = []
    assert code_of(body_with(table, largest)) == ""
    assert code_of(body_with(table, {**largest, each.name: edges[1]})) == each.code


@pytest.mark.parametrize(("table", "each"), FIELDS)
def test_a_wrong_type_is_refused(table: str, each: Field) -> None:
    """A number for a text, a text for a number, 1 for true, a text for a list: each is refused."""
    wrong: object = {"string": 7, "integer": "7", "double": "7", "boolean": 1, "object": "x", "array": {}}[each.type]
    found = code_of(body_with(table, {**SMALLEST[table], each.name: wrong}))
    assert found == ("SMS.9001" if each.type == "object" else each.code)


@pytest.mark.parametrize(("table", "each"), NUMBERS)
def test_below_the_minimum_is_refused(table: str, each: Field) -> None:
    """Every number of the page is 0 or more, and true is no number."""
    for wrong in (-1, True):
        assert code_of(body_with(table, {**SMALLEST[table], each.name: wrong})) == each.code


@pytest.mark.parametrize(("table", "each"), ARRAYS)
def test_an_array_is_as_long_as_its_table_says(table: str, each: Field) -> None:
    """255 logical volumes, 65,535 of everything else; one more is a problem, and the only one."""
    item = SMALLEST[each.table] if each.table != "TargetDisks" else disk(physical_volumes=[])
    for length, problems in ((int(each.high), 0), (int(each.high) + 1, 1)):
        found = Found()
        PAGE[table].check({**SMALLEST[table], each.name: [item] * length}, "", found)
        assert len(found.problems) == problems


def test_the_pages_own_example_is_taken_with_a_warning() -> None:
    """Null uuid (2), used_size below its partition (3), a private address (7), and the unknown key (1), which is told."""
    _, unknown = STRICT.read(EXAMPLE.encode())
    assert unknown == ["is_need_consistency_result"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "bad name"}, "SMS.7711"),
        ({"name": "迁移任务-1_a"}, ""),
        ({"type": "MIGRATE_ALL"}, "SMS.7712"),
        ({"os_type": "linux"}, "SMS.6601"),
        ({"os_type": "WINDOWS"}, "SMS.6610"),
        ({"os_type": "WINDOWS", "type": "MIGRATE_BLOCK"}, ""),
        ({"source_server": {"id": " "}}, "SMS.6030"),
        ({"source_server": {}}, "SMS.6030"),
        ({"target_server": {"vm_id": "", "name": "t", "disks": []}}, "SMS.6032"),
        ({"target_server": {"vm_id": "v", "name": "t"}}, "SMS.6033"),
        ({"target_server": {"name": "t", "disks": []}, "vm_template_id": "tpl"}, ""),
        ({"target_server": {"vm_id": "", "name": "t", "disks": []}, "vm_template_id": "tpl"}, ""),
        ({"target_server": {"disks": []}, "vm_template_id": "tpl"}, "SMS.9001"),
        ({"target_server": {"vm_id": "v", "name": "t", "disks": [disk(size=9)]}}, "SMS.6614"),
        ({"migration_ip": "10.0.0.1"}, ""),
        ({"migration_ip": ""}, ""),
        ({"migration_ip": "10.0.0"}, "SMS.9001"),
        ({"migration_ip": "2001:db8::1"}, "SMS.9001"),
        ({"migration_ip": "2001:db8::1", "use_ipv6": True}, ""),
        ({"migration_ip": "10.0.0.1", "use_ipv6": True}, "SMS.9001"),
    ],
)
def test_a_rule_of_the_service_has_its_code(changes: dict[str, Any], code: str) -> None:
    """What no table says: names, types by OS, target or template, disks and their partitions, addresses."""
    assert code_of(post_task(**changes)) == code


def test_options_make_it_stricter_or_milder() -> None:
    """4-20 characters (13), no private address on the public network (7), no name in template mode (4)."""
    assert code_of(post_task(name="abc"), Validator(SimulatorOptions(strict_names=True))) == "SMS.7711"
    assert code_of(post_task(migration_ip="10.0.0.1"), Validator(SimulatorOptions(check_floating_ip=True))) == "SMS.6602"
    assert code_of(post_task(target_server={}, vm_template_id="tpl"), LENIENT) == ""
    hint = body_with("TargetDisks", disk(device_use="VOLUME_GROUP"))
    assert (code_of(hint), code_of(hint, LENIENT)) == ("SMS.9001", "")


def test_both_spellings_of_subvolume_are_taken() -> None:
    """The page writes subvolume, every client subvolumn (8)."""
    other = {**SMALLEST["BtrfsFileSystem"], "subvolumn": SMALLEST["BtrfsFileSystem"]["subvolume"]}
    del other["subvolume"]
    assert code_of(body_with("BtrfsFileSystem", other)) == ""


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b'{"name":', b'{"name": NaN}', b"\xff", b'{"name":"\\ud800"}', b"[" * 20000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    """Empty, cut short, NaN, not UTF-8, half a surrogate pair, absurdly deep: SMS.9001, never an exception."""
    assert code_of(body) == "SMS.9001"


def test_all_problems_come_at_once_and_within_bounds() -> None:
    """One refusal names up to 20 problems, each with its place."""
    with pytest.raises(Refusal) as caught:
        STRICT.read(as_bytes(post_task(priority=-1, region_id=7, target_server={"disks": [{}] * 30, "name": "t", "vm_id": "v"})))
    shown = json.loads(caught.value.answer().body)
    assert shown["error_code"] == "SMS.9001"
    assert shown["error_param"][:2] == [
        "target_server.disks[0].name: is mandatory",
        "target_server.disks[0].physical_volumes: is mandatory",
    ]
    assert len(shown["error_param"]) == len(shown["details"]) == 20
    assert "region_id: must be a string" in caught.value.params


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SMALLEST["PostTask"], "disks", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(post_task())), JSON)
def test_any_json_is_taken_or_refused(name: str, value: object) -> None:
    """Whatever JSON stands in a field, the answer is yes or a code of the service; nothing else ever comes out."""
    code = code_of(post_task() | {name: value})
    assert code == "" or code in {"SMS.9001", "SMS.7711", "SMS.7712", "SMS.6601", "SMS.6610", "SMS.6614"} | {
        f"SMS.60{number}" for number in (30, 31, 32, 33)
    }
