"""The `Defaults` sheet: two columns, a column's name and what holds where neither row nor wave says anything.

Decides which names are known and judges each value by the column it is for; patterns for `name` and `target_name` are kept as
patterns. Called by plan.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.catalogue import finding, near
from inventory.columns import DEFAULTS, Column, find_column, headers_of, normalise
from inventory.patterns import parse_default
from inventory.rows import Cell, Inherited
from inventory.sheet_layout import hidden_finding
from inventory.table import refusal
from inventory.values import NUMERIC_KINDS, RefusedError, show, strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inventory.findings import Finding
    from inventory.numerals import Habit
    from inventory.workbook import RawSheet

_TITLES = tuple(frozenset(column.spellings) for column in DEFAULTS)


def read_defaults(raw: RawSheet, habit: Habit, findings: list[Finding]) -> Mapping[str, Inherited]:
    """The plan's defaults by column name, each with its cell; unknown names and values that do not fit are added to `findings`."""
    said: dict[str, Inherited] = {}
    for index, (name, value) in enumerate(_pairs(raw)):
        title = strip(show(name))
        if not title or (index == 0 and _is_header(title, show(value))):
            continue
        column = find_column("Defaults", title)
        if column is None:
            findings.append(_unknown(raw.name, index, title))
        elif column.name in said:
            findings.append(
                finding("PLAN-104", raw.name, f"A{index + 1}", title, column=column.name, other=said[column.name].cell.ref)
            )
        else:
            _read_value(raw, index, column, value, habit, said, findings)
    findings.extend(hidden_finding(raw.name, [row for row in sorted(raw.facts.hidden) if _is_said(raw, row)]))
    return said


def _is_said(raw: RawSheet, row: int) -> bool:
    return bool(raw.columns) and row < len(raw.columns[0]) and bool(strip(show(raw.columns[0][row])))


def numeric_defaults(raw: RawSheet) -> Iterator[str]:
    """The texts that stand for numbers: they show how the file writes decimals."""
    for name, value in _pairs(raw):
        column = find_column("Defaults", show(name)) if isinstance(value, str) else None
        if column is not None and column.kind in NUMERIC_KINDS:
            yield strip(show(value))


def _pairs(raw: RawSheet) -> Iterable[tuple[object, object]]:
    if len(raw.columns) > 1:
        return zip(raw.columns[0], raw.columns[1], strict=True)
    return ((name, "") for name in (raw.columns or [()])[0])


def _is_header(name: str, value: str) -> bool:
    return normalise(name) in _TITLES[0] and normalise(value) in _TITLES[1]


def _unknown(sheet: str, index: int, title: str) -> Finding:
    spelt = headers_of("Defaults")
    guess = near(normalise(title), spelt)
    hint = f"did you mean {spelt[guess].name}? " if guess else ""
    return finding("PLAN-103", sheet, f"A{index + 1}", title, hint=hint)


def _read_value(
    raw: RawSheet,
    index: int,
    column: Column,
    value: object,
    habit: Habit,
    said: dict[str, Inherited],
    findings: list[Finding],
) -> None:
    cell = Cell(raw.name, f"B{index + 1}")
    if (index, 1) in raw.facts.faults:
        code, shown = raw.facts.faults[index, 1]
        findings.append(refusal(RefusedError(code), column, cell, shown))
        return
    try:
        typed = parse_default(column, value, habit)
    except RefusedError as refused:
        findings.append(refusal(refused, column, cell, show(value)))
    else:
        if typed is not None:
            said[column.name] = Inherited(typed, cell)
