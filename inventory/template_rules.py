"""What a spreadsheet itself keeps out of a column, or doubts: drop-downs, bounds, lengths, each with its message beside the cell.

Decides one rule for each kind of column, over all its rows at once. The rules help and never judge: what a cell means is for
values.py, which reads more spellings than a rule can know; where it does, the rule only asks. Called by template_sheet.py.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from openpyxl.worksheet.datavalidation import DataValidation

from inventory.columns import INT32_MAX, Column, Kind
from inventory.template_words import message_for, refusal_for
from inventory.values import YEARS

TIMEZONES = (
    "UTC", "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Istanbul", "Africa/Johannesburg", "Asia/Dubai", "Asia/Bangkok",
    "Asia/Singapore", "Asia/Hong_Kong", "Asia/Shanghai", "America/Sao_Paulo", "America/Mexico_City", "America/New_York",
)  # fmt: skip
"""Those of the drop-down; any other may be typed."""

_DAY_ZERO = date(1899, 12, 30)
"""What a spreadsheet counts days from."""

_UNITS_END = "bkmgtpes0123456789"


def rule_for(column: Column, first: str, cells: str, chosen_from: str = "") -> DataValidation:
    """The rule for a column's cells, the first of which is `first`; what may be chosen stands at `chosen_from`, if said."""
    rule = DataValidation(
        **(_list(chosen_from, is_open=True) if chosen_from else _rule(column, first)),
        allow_blank=True,
        showInputMessage=True,
        promptTitle=column.name,
        prompt=message_for(column),
        showErrorMessage=True,
        errorTitle=column.name,
        error=refusal_for(column),
    )
    rule.add(cells)
    return rule


def _rule(column: Column, first: str) -> dict[str, Any]:
    match column.kind:
        case Kind.ENUM:
            return _list(_listed(column.choices))
        case Kind.FLAG:
            return _list(_listed(("yes", "no")))
        case Kind.TIMEZONE:
            return _list(_listed(TIMEZONES), is_open=True)
        case Kind.INTEGER:
            return _between("whole", column.low or 0, column.high)
        case Kind.DECIMAL | Kind.SHARE:
            return _between("decimal", column.low or 0, column.high)
        case Kind.DATETIME:
            earliest, latest = ((date(YEARS[place], 1, 1) - _DAY_ZERO).days for place in (0, -1))
            return _between("date", earliest, latest) | {"errorStyle": "warning"}
        case Kind.SIZE:
            return _custom(
                f'IF(ISNUMBER({first}),{first}>=0,AND(ISNUMBER(FIND(LEFT({first},1),".0123456789")),'
                f'ISNUMBER(FIND(LOWER(RIGHT({first},1)),"{_UNITS_END}"))))'
            )
        case Kind.IP:
            return _custom(f'AND(ISTEXT({first}),OR(ISNUMBER(FIND(".",{first})),ISNUMBER(FIND(":",{first}))))')
        case _:
            return {"type": "textLength", "operator": "lessThanOrEqual", "formula1": str(column.max_length)}


def _list(formula: str, *, is_open: bool = False) -> dict[str, Any]:
    """A drop-down; an open one only asks whether another value is meant."""
    return {"type": "list", "formula1": formula, "errorStyle": "warning" if is_open else "stop"}


def _listed(choices: tuple[str, ...]) -> str:
    return f'"{",".join(choices)}"'


def _between(kind: str, low: int, high: int | None) -> dict[str, Any]:
    if high is None or high >= INT32_MAX:
        return {"type": kind, "operator": "greaterThanOrEqual", "formula1": str(low)}
    return {"type": kind, "operator": "between", "formula1": str(low), "formula2": str(high)}


def _custom(formula: str) -> dict[str, Any]:
    return {"type": "custom", "formula1": formula, "errorStyle": "warning"}
