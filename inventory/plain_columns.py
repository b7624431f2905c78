"""Type a whole column at one stroke when every cell of it is plainly fine.

Decides only "plainly fine"; whatever is not (a stray space, one bad cell) returns None and is judged cell by cell by values.py,
which alone says what a cell means: a test holds the two together. Built on a few passes in C over the column: its set of types, its
set of contents, or its cells joined by line feeds under one regular expression. Called by table.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.columns import Column, Kind
from inventory.values import EXACT_MAX, RefusedError, Typed, parse_value

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW = 256
"""With at most so many different contents a column is judged by them, each once."""

_ODD = r"[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff#]|(?m:^ | $)"
_PLAIN_TEXT = re.compile(_ODD)
_PLAIN_ID = re.compile(_ODD + r"|(?m:^[0-9.,eE+\-]+$)")
_PLAIN_NAME = re.compile(r"[^0-9A-Za-z_\-\n\u3400-\u4dbf\u4e00-\u9fff]")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN_IPS = re.compile(rf"(?:(?:{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE})?(?:\n|\Z))*")
_ODDITIES = {Kind.TEXT: _PLAIN_TEXT, Kind.LABEL: _PLAIN_TEXT, Kind.ID: _PLAIN_ID, Kind.NAME: _PLAIN_NAME}


def read_plainly(column: Column, cells: Sequence[object]) -> list[Typed | None] | None:
    """The typed cells of a column, or None when one of them is not plainly fine."""
    types = set(map(type, cells))
    if bool not in types or not types & {int, float}:
        few = _read_few(column, cells)
        if few is not None:
            return few
    if types == {str}:
        return _read_texts(column, [str(cell) for cell in cells])
    if types <= {int, float} and column.kind in {Kind.INTEGER, Kind.SIZE, Kind.DECIMAL}:
        return _read_numbers(column, [cell for cell in cells if isinstance(cell, int | float)])
    return None


def _read_few(column: Column, cells: Sequence[object]) -> list[Typed | None] | None:
    try:
        contents = set(cells[: 4 * FEW])
        contents = set(cells) if len(contents) <= FEW else contents
    except TypeError:
        return None
    if len(contents) > FEW:
        return None
    try:
        meanings = {content: parse_value(column, content) for content in contents}
    except RefusedError:
        return None
    return [meanings[cell] for cell in cells]


def _read_texts(column: Column, cells: list[str]) -> list[Typed | None] | None:
    joined = "\n".join(cells)
    if column.kind is Kind.NOTE:
        return [cell or None for cell in cells] if max(map(len, cells)) <= column.max_length and joined.isprintable() else None
    if joined.count("\n") != len(cells) - 1 or max(map(len, cells)) > column.max_length:
        return None
    if column.kind is Kind.IP:
        plain = _PLAIN_IPS.fullmatch(joined) is not None
    elif column.kind in _ODDITIES:
        plain = _ODDITIES[column.kind].search(joined) is None
    else:
        plain = False
    return [cell or None for cell in cells] if plain else None


def _read_numbers(column: Column, cells: list[int | float]) -> list[Typed | None] | None:
    low, high = column.low or 0, min(column.high or EXACT_MAX, EXACT_MAX)
    if not cells or not (min(cells) >= low and max(cells) <= high):
        return None
    if column.kind is Kind.DECIMAL:
        return [float(cell) for cell in cells] if all(cell == cell for cell in cells) else None
    whole = [int(cell) if cell == cell else None for cell in cells]
    return list(whole) if whole == cells else None
