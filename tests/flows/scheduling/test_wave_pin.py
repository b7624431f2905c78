"""A pin changes when, and only when, something of the wave does; and says in which sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flows.scheduling.wave_pin import changed_sheets, pin_of
from inventory.plan import read_plan
from tests.plans import DEFAULTS, disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

SERVERS = [server(1), server(2), server(3, wave="wave-2")]
DISKS = [disk(1), disk(2), disk(3)]
WAVES: list[dict[str, Any]] = [{"wave": "wave-1", "bandwidth_mbps": 500, "speed_limit": 10}, {"wave": "wave-2"}]


def pin(folder: Path, servers: Any = None, disks: Any = None, waves: Any = None, wave: str = "wave-1", **defaults: Any) -> str:
    path = make_plan(
        folder / "plan.xlsx", servers or SERVERS, disks=disks or DISKS, waves=waves or WAVES, defaults={**DEFAULTS, **defaults}
    )
    return pin_of(read_plan(path), wave)


@pytest.mark.parametrize(
    ("changed", "sheets"),
    [
        ({"servers": [server(1, migration_ip="10.9.9.9"), *SERVERS[1:]]}, ["Servers"]),
        ({"servers": [*SERVERS, server(4)]}, ["Servers"]),
        ({"servers": [server(1, esx_host="esx-7"), *SERVERS[1:]]}, ["Servers"]),
        ({"disks": [disk(1, size=85899345920), *DISKS[1:]]}, ["Disks"]),
        ({"waves": [WAVES[0] | {"bandwidth_mbps": 400}, WAVES[1]]}, ["Waves"]),
        ({"waves": [WAVES[0] | {"speed_limit": 20}, WAVES[1]]}, ["Servers", "Waves"]),
        ({"region_name": "elsewhere"}, ["Servers"]),
    ],
)
def test_a_change_of_the_wave_is_told_by_its_sheet(tmp_path: Path, changed: dict[str, Any], sheets: list[str]) -> None:
    """A cell of a server, one server more, a column that only Limits may know, a disk, the wave's row, what rows inherit."""
    assert changed_sheets(pin(tmp_path), pin(tmp_path, **changed)) == sheets


@pytest.mark.parametrize(
    "changed",
    [
        {"servers": [server(1, note="asked the owner"), *SERVERS[1:]]},
        {"servers": SERVERS[::-1], "disks": DISKS[::-1]},
        {"servers": [*SERVERS[:2], server(3, wave="wave-2", target_vm_id="vm-other")]},
        {"waves": [WAVES[0], {"wave": "wave-2", "bandwidth_mbps": 1}]},
        {"disks": [*DISKS[:2], disk(3, size=1099511627776)]},
    ],
)
def test_what_is_not_the_waves_changes_nothing(tmp_path: Path, changed: dict[str, Any]) -> None:
    """A note, the order of rows, and whatever other waves say."""
    assert pin(tmp_path) == pin(tmp_path, **changed)


def test_rows_under_another_key_count(tmp_path: Path) -> None:
    """Disks that name a server otherwise than by its id are the server's all the same."""
    servers = [server(1, source_server_id=""), server(2)]
    there = [disk(1, source_server_id="web-01"), disk(2)]
    grown = [disk(1, source_server_id="web-01", size=85899345920), disk(2)]
    assert changed_sheets(pin(tmp_path, servers, there), pin(tmp_path, servers, grown)) == ["Disks"]
