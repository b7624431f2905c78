"""Numbers typed as text are read as the file writes them, or not at all: never as another number."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.numerals import AmbiguousNumeralError, Habit, find_habit, read_numeral
from inventory.plan import Plan, read_plan
from tests.plans import DEFAULTS, disk, found, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = st.decimals(min_value=Decimal(-(10**12)), max_value=Decimal(10**12), places=3) | st.integers(-(10**12), 10**12).map(
    Decimal
)


def written(number: Decimal, habit: Habit, *, grouped: bool) -> str:
    """A number as a spreadsheet of that habit shows it."""
    text = f"{number:,f}" if grouped else f"{number:f}"
    return text if habit is Habit.POINT else text.translate(str.maketrans(".,", ",."))


def plan(tmp_path: Path, **sheets: Any) -> Plan:
    return read_plan(make_plan(tmp_path / "plan.xlsx", **sheets))


@given(NUMBERS, st.sampled_from([Habit.POINT, Habit.COMMA]), st.booleans())
def test_a_number_survives_the_habit_of_its_file(number: Decimal, habit: Habit, grouped: bool) -> None:
    """In a file that is known to write so it is read as it was; where nothing is known, so too, or it is asked for."""
    text = written(number, habit, grouped=grouped)
    assert read_numeral(text, habit) == number
    try:
        assert read_numeral(text) == number
    except AmbiguousNumeralError as two:
        assert number in {Decimal(two.as_decimal), Decimal(two.as_group)}  # noqa: PT017 - either end is fine


@given(NUMBERS, st.sampled_from([Habit.POINT, Habit.COMMA]))
def test_a_number_shows_its_habit_or_nothing(number: Decimal, habit: Habit) -> None:
    """No number is taken for the other habit."""
    assert find_habit([f"{written(number, habit, grouped=True)} GB"]) in {habit, Habit.UNKNOWN}


@settings(max_examples=200)
@given(st.text(alphabet="0123456789.,+-eE \u2019'x", max_size=12))
def test_a_numeral_is_a_number_or_none(text: str) -> None:
    try:
        number = read_numeral(text)
    except AmbiguousNumeralError:
        return
    assert number is None or number.is_finite()


@pytest.mark.parametrize(
    ("text", "number"),
    [("1 234,5", "1234.5"), ("1\u2019234.567", "1234.567"), ("0.123", "0.123"), ("1234,567", "1234.567"), ("1,00,000", "100000")],
)
def test_spaces_apostrophes_and_lakhs_are_groups(text: str, number: str) -> None:
    assert read_numeral(text) == Decimal(number)


def test_sizes_are_read_by_the_habit_of_the_file(tmp_path: Path) -> None:
    """One number that can be read in one way only decides the others, on whatever sheet it stands."""
    sizes = [disk(size="40.960 MB", used_size=1), disk(name="/dev/vdb", size="1,5 TB", used_size=1)]
    made = plan(tmp_path, disks=sizes)
    assert [row.integer("size") for row in made.disks["src-0001-a1b2"]] == [40_960_000_000, 1_500_000_000_000]
    made = plan(tmp_path, disks=sizes[:1], defaults={**DEFAULTS, "over_speed_threshold": "12.5"})
    assert made.disks["src-0001-a1b2"][0].integer("size") == 40_960_000
    assert found(made.findings) == []


def test_a_file_that_writes_both_is_asked(tmp_path: Path) -> None:
    """The numbers that can be read in one way are read; the others are findings that show both readings."""
    sizes = [disk(size=text, name=f"/dev/vd{at}", used_size=1) for at, text in enumerate(["1,5 TB", "2.5 TB", "40.960 MB"])]
    made = plan(tmp_path, disks=sizes)
    assert [row.integer("size") for row in made.disks["src-0001-a1b2"]] == [1_500_000_000_000, 2_500_000_000_000, None]
    line = made.findings[0].line()
    assert line.startswith(
        'Disks!E4  size "40.960 MB" is 40.96 MB or 40960 MB, and the file writes decimals in both ways: type 40.96 MB'
    )
    assert found(made.findings) == [("Disks!E4", "PLAN-130")]


def test_a_limit_of_a_thousand_is_not_one(tmp_path: Path) -> None:
    """What a text column makes of 1,000 is neither 1 nor 1000 until the planner says so."""
    made = plan(tmp_path, servers=[server(1, speed_limit="1,000")])
    assert made.servers[0].integer("speed_limit") is None
    assert found(made.findings) == [("Servers!H2", "PLAN-130")]
