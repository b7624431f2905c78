"""Who starts next, as a rule: no limit exceeded, nobody passed over without a reason, the order that a forecast goes by."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from flows.operating.places import Candidate, Layout, Room, choose
from flows.sms.task_sight import TaskSight
from inventory.plan import read_plan
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = 3
candidates = st.lists(
    st.builds(
        Candidate,
        position=st.integers(0, 500),
        priority=st.integers(0, 2),
        groups=st.lists(st.integers(0, GROUPS - 1), unique=True, max_size=GROUPS).map(tuple),
        is_free=st.booleans(),
    ),
    unique_by=lambda each: each.position,
    max_size=20,
)
counts = st.integers(-2, 8)
rooms = st.builds(Room, account=counts, wave=counts, groups=st.lists(counts, min_size=GROUPS, max_size=GROUPS))


@given(candidates, rooms)
def test_no_limit_is_exceeded_and_no_place_is_left_empty(waiting: list[Candidate], room: Room) -> None:
    """Also where more run already than may. Who is not chosen depends on others, or comes after the places were gone."""
    before = deepcopy(room)
    chosen = choose(waiting, room)
    assert len(chosen) <= max(0, min(before.account, before.wave))
    for group in range(GROUPS):
        assert sum(group in one.groups for one in chosen) <= max(0, before.groups[group])
    assert all(one.is_free for one in chosen)
    for one in waiting:
        assert one in chosen or not one.is_free or not room.holds(one)
    assert chosen == sorted(chosen, key=lambda each: (-each.priority, each.position))


@given(candidates, rooms)
def test_nobody_passes_one_of_the_same_groups(waiting: list[Candidate], room: Room) -> None:
    """Of two that need the same places, the one with the higher priority, then the one above in the sheet, starts first."""
    chosen = choose(waiting, room)
    for one in chosen:
        for other in waiting:
            comes_before = (-other.priority, other.position) < (-one.priority, one.position)
            assert not (comes_before and other.is_free and set(other.groups) <= set(one.groups)) or other in chosen


def test_limits_count_over_the_whole_plan_and_the_wave_for_itself(tmp_path: Path) -> None:
    """A host that two waves share has one limit; the account counts tasks that no row of the plan knows, too."""
    rows = [server(1, esx="a"), server(2, esx="a", wave="wave-2"), server(3, esx="b"), server(4, esx="b", skip=True)]
    waves: list[dict[str, object]] = [{"wave": "wave-1", "max_running": 5}, {"wave": "wave-2", "max_running": None}]
    path = make_plan(tmp_path / "plan.xlsx", rows, waves=waves, Limits=[{"column": "esx", "value": "*", "max_running": 2}])
    layout = Layout(read_plan(path), "wave-1", 10)
    running = [TaskSight("t1", source_server_id="src-0002-a1b2"), TaskSight("t2", source_server_id="of another plan")]
    room = layout.room(layout.row_of(task) for task in running)
    assert (room.account, room.wave, room.groups) == (8, 5, [1, 2])


def test_a_task_is_known_by_the_name_of_its_source_where_the_sheet_has_no_id(tmp_path: Path) -> None:
    """By its address, too; a name that fits two rows fits none."""
    bare = {"source_server_id": None}
    rows = [server(1, **bare), server(2, source_name="twin", **bare), server(3, source_name="twin", **bare)]
    layout = Layout(read_plan(make_plan(tmp_path / "plan.xlsx", rows)), "wave-1", 10)
    assert layout.row_of(TaskSight("t", source_server_id="x", source_name="WEB-01")) == 2
    assert layout.row_of(TaskSight("t", source_server_id="x", source_name="twin", source_ip="192.168.0.4")) == 4
    assert layout.row_of(TaskSight("t", source_server_id="x", source_name="twin")) is None
