"""One changed cell of any sheet is told at that cell, or changes exactly what that cell says: never anything between.

`Servers` has a test of its own (test_cell_to_body.py); here are `Disks`, `Volumes`, `Waves` and `Defaults`, with servers that
inherit and servers that do not.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.simulator.options import SimulatorOptions
from flows.simulator.validation import Validator
from inventory.build import build_post_task
from inventory.checks import check_plan
from inventory.columns import WAVES, find_column
from inventory.findings import Severity
from inventory.plan import Plan, read_plan
from inventory.source_findings import find_source_findings
from tests.inventory.test_cell_to_body import CONTENTS
from tests.plans import DEFAULTS, disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    Sheets = dict[str, Any]

GIB = 1024**3
FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIZES = st.sampled_from([0, 40, GIB, 50 * GIB, "8 GiB", "1.5 TB", "1,5 TB", "12 gigs", "40 G", 2**63]) | CONTENTS
TIMES = st.sampled_from(["2027-03-28 02:30", "2027-01-10 01:00", "2026-12-31", "9.1.", datetime(2027, 1, 9, 23)]) | CONTENTS  # noqa: DTZ001
WORDS = (
    st.sampled_from(["OS", "NORMAL", "boot", "/dev/vdb", "{source_name}-x", "{nothing}", "Asia/Shanghai", "10%", "#REF!"])
    | CONTENTS
)

FIRST = "src-0001-a1b2"
MOVED: Sheets = {
    "disks": [disk(1, used_size=5 * GIB), disk(2), disk(3)],
    "Volumes": [
        {
            "source_server_id": FIRST,
            "disk": "/dev/vda",
            "index": 0,
            "name": "/dev/vda1",
            "device_use": "OS",
            "file_system": "ext4",
            "mount_point": "/",
            "size": 30 * GIB,
            "used_size": 4 * GIB,
            "inode_size": 256,
            "uuid": "u-1",
        }
    ],
    "waves": [
        {
            "wave": "wave-1",
            "starts_at": "2027-01-09 20:00",
            "ends_at": "2027-01-10 06:00",
            "timezone": "Europe/Berlin",
            "bandwidth_mbps": 100,
            "rate_per_second": 2,
            "max_running": 10,
            "needs_approval": "no",
            "failure_budget": 3,
            "max_servers": 5,
            "priority": 1,
            "speed_limit": 50,
            "syncing": "no",
            "auto_start": "no",
            "name": "{source_name}-w",
            "vm_template_id": None,
            "clonevm_template_id": "tpl-9",
        },
        {"wave": "wave-2"},
    ],
    "defaults": {**DEFAULTS, "priority": 0, "speed_limit": 20, "name": "{source_name}-d", "timezone": "UTC", "max_running": 50},
}
"""Three servers: the first inherits all that it can, the second says it itself, the third is of a wave that says little."""

SERVERS = [server(1), server(2, priority=2, speed_limit=70, syncing="yes", name="own-name"), server(3, wave="wave-2")]
ELSEWHERE = {
    ("disks", "source_server_id"): {"Volumes!B2", "Servers!B2"},
    ("disks", "name"): {"Volumes!B2"},
    ("disks", "size"): {"Disks!F2"},
    ("Volumes", "size"): {"Disks!E2", "Volumes!I2"},
    ("Volumes", "source_server_id"): {"Volumes!B2"},
    ("waves", "starts_at"): {"Waves!C2"},
    ("waves", "timezone"): {"Waves!B2", "Waves!C2"},
    **{("defaults", name): {"Servers!A2", "Servers!A3", "Servers!A4"} for name in ("region_id", "project_id", "os_type")},
}
"""Cells that must agree with a cell: the finding may stand there instead."""

FOLLOWING = {
    ("disks", "size"): {"target_server.disks.used_size"},
    ("Volumes", "used_size"): {"target_server.disks.used_size"},
    ("Volumes", "source_server_id"): {"target_server.disks.physical_volumes"},
}
"""What a body has from a cell beside the cell's own field."""


def read(folder: Path, sheets: Sheets) -> Plan:
    return read_plan(make_plan(folder / "plan.xlsx", SERVERS, **sheets))


def changed(sheet: str, column: str, content: object) -> Sheets:
    """The sheets with one cell of the first row replaced."""
    if sheet == "defaults":
        return {**MOVED, sheet: {**MOVED[sheet], column: content}}
    rows = [dict(each) for each in MOVED[sheet]]
    rows[0][column] = content
    return {**MOVED, sheet: rows}


def said(plan: Plan) -> dict[str, object]:
    """All that a plan says: each body as the simulator takes it, field by field, and each wave's own fields."""
    found: dict[str, object] = {}
    for row in plan.servers:
        request, unknown = Validator(SimulatorOptions()).read(build_post_task(row, plan, None).to_json())
        assert unknown == []
        found |= {f"{row.position} {path}": value for path, value in flat(request)}
    for name, wave in plan.waves.items():
        found |= {f"{name} {column.name}": wave.get(column.name) for column in WAVES}
    return found


def flat(value: Any, path: str = "") -> list[tuple[str, object]]:
    """The leaves of a body by their paths; lists here have one member each."""
    if isinstance(value, list) and value:
        assert len(value) == 1
        return flat(value[0], path)
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in flat(inner, f"{path}.{key}" if path else key)]
    return [(path, value)]


def field_of(sheet: str, column: str) -> str:
    """Where a column is sent, or its own name where it is a wave's."""
    found = find_column({"disks": "Disks", "waves": "Waves", "defaults": "Defaults"}.get(sheet, sheet), column)
    assert found is not None
    return found.api_field or column


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan as it was before."""
    return read(tmp_path_factory.mktemp("base"), MOVED)


def check(base: Plan, folder: Path, cell: str, where: tuple[str, str], content: object, concerned: set[str]) -> None:
    """Change a cell of the first row: errors stand at it, or where it must be agreed with; else nothing else changes."""
    plan = read(folder, changed(*where, content))
    told = [*check_plan(plan), *(each for row in plan.servers for each in find_source_findings(row, plan, None))]
    errors = {each.place for each in told if each.severity is Severity.ERROR}
    if errors:
        assert errors <= {cell} | ELSEWHERE.get(where, set())
        return
    before, after = said(base), said(plan)
    differ = {key for key in before | after if before.get(key) != after.get(key)}
    fields = {field_of(*where)} | FOLLOWING.get(where, set())
    assert {key for key in differ if not any(key.split(" ", 1)[1].startswith(each) for each in fields)} == set()
    assert {key.split(" ", 1)[0] for key in differ} <= concerned


@FEW
@given(st.sampled_from(list(disk())), SIZES | WORDS)
def test_a_cell_of_disks(base: Plan, tmp_path: Path, column: str, content: object) -> None:
    """The first server's disk; no other server's body changes."""
    check(base, tmp_path, str(base.tables["Disks"].cell(column, 0)), ("disks", column), content, {"2"})


@FEW
@given(st.sampled_from(list(MOVED["Volumes"][0])), SIZES | WORDS)
def test_a_cell_of_volumes(base: Plan, tmp_path: Path, column: str, content: object) -> None:
    """The first server's volume."""
    check(base, tmp_path, str(base.tables["Volumes"].cell(column, 0)), ("Volumes", column), content, {"2"})


@FEW
@given(st.sampled_from(list(MOVED["waves"][0])[1:]), TIMES | WORDS)
def test_a_cell_of_waves(base: Plan, tmp_path: Path, column: str, content: object) -> None:
    """The wave's own field, or the bodies of those of its rows that do not say it themselves; never the other wave's."""
    concerned = {"2", "3"} - own(column) if find_column("Servers", column) else {"wave-1"}
    check(base, tmp_path, str(base.tables["Waves"].cell(column, 0)), ("waves", column), content, concerned)


@FEW
@given(st.sampled_from(list(MOVED["defaults"])), WORDS)
def test_a_cell_of_defaults(base: Plan, tmp_path: Path, column: str, content: object) -> None:
    """Whoever says it neither in its row nor in its wave."""
    first_wave = {"2", "3", "wave-1"} if column not in MOVED["waves"][0] else set()
    concerned = (first_wave | {"4", "wave-2"}) - own(column)
    of = {"2", "3", "4"} if find_column("Servers", column) else {"wave-1", "wave-2"}
    cell = f"Defaults!B{list(MOVED['defaults']).index(column) + 1}"
    check(base, tmp_path, cell, ("defaults", column), content, concerned & of)


def own(column: str) -> set[str]:
    """The rows that say a column themselves; all have the second's columns, the others empty ones."""
    return {"3"} if column in SERVERS[1] else set()
