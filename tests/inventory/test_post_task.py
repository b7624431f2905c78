"""PostTask holds the API page's tables to the letter, and writes them down the same way every time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from inventory import post_task
from inventory.post_task import MAX_INTEGER, MAX_LONG, Body, BtrfsFileSystem, LogicalVolumes, PhysicalVolumes, PostTask

LONGS = {"nodesize", "g_vol_used_size", "size", "used_size", "free_size", "inode_nums"}


def minimal(**more: Any) -> dict[str, Any]:
    """The smallest body that the page allows, as plain values."""
    return {
        "name": "web-01",
        "type": "MIGRATE_FILE",
        "os_type": "LINUX",
        "source_server": {"id": "s1"},
        "target_server": {"disks": [], "name": "web-01", "vm_id": "t1"},
        "region_name": "ap-southeast-3",
        "region_id": "ap-southeast-3",
        "project_name": "ap-southeast-3",
        "project_id": "p1",
        **more,
    }


def subvolume() -> dict[str, str]:
    """A complete Btrfs subvolume."""
    names = ("uuid", "is_snapshot", "subvol_id", "parent_id", "subvol_name", "subvol_mount_path")
    return dict.fromkeys(names, "x")


def btrfs(**more: Any) -> dict[str, Any]:
    """A complete Btrfs file system."""
    words = {name: "x" for name, field in BtrfsFileSystem.model_fields.items() if "str" in str(field.annotation)}
    return {**words, "size": 1, "nodesize": 16384, "sectorsize": 4096, "g_vol_used_size": 1, "subvolumn": [subvolume()], **more}


def refused(model: type[BaseModel], values: dict[str, Any]) -> bool:
    """Whether the model says no to the values."""
    try:
        model.model_validate(values)
    except ValidationError:
        return True
    return False


def test_absent_is_absent() -> None:
    """What nobody said is not in the body at all, not even as null, and empty lists are sent."""
    body = json.loads(PostTask.model_validate(minimal()).to_json())
    assert body == minimal()


def test_bytes_are_compact_utf8_in_the_pages_order() -> None:
    """No spaces, real UTF-8, and the order of table 2 whatever the order of the values."""
    reversed_values = dict(reversed(minimal(name="迁移-01", priority=1).items()))
    written = PostTask.model_validate(reversed_values).to_json()
    assert written.startswith('{"name":"迁移-01","type":"MIGRATE_FILE","os_type":"LINUX","source_server":{"id":"s1"}'.encode())
    assert written == PostTask.model_validate(minimal(name="迁移-01", priority=1)).to_json()


def test_the_subvolumes_key_is_spelt_as_the_service_reads_it() -> None:
    """Contradiction 8: the table says subvolume, the service reads subvolumn."""
    target = {"disks": [], "name": "n", "vm_id": "v", "btrfs_list": [btrfs()]}
    written = PostTask.model_validate(minimal(target_server=target)).to_json()
    assert b'"subvolumn":[{"uuid":"x"' in written
    assert b"subvolume" not in written
    assert refused(BtrfsFileSystem, {**btrfs(), "subvolume": []})


@pytest.mark.parametrize(
    "name",
    ["name", "type", "os_type", "source_server", "target_server", "region_name", "region_id", "project_name", "project_id"],
)
def test_mandatory_fields_are_mandatory(name: str) -> None:
    """Table 2's nine mandatory fields cannot be left out, nor be null."""
    values = minimal()
    assert refused(PostTask, {**values, name: None})
    del values[name]
    assert refused(PostTask, values)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [("priority", 0, 65535), ("speed_limit", 0, 10000), ("over_speed_threshold", 0, 100)],
)
def test_numbers_of_the_task_keep_their_bounds(field: str, low: int, high: int) -> None:
    """Both ends are in, one step beyond is out."""
    for good in (low, high):
        assert not refused(PostTask, minimal(**{field: good}))
    for bad in (low - 1, high + 1, True, "5", float("nan"), float("inf")):
        assert refused(PostTask, minimal(**{field: bad})), bad


@pytest.mark.parametrize(
    ("model", "field", "high", "whole"),
    [
        (PhysicalVolumes, "index", MAX_INTEGER, {}),
        (PhysicalVolumes, "size", MAX_LONG, {}),
        (PhysicalVolumes, "inode_size", MAX_LONG, {}),
        (BtrfsFileSystem, "sectorsize", MAX_INTEGER, btrfs()),
        (BtrfsFileSystem, "nodesize", MAX_LONG, btrfs()),
        (LogicalVolumes, "block_size", 1_048_576, None),
        (LogicalVolumes, "block_count", MAX_INTEGER, None),
        (LogicalVolumes, "inode_size", MAX_INTEGER, None),
        (LogicalVolumes, "inode_nums", MAX_LONG, None),
        (LogicalVolumes, "free_size", MAX_LONG, None),
    ],
)
def test_nested_numbers_keep_their_bounds(model: type[BaseModel], field: str, high: int, whole: dict[str, Any] | None) -> None:
    """Zero and the table's maximum are in, -1 and one above are out."""
    volume = {"file_system": "", "inode_size": 0, "mount_point": "", "name": "", "size": 0, "used_size": 0, "free_size": 0}
    values = volume if whole is None else whole
    assert [refused(model, {**values, field: value}) for value in (-1, 0, high, high + 1)] == [True, False, False, True]


@pytest.mark.parametrize(("field", "longest"), [("mount_point", 256), ("name", 1024), ("file_system", 255)])
def test_logical_volume_texts_keep_their_lengths(field: str, longest: int) -> None:
    """Table 10 is the one with lengths of its own."""
    values = {"file_system": "", "inode_size": 0, "mount_point": "", "name": "", "size": 0, "used_size": 0, "free_size": 0}
    assert not refused(LogicalVolumes, {**values, field: "x" * longest})
    assert refused(LogicalVolumes, {**values, field: "x" * (longest + 1)})


def test_a_volume_group_has_at_most_255_logical_volumes() -> None:
    """Table 9's list is the only one that ends at 255."""
    volume = {"file_system": "", "inode_size": 0, "mount_point": "", "name": "", "size": 0, "used_size": 0, "free_size": 0}
    assert not refused(post_task.VolumeGroups, {"logical_volumes": [volume] * 255})
    assert refused(post_task.VolumeGroups, {"logical_volumes": [volume] * 256})


def test_unknown_keys_are_refused_at_every_depth() -> None:
    """A misspelt field is never dropped in silence: contradiction 1's is_need_consistency_result is one."""
    assert refused(PostTask, minimal(is_need_consistency_result=True))
    assert refused(PostTask, minimal(source_server={"id": "s1", "name": "x"}))
    assert refused(PostTask, minimal(target_server={"disks": [], "name": "", "vm_id": "", "x": 1}))


def test_every_text_has_a_limit() -> None:
    """No string of the body is unbounded, in any table: 255 characters, or what table 10 says."""
    bodies = [kind for kind in vars(post_task).values() if isinstance(kind, type) and issubclass(kind, Body) and kind is not Body]
    assert len(bodies) == 9
    for kind in bodies:
        for name, schema in kind.model_json_schema()["properties"].items():
            for option in schema.get("anyOf", [schema]):
                if option.get("type") == "string" and "enum" not in option:
                    assert option["maxLength"] in {255, 256, 1024}, name


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=255)
flags = st.none() | st.booleans()


@given(
    name=texts,
    migration_ip=st.none() | texts,
    priority=st.none() | st.integers(0, 65535),
    threshold=st.none() | st.floats(0, 100),
    syncing=flags,
    sizes=st.lists(st.integers(0, MAX_LONG), max_size=3),
)
def test_round_trip(
    name: str, migration_ip: str | None, priority: int | None, threshold: float | None, syncing: bool | None, sizes: list[int]
) -> None:
    """What was written reads back as the same task, and is written the same again."""
    disks = [{"name": name, "size": size, "used_size": size, "physical_volumes": [{"size": size}]} for size in sizes]
    values = minimal(name=name, migration_ip=migration_ip, priority=priority, over_speed_threshold=threshold, syncing=syncing)
    task = PostTask.model_validate({**values, "target_server": {"disks": disks, "name": name, "vm_id": ""}})
    again = PostTask.model_validate_json(task.to_json())
    assert again == task
    assert again.to_json() == task.to_json()
    assert set(json.loads(task.to_json())) == {field for field, value in task if value is not None}
