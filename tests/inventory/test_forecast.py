"""Forecasts of plans: bytes, windows, what is late, what would help, and what is said where the sheet leaves something open."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.forecast import WaveForecast, forecast_plan
from inventory.forecast_load import Learned
from inventory.forecast_terms import Observation, terms_of
from inventory.plan import read_plan
from tests.plans import DEFAULTS, disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

PURE = terms_of(overhead_minutes=0, efficiency=1)
HOUR_AT_100_MBIT = 45_000_000_000
BERLIN: dict[str, Any] = {"timezone": "Europe/Berlin"}


def window(wave: str = "wave-1", starts: str = "2027-01-09 20:00", hours: float = 8, **more: Any) -> dict[str, Any]:
    """A row of `Waves`, with a window and a line of 100 Mbit/s."""
    starts_at = datetime.fromisoformat(starts)
    return {"wave": wave, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=hours), "bandwidth_mbps": 100} | more


def hours(number: int, of: float, **more: Any) -> dict[str, Any]:
    """The disk of the `number`-th server, which takes so many hours at 100 Mbit/s, by file."""
    return disk(number, size=10 * HOUR_AT_100_MBIT, used_size=int(of * HOUR_AT_100_MBIT)) | more


def forecast(path: Path, servers: list[Any], disks: list[Any], waves: list[Any], *, terms: Any = PURE, **more: Any) -> Any:
    """The forecasts of a plan by wave, of its only wave where there is one."""
    learned = more.pop("learned", Learned())
    plan = read_plan(make_plan(path / "plan.xlsx", servers, disks=disks, waves=waves, **more))
    found = {each.wave: each for each in forecast_plan(plan, terms, learned)}
    return next(iter(found.values())) if len(found) == 1 else found


def names(found: WaveForecast) -> list[str]:
    """Who is late."""
    return [load.row.label for load in found.late]


def ends(found: WaveForecast) -> str:
    """When the wave ends, to the minute, with its offset."""
    assert found.ends_at is not None
    return found.ends_at.isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("values", "disks", "volumes", "expected"),
    [
        ({}, [disk(used_size=700)], [], 700),
        ({"type": "MIGRATE_BLOCK"}, [disk(size=1000, used_size=700)], [("/dev/vda", 400, 300), ("/dev/vda", 500, 300)], 900),
        ({"type": None, "os_type": "WINDOWS"}, [disk(size=1000, used_size=700)], [("/dev/vda", 800, 300)], 800),
        ({}, [disk(size=1000, used_size=None)], [("/dev/vda", 400, 300), ("/dev/vda", 500, 50)], 350),
        ({}, [disk(size=1000, used_size=100), disk(size=50, name="/dev/vdb", used_size=50)], [("/dev/vda", 400, 300)], 350),
    ],
)
def test_bytes_to_move(tmp_path: Path, values: Any, disks: Any, volumes: Any, expected: int) -> None:
    """By file what is used (as the create says it), by block the partitions."""
    rows = [
        {"source_server_id": disks[0]["source_server_id"], "disk": on, "size": size, "used_size": used}
        for on, size, used in volumes
    ]
    defaults = {name: value for name, value in DEFAULTS.items() if name not in values}
    found = forecast(tmp_path, [server(**values)], disks, [window()], Volumes=rows, defaults=defaults)
    assert found.bytes == expected
    assert found.notes == ()


@pytest.mark.parametrize(
    ("values", "missing"), [({}, "its used size is"), ({"type": "MIGRATE_BLOCK"}, "its partitions' sizes are")]
)
def test_a_disk_taken_whole_is_told(tmp_path: Path, values: Any, missing: str) -> None:
    """Where the sheet does not say what of a disk is copied, all of it is, and that is said with the server's name."""
    found = forecast(tmp_path, [server(**values)], [disk(size=1000, used_size=None)], [window()])
    assert found.bytes == 1000
    assert found.notes == (f"taken for granted: the whole disk is taken where {missing} not in the sheet (web-01)",)


def test_unknown_bytes_are_not_none(tmp_path: Path) -> None:
    """A server without disks in the sheet is named; the wave then ends no sooner, and nobody says that it fits."""
    found = forecast(tmp_path, [server(1), server(2)], [hours(1, 2)], [window(**BERLIN)])
    assert (ends(found), found.is_at_least, found.fits, found.bytes) == ("2027-01-09T22:00+01:00", True, None, 2 * HOUR_AT_100_MBIT)
    assert found.notes == ("missing: the disks of web-02: their bytes are unknown, and not in the total",)


def test_late_even_so(tmp_path: Path) -> None:
    """What is late already by what is known is late."""
    assert forecast(tmp_path, [server(1), server(2)], [hours(1, 9)], [window()]).fits is False


def test_nothing_is_invented(tmp_path: Path) -> None:
    """Without a bandwidth, without any speed, without a window: each is said to be missing, and no end is made up."""
    found = forecast(tmp_path, [server()], [hours(1, 2)], [{"wave": "wave-1", "note": "x"}])
    assert (found.seconds, found.ends_at, found.fits, found.is_at_least) == (None, None, None, True)
    assert found.notes == (
        "missing: starts_at, so it can be told how long it takes, not when it ends",
        "missing: bandwidth_mbps, and no server has a speed_limit, so it cannot be told how fast it goes",
        "missing: ends_at, so it cannot be told whether it fits",
    )


def test_without_bandwidth_by_the_limits(tmp_path: Path) -> None:
    """Speed limits alone give an end that the line may yet put off, so nobody says that it fits."""
    found = forecast(tmp_path, [server(speed_limit=50)], [hours(1, 2)], [window(bandwidth_mbps=None)])
    assert (ends(found), found.fits, found.is_at_least) == ("2027-01-10T00:00+00:00", None, True)
    assert found.notes == ("missing: bandwidth_mbps, so the line is taken to carry all that the speed limits allow",)


def test_a_measured_network_holds_a_server(tmp_path: Path) -> None:
    """The speed that the source's network check measured is its cap, as far as copies reach it; sizes may be learned too."""
    learned = Learned(measured_mbps={"src-0001-a1b2": 50.0}, bytes_to_move={"src-0001-a1b2": HOUR_AT_100_MBIT})
    found = forecast(tmp_path, [server()], [], [window(bandwidth_mbps=1000)], learned=learned)
    assert found.seconds == pytest.approx(7200)


@pytest.mark.parametrize(
    ("starts", "expected"),
    [("2027-03-27 22:00", "2027-03-28T07:00+02:00"), ("2027-10-30 22:00", "2027-10-31T05:00+01:00")],
)
def test_the_night_of_the_change(tmp_path: Path, starts: str, expected: str) -> None:
    """Eight hours are eight hours, whatever the clocks do: on the clock an hour later in spring, an hour sooner in autumn."""
    waves = [window(starts=starts, hours=8, **BERLIN)]
    found = forecast(tmp_path, [server()], [hours(1, 8)], waves)
    assert ends(found) == expected
    assert found.fits is (expected[5:7] == "10")  # a window of 8 hours on the clock has 7 in spring and 9 in autumn
    assert found.case.window_seconds == 3600 * (7 if expected[5:7] == "03" else 9)


def test_each_wave_in_its_own_zone(tmp_path: Path) -> None:
    """Times come with the offset of the wave's zone; UTC where it has none."""
    waves = [window("wave-1", timezone="Asia/Shanghai"), window("wave-2")]
    found = forecast(tmp_path, [server(1), server(2, wave="wave-2")], [hours(1, 1), hours(2, 1)], waves)
    assert [ends(each) for each in found.values()] == ["2027-01-09T21:00+08:00", "2027-01-09T21:00+00:00"]


def test_a_wave_waits_for_those_it_depends_on(tmp_path: Path) -> None:
    """It starts when they are done, if that is after its time, and the reason is told; approval is taken for granted, and told."""
    waves = [window("wave-1"), window("wave-2", starts="2027-01-10 01:00", depends_on="wave-1", needs_approval="yes")]
    found = forecast(tmp_path, [server(1), server(2, wave="wave-2")], [hours(1, 6), hours(2, 1)], waves)["wave-2"]
    assert (found.starts_at.isoformat(), ends(found)) == ("2027-01-10T02:00:00+00:00", "2027-01-10T03:00+00:00")
    assert found.notes == ("it starts when wave-1, on which it depends, is done, after its starts_at",)


def test_a_server_waits_for_one_of_another_wave(tmp_path: Path) -> None:
    """depends_on reaches over waves: not before the other is done; one of a later wave is a mistake, and told."""
    waves = [window("wave-1"), window("wave-2", starts="2027-01-09 21:00")]
    servers = [server(1), server(2, wave="wave-2", depends_on="web-01"), server(3, depends_on="web-02")]
    found = forecast(tmp_path, servers, [hours(1, 2), hours(2, 1), hours(3, 0)], waves)
    assert ends(found["wave-2"]) == "2027-01-09T23:00+00:00"
    assert found["wave-1"].notes == ("wrong: web-03 depend on servers of a later wave, which are taken to be done",)


def test_a_circle_is_told(tmp_path: Path) -> None:
    """Servers that wait for each other never start, and the wave has no end."""
    servers = [server(1, depends_on="web-02"), server(2, depends_on="web-01")]
    found = forecast(tmp_path, servers, [hours(1, 1), hours(2, 1)], [window()])
    assert (found.ends_at, found.fits) == (None, None)
    assert "wrong: web-01 and web-02 never start, since they wait for each other (depends_on)" in found.notes


def test_limits_are_kept(tmp_path: Path) -> None:
    """`*` limits each value by itself, a value limits itself, and any column will do."""
    servers = [server(number, esx_host=f"esx-{number % 2}", speed_limit=10) for number in range(1, 5)]
    disks = [hours(number, 0.1) for number in range(1, 5)]
    limits = [{"column": "ESX host", "value": "*", "max_running": 1}]
    found = forecast(tmp_path, servers, disks, [window()], Limits=limits)
    assert found.seconds == pytest.approx(2 * 3600)
    assert [span.start for span in found.spans] == pytest.approx([0, 0, 3600, 3600])


def test_moving_is_advised_and_true(tmp_path: Path) -> None:
    """The fewest servers go to the next window that still fits with them and has room; what is said then happens."""
    servers = [server(1), server(2), server(3), server(4, wave="wave-2"), server(5, wave="wave-3")]
    waves = [window("wave-1"), window("wave-2", "2027-01-16 20:00", max_servers=1), window("wave-3", "2027-01-23 20:00")]
    disks = [hours(1, 3), hours(2, 3), hours(3, 4), hours(4, 1), hours(5, 3)]
    found = forecast(tmp_path, servers, disks, waves)
    assert names(found["wave-1"])[0] == "web-03"
    (advice,) = [text for text in found["wave-1"].suggestions if text.startswith("move")]
    assert advice == (
        "move web-03 (168 GiB) to wave-3: wave-1 then ends at 2027-01-10 02:00 +00:00, wave-3 at 2027-01-24 03:00 +00:00, "
        "inside its window"
    )
    servers[2] |= {"wave": "wave-3"}
    again = forecast(tmp_path, servers, disks, waves)
    assert (ends(again["wave-1"]), ends(again["wave-3"])) == ("2027-01-10T02:00+00:00", "2027-01-24T03:00+00:00")


def test_who_depends_on_a_moved_server_goes_with_it(tmp_path: Path) -> None:
    """Nobody is left to wait for a server of a later wave."""
    servers = [server(1, speed_limit=50), server(2, depends_on="web-01"), server(3), server(4, wave="wave-2")]
    waves = [window("wave-1"), window("wave-2", "2027-01-16 20:00", 20)]
    found = forecast(tmp_path, servers, [hours(1, 5), hours(2, 1), hours(3, 1), hours(4, 1)], waves)["wave-1"]
    (advice,) = [text for text in found.suggestions if text.startswith("move")]
    assert advice.startswith("move web-02 and web-01 (251 GiB) to wave-2: ")


def test_nowhere_to_go(tmp_path: Path) -> None:
    """Without a later wave that has room, a window of their own is named, as long as it must be."""
    found = forecast(tmp_path, [server(1), server(2)], [hours(1, 5), hours(2, 6)], [window()])
    assert "move web-02 (251 GiB) to a window of their own, of 6 h 00 min (there is no later wave)" in found.suggestions[1]


def test_other_advice(tmp_path: Path) -> None:
    """A higher speed limit, an earlier start, a wider line, a longer window: each is told with the number that is enough."""
    servers = [server(1, speed_limit=50), server(2)]
    found = forecast(tmp_path, servers, [hours(1, 5), hours(2, 1)], [window()])
    assert names(found) == ["web-01"]
    assert found.suggestions[0] == "start at 2027-01-09 18:00 +00:00, 2 h 00 min earlier"
    assert found.suggestions[1] == "raise speed_limit of web-01 from 50 to 100 Mbit/s"
    assert found.suggestions[-1] == "or keep the window open until 2027-01-10 06:00 +00:00"
    assert not [text for text in found.suggestions if "bandwidth" in text]  # it would not help


def test_more_at_once_is_advised(tmp_path: Path) -> None:
    """Where slots hold it up and not the line: max_running, or the row of `Limits`."""
    servers = [server(number, speed_limit=20, rack="r1") for number in range(1, 5)]
    disks = [hours(number, 0.8) for number in range(1, 5)]
    found = forecast(tmp_path, servers, disks, [window(max_running=1)])
    assert "raise max_running from 1 to 2" in found.suggestions
    limits = [{"column": "rack", "value": "r1", "max_running": 1}]
    found = forecast(tmp_path, servers, disks, [window()], Limits=limits)
    assert "raise max_running of rack r1 in Limits from 1 to 2" in found.suggestions


def test_an_earlier_start_is_not_another_waves_time(tmp_path: Path) -> None:
    """The line is the earlier wave's then."""
    waves = [window("wave-1", "2027-01-09 12:00"), window("wave-2")]
    found = forecast(tmp_path, [server(1), server(2, wave="wave-2")], [hours(1, 1), hours(2, 9)], waves)["wave-2"]
    assert not [text for text in found.suggestions if text.startswith("start")]


def test_a_server_that_fits_no_window_is_told(tmp_path: Path) -> None:
    """Its own limit makes it late, whatever the others do."""
    found = forecast(tmp_path, [server(speed_limit=10)], [hours(1, 1)], [window()])
    assert found.notes == ("late: web-01 alone takes 10 h 00 min: 41.9 GiB at its speed_limit of 10 Mbit/s",)


SHARES = st.lists(st.tuples(st.floats(0, 3), st.sampled_from([0, 20, 100])), min_size=6, max_size=6)


def test_what_no_order_could_save_is_told_without_a_run_and_no_other(tmp_path: Path) -> None:
    """Whether a wave fits is what its run says, whatever is cut short on the way; and a hopeless one costs no run."""
    servers = [server(number, esx_host=f"esx-{number % 2}", depends_on="web-01" if number == 6 else "") for number in range(1, 7)]
    disks = [hours(number, 1) for number in range(1, 7)]
    limits = [{"column": "esx_host", "value": "*", "max_running": 2}]
    case = forecast(tmp_path, servers, disks, [window()], terms=terms_of(overhead_minutes=5), Limits=limits).case

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(shares=SHARES, most=st.integers(1, 6), mbps=st.sampled_from([50, 100, 400]), closes=st.floats(0.1, 12))
    def tried(shares: list[tuple[float, int]], most: int, mbps: int, closes: float) -> None:
        loads = [
            replace(load, size=int(share * HOUR_AT_100_MBIT), limit_mbps=limit or math.inf)
            for load, (share, limit) in zip(case.loads, shares, strict=True)
        ]
        ends_at = case.starts_at + timedelta(hours=closes)
        changed = replace(case.with_loads(loads), max_running=most, bandwidth_mbps=mbps, window_ends_at=ends_at)
        spans = changed.run()
        assert changed.fits() is not any(changed.late(spans))

    tried()


def test_overhead_and_efficiency(tmp_path: Path) -> None:
    """By default 15 minutes a server, half of them before its copy, and 70% of the line; both are said with their source."""
    found = forecast(tmp_path, [server()], [hours(1, 0.7)], [window()], terms=terms_of())
    assert found.spans[0].copy == pytest.approx(7.5 * 60)
    assert found.seconds == pytest.approx(3600 + 15 * 60)


def seen(count: int) -> list[Observation]:
    """So many tasks of wave-0: 50 to 90% of their due, 10 to 50 minutes of overhead."""
    return [Observation("wave-0", 50 + 10 * (number % 5), 100, 10 + 10 * (number % 5)) for number in range(count)]


def test_observations_replace_the_defaults(tmp_path: Path) -> None:
    """The middle of what was seen, and a cautious end that nine of ten keep; what is given outright still holds."""
    terms = terms_of(observations=seen(50))
    assert (terms.middle.overhead_minutes, terms.middle.efficiency) == pytest.approx((30, 0.7))
    assert terms.cautious is not None
    assert (terms.cautious.overhead_minutes, terms.cautious.efficiency) == pytest.approx((50, 0.5))
    assert terms.middle.said_from[0] == "overhead as observed in 50 tasks of wave-0"
    found = forecast(tmp_path, [server()], [hours(1, 5)], [window()], terms=terms)
    assert (found.fits, found.fits_p90) == (True, False)
    assert found.ends_at < found.ends_at_p90
    assert terms_of(0, 1, observations=seen(50)).cautious == terms_of(0, 1, observations=seen(50)).middle


def test_few_observations_teach_nothing() -> None:
    """Of four tasks nobody knows the slowest tenth: the defaults hold, and that is said."""
    terms = terms_of(observations=[*seen(4), Observation("wave-0", 0, 100, 5)])
    assert (terms.cautious, terms.middle.efficiency) == (None, 0.7)
    assert terms.middle.said_from[1].endswith("only 4 tasks were observed, 5 are needed)")
