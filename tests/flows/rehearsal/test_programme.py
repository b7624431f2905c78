"""A whole programme, rehearsed: without faults it is the forecast; with faults nothing is done twice, and each reason is true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from flows.rehearsal.programme import Order, rehearse
from flows.rehearsal.trouble import parse_trouble
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan
from inventory.rehearsal_page import page_of
from inventory.rehearsal_records import Cause, Verdict
from inventory.rehearsal_report import write_rehearsal
from tests.plans import disk, make_plan, server
from tests.rehearsed_programme import REAL, write_programme

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.rehearsal_records import Rehearsal

GIB = 1024**3
SUBMISSION_SECONDS = 60.0
"""Within so long of its beginning a wave without faults is submitted, read about, and started: the forecast has no time for it."""


def rehearsed(path: Path, faults: str = "none", seed: int = 1) -> Rehearsal:
    order = Order(read_plan(path), terms_of(), parse_trouble(faults), faults, seed, now=1_893_456_000.0)
    return rehearse(order, lambda _text: None)


def wave(name: str = "wave-1", **values: Any) -> dict[str, Any]:
    row = {
        "wave": name,
        "starts_at": "2030-03-02 20:00",
        "ends_at": "2030-03-03 06:00",
        "timezone": "Europe/Berlin",
        "bandwidth_mbps": 1000,
    }
    return row | values


def plan_of(path: Path, servers: int, *waves: dict[str, Any], used: int = 20 * GIB, **values: Any) -> Path:
    rows = [server(number, **values) for number in range(1, servers + 1)]
    disks = [disk(number, size=2 * used, used_size=used + number * GIB) for number in range(1, servers + 1)]
    return make_plan(path / "plan.xlsx", rows, disks=disks, waves=waves or [wave()])


def verdicts(found: Rehearsal) -> dict[Verdict, int]:
    return dict(found.tally)


def assert_true(found: Rehearsal) -> None:
    """What holds of every rehearsal, whatever went wrong in it."""
    assert found.duplicates == ()
    assert found.untrue == ()


def test_without_faults_every_server_ends_when_the_forecast_says(tmp_path: Path) -> None:
    found = rehearsed(plan_of(tmp_path, 20, wave(max_running=7, ends_at="2030-03-03 20:00"), speed_limit=120))
    behind = [each.behind_seconds for each in found.servers]
    assert verdicts(found) == {Verdict.MOVED: 20}
    assert all(seconds is not None and 0.0 < seconds < SUBMISSION_SECONDS + 30.0 for seconds in behind)
    assert found.is_good
    assert_true(found)


@pytest.mark.parametrize("seed", [1, 2])
def test_with_faults_of_every_kind_nothing_is_done_twice_and_nothing_told_wrongly(tmp_path: Path, seed: int) -> None:
    path = write_programme(tmp_path / "plan.xlsx", servers=40, waves=2, seed=seed)
    faults = "agents=40%,offline=20%,slow=20%,network=10%,throttling=5%,outage=1"
    found = rehearsed(path, faults, seed)
    assert_true(found)
    assert sum(found.tally.values()) == 40
    assert {name.partition(":")[0] for name in found.faults} == {"agent", "line", "request"}
    for each in found.servers:
        is_late_or_left = each.verdict in {Verdict.LATE, Verdict.NOT_MOVED}
        assert (each.cause is not None) == is_late_or_left, each
    assert any(each.restarts for each in found.servers)


def test_the_same_seed_is_the_same_to_the_byte(tmp_path: Path) -> None:
    path = write_programme(tmp_path / "plan.xlsx", servers=12, waves=2)
    files = []
    for name in ("one.xlsx", "two.xlsx"):
        found = rehearsed(path, "agents=30%,network=5%", seed=7)
        write_rehearsal(tmp_path / name, path, found)
        files.append(((tmp_path / name).read_bytes(), "".join(page_of(found))))
    assert files[0] == files[1]
    assert rehearsed(path, "agents=30%,network=5%", seed=8) != found


def test_a_wave_that_syncs_is_cut_over_when_somebody_has_approved(tmp_path: Path) -> None:
    found = rehearsed(plan_of(tmp_path, 4, wave(needs_approval="yes"), syncing="yes"))
    [night] = found.waves
    [gate] = night.gates
    assert gate.decision == "approved"
    assert gate.decided_at is not None
    for each in night.servers:
        assert each.copied_at is not None
        assert each.moved_at is not None
        assert each.copied_at < gate.asked_at < gate.decided_at < each.moved_at


def test_a_gate_that_nobody_may_pass_keeps_the_servers_and_is_the_reason(tmp_path: Path) -> None:
    # Every agent fails by what no restart cures in half of them: more than the failure budget of none.
    found = rehearsed(plan_of(tmp_path, 12, wave(needs_approval="yes"), syncing="yes"), "none,agents=50%", seed=2)
    [night] = found.waves
    assert [gate.decision for gate in night.gates] == ["not approved"]
    assert any("failed" in line for line in night.gates[0].held)
    assert set(night.causes) == {Cause.FAILED, Cause.GATE}
    assert verdicts(found) == {Verdict.NOT_MOVED: 12}
    assert not found.is_good


def test_a_wave_without_syncing_is_approved_before_it_starts(tmp_path: Path) -> None:
    found = rehearsed(plan_of(tmp_path, 3, wave(needs_approval="yes")))
    [night] = found.waves
    assert night.gates[0].decided_at is not None
    assert all(each.started_at is not None and each.started_at > night.gates[0].decided_at for each in night.servers)
    assert all(each.lost[Cause.GATE] > 0 for each in night.servers)


def test_a_wave_waits_for_the_one_that_it_depends_on(tmp_path: Path) -> None:
    rows = [server(number, wave=f"wave-{number}") for number in (1, 2)]
    waves = [wave(), wave("wave-2", starts_at="2030-03-02 20:10", depends_on="wave-1")]
    found = rehearsed(make_plan(tmp_path / "plan.xlsx", rows, disks=[disk(1), disk(2)], waves=waves))
    first, second = found.waves
    assert first.moved_at is not None
    assert second.began_at is not None
    assert second.began_at > first.moved_at


def test_what_the_plan_gives_too_little_time_is_late_by_the_plan_or_never_starts(tmp_path: Path) -> None:
    short = wave(ends_at="2030-03-02 21:00", max_running=1)
    found = rehearsed(plan_of(tmp_path, 4, short, used=100 * GIB))
    assert [each.verdict for each in found.servers] == [Verdict.MOVED, Verdict.LATE, Verdict.NOT_MOVED, Verdict.NOT_MOVED]
    assert [each.cause for each in found.servers[1:]] == [Cause.FORECAST] * 3


def test_a_copy_that_would_take_years_is_given_up_after_some_weeks(tmp_path: Path) -> None:
    found = rehearsed(plan_of(tmp_path, 1, wave(bandwidth_mbps=1), used=4000 * GIB))
    [each] = found.servers
    assert (each.verdict, each.state, each.cause) == (Verdict.NOT_MOVED, "RUNNING", Cause.FORECAST)


def test_a_slow_line_is_the_reason_where_it_is_one(tmp_path: Path) -> None:
    found = rehearsed(plan_of(tmp_path, 4, wave(ends_at="2030-03-02 22:00"), used=40 * GIB, speed_limit=120), "none,slow=100%")
    assert {each.cause for each in found.servers if each.verdict is Verdict.LATE} == {Cause.SPEED}
    assert all("slow line" in each.note for each in found.servers)


def test_plans_that_know_servers_by_name_alone_are_rehearsed(tmp_path: Path) -> None:
    rows = [server(1, source_server_id=None), server(2, source_server_id=None, inventory_id="vm-7", target_vm_id=None)]
    rows[1]["vm_template_id"] = "tpl-1"
    path = make_plan(tmp_path / "plan.xlsx", rows, disks=[disk(1) | {"source_server_id": "vm-7"}], waves=[wave()])
    found = rehearsed(path)
    assert verdicts(found) == {Verdict.MOVED: 2}
    assert all(each.source_server_id for each in found.servers)


def test_a_programme_without_times_is_played_too(tmp_path: Path) -> None:
    found = rehearsed(make_plan(tmp_path / "plan.xlsx", [server(1), server(2, skip="yes")], disks=[disk(1)]))
    assert [each.verdict for each in found.servers] == [Verdict.MOVED, Verdict.SKIPPED]
    assert found.is_good


@pytest.mark.skipif(not REAL.exists(), reason="the real plan is not beside the repository")
def test_a_wave_of_the_real_plan_ends_when_the_forecast_says(tmp_path: Path) -> None:
    plan = read_plan(REAL)
    rows = [row for row in plan.servers if row.wave == "wave-1"][:15]
    assert rows  # the whole plan is for `make rehearse`: here its own disks, types and templates
    part = replace(plan, servers=tuple(rows), waves={"wave-1": plan.waves["wave-1"]})
    found = rehearse(Order(part, terms_of(), parse_trouble("none"), "none", 1, 0.0), lambda _text: None)
    assert all(0.0 < (each.behind_seconds or 0.0) < SUBMISSION_SECONDS + 30.0 for each in found.servers)
    assert_true(found)
