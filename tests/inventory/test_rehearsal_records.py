"""What made a server late, and whether a wave held: the rules by which a rehearsal is judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.rehearsal_facts import against_forecast, cause_groups, fault_lines, truth_lines, verdict_of, wave_verdict
from inventory.rehearsal_records import Cause, Rehearsal, ServerRecord, Verdict, WaveRecord

BEGIN = datetime(2030, 3, 2, 20, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def server(moved: float | None = 5.0, forecast: float = 5.0, **values: Any) -> ServerRecord:
    """A server in a window of ten hours, moved after so many and forecast for so many."""
    made: dict[str, Any] = {
        "server": "web-01",
        "source_server_id": "src-1",
        "wave": "wave-1",
        "cell": "Servers!A2",
        "state": "MIGRATE_SUCCESS" if moved is not None else "READY",
        "submitted_at": BEGIN,
        "moved_at": None if moved is None else at(moved),
        "window_ends_at": at(10),
        "forecast_ends_at": at(forecast),
    }
    return ServerRecord(**(made | values))


def rehearsal(*servers: ServerRecord, **values: Any) -> Rehearsal:
    moved = [each.moved_at for each in servers if each.moved_at is not None]
    wave = WaveRecord(
        "wave-1",
        servers,
        planned_at=BEGIN,
        window_ends_at=at(10),
        forecast_ends_at=at(5),
        moved_at=max(moved) if len(moved) == len(servers) else None,
    )
    made: dict[str, Any] = {"plan": "p.xlsx", "plan_sha256": "0", "seed": 1, "trouble": "", "begins_at": BEGIN, "ends_at": at(12)}
    return Rehearsal(**(made | {"waves": (wave,)} | values))


@pytest.mark.parametrize(
    ("found", "verdict", "cause"),
    [
        (server(9.9), Verdict.MOVED, None),
        (server(9.9, lost={Cause.FAILED: 3600.0}), Verdict.MOVED, None),
        (server(12.0, lost={Cause.SPEED: 3 * 3600.0, Cause.OFFLINE: 600.0}), Verdict.LATE, Cause.SPEED),
        (server(12.0, forecast=11.5), Verdict.LATE, Cause.FORECAST),
        (server(12.0, forecast=11.5, lost={Cause.OFFLINE: 600.0}), Verdict.LATE, Cause.FORECAST),
        (server(12.0, forecast=11.5, lost={Cause.OFFLINE: 2 * 3600.0}), Verdict.LATE, Cause.OFFLINE),
        (server(12.0, lost={Cause.SUBMITTED: 59.0}), Verdict.LATE, None),
        (server(None, state="MIGRATE_FAIL", lost={Cause.SPEED: 9e5}), Verdict.NOT_MOVED, Cause.FAILED),
        (server(None, state="SYNCING", lost={Cause.GATE: 7200.0}), Verdict.NOT_MOVED, Cause.GATE),
        (server(None, lost={Cause.PLACE: 7200.0}), Verdict.NOT_MOVED, Cause.PLACE),
        (server(None, forecast=12.0, lost={Cause.PLACE: 7200.0}), Verdict.NOT_MOVED, Cause.FORECAST),
        (server(None, is_skipped=True), Verdict.SKIPPED, None),
    ],
)
def test_the_reason_is_what_cost_most_unless_the_plan_gave_too_little_time(
    found: ServerRecord, verdict: Verdict, cause: Cause | None
) -> None:
    assert (found.verdict, found.cause) == (verdict, cause)


def test_a_programme_holds_where_everything_is_moved_in_its_window() -> None:
    found = rehearsal(server(4.0), server(6.5), server(None, is_skipped=True, state="NO_TASK"))
    assert found.is_good
    assert verdict_of(found) == "The programme holds: 2 servers moved, the wave inside its window"
    assert truth_lines(found)[0] == "3 tasks made, none of them twice: 0 requests to SMS"


def test_one_that_is_late_or_left_is_told_with_its_reason() -> None:
    found = rehearsal(
        server(12.0, lost={Cause.SPEED: 7200.0}), server(None, state="MIGRATE_FAIL", errors=("SMS.0805", "SMS.1807")), server(4.0)
    )
    assert not found.is_good
    assert verdict_of(found) == "The programme does not hold: 0 of 1 wave ends inside the window, 1 server late, 1 server not moved"
    [wave] = found.waves
    assert wave_verdict(wave) == "DID NOT HOLD: 1 late, by 2 h 00 min at most, 1 not moved"
    assert against_forecast(wave) == "what was moved was moved by 2030-03-03 08:00 +00:00, forecast 2030-03-03 01:00 +00:00"
    assert [group.full_name for group in cause_groups(found.servers)] == ["its copy failed (SMS.1807 1)", "slower than forecast"]


def test_a_task_made_twice_is_a_defect_of_the_tool_and_nothing_else_counts() -> None:
    found = rehearsal(server(4.0), duplicates=("src-1",))
    assert not found.is_good
    assert "This tool went wrong 1 time" in verdict_of(found)
    assert "1 twice" in truth_lines(found)[0]


def test_requests_are_told_by_what_was_asked_and_agents_by_their_code() -> None:
    faults = {
        "agent: SMS.0805": 2,
        "agent: away": 3,
        "request: 429-before": 1,
        "request: reset-after": 2,
        "request: read-504-before": 4,
        "request: action-429-retry-before": 5,
    }
    assert list(fault_lines(rehearsal(server(4.0), faults=faults))) == [
        ("what agents suffered", 5, "away 3, SMS.0805 2"),
        ("requests that were lost or throttled", 12, "operations throttled 5, looks lost 4, creates lost 2, creates throttled 1"),
    ]
