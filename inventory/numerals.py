"""What a text that stands for a number means: 40960, 1.5, 1,5, 1.234,5, 1 234,5.

Decides by the text alone where it can be read in one way only; `40.960` can be read in two, and is read as the file's other
numbers are written (its habit), or refused. Knows no columns and no units. Called by values.py and, for the habit, by table.py.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP_MARKS = " '\u2009\u2019"
"""What stands between thousands beside the point and the comma; other spaces are plain ones by the time a text comes here."""

_SIGN = r"[+-]?"
_AMBIGUOUS = re.compile(rf"({_SIGN}[1-9]\d{{0,2}})([.,])(\d{{3}})", re.ASCII)
_ONE_MARK = re.compile(rf"{_SIGN}(?:\d+(?:\.\d*|,\d+)?|[.,]\d+)(?:[eE][+-]?\d{{1,4}})?", re.ASCII)
_COMMA_GROUPS = re.compile(rf"{_SIGN}(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,2}}(?:,\d{{2}})+,\d{{3}})(?:\.\d+)?", re.ASCII)
_POINT_GROUPS = re.compile(rf"{_SIGN}\d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?", re.ASCII)
_OTHER_GROUPS = re.compile(rf"{_SIGN}\d{{1,3}}(?:[{GROUP_MARKS}]\d{{3}})+(?:[.,]\d+)?", re.ASCII)
_NO_GROUP_MARKS = str.maketrans("", "", GROUP_MARKS)
_START = re.compile(rf"{_SIGN}[\d.,{GROUP_MARKS}]*\d", re.ASCII)


class Habit(Enum):
    """How a file writes decimals, as far as its unambiguous numbers show; `value` is the mark."""

    UNKNOWN = ""
    POINT = "."
    COMMA = ","
    BOTH = ".,"


class AmbiguousNumeralError(Exception):
    """A numeral that means one number where the point is the decimal mark and another where the comma is."""

    def __init__(self, as_decimal: str, as_group: str) -> None:
        super().__init__(f"{as_decimal} or {as_group}")
        self.as_decimal = as_decimal
        self.as_group = as_group


def read_numeral(text: str, habit: Habit = Habit.UNKNOWN) -> Decimal | None:
    """The exact number; None for a text that is none. Raises AmbiguousNumeralError where the habit does not decide."""
    mark = _decimal_mark(text)
    if mark is None:
        return None
    match = _AMBIGUOUS.fullmatch(text)
    if match:
        as_group, as_decimal = match[1] + match[3], f"{match[1]}.{match[3]}"
        if habit not in {Habit.POINT, Habit.COMMA}:
            raise AmbiguousNumeralError(as_decimal.rstrip("0").rstrip("."), as_group)
        return Decimal(as_decimal if match[2] == habit.value else as_group)
    text = text.translate(_NO_GROUP_MARKS)
    groups = {".": ",", ",": "."}.get(mark, "")
    return Decimal(text.replace(groups, "").replace(",", ".") if groups else text)


def find_habit(texts: Iterable[str]) -> Habit:
    """The habit of a file whose numbers are these texts, with a unit after them or none; what is no number shows nothing."""
    marks = set()
    for text in texts:
        start = _START.match(text)
        if start and not _AMBIGUOUS.fullmatch(start[0]):
            marks.add(_decimal_mark(start[0]) or "")
    return Habit("".join(mark for mark in ".," if mark in marks))


def _decimal_mark(text: str) -> str | None:
    """The mark before a numeral's decimals, also where it has none but is grouped by the other; "" where nothing shows it.

    None for a text that is no numeral.
    """
    if _ONE_MARK.fullmatch(text):
        return "," if "," in text else "." if "." in text else ""
    if _COMMA_GROUPS.fullmatch(text):
        return "."
    if _POINT_GROUPS.fullmatch(text):
        return ","
    if _OTHER_GROUPS.fullmatch(text):
        return "," if "," in text else "." if "." in text else ""
    return None
