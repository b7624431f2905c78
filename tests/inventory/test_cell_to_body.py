"""What a planner types arrives in the body as typed, or is told at its cell: never anything between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.simulator.options import SimulatorOptions
from flows.simulator.validation import Validator
from inventory.build import build_post_task
from inventory.checks import check_plan
from inventory.columns import find_column
from inventory.findings import Severity
from inventory.plan import Plan, read_plan
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{2,40}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=40).filter(
    lambda text: not text.startswith(("=", "#", "{")) and "{" not in text
)
ROWS = st.fixed_dictionaries(
    {"name": NAMES, "target_name": TEXTS, "priority": st.sampled_from([0, 1, 2]), "speed_limit": st.integers(0, 1000)},
    optional={flag: st.booleans() for flag in ("start_target_server", "auto_start", "syncing", "need_migration_test")},
)
MUTATED = ("name", "target_name", "priority", "speed_limit", "start_target_server", "syncing", "migration_ip", "target_vm_id")
CONTENTS = (
    st.sampled_from(
        [
            "",
            " 1 ",
            "1.0",
            "1,5",
            "1.000",
            "12O",
            "1e3",
            "yes",
            "maybe",
            "10.0.0.9",
            "10.0.0.256",
            "fd00::7",
            "web 01",
            "a\nb",
            "#N/A",
        ]
    )
    | st.integers(-1, 70_000)
    | st.booleans()
    | st.floats(0, 10).map(lambda number: round(number, 2))
    | NAMES
)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, **values: Any) -> Plan:
    base = {"name": "task-1", "priority": 0, "speed_limit": 10, "start_target_server": "no", "syncing": "yes"}
    return read_plan(make_plan(folder / "plan.xlsx", [server(1, **{**base, **values})], disks=[disk()]))


def body_of(plan: Plan) -> dict[str, Any]:
    """The row's body as the simulator takes it, which refuses what the page does not allow."""
    request, unknown = Validator(SimulatorOptions()).read(build_post_task(plan.servers[0], plan, None).to_json())
    assert unknown == []
    return request


def at(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def without(body: dict[str, Any], path: str) -> Any:
    body = json.loads(json.dumps(body))
    *way, last = path.split(".")
    inner = body
    for part in way:
        inner = inner[part]
    inner.pop(last, None)
    return body


def path_of(column: str) -> str:
    found = find_column("Servers", column)
    assert found is not None
    assert found.api_field is not None
    return found.api_field


@FEW
@given(ROWS)
def test_a_valid_row_survives_to_the_simulator(tmp_path: Path, row: dict[str, Any]) -> None:
    """Every value of the row stands in the body that the simulator accepts."""
    plan = read(tmp_path, **row)
    assert [each for each in check_plan(plan) if each.severity is Severity.ERROR] == []
    body = body_of(plan)
    assert {column: at(body, path_of(column)) for column in row} == row


@settings(FEW, max_examples=50)
@given(st.sampled_from(MUTATED), CONTENTS)
def test_one_changed_cell_is_told_there_or_differs_there(tmp_path: Path, column: str, content: object) -> None:
    """An error stands at exactly the changed cell; without one the body is another in exactly that field, or in none."""
    before = body_of(read(tmp_path))
    plan = read(tmp_path, **{column: content})
    cell = plan.servers[0].table.cell(column, 0)
    errors = [each for each in check_plan(plan) if each.severity is Severity.ERROR]
    if errors:
        assert {each.place for each in errors} <= {str(cell)} | ({"Servers!A2"} if column == "target_vm_id" else set())
        return
    path = path_of(column)
    assert without(body_of(plan), path) == without(before, path)
