"""When waves start, by the sheet: in their time zone, also on the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flows.scheduling.timetable import starts
from inventory.plan import read_plan
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from flows.scheduling.timetable import Start

BERLIN = "Europe/Berlin"


def start(folder: Path, **wave: Any) -> Start:
    plan = read_plan(make_plan(folder / "plan.xlsx", [server(1)], waves=[{"wave": "wave-1", **wave}]))
    (found,), unplanned = starts(plan, plan.waves)
    assert unplanned == []
    return found


@pytest.mark.parametrize(
    ("local", "utc", "note"),
    [
        ("2027-03-28 01:30", "2027-03-28 00:30", ""),
        ("2027-03-28 02:30", "2027-03-28 01:30", "02:30 is left out that night: it starts at 03:30"),
        ("2027-03-28 03:30", "2027-03-28 01:30", ""),
        ("2026-10-25 02:30", "2026-10-25 00:30", "02:30 comes twice that night: the first is meant"),
        ("2026-10-25 03:30", "2026-10-25 02:30", ""),
    ],
)
def test_nights_on_which_clocks_change(tmp_path: Path, local: str, utc: str, note: str) -> None:
    """The moment is the one that a clock on the wall shows; where none or two do, that is said."""
    found = start(tmp_path, starts_at=datetime.fromisoformat(local), timezone=BERLIN)
    assert (found.moment, found.note) == (datetime.fromisoformat(utc).replace(tzinfo=UTC), note)


def test_a_window_over_the_change_of_clocks_is_as_long_as_it_is(tmp_path: Path) -> None:
    """23:00 to 05:00 on the night that has one hour less is five hours."""
    found = start(
        tmp_path,
        starts_at=datetime.fromisoformat("2027-03-27 23:00"),
        ends_at=datetime.fromisoformat("2027-03-28 05:00"),
        timezone=BERLIN,
    )
    assert found.closes_at.astimezone(UTC) - found.moment == timedelta(hours=5)


def test_without_an_end_a_start_may_be_an_hour_late(tmp_path: Path) -> None:
    """At the end itself it is missed; the hour is one of real time."""
    found = start(tmp_path, starts_at=datetime.fromisoformat("2026-10-25 02:30"), timezone=BERLIN)
    hour_later = found.moment + timedelta(hours=1)
    assert not found.is_missed(hour_later - timedelta(seconds=1))
    assert found.is_missed(hour_later)


def test_a_wave_that_cannot_start_says_why(tmp_path: Path) -> None:
    """No time, no row in Waves, no servers."""
    servers = [server(1), server(2, wave="wave-2"), server(3, wave="wave-3")]
    waves: list[dict[str, Any]] = [
        {"wave": "wave-1", "starts_at": datetime.fromisoformat("2027-01-01")},
        {"wave": "wave-2"},
        {"wave": "x", "starts_at": datetime.fromisoformat("2027-01-01")},
    ]
    plan = read_plan(make_plan(tmp_path / "plan.xlsx", servers, waves=waves))
    planned, unplanned = starts(plan, plan.waves)
    assert [each.wave for each in planned] == ["wave-1"]
    assert [(each.wave, each.why) for each in unplanned] == [
        ("wave-2", "Waves!B3 says no start"),
        ("x", "no row of Servers is in it"),
        ("wave-3", "Waves has no row for it"),
    ]
