"""PostTask writes a body down the same way every time, and takes no key that it does not know; its bounds: test_one_page.py."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from inventory.post_task import MAX_LONG, BtrfsFileSystem, PostTask


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


def test_unknown_keys_are_refused_at_every_depth() -> None:
    """A misspelt field is never dropped in silence: contradiction 1's is_need_consistency_result is one."""
    assert refused(PostTask, minimal(is_need_consistency_result=True))
    assert refused(PostTask, minimal(source_server={"id": "s1", "name": "x"}))
    assert refused(PostTask, minimal(target_server={"disks": [], "name": "", "vm_id": "", "x": 1}))


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
