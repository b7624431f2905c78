"""Type a whole column at one stroke when every cell of it is plainly fine.

Decides only "plainly fine"; whatever is not (a stray space, one bad cell) returns None and is judged cell by cell by values.py,
which alone says what a cell means: a test holds the two together. Built on a few passes in C over the column: its set of types, its
set of contents, or its cells joined by line feeds under one regular expression. Called by table.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.columns import Column, Kind
from inventory.numerals import Habit
from inventory.values import EXACT_MAX, NAME_CHARACTERS, RefusedError, Typed, parse_value

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW = 256
"""With at most so many different contents a column is judged by them, each once."""

_NUMBER_LIKE_LINE = re.compile(r"\n(?:[0-9.,eE+\-]+[.,eE+\-][0-9.,eE+\-]*|[0-9]{15}0{3,})\n")
_NOT_IN_NAMES = re.compile(rf"[^{NAME_CHARACTERS}\n]")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN_IPS = re.compile(rf"(?:(?:{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE})?(?:\n|\Z))*")


def read_plainly(column: Column, cells: Sequence[object], habit: Habit = Habit.UNKNOWN) -> list[Typed | None] | None:
    """The typed cells of a column, or None when one of them is not plainly fine."""
    types = set(map(type, cells))
    if bool not in types or not types & {int, float}:
        few = _read_few(column, cells, habit)
        if few is not None:
            return few
    if types == {str}:
        return _read_texts(column, [str(cell) for cell in cells])
    if types <= {int, float} and column.kind in {Kind.INTEGER, Kind.SIZE, Kind.DECIMAL}:
        return _read_numbers(column, [cell for cell in cells if isinstance(cell, int | float)])
    return None


def _read_few(column: Column, cells: Sequence[object], habit: Habit) -> list[Typed | None] | None:
    try:
        contents = set(cells[: 4 * FEW])
        contents = set(cells) if len(contents) <= FEW else contents
    except TypeError:
        return None
    if len(contents) > FEW:
        return None
    try:
        meanings = {content: parse_value(column, content, habit) for content in contents}
    except RefusedError:
        return None
    return [meanings[cell] for cell in cells]


def _read_texts(column: Column, cells: list[str]) -> list[Typed | None] | None:
    lines = "\n" + "\n".join(cells) + "\n"
    text = lines.replace("\n", "")
    is_plain = (
        len(lines) - len(text) == len(cells) + 1
        and text.isprintable()  # so without control characters, and without any space but the plain one
        and "\n " not in lines
        and " \n" not in lines
        and "#" not in text
        and max(map(len, cells)) <= column.max_length
        and _fits(column.kind, lines)
    )
    return [cell or None for cell in cells] if is_plain else None


def _fits(kind: Kind, lines: str) -> bool:
    """Whether every line is what the kind takes; the lines are known to be printable and without stray spaces."""
    match kind:
        case Kind.TEXT | Kind.LABEL | Kind.NOTE:
            return True
        case Kind.ID:
            return _NUMBER_LIKE_LINE.search(lines) is None
        case Kind.NAME:
            return _NOT_IN_NAMES.search(lines) is None
        case Kind.IP:
            return _PLAIN_IPS.fullmatch(lines, 1) is not None
        case _:
            return False


def _read_numbers(column: Column, cells: list[int | float]) -> list[Typed | None] | None:
    low, high = column.low or 0, min(column.high or EXACT_MAX, EXACT_MAX)
    if not cells or not (min(cells) >= low and max(cells) <= high):
        return None
    if column.kind is Kind.DECIMAL:
        if column.unit == "%":
            return None
        return [float(cell) for cell in cells] if all(cell == cell for cell in cells) else None
    whole = [int(cell) if cell == cell else None for cell in cells]
    return list(whole) if whole == cells else None
