"""--where: any column by any of its names, what a row inherits too, and one line for what cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.where import WhereError, parse_where, rows_that_fit
from inventory.plan import Plan, read_plan
from tests.plans import DEFAULTS, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Three rows: two in a rack, one of them of another priority than the plan's default."""
    rows = [server(1, rack="R1"), server(2, rack="r1", priority=2), server(3, rack="R2")]
    return read_plan(make_plan(tmp_path / "plan.xlsx", rows, defaults={**DEFAULTS, "priority": 0}))


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (["source_name=web-0[12]"], ["web-01", "web-02"]),
        (["Server Name=WEB-03"], ["web-03"]),
        (["rack=r1"], ["web-01", "web-02"]),
        (["rack=r1", "priority=0"], ["web-01"]),
        (["priority=2"], ["web-02"]),
        (["note="], ["web-01", "web-02", "web-03"]),
    ],
)
def test_rows_that_fit(plan: Plan, where: list[str], names: list[str]) -> None:
    """All pairs must hold; case does not matter; an empty pattern is an empty cell."""
    assert [row.source_name for row in rows_that_fit(plan, plan.servers, parse_where(where))] == names


def test_a_header_by_an_alias_is_its_column(tmp_path: Path) -> None:
    """Where the sheet says "Server IP", `source_ip` is meant, and the other way round."""
    row = {name: value for name, value in server().items() if name != "source_ip"} | {"Server IP": "192.168.0.7"}
    plan = read_plan(make_plan(tmp_path / "plan.xlsx", [row]))
    assert len(rows_that_fit(plan, plan.servers, parse_where(["source_ip=192.168.*"]))) == 1


def test_unknown_column_is_one_line(plan: Plan) -> None:
    """A column that neither the sheet nor any plan has is told beside those that the sheet has."""
    with pytest.raises(WhereError, match=r'plan\.xlsx has no column "shelf" in Servers: its columns are wave, .*rack') as caught:
        rows_that_fit(plan, plan.servers, parse_where(["shelf=1"]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["web-01", "=web", ""])
def test_no_pair_is_one_line(text: str) -> None:
    """What is no COLUMN=PATTERN is told with an example."""
    with pytest.raises(WhereError, match="is not COLUMN=PATTERN"):
        parse_where([text])


def test_no_row_fits(plan: Plan) -> None:
    """That is told, with the pattern: it was mistyped."""
    with pytest.raises(WhereError, match=r'no row fits --where "source_ip=10\.\*"'):
        rows_that_fit(plan, plan.servers, parse_where(["source_ip=10.*"]))
