"""Proposed waves: balanced, together, no wave too large, inside their window; and the copy that carries them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from inventory.checks import check_plan
from inventory.findings import Severity
from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan
from inventory.proposal_copy import write_proposal
from inventory.wave_proposal import NothingToProposeError, Proposal, Wanted, propose_waves
from tests.inventory.test_forecast import hours, window
from tests.plans import DEFAULTS, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

PURE = terms_of(overhead_minutes=0, efficiency=1)
LINE: dict[str, Any] = {**DEFAULTS, "bandwidth_mbps": 100}


def proposed(path: Path, servers: list[Any], disks: list[Any], wanted: Wanted, **sheets: Any) -> Proposal:
    """What is proposed for a plan whose line is of 100 Mbit/s."""
    file = make_plan(path / "plan.xlsx", servers, disks=disks, **{"defaults": LINE, **sheets})
    return propose_waves(read_plan(file), wanted, PURE.middle)


def waveless(count: int, **more: Any) -> list[Any]:
    """So many servers without a wave."""
    return [server(number, wave=None, **more) for number in range(1, count + 1)]


def shown(found: Proposal) -> dict[str, list[str]]:
    """The servers of each wave."""
    return {wave.name: [load.row.label for load in wave.loads] for wave in found.waves}


def test_so_many_waves_balanced_by_time(tmp_path: Path) -> None:
    """What takes longest is spread first; each reason tells what the wave then takes."""
    found = proposed(tmp_path, waveless(4), [hours(1, 4), hours(2, 1), hours(3, 2), hours(4, 3)], Wanted(waves=2))
    assert shown(found) == {"wave-1": ["web-01", "web-02"], "wave-2": ["web-03", "web-04"]}
    assert [wave.seconds for wave in found.waves] == pytest.approx([5 * 3600] * 2)
    assert found.reasons[2] == ("wave-1", "168 GiB of the wave's 210 GiB; the wave takes 5 h 00 min")


def test_a_window_is_kept_with_room_to_spare(tmp_path: Path) -> None:
    """As few waves as end in nine tenths of the window, none with more servers than may be in it."""
    disks = [hours(number, 1) for number in range(1, 11)]
    found = proposed(tmp_path, waveless(10), disks, Wanted(per_wave=5, window_seconds=4 * 3600))
    assert [len(wave.loads) for wave in found.waves] == [3, 3, 3, 1]
    assert all(wave.fits for wave in found.waves)
    assert "90% of each window are planned, the rest is kept for what goes wrong" in found.notes
    found = proposed(tmp_path, waveless(10), disks, Wanted(per_wave=2, window_seconds=4 * 3600))
    assert [len(wave.loads) for wave in found.waves] == [2] * 5


def test_what_is_too_long_is_told(tmp_path: Path) -> None:
    """A server that ends in no window has a wave of its own, and is named with the time that it needs."""
    found = proposed(tmp_path, waveless(3), [hours(1, 1), hours(2, 9), hours(3, 1)], Wanted(window_seconds=8 * 3600))
    assert shown(found) == {"wave-1": ["web-01", "web-03"], "wave-2": ["web-02"]}
    assert found.waves[1].fits is False
    assert found.notes[0].startswith("longer than the window at the best: web-02 (9 h 00 min); they have waves of their own")


def test_dependencies_stay_together(tmp_path: Path) -> None:
    """A chain is one piece, with its whole length; the reason names the neighbours."""
    servers = waveless(4)
    servers[0]["depends_on"], servers[3]["depends_on"] = "web-04", "web-02"
    found = proposed(tmp_path, servers, [hours(number, 1) for number in range(1, 5)], Wanted(waves=2))
    assert sorted(shown(found).values()) == [["web-01", "web-02", "web-04"], ["web-03"]]
    assert found.reasons[5][1].endswith("; together with web-01 and web-02 (depends_on)")


def test_waves_of_the_sheet_come_first(tmp_path: Path) -> None:
    """Waves without a server are filled in their order, with their own line, room and window; what has a wave keeps it."""
    waves = [window("night-1"), window("night-2", "2027-01-16 20:00", max_servers=1), window("taken", "2027-01-23 20:00")]
    servers = [*waveless(3), server(4, wave="taken")]
    found = proposed(tmp_path, servers, [hours(number, 2) for number in range(1, 5)], Wanted(waves=2), waves=waves)
    assert {name: len(labels) for name, labels in shown(found).items()} == {"night-1": 2, "night-2": 1}
    assert [wave.window_seconds for wave in found.waves] == [8 * 3600] * 2


def test_not_before_what_it_needs(tmp_path: Path) -> None:
    """A server that needs one of a later wave is not put before it."""
    waves = [window("night-1"), window("night-2", "2027-01-16 20:00"), window("night-3", "2027-01-23 20:00")]
    servers = [server(1, wave="night-2"), server(2, wave=None, depends_on="web-01")]
    found = proposed(tmp_path, servers, [hours(1, 1), hours(2, 1)], Wanted(waves=2), waves=waves)
    assert shown(found) == {"night-3": ["web-02"]}


def test_unknown_bytes_are_told(tmp_path: Path) -> None:
    """Servers whose bytes nobody knows are spread by number, and named."""
    found = proposed(tmp_path, waveless(4), [], Wanted(waves=2), defaults=DEFAULTS)
    assert [len(wave.loads) for wave in found.waves] == [2, 2]
    assert [wave.seconds for wave in found.waves] == [None, None]
    assert found.reasons[2][1] == "its bytes are unknown, so it is placed by number alone"
    assert found.notes[0].startswith("the disks of web-01, web-02, web-03 and web-04 are not in the sheet")
    assert found.notes[1].startswith("no bandwidth_mbps is given")


def test_nothing_to_propose(tmp_path: Path) -> None:
    """Where every server has a wave, or there is no room, the reason is one line."""
    with pytest.raises(NothingToProposeError, match="every server of plan"):
        proposed(tmp_path, [server(1)], [], Wanted(waves=2))
    with pytest.raises(NothingToProposeError, match="3 servers do not go into 1 wave: max_servers"):
        proposed(tmp_path, waveless(3), [], Wanted(waves=1), waves=[window("night-1", max_servers=2)])


def test_the_copy_carries_the_proposal(tmp_path: Path) -> None:
    """Two columns beside the planner's own; with the waves filled in, the copy's forecast is what was said. The plan stays."""
    disks = [hours(1, 4), hours(2, 1), hours(3, 2), hours(4, 3)]
    file = make_plan(tmp_path / "plan.xlsx", waveless(4, note="=1+1"), disks=disks, defaults=LINE)
    before = file.read_bytes()
    plan = read_plan(file)
    found = propose_waves(plan, Wanted(waves=2), PURE.middle)
    assert write_proposal(tmp_path / "copy.xlsx", plan, found, is_filled_in=True) == [
        "values of formulas: they are calculated when the copy is opened in a spreadsheet"
    ]
    assert file.read_bytes() == before
    with closing(openpyxl.load_workbook(tmp_path / "copy.xlsx")) as book:
        rows = list(book["Servers"].iter_rows(values_only=True))
    assert rows[0][-2:] == ("proposed_wave", "proposed_because")
    assert [row[-2] for row in rows[1:]] == [row[0] for row in rows[1:]] == ["wave-1", "wave-1", "wave-2", "wave-2"]
    again = forecast_plan(read_plan(tmp_path / "copy.xlsx"), PURE)
    assert [(each.wave, each.seconds) for each in again] == [(wave.name, wave.seconds) for wave in found.waves]


def waves_of(folder: Path, wanted: Wanted, **more: Any) -> list[tuple[Any, ...]]:
    """The rows of `Waves` in the copy of a proposal for four servers; the copy is a plan without errors."""
    disks = [hours(1, 4), hours(2, 1), hours(3, 2), hours(4, 3)]
    plan = read_plan(make_plan(folder / "plan.xlsx", waveless(4), disks=disks, **more))
    found = propose_waves(plan, wanted, PURE.middle)
    write_proposal(folder / "copy.xlsx", plan, found, is_filled_in=True)
    assert [each for each in check_plan(read_plan(folder / "copy.xlsx")) if each.severity is Severity.ERROR] == []
    with closing(openpyxl.load_workbook(folder / "copy.xlsx")) as book:
        return [row for row in book["Waves"].iter_rows(values_only=True) if any(row)]


def test_a_wave_without_a_row_gets_one(tmp_path: Path) -> None:
    """Its name, what the call said of it, and what is to be filled in; in a sheet of its own where the plan has none."""
    rows = waves_of(tmp_path, Wanted(per_wave=2, window_seconds=6 * 3600, bandwidth_mbps=100))
    assert rows == [
        ("wave", "starts_at", "ends_at", "timezone", "bandwidth_mbps", "max_servers", "proposed_because"),
        *(
            (f"wave-{number}", None, None, None, 100, 2, f"2 servers, {size}, takes 5 h 00 min; {left}")
            for number, size in ((1, "210 GiB"), (2, "210 GiB"))
            for left in ("fill in starts_at, ends_at (6 h 00 min later) and timezone",)
        ),
    ]


def test_a_row_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """New ones stand below the planner's last, in the planner's columns; what `Defaults` say is not said again."""
    night = window("night-1", max_servers=2) | {"what": "=SUM(1,1)", "failure_budget": "10%"}
    before = make_plan(tmp_path / "before.xlsx", waves=[night])
    with closing(openpyxl.load_workbook(before)) as book:
        kept = list(book["Waves"].iter_rows(values_only=True))
    defaults = {**LINE, "timezone": "Europe/Berlin", "max_servers": 3}
    rows = waves_of(tmp_path, Wanted(per_wave=3), defaults=defaults, waves=[night])
    headers = list(kept[0])
    assert [row[: len(headers)] for row in rows[:2]] == kept
    new = dict(zip(rows[0], rows[2], strict=True))
    assert {name: value for name, value in new.items() if value is not None} == {
        "wave": "wave-1",
        "proposed_because": "2 servers, 210 GiB, takes 5 h 00 min; fill in starts_at and ends_at",
    }
    assert len(rows) == 3


def test_a_list_under_another_name_stays_a_plan(tmp_path: Path) -> None:
    """A second sheet would hide the one that lists the servers: it is not made, and that is told."""
    path = make_plan(tmp_path / "plan.xlsx", waveless(2), defaults={})
    with closing(openpyxl.load_workbook(path)) as book:
        book["Servers"].title = "Liste"
        book.save(path)
    plan = read_plan(path)
    lacks = write_proposal(tmp_path / "copy.xlsx", plan, propose_waves(plan, Wanted(waves=2), PURE.middle))
    assert lacks[-1] == "the rows in Waves of wave-1 and wave-2: name the sheet 'Liste' Servers, and propose again"
    assert len(read_plan(tmp_path / "copy.xlsx").servers) == 2
