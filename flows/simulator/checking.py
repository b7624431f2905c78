"""Tables turned into checks: every field of a JSON object against its type and bounds, quickly and without stopping at the first.

A generic engine over tables.py: it knows types, bounds, nesting, mandatory fields and unknown keys, and none of the service's
rules, which validation.py adds. `null` counts as absent (contradiction 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flows.simulator.tables import TABLES, Field


class Problem(NamedTuple):
    """One thing that is wrong: where (`target_server.disks[0].size`), what, and the code that the service has for it."""

    path: str
    text: str
    code: str


@dataclass(slots=True)
class Found:
    """What a check has come upon: problems, and keys that no table has."""

    problems: list[Problem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


Check = Callable[[Any, str, Found], None]


class _Line(NamedTuple):
    name: str
    alias: str
    mandatory: bool
    check: Check
    code: str


class Table:
    """The compiled checks of one table."""

    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        self._known = frozenset(line.name for line in lines) | {line.alias for line in lines if line.alias}

    def check(self, value: object, path: str, found: Found) -> None:
        """Check one object; `path` is its place, empty for the body itself."""
        if not isinstance(value, dict):
            found.problems.append(Problem(path or "body", "must be an object", "SMS.9001"))
            return
        prefix = f"{path}." if path else ""
        seen = 0
        for name, alias, mandatory, check, code in self._lines:
            item = value.get(name)
            if item is None and alias:
                item = value.get(alias)
            if item is not None:
                seen += 1
                check(item, prefix + name, found)
            elif mandatory:
                found.problems.append(Problem(prefix + name, "is mandatory", code))
        if seen < len(value):
            found.unknown.extend(prefix + key for key in value if key not in self._known)


def compile_tables(*, lenient: bool) -> Mapping[str, Table]:
    """All tables of the page as checks; `lenient` requires only what the SDK does."""
    tables: dict[str, Table] = {}
    for name in reversed(TABLES):
        tables[name] = Table([_line(each, tables, lenient=lenient) for each in TABLES[name]])
    return tables


def _line(each: Field, tables: Mapping[str, Table], *, lenient: bool) -> _Line:
    mandatory = each.lenient if lenient and each.lenient is not None else each.mandatory
    # The SDK's own words on a disk's use: a hint that is not validated (contradiction 5).
    choices = () if lenient and each.name == "device_use" else each.choices
    return _Line(each.name, each.alias, mandatory, _check_for(each, choices, tables), each.code)


def _check_for(each: Field, choices: tuple[str, ...], tables: Mapping[str, Table]) -> Check:
    match each.type:
        case "string":
            return _one_of(choices, each.code) if choices else _text(int(each.low), int(each.high), each.code)
        case "integer":
            return _whole(int(each.low), int(each.high), each.code)
        case "double":
            return _real(each.low, each.high, each.code)
        case "boolean":
            return _boolean(each.code)
        case "object":
            return tables[each.table].check
        case "array":
            return _array(tables[each.table].check, int(each.high), each.code)


def _text(low: int, high: int, code: str) -> Check:
    def check(value: object, path: str, found: Found) -> None:
        if type(value) is not str:
            found.problems.append(Problem(path, "must be a string", code))
        elif not low <= len(value) <= high:
            found.problems.append(Problem(path, f"must have {low} to {high} characters, has {len(value)}", code))

    return check


def _one_of(choices: tuple[str, ...], code: str) -> Check:
    known = frozenset(choices)

    def check(value: object, path: str, found: Found) -> None:
        if type(value) is not str or value not in known:
            found.problems.append(Problem(path, f"must be one of {', '.join(choices)}", code))

    return check


def _whole(low: int, high: int, code: str) -> Check:
    def check(value: object, path: str, found: Found) -> None:
        if type(value) is not int:
            found.problems.append(Problem(path, "must be an integer", code))
        elif not low <= value <= high:
            found.problems.append(Problem(path, f"must be {low} to {high}, is {value}", code))

    return check


def _real(low: float, high: float, code: str) -> Check:
    def check(value: object, path: str, found: Found) -> None:
        if type(value) is not int and type(value) is not float:
            found.problems.append(Problem(path, "must be a number", code))
        elif not low <= value <= high:
            found.problems.append(Problem(path, f"must be {low:g} to {high:g}, is {value}", code))

    return check


def _boolean(code: str) -> Check:
    def check(value: object, path: str, found: Found) -> None:
        if value is not True and value is not False:
            found.problems.append(Problem(path, "must be true or false", code))

    return check


def _array(check_item: Check, high: int, code: str) -> Check:
    def check(value: object, path: str, found: Found) -> None:
        if type(value) is not list:
            found.problems.append(Problem(path, "must be an array", code))
            return
        if len(value) > high:
            found.problems.append(Problem(path, f"must have at most {high} items, has {len(value)}", code))
        for index, item in enumerate(value):
            check_item(item, f"{path}[{index}]", found)

    return check
