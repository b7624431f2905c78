"""What a cell means by its column: nothing silently changed, nothing ever raised but a refusal with its code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.catalogue import CATALOGUE
from inventory.columns import PLAN_DEFAULTS, SHEETS, Column, find_column, normalise
from inventory.patterns import parse_default
from inventory.plain_columns import read_plainly
from inventory.values import RefusedError, parse_value, show

COLUMNS = tuple(column for columns in SHEETS.values() for column in columns)
PLAIN_CELLS = (
    st.text(max_size=12)
    | st.sampled_from(
        ["", " ", "x", "yes", "1", "1.0", "12O", "1.2E+15", "10.0.0.1", "a b", "a\xa0b", "#N/A", "LINUX", "40 GiB", "{wave}"]
    )
    | st.integers(-5, 2**63)
    | st.floats()
    | st.booleans()
    | st.datetimes()
)


def judged(column: Column, raw: object) -> Any:
    try:
        return parse_value(column, raw)
    except RefusedError as refused:
        return refused.code


def column(sheet: str, name: str) -> Column:
    found = find_column(sheet, name)
    assert found is not None
    return found


NINE = datetime(2027, 1, 9, 20)  # noqa: DTZ001 - as a spreadsheet has it
SIZE, SPEED, PRIORITY = column("Disks", "size"), column("Servers", "speed_limit"), column("Servers", "priority")


@given(st.sampled_from(COLUMNS), PLAIN_CELLS)
def test_any_cell_is_a_value_or_a_refusal(of: Column, raw: object) -> None:
    verdict = judged(of, raw)
    assert verdict is None or isinstance(verdict, str | int | float | bool | datetime)
    for parse in (parse_value, parse_default):
        try:
            parse(of, raw)
        except RefusedError as refused:
            assert refused.code in CATALOGUE  # noqa: PT017 - either end is fine


@given(st.sampled_from(COLUMNS), st.lists(PLAIN_CELLS, max_size=8), st.integers(1, 300))
def test_whole_columns_mean_what_their_cells_mean(of: Column, cells: list[object], times: int) -> None:
    """The fast way agrees with the slow one wherever it answers at all."""
    cells = cells * times
    plain = read_plainly(of, cells)
    if plain is not None:
        assert [(type(value), value) for value in plain] == [(type(value), value) for value in (judged(of, cell) for cell in cells)]


@given(st.from_regex(r"[A-DF-Za-df-z][A-Za-z0-9_-]{3,18}", fullmatch=True))
def test_plain_columns_are_taken_at_one_stroke(name_of_all: str) -> None:
    names = [f"{name_of_all}-{number}" for number in range(300)]
    for name in ("name", "source_name", "source_server_id", "note"):
        assert read_plainly(column("Servers", name), names) == names


@given(st.sampled_from(["name", "source_name", "note"]), st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True))
def test_a_valid_text_survives_its_spaces(name: str, text: str) -> None:
    assert judged(column("Servers", name), f" \xa0{text}\u200b\t") == text


@given(st.integers(0, 10_000), st.sampled_from([str, float, int, lambda number: f" {number}.0 ", lambda number: f"+{number}"]))
def test_a_number_is_understood_however_it_is_typed(number: int, typed: Any) -> None:
    assert judged(SPEED, typed(number)) == number


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ("40 GiB", 40 * 1024**3),
        ("40G", 40 * 1024**3),
        ("40 GB", 40 * 10**9),
        ("1 tib", 1024**4),
        ("0.5 K", 512),
        ("1.84 GiB", 1975684957),
        ("100 B", 100),
        ("1024 bytes", 1024),
        ("42949672960", 42949672960),
        (42949672960.0, 42949672960),
        ("9223372036854775807", 2**63 - 1),
        ("40 XB", "PLAN-120"),
        ("40 Gi", 40 * 1024**3),
        ("40gib", 40 * 1024**3),
        ("40 Go", 40 * 10**9),
        ("40 ГБ", 40 * 10**9),
        ("40 gibibytes", 40 * 1024**3),
        ("1.5 TB", 1_500_000_000_000),
        ("1,5 TB", 1_500_000_000_000),
        ("1,5 GiB", 1_610_612_736),
        ("1.024,5 MiB", 1_074_266_112),
        ("1 024 MB", 1_024_000_000),
        ("40.960 MB", "PLAN-130"),
        ("40.960", "PLAN-130"),
        ("4E+1 GB", "PLAN-127"),
        ("GiB", "PLAN-120"),
        ("1.5", "PLAN-113"),
        ("-1 GiB", "PLAN-114"),
        ("9223372036854775808", "PLAN-114"),
        ("9000000 TiB", "PLAN-114"),
        (2.0**60, "PLAN-127"),
        ("4.29497E+10", "PLAN-127"),
    ],
)
def test_sizes_are_bytes_and_never_rounded_down(raw: object, size: object) -> None:
    """G and GiB are binary, GB is decimal; part bytes are rounded up, since a target must not be smaller than its source."""
    assert judged(SIZE, raw) == size


def test_a_wave_may_be_named_by_its_day() -> None:
    """A spreadsheet makes a date of it: the name is the day, without a time that nobody typed."""
    assert judged(column("Servers", "wave"), NINE.replace(hour=0)) == "2027-01-09"
    assert judged(column("Servers", "wave"), NINE) == "PLAN-117"


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (5, 5),
        (5.0, 5),
        ("5", 5),
        (0, 0),
        ("10%", 0.1),
        ("12.5 %", 0.125),
        (0.1, 0.1),
        ("0.29", 0.29),
        ("100%", 1.0),
        ("101%", "PLAN-114"),
        ("-1%", "PLAN-114"),
        (-1, "PLAN-114"),
        (100_001, "PLAN-114"),
        (1.5, "PLAN-113"),
        ("%", "PLAN-112"),
        ("few", "PLAN-112"),
        (True, "PLAN-116"),
    ],
)
def test_a_failure_budget_is_a_count_or_a_share(raw: object, meant: object) -> None:
    """A whole number counts; a percentage is a share, also as the fraction that a spreadsheet keeps of it."""
    found = judged(column("Waves", "failure_budget"), raw)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(("words", "said"), [("yes Y TRUE true 1 x X on", True), ("no N FALSE false 0 off", False)])
def test_yes_and_no_have_many_words(words: str, said: bool) -> None:
    of = column("Servers", "syncing")
    assert {judged(of, word) for word in words.split()} == {said}
    assert judged(of, said) is judged(of, float(said)) is judged(of, int(said)) is said


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (True, "PLAN-116"),
        (1.5, "PLAN-113"),
        (float("nan"), "PLAN-115"),
        (float("inf"), "PLAN-115"),
        (65536, "PLAN-114"),
        ("1e3", "PLAN-127"),
    ],
)
def test_wrong_numbers_have_codes_of_their_own(raw: object, code: object) -> None:
    assert judged(PRIORITY, raw) == code


@given(st.integers() | st.floats(allow_nan=False) | st.booleans())
def test_a_number_is_never_an_id(raw: float) -> None:
    """A spreadsheet has made a number of it, and what it was is lost."""
    assert judged(column("Servers", "source_server_id"), raw) == "PLAN-110"


@pytest.mark.parametrize(
    "text", ["0a1b2c3d4e5f60718293a4b5c6d7e8f9", "12345678901234567890123456789012", "1e5", "07d8aa20-1b74-5157-ab09-62b5ef1d23aa"]
)
def test_ids_of_digits_are_ids(text: str) -> None:
    assert judged(column("Servers", "source_server_id"), text) == text


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (12.0, "PLAN-110"),
        ("12.0", "PLAN-110"),
        ("1,2E+15", "PLAN-110"),
        ("123456789012345000", "PLAN-127"),
        (NINE, "PLAN-117"),
        ("src-\u200b0001", "PLAN-125"),
        ("src-\u202e0001", "PLAN-125"),
    ],
)
def test_an_id_that_a_spreadsheet_ruined_is_refused(raw: object, code: str) -> None:
    """A number, a number's short form, zeros after the fifteenth digit, a date; and what cannot be seen in it."""
    assert judged(column("Servers", "source_server_id"), raw) == code


@pytest.mark.parametrize(
    ("raw", "meant"), [("10%", 10.0), ("12,5 %", 12.5), (10, 10.0), ("0.5", 0.5), (0.1, "PLAN-131"), (1, 1.0), ("101%", "PLAN-114")]
)
def test_a_percentage_is_not_mistaken_for_its_fraction(raw: object, meant: object) -> None:
    """A cell that shows 10% holds 0.1, and so does one that shows 0.1: it is asked, not guessed."""
    assert judged(column("Servers", "over_speed_threshold"), raw) == meant


@pytest.mark.parametrize(("low", "high"), [(0, 65535), (0, 10000), (1, 100_000)])
def test_bounds_are_included(low: int, high: int) -> None:
    of = next(of for of in COLUMNS if (of.low, of.high) == (low, high))
    assert [judged(of, number) for number in (low - 1, low, high, high + 1)] == ["PLAN-114", low, high, "PLAN-114"]


def test_every_column_is_found_by_every_spelling() -> None:
    """No alias is claimed by two columns of a sheet."""
    for sheet, columns in SHEETS.items():
        spellings = [spelling for of in columns for spelling in of.spellings]
        assert len(spellings) == len(set(spellings)), sheet
        if sheet != "Defaults":
            assert all(find_column(sheet, spelling.upper()) is of for of in columns for spelling in (of.name, *of.aliases))
    assert all(find_column("Defaults", of.name) is of for of in PLAN_DEFAULTS)


def test_every_column_says_what_it_is_for() -> None:
    for of in COLUMNS:
        assert of.help.endswith("."), of.name
        assert of.bounds, of.name
        assert normalise(of.name) == of.name.replace("_", "").casefold()


@pytest.mark.parametrize(
    ("raw", "shown"), [(12.0, "12"), (12.5, "12.5"), (True, "TRUE"), (None, ""), (NINE, "2027-01-09 20:00:00")]
)
def test_cells_are_shown_as_a_spreadsheet_shows_them(raw: object, shown: str) -> None:
    assert show(raw) == shown
