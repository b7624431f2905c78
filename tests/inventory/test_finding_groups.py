"""Findings with one cause are told as one, and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.catalogue import finding
from inventory.finding_groups import MANY, group_findings

if TYPE_CHECKING:
    from inventory.findings import Finding


def not_a_number(row: int, value: str = "12O", column: str = "H") -> Finding:
    return finding("PLAN-112", "Servers", f"{column}{row}", value, column="speed_limit", bounds="0-10000")


def no_address(row: int) -> Finding:
    return finding("PLAN-501", "Servers", f"G{row}", server=f"web-{row:02}")


def test_one_cause_in_many_rows_is_one_line() -> None:
    """The range and the number of its cells, the problem and the remedy once."""
    groups = group_findings([not_a_number(row) for row in range(2, 302)])
    assert [group.line() for group in groups] == [
        'Servers!H2:H301 (300 cells)  speed_limit "12O" is not a number: give 0-10000  [PLAN-112]'
    ]


def test_problems_that_differ_in_whose_they_are_are_counted() -> None:
    """The first server is named, the rest are a number."""
    line = group_findings([no_address(row) for row in range(2, 9)])[0].line()
    assert line.startswith("Servers!G2:G8 (7 cells)  web-02 has an existing target and no migration_ip (6 more like it): give")


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([2, 3, 4, 9, 11, 12], "Servers!H2:H4, H9, H11:H12 (6 cells)"),
        ([9, 2, 4, 3], "Servers!H2:H4, H9 (4 cells)"),
        (range(2, 20, 2), "Servers!H2, H4, H6, H8 and 5 more areas (9 cells)"),
    ],
)
def test_a_place_names_its_areas(rows: list[int], place: str) -> None:
    """Rows that follow one another are a range, and a long list is cut."""
    assert group_findings([not_a_number(row) for row in rows])[0].place == place


def test_what_differs_in_value_column_or_sheet_is_another_cause() -> None:
    """Only what one and the same change mends is one."""
    rows = range(2, 10)
    found = [not_a_number(row) for row in rows] + [not_a_number(row, "l2") for row in rows]
    found += [not_a_number(row, column="I") for row in rows]
    assert [group.place for group in group_findings(found)] == [
        "Servers!H2:H9 (8 cells)",
        "Servers!H2:H9 (8 cells)",
        "Servers!I2:I9 (8 cells)",
    ]


def test_a_few_are_told_one_by_one() -> None:
    """As short, and exact."""
    found = [not_a_number(row) for row in range(2, 1 + MANY)]
    assert [group.line() for group in group_findings(found)] == [each.line() for each in found]


def test_one_cell_with_many_findings_is_told_once() -> None:
    """A value in `Defaults` that 50 servers inherit."""
    found = [finding("PLAN-503", "Defaults", "B4", "10", server=f"web-{number}") for number in range(50)]
    group = group_findings(found)[0]
    assert (group.place, group.cells, group.areas) == ("Defaults!B4", 1, ("B4",))
    assert "(49 more like it)" in group.line()


@given(st.lists(st.tuples(st.integers(2, 40), st.sampled_from(["12O", "l2"]), st.sampled_from("HI")), max_size=60))
def test_no_finding_is_lost_and_their_order_stays(cells: list[tuple[int, str, str]]) -> None:
    """Whatever is grouped, the groups hold every finding once, each group where its first stood."""
    found = [not_a_number(row, value, column) for row, value, column in cells]
    groups = group_findings(found)
    assert sorted(each.place for group in groups for each in group.findings) == sorted(each.place for each in found)
    firsts = [next(place for place, each in enumerate(found) if each is group.first) for group in groups]
    assert firsts == sorted(firsts)
