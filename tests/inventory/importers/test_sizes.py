"""Sizes: never less than the inventory says, whatever the unit, the decimal sign and the spelling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.importers.headers import UNITS, header_key, split_unit, unit_bytes
from inventory.importers.sizes import AmbiguousSizeError, NotASizeError, NoUnitError, decimal_sign, parse_size

if TYPE_CHECKING:
    from decimal import Decimal

AMOUNTS = st.decimals(min_value=0, max_value=8000, places=2)


@given(AMOUNTS, st.sampled_from(sorted(UNITS)), st.sampled_from([".", ","]), st.booleans())
def test_a_size_is_rounded_up_to_the_byte(amount: Decimal, unit: str, sign: str, in_cell: bool) -> None:
    """At least what stands there, and less than a byte more."""
    shown = f"{amount:f}".replace(".", sign)
    size = parse_size(f"{shown} {unit}", "", sign) if in_cell else parse_size(shown, unit, sign)
    assert size == math.ceil(amount * unit_bytes(unit))


@given(st.text(max_size=12), st.sampled_from(["", "GB"]), st.sampled_from(["", ".", ","]))
def test_no_text_breaks_it(text: str, unit: str, sign: str) -> None:
    """A size, nothing, or one of three refusals."""
    try:
        size = parse_size(text, unit, sign)
    except (NotASizeError, AmbiguousSizeError, NoUnitError):
        return
    assert size is None or size >= 0


def test_a_column_shows_its_decimal_sign() -> None:
    """One clear cell decides for the doubtful ones; where none is clear, nothing is guessed."""
    assert decimal_sign(["1.234", "39,99"]) == ","
    assert decimal_sign(["1,234", "39.99"]) == "."
    assert decimal_sign(["1.234", "5.678"]) == ""
    assert decimal_sign(["1.5", "2,5"], ",") == ","
    assert parse_size("1.234", "GB", ",") == 1234 * 1024**3
    with pytest.raises(AmbiguousSizeError):
        parse_size("1.234", "GB", "")


def test_units_in_headers() -> None:
    """The unit that ends a header, in brackets, after a space or grown together; none where there is none."""
    shown = [
        "Capacity MiB",
        "Source disk size(GB)",
        "*Memory (In MB)",
        "ProvisionedSpaceGB",
        "Taille (Go)",
        "Диск, ГБ",
        "Powerstate",
        "Photo",
    ]
    assert [split_unit(header)[1] for header in shown] == ["MiB", "GB", "MB", "GB", "Go", "ГБ", "", ""]
    assert header_key("*Server Name") == header_key("server_name") == header_key("SERVER-NAME (required)")
    assert header_key("Système") == header_key("Syste\u0300me")
