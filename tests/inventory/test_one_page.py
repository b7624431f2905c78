"""Sheet, body and simulator keep to one page: the same fields with the same bounds, to the last unit.

The simulator's tables are written from the page and not from our models, so that a slip in one of the three shows here.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from flows.simulator.tables import TABLES, Field
from flows.simulator.validation import is_legal_name
from inventory import post_task
from inventory.columns import SHEETS, Column, Kind
from inventory.values import RefusedError, parse_value
from tests.flows.simulator.bodies import SMALLEST

FIELDS = [pytest.param(table, each, id=f"{table}.{each.name}") for table, fields in TABLES.items() for each in fields]
SENT = [
    pytest.param(column, id=f"{sheet}.{column.name}") for sheet, columns in SHEETS.items() for column in columns if column.api_field
]
OURS_ALWAYS = {("TargetServerByTask", "name"), ("TargetServerByTask", "vm_id")}
"""Mandatory on the page, which makes an exception with a template; we send both, `vm_id` as "" then (contradiction 4)."""


def spelt(name: str) -> str:
    """The key on the wire: the page's `subvolume` is sent as `subvolumn` (contradiction 8)."""
    return "subvolumn" if name == "subvolume" else name


def smallest(table: str) -> dict[str, Any]:
    return {spelt(name): value for name, value in SMALLEST[table].items()}


def takes(table: str, name: str, value: object) -> bool:
    """Whether the body takes that value in a field of its smallest object."""
    model: type[BaseModel] = getattr(post_task, table)
    try:
        model.model_validate({**smallest(table), spelt(name): value})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("table", TABLES)
def test_the_body_has_the_fields_of_the_page(table: str) -> None:
    """No more and no fewer, and the smallest object of each table is one of ours."""
    model: type[BaseModel] = getattr(post_task, table)
    assert set(model.model_fields) == {spelt(each.name) for each in TABLES[table]}
    model.model_validate(smallest(table))


@pytest.mark.parametrize(("table", "each"), FIELDS)
def test_the_body_keeps_the_bounds_of_the_page(table: str, each: Field) -> None:
    """Nothing and the maximum are in, one more is out, and so is anything of another type."""
    high = int(each.high)
    match each.type:
        case "string" if each.choices:
            good: list[object] = list(each.choices)
            bad: list[object] = ["", each.choices[0].lower(), 7]
        case "string":
            good, bad = ["", "x" * high], ["x" * (high + 1), 7, True]
        case "integer" | "double":
            good, bad = [0, high], [-1, high + 1, True, "5", float("nan"), float("inf")]
        case "boolean":
            good, bad = [True, False], [1, "true"]
        case "object":
            good, bad = [smallest(each.table)], [[], "x", {**smallest(each.table), "unknown": 1}]
        case "array":
            item = smallest(each.table)
            made = getattr(post_task, each.table).model_validate(item)  # 65,536 of them need not be judged again one by one
            good, bad = [[], [item], [made] * high], [[made] * (high + 1), "x", [{**item, "unknown": 1}]]
    assert [takes(table, each.name, value) for value in good] == [True] * len(good)
    assert [takes(table, each.name, value) for value in bad] == [False] * len(bad)


@pytest.mark.parametrize(("table", "each"), FIELDS)
def test_what_the_page_demands_the_body_has(table: str, each: Field) -> None:
    """A mandatory field can neither be left out nor be null; any other can."""
    model: type[BaseModel] = getattr(post_task, table)
    is_mandatory = each.mandatory or (table, each.name) in OURS_ALWAYS
    assert model.model_fields[spelt(each.name)].is_required() is is_mandatory
    assert takes(table, each.name, None) is not is_mandatory


def field_of(column: Column) -> Field:
    """The line of the page's tables that a column is sent as."""
    table, *path = "PostTask", *str(column.api_field).split(".")
    for part in path[:-1]:
        table = next(each.table for each in TABLES[table] if spelt(each.name) == part)
    return next(each for each in TABLES[table] if each.name == path[-1])


@pytest.mark.parametrize("column", SENT)
def test_a_column_has_the_bounds_of_its_field(column: Column) -> None:
    """What the sheet lets pass the body takes, and the sheet refuses nothing that the page allows."""
    each = field_of(column)
    match column.kind:
        case Kind.ENUM:
            assert set(column.choices) == set(each.choices)
        case Kind.FLAG:
            assert each.type == "boolean"
        case Kind.INTEGER | Kind.DECIMAL | Kind.SIZE:
            assert (column.low, column.high) == (each.low, each.high)
            assert (each.type == "double") is (column.kind is Kind.DECIMAL)
        case _:
            assert (each.type, column.max_length) == ("string", each.high)


def test_a_name_that_the_sheet_takes_the_simulator_takes() -> None:
    """Character by character: a plan without findings must not be refused for a task's name (SMS.7711)."""
    column = next(column for column in SHEETS["Servers"] if column.kind is Kind.NAME)

    def is_taken(character: str) -> bool:
        try:
            return parse_value(column, f"a{character}b") is not None
        except RefusedError:
            return False

    characters = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    assert [each for each in characters if is_taken(each) != is_legal_name(f"a{each}b")] == []
