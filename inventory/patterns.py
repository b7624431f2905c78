"""Patterns for `name` and `target_name`: a text in `Waves` or `Defaults` with {columns} in it, such as {source_name}-hw.

Decides what a pattern may name, and fills one in for a row. Called by table.py and defaults.py for reading, by rows.py for filling.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.catalogue import near
from inventory.columns import SERVERS, Column, Kind, find_column
from inventory.numerals import Habit
from inventory.values import NAME_CHARACTERS, RefusedError, Typed, parse_value, strip

if TYPE_CHECKING:
    from collections.abc import Mapping

PATTERNED = frozenset({"name", "target_name"})
"""The columns whose text in `Waves` or `Defaults` may be a pattern."""

FIELD = re.compile(r"\{([^{}]*)\}")
_NOT_IN_A_NAME = re.compile(f"[^{NAME_CHARACTERS}]+")


def parse_default(column: Column, raw: object, habit: Habit = Habit.UNKNOWN) -> Typed | None:
    """A value of `Defaults` or `Waves`: as in a row, but `name` and `target_name` may be patterns. Raises RefusedError."""
    if column.name not in PATTERNED or not isinstance(raw, str) or "{" not in raw:
        return parse_value(column, raw, habit)
    text = strip(raw)
    for name in FIELD.findall(text):
        named = find_column("Servers", name)
        if named is None or named.name in PATTERNED:
            guess = near(name, (each.name for each in SERVERS if each.name not in PATTERNED))
            raise RefusedError("PLAN-126", field=name, hint=f"did you mean {{{guess}}}? " if guess else "")
    parse_value(column, FIELD.sub("x", text) if column.kind is Kind.NAME else text)
    return text


def fill_pattern(name: str, pattern: str, fields: Mapping[str, str]) -> str | None:
    """A pattern with its {fields} filled in; None when one of them is empty.

    In a task's name (`name`) what is filled in may hold characters that SMS does not take: they become `-`.
    """
    if not all(fields.get(found, "") for found in FIELD.findall(pattern)):
        return None
    clean = {key: _NOT_IN_A_NAME.sub("-", text) if name == "name" else text for key, text in fields.items()}
    return FIELD.sub(lambda match: clean[match[1]], pattern)
