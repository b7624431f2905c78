"""Two plans are compared row by row, by who the server is, and by what holds for it; where a row stands does not matter."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.plan import read_plan
from inventory.plan_diff import diff_plans
from tests.plans import DEFAULTS, disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.plan_diff import PlanDiff


def compared(folder: Path, old: dict[str, Any], new: dict[str, Any], wave: str | None = None) -> PlanDiff:
    """The difference of two plans, given as `make_plan` takes them."""
    plans = [read_plan(make_plan(folder / f"{name}.xlsx", **given)) for name, given in (("old", old), ("new", new))]
    return diff_plans(plans[0], plans[1], wave)


def told(diff: PlanDiff) -> list[tuple[str, str, str, str]]:
    """Every changed value: server, column, before, after."""
    return [(pair.row.label, one.column, one.before, one.after) for pair in diff.pairs for one in pair.changes]


def rows(*numbers: int, **values: Any) -> dict[str, Any]:
    return {"servers": [server(number, **values) for number in numbers]}


def test_rows_are_added_gone_and_moved(tmp_path: Path) -> None:
    """By the server's id, whatever the order of the rows; each with its cell in both plans."""
    diff = compared(tmp_path, rows(1, 2, 3), {"servers": [server(4), server(3, wave="wave-2"), server(1)]})
    assert [pair.row.label for pair in diff.added] == ["web-04"]
    assert [(pair.row.label, str(pair.row.cell("wave"))) for pair in diff.gone] == [("web-02", "Servers!A3")]
    [moved] = diff.moved
    assert moved.old is not None
    assert (moved.old.wave, moved.row.wave) == ("wave-1", "wave-2")
    assert not told(diff)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        # The id wins over a name that was corrected.
        (server(1), server(1, source_name="app-01"), [("app-01", "source_name", "web-01", "app-01")]),
        # A server that was registered anew is known by its name.
        (server(1), server(1, source_server_id="src-9"), [("web-01", "source_server_id", "src-0001-a1b2", "src-9")]),
        # In a plan that was imported, before SMS knows the server, by its id in the inventory.
        (
            server(1, source_server_id=None, inventory_id="vm-7"),
            server(1, source_server_id=None, inventory_id="vm-7", source_name="app-01"),
            [("app-01", "source_name", "web-01", "app-01")],
        ),
        # And one without any of these by its address, however that is written.
        (
            server(1, source_server_id=None, source_name=None, source_ip="fd00::7"),
            server(1, source_server_id=None, source_name=None, source_ip="FD00:0::7", priority=2),
            [("FD00:0::7", "priority", "", "2")],
        ),
    ],
)
def test_rows_are_the_same_by_id_then_name_then_address(
    tmp_path: Path, old: dict[str, Any], new: dict[str, Any], changes: list[tuple[str, str, str, str]]
) -> None:
    diff = compared(tmp_path, {"servers": [old]}, {"servers": [server(7), new]})
    assert told(diff) == changes
    assert [pair.row.label for pair in diff.added] == ["web-07"]
    assert not diff.gone


def test_a_name_that_two_rows_have_tells_nobody_which_is_which(tmp_path: Path) -> None:
    """Without ids, two of one name on one side are not guessed at."""
    alike = {"source_server_id": None, "source_ip": None, "source_name": "web"}
    diff = compared(tmp_path, {"servers": [server(1, **alike)]}, {"servers": [server(1, **alike), server(2, **alike)]})
    assert (len(diff.added), len(diff.gone)) == (2, 1)


def test_a_server_in_two_waves_is_compared_wave_by_wave(tmp_path: Path) -> None:
    twice = [server(1), server(1, wave="wave-2")]
    diff = compared(tmp_path, {"servers": twice}, {"servers": [server(1, wave="wave-2", priority=2), server(1)]})
    assert told(diff) == [("web-01", "priority", "", "2")]
    assert not diff.moved


def test_a_changed_default_changes_every_row_that_takes_it(tmp_path: Path) -> None:
    """Precedence is kept: a row, or a wave, that says it for itself is not changed by the plan's default."""
    waves = {"waves": [{"wave": "wave-2", "priority": 0}]}
    both = {"servers": [server(1, priority=1), server(2), server(3, wave="wave-2")], **waves}
    diff = compared(tmp_path, {**both, "defaults": {**DEFAULTS, "priority": 1}}, {**both, "defaults": {**DEFAULTS, "priority": 2}})
    assert told(diff) == [("web-02", "priority", "1", "2")]
    [change] = diff.changed[0].changes
    assert (str(change.old_cell), str(change.new_cell)) == ("Defaults!B8", "Defaults!B8")


def test_a_value_said_elsewhere_is_no_change(tmp_path: Path) -> None:
    """A default that is typed into each row instead holds as before; so does the same size in another unit."""
    old = {**rows(1, 2), "disks": [disk(size="40 GiB")], "defaults": {**DEFAULTS, "priority": 2}}
    assert compared(tmp_path, old, {**rows(1, 2, priority=2), "disks": [disk(size=42949672960)]}).is_same


def test_a_wave_that_moves_its_rows_values_tells_them(tmp_path: Path) -> None:
    """What a wave says for its rows is a change of theirs; what it says of itself is one of the wave."""
    old = {**rows(1), "waves": [{"wave": "wave-1", "speed_limit": 100, "max_running": 5}]}
    new = {**rows(1), "waves": [{"wave": "wave-1", "speed_limit": 200, "max_running": 9}, {"wave": "wave-9"}]}
    diff = compared(tmp_path, old, new)
    assert told(diff) == [("web-01", "speed_limit", "100", "200")]
    parts = [(part.name, part.kind, [(one.column, one.before, one.after) for one in part.changes]) for part in diff.waves]
    assert parts == [("wave-1", "changed", [("max_running", "5", "9")]), ("wave-9", "added", [])]


def test_disks_and_what_is_on_them_belong_to_their_server(tmp_path: Path) -> None:
    volume = {"source_server_id": "src-0001-a1b2", "disk": "/dev/vda", "name": "/dev/vda1", "size": "1 GiB"}
    old = {**rows(1, 2), "disks": [disk(1), disk(2)], "Volumes": [volume]}
    new = {
        **rows(2, 1),
        "disks": [disk(2), disk(1, size="80 GiB"), disk(1, name="/dev/vdb")],
        "Volumes": [{**volume, "size": "2 GiB"}],
    }
    diff = compared(tmp_path, old, new)
    [pair] = diff.with_other_disks
    parts = [(part.sheet, part.name, part.kind, [(one.before, one.after) for one in part.changes]) for part in pair.disks]
    assert pair.row.label == "web-01"
    assert parts == [
        ("Disks", "/dev/vda", "changed", [("40 GiB", "80 GiB")]),
        ("Disks", "/dev/vdb", "added", []),
        ("Volumes", "/dev/vda /dev/vda1", "changed", [("1 GiB", "2 GiB")]),
    ]


def test_limits_and_unknown_columns_are_compared_too(tmp_path: Path) -> None:
    limit = {"column": "rack", "value": "*", "max_running": 2}
    old = {**rows(1, rack="r1"), "Limits": [limit]}
    diff = compared(tmp_path, old, {**rows(1, rack="r2"), "Limits": [{**limit, "max_running": 3}]})
    assert told(diff) == [("web-01", "rack", "r1", "r2")]
    assert [part.name for part in diff.limits] == ["rack *"]


def test_what_cannot_be_read_is_compared_as_typed(tmp_path: Path) -> None:
    assert told(compared(tmp_path, rows(1, priority="12O"), rows(1, priority="13O"))) == [("web-01", "priority", "12O", "13O")]


def test_a_wave_shows_what_is_or_was_in_it(tmp_path: Path) -> None:
    old = {"servers": [server(1), server(2, wave="wave-2"), server(3)]}
    new = {"servers": [server(1, wave="wave-2"), server(2, wave="wave-2", priority=2), server(3, priority=2)]}
    diff = compared(tmp_path, old, new, "wave-2")
    assert [pair.row.label for pair in diff.pairs] == ["web-01", "web-02"]


VALUES = {
    "priority": st.sampled_from([None, 0, 1, 2]),
    "speed_limit": st.sampled_from([None, 0, 100]),
    "syncing": st.sampled_from([None, "yes", "no"]),
    "wave": st.sampled_from(["wave-1", "wave-2"]),
    "rack": st.sampled_from([None, "r1", "r2"]),
}
SERVERS = st.dictionaries(st.integers(1, 6), st.fixed_dictionaries(VALUES), min_size=1, max_size=5)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=SERVERS, new=SERVERS, seed=st.integers(0, 99))
def test_the_difference_is_that_of_the_two_sets_of_servers(
    tmp_path: Path, old: dict[int, Any], new: dict[int, Any], seed: int
) -> None:
    """In whatever order the rows stand, and by whichever of their names: no more is told, and nothing less."""
    shuffled = list(new.items())
    random.Random(seed).shuffle(shuffled)
    keyless: dict[str, Any] = {"source_server_id": None} if seed % 2 else {}
    given_old = {"servers": [server(number, **values) for number, values in old.items()]}
    diff = compared(tmp_path, given_old, {"servers": [server(number, **keyless, **values) for number, values in shuffled]})
    assert {pair.row.label for pair in diff.added} == {f"web-{number:02}" for number in new.keys() - old.keys()}
    assert {pair.row.label for pair in diff.gone} == {f"web-{number:02}" for number in old.keys() - new.keys()}
    both = old.keys() & new.keys()
    assert {pair.row.label for pair in diff.moved} == {f"web-{n:02}" for n in both if old[n]["wave"] != new[n]["wave"]}
    changed = {(f"web-{n:02}", name) for n in both for name in VALUES if name != "wave" and old[n][name] != new[n][name]}
    assert {(server_, name) for server_, name, _, _ in told(diff) if name != "source_server_id"} == changed
