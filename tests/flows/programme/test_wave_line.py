"""What needs a person, judged by a picture: a wave whose window has closed hides no server that is not moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.programme.wave_line import WayMark, wave_line
from flows.tracking.picture import Picture, ServerView
from flows.tracking.standing import Goal, Standing, standing_of
from inventory.plan import read_plan
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

CLOSES = 1_799_632_800.0
"""2027-01-11 02:00 UTC."""


def attention(folder: Path, state: str, now: float, late_seconds: float = 0.0) -> tuple[str, ...]:
    """What is said of a wave of one server whose task is in that state."""
    waves = [{"wave": "wave-1", "starts_at": "2027-01-10 20:00", "ends_at": "2027-01-11 02:00", "timezone": "UTC"}]
    plan = read_plan(make_plan(folder / "plan.xlsx", [server()], waves=waves))
    view = ServerView(plan.servers[0], "src-1", "task-1", state, standing_of(state), late_seconds=late_seconds)
    picture = Picture("wave-1", plan.name, Goal.DONE, now, [view])
    return wave_line(plan.waves["wave-1"], picture, WayMark("report", "done"), now).attention


@pytest.mark.parametrize("state", ["READY", "ABORT", "RUNNING", "SYNCING", "ABORTING"])
def test_what_is_not_moved_when_the_window_has_closed_needs_a_person(tmp_path: Path, state: str) -> None:
    """Also where no forecast can say that it is late; and once, where one can."""
    assert attention(tmp_path, state, CLOSES - 60) == ()
    assert attention(tmp_path, state, CLOSES + 3600) == ("1 server not cut over (web-01), and the window closed 1 h 00 min ago",)
    [late] = attention(tmp_path, state, CLOSES + 3600, late_seconds=7200.0)
    assert late.startswith("web-01 will miss the window")


def test_what_is_moved_needs_nobody(tmp_path: Path) -> None:
    assert attention(tmp_path, "MIGRATE_SUCCESS", CLOSES + 3600) == ()


def test_a_state_that_nobody_knows_needs_a_person(tmp_path: Path) -> None:
    assert standing_of("PONDERING") is Standing.UNKNOWN
    [said] = attention(tmp_path, "PONDERING", CLOSES - 60)
    assert said.startswith("web-01: the state of the task is not known")
