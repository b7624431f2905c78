"""A source server is read whatever SMS leaves out, and the disks that count are found in either of its shapes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from inventory.source_server import SourceServer

JUNK = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.none() | st.integers(), max_size=2)
)


def source(**more: Any) -> SourceServer:
    """A source of which SMS says its id, and what the test adds."""
    return SourceServer.model_validate({"id": "s1", **more})


def test_the_show_shape_is_read_whole() -> None:
    """Disks, partitions, volume groups, Btrfs, cards, checks and the current task all come through."""
    server = source(
        name="db-01",
        disks=[{"name": "/dev/vda", "size": 10, "physical_volumes": [{"name": "/dev/vda1", "uuid": None, "size": 9}]}],
        volume_groups=[{"name": "vg", "components": "/dev/vdb;/dev/vdc", "logical_volumes": [{"name": "lv", "size": 5}]}],
        btrfs_list=[{"name": "b", "subvolumn": [{"subvol_id": 5}]}],
        networks=[{"ip": "192.0.2.7", "mac": "00"}],
        checks=[{"name": "CPU", "result": "OK"}, {"name": "FIRMWARE", "result": "ERROR", "error_code": "SMS.0206"}],
        current_task={"id": "t1", "target_server": {"vm_id": "v1"}},
    )
    assert server.disks[0].physical_volumes[0].uuid == ""
    assert server.volume_groups[0].logical_volumes[0].free_size is None
    assert server.btrfs_list[0].subvolumn[0].subvol_id == "5"
    assert [check.name for check in server.failed_checks] == ["FIRMWARE"]
    assert server.current_task is not None
    assert server.current_task.target_server is not None
    assert server.addresses == {"192.0.2.7"}


def test_a_list_item_has_the_disks_of_its_proposed_target() -> None:
    """The list has init_target_server alone; it wins over the source's own disks where both are there."""
    proposed = {"disks": [{"name": "/dev/vda", "size": 20}], "volume_groups": None}
    both = source(init_target_server=proposed, disks=[{"name": "/dev/vda", "size": 10}], volume_groups=[{"name": "vg"}])
    assert [disk.size for disk in both.planned_disks()] == [20]
    assert [group.name for group in both.planned_volume_groups()] == ["vg"]
    assert [disk.size for disk in source(disks=[{"size": 10}], init_target_server=None).planned_disks()] == [10]
    assert source().planned_disks() == ()


def test_both_spellings_of_subvolumes_are_read() -> None:
    """Contradiction 8 holds for what is read, too."""
    for key in ("subvolumn", "subvolume"):
        assert source(btrfs_list=[{key: [{"uuid": "u"}]}]).btrfs_list[0].subvolumn[0].uuid == "u"


@pytest.mark.parametrize(
    ("reported", "size_bytes"),
    [(17171075072, 17171075072), (16384, 16384 * 2**20), (4, 4 * 2**30), ("2048", 2**31), (None, None)],
)
def test_memory_is_bytes_whatever_its_unit_was(reported: object, size_bytes: int | None) -> None:
    """Contradiction 20: bytes, MiB and GiB have all been seen in this field."""
    assert source(memory=reported).memory_bytes == size_bytes


@pytest.mark.parametrize(
    ("reported", "read"),
    [
        ("42", 42),
        (" 42 ", 42),
        (42.9, 42),
        ("42.0", 42),
        ("", None),
        ("n/a", None),
        ("nan", None),
        ("²", None),
        (None, None),
        ([], None),
    ],
)
def test_numbers_come_in_any_dress(reported: object, read: int | None) -> None:
    """A number as text is a number, and what is none is absent."""
    assert source(cpu_quantity=reported).cpu_quantity == read


@pytest.mark.parametrize(
    ("reported", "read"), [(True, True), ("false", False), ("TRUE", True), (0, False), (None, None), ("?", None)]
)
def test_connected_is_none_where_sms_does_not_say(reported: object, read: bool | None) -> None:
    """Not knowing is not the same as not being connected."""
    assert source(connected=reported).connected is read


@pytest.mark.parametrize("answer", [{}, {"id": ""}, {"id": None}])
def test_only_an_answer_without_an_id_is_refused(answer: dict[str, Any]) -> None:
    """Without an id there is no server to speak of."""
    with pytest.raises(ValidationError):
        SourceServer.model_validate(answer)


def test_a_server_is_called_by_what_is_known_of_it() -> None:
    """Name, host name, address, id: the first that is there."""
    assert [source(name="a", ip="b").label, source(hostname="c", ip="b").label, source(ip="b").label, source().label] == [
        "a",
        "c",
        "b",
        "s1",
    ]


@given(st.dictionaries(st.sampled_from(sorted(set(SourceServer.model_fields) - {"id"})), JUNK))
def test_no_junk_stops_the_reading(junk: dict[str, Any]) -> None:
    """Any field may hold anything: the server is still read, and its disks are a list."""
    server = source(**junk, unknown_key={"x": 1})
    assert isinstance(server.planned_disks(), tuple)
    assert isinstance(server.label, str)
