"""The figures at a gate, of a picture of the wave: what is ready, checked, and how long each cutover takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.night.figures import ROUND_SECONDS, may_fail, wave_at_gate
from flows.sms.consistency import ConsistencyResult
from flows.tracking.picture import Picture, ServerView
from flows.tracking.standing import Goal, standing_of
from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from flows.night.criteria import WaveAtGate
    from inventory.plan import Plan

STATES = ("SYNCING", "SYNCING", "MIGRATE_SUCCESS", "MIGRATE_FAIL")
SIZE = 100 * 1024**3


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    rows = [server(number, syncing="yes", is_need_consistency_check="yes") for number in range(1, 5)]
    disks = [disk(number, size=2 * SIZE, used_size=SIZE) for number in range(1, 4)]
    waves = [
        {
            "wave": "wave-1",
            "bandwidth_mbps": 1000,
            "failure_budget": "25%",
            "starts_at": "2030-01-01 20:00",
            "ends_at": "2030-01-02 06:00",
        }
    ]
    return read_plan(make_plan(tmp_path / "plan.xlsx", rows, disks=disks, waves=waves))


def at_gate(
    plan: Plan, checked: dict[str, ConsistencyResult | None] | None = None, *, states: tuple[str, ...] = STATES
) -> WaveAtGate:
    views = [
        ServerView(row, row.source_server_id, f"t-{place}", state, standing_of(state))
        for place, (row, state) in enumerate(zip(plan.rows("wave-1"), states, strict=True), start=1)
    ]
    picture = Picture("wave-1", plan.name, Goal.SYNCED, 0.0, views)
    wave = plan.waves["wave-1"]
    assert wave.ends_at is not None
    [forecast] = forecast_plan(plan, terms_of(overhead_minutes=20, efficiency=0.5, changes_per_day=0.24))
    return wave_at_gate(picture, wave, forecast, checked or {}, wave.ends_at.timestamp() - 3600)


def test_a_server_in_sync_is_down_for_what_changed_in_a_round_and_its_own_cutover(plan: Plan) -> None:
    first, second, moved, failed = at_gate(plan).servers
    assert (first.is_ready, first.is_moved, moved.is_ready, moved.is_moved, failed.is_ready, failed.has_failed) == (
        True,
        False,
        True,
        True,
        False,
        True,
    )
    delta = SIZE * 0.24 * ROUND_SECONDS / 86_400
    assert first.delta_bytes == pytest.approx(delta)
    # Two share a line of 1,000 Mbit/s of which half is reached; half of the overhead comes after the copy.
    assert first.downtime_seconds == pytest.approx(delta / (1000e6 / 8 * 0.5 / 2) + 600)
    assert (second.downtime_seconds, moved.downtime_seconds) == (first.downtime_seconds, None)


def test_what_nobody_knows_the_size_of_has_no_downtime(plan: Plan) -> None:
    assert at_gate(plan, states=("READY", "READY", "READY", "SYNCING")).servers[3].downtime_seconds is None


def test_checks_are_taken_by_their_tasks(plan: Plan) -> None:
    told = at_gate(plan, {"t-1": ConsistencyResult(1.0, 10, 2, 1, 5), "t-2": None}).servers
    assert told[0].consistency is not None
    assert (told[0].consistency.different, told[0].consistency.missing, told[0].consistency.is_good) == (2, 1, False)
    assert (told[1].was_checked, told[1].consistency) == (True, None)


def test_the_window_and_the_budget_are_the_waves(plan: Plan) -> None:
    wave = at_gate(plan)
    assert (wave.may_fail, wave.seconds_left) == (1, 3600.0)
    assert may_fail(plan.waves["wave-1"], 9) == 3
