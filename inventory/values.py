"""Judge one cell by its column: a typed value, nothing, or a refusal with its code.

Decides what texts and numbers mean; changes nothing silently: only spaces around a text (non-breaking and zero-width ones too) are
taken away. Knows no sheets and no files. Called by table.py, for whole columns or for the cells that are not plainly fine.
"""

from __future__ import annotations

import ipaddress
import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from inventory.columns import Column, Kind
from inventory.numerals import GROUP_MARKS, AmbiguousNumeralError, Habit, read_numeral

if TYPE_CHECKING:
    from collections.abc import Callable

Typed: TypeAlias = str | int | float | bool | datetime

EXACT_MAX = 10**15
"""A spreadsheet keeps 15 digits of a number: above this a number cell is no longer what was typed."""

YEARS = range(2000, 2200)
"""No wave is planned for another year; a date outside is a number in disguise, or mistyped."""

ERROR_TEXTS = frozenset(
    f"#{name}"
    for name in ("DIV/0!", "N/A", "NAME?", "NULL!", "NUM!", "REF!", "VALUE!", "SPILL!", "CALC!", "GETTING_DATA", "FIELD!", "BUSY!")
)
_EDGE = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
    + "".join(chr(code) for code in range(0x2000, 0x200B))
)
_INNER_SPACES = str.maketrans(dict.fromkeys("\xa0\u2007\u202f", " "))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NUMBER_LIKE_ID = re.compile(r"[+-]?\d+(?:[.,]0+|(?:[.,]\d+)?[eE][+-]\d+)", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|∞)", re.IGNORECASE)
_SIZE = re.compile(rf"([+-]?[0-9.,eE+\-{GROUP_MARKS}]*[0-9]\.?)\s*([^\W\d_]*)")
_RUINED_ID = re.compile(r"[1-9]\d{14}0{3,}", re.ASCII)
NAME_CHARACTERS = r"0-9A-Za-z_\-\u4e00-\u9fa5"
"""What a task's name is made of, as a regular expression's set: the Chinese characters are those that Huawei's own pages mean."""

_NAME = re.compile(f"[{NAME_CHARACTERS}]*")
_YES = frozenset({"yes", "y", "true", "1", "x", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})
_BINARY = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_CYRILLIC = {"к": "k", "м": "m", "г": "g", "т": "t", "п": "p"}
_WORDS = {"k": ("kilo", "kibi"), "m": ("mega", "mebi"), "g": ("giga", "gibi"), "t": ("tera", "tebi"), "p": ("peta", "pebi")}
_BYTES = {"b", "byte", "bytes", "o", "octet", "octets", "б", "байт"}


def _units() -> dict[str, int]:
    """Every spelling of a unit in lower case (GB, Go, ГБ, gigabytes; GiB, Gi, Gio, gibibytes; G), and its bytes."""
    units = dict.fromkeys(_BYTES, 1)
    for letter, power in _BINARY.items():
        decimal, binary = _WORDS[letter]
        units |= dict.fromkeys((letter, f"{letter}i", f"{letter}ib", f"{letter}io"), 1024**power)
        units |= dict.fromkeys((f"{letter}b", f"{letter}o"), 1000**power)
        for word in ("byte", "bytes", "octet", "octets"):
            units |= {f"{decimal}{word}": 1000**power, f"{binary}{word}": 1024**power}
    for letter, latin in _CYRILLIC.items():
        units |= {f"{letter}б": 1000 ** _BINARY[latin], f"{letter}иб": 1024 ** _BINARY[latin]}
    return units


_UNITS = _units()


class RefusedError(Exception):
    """A cell that its column cannot take: the finding's code, and more words for its text."""

    def __init__(self, code: str, **words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


def show(raw: object) -> str:
    """A cell's content as text, as a spreadsheet shows it without formatting: 12, 12.5, TRUE, 2027-01-09 20:00:00."""
    match raw:
        case None:
            return ""
        case bool():
            return "TRUE" if raw else "FALSE"
        case float() if raw.is_integer() and abs(raw) < EXACT_MAX:
            return str(int(raw))
        case datetime():
            return raw.isoformat(" ")
        case str():
            return raw
        case _:
            return str(raw)


def strip(text: str) -> str:
    """A text without the spaces around it, and with plain spaces for non-breaking ones inside."""
    return text.strip(_EDGE).translate(_INNER_SPACES)


def parse_value(column: Column, raw: object, habit: Habit = Habit.UNKNOWN) -> Typed | None:
    """The typed value of a cell; None for an empty one. Raises RefusedError, with the finding's code, for anything else.

    The habit is how the cell's file writes decimals, for the texts that can be read in two ways.
    """
    if isinstance(raw, str):
        raw = strip(raw)
        if raw.upper() in ERROR_TEXTS and column.kind is not Kind.NOTE:
            raise RefusedError("PLAN-101")
    if raw is None or raw == "":
        return None
    if column.kind in _NUMERIC:
        return _NUMERIC[column.kind](column, raw, habit)
    return _PARSERS[column.kind](column, raw)


def _text(column: Column, raw: object) -> str:
    if isinstance(raw, date | datetime | time | timedelta):
        raise RefusedError("PLAN-117")
    if isinstance(raw, int | float) and not isinstance(raw, bool) and not abs(raw) < EXACT_MAX:
        raise RefusedError("PLAN-110")
    return _checked(column, show(raw))


def _checked(column: Column, text: str) -> str:
    if _CONTROL.search(text) and column.kind is not Kind.NOTE:
        raise RefusedError("PLAN-125")
    if len(text) > column.max_length:
        raise RefusedError("PLAN-111", length=str(len(text)))
    return text


def _note(column: Column, raw: object) -> str:
    return _checked(column, show(raw))


def _label(column: Column, raw: object) -> str:
    if isinstance(raw, datetime) and raw.time() == time():
        return raw.date().isoformat()
    return _text(column, raw)


def _id(column: Column, raw: object) -> str:
    if isinstance(raw, datetime | date | time | timedelta):
        raise RefusedError("PLAN-117")
    if not isinstance(raw, str) or _NUMBER_LIKE_ID.fullmatch(raw):
        raise RefusedError("PLAN-110")
    if _RUINED_ID.fullmatch(raw):
        raise RefusedError("PLAN-127")
    if any(unicodedata.category(character) == "Cf" for character in raw):
        raise RefusedError("PLAN-125")
    return _checked(column, raw)


def _name(column: Column, raw: object) -> str:
    text = _text(column, raw)
    if not _NAME.fullmatch(text):
        bad = sorted({character for character in text if not _NAME.fullmatch(character)})
        raise RefusedError("PLAN-122", characters=" ".join(f'"{character}"' for character in bad[:5]))
    return text


def _choice(column: Column, raw: object) -> str:
    text = show(raw)
    for choice in column.choices:
        if text.casefold() == choice.casefold():
            return choice
    raise RefusedError("PLAN-119")


def _number(column: Column, raw: object, habit: Habit) -> Decimal:
    """The exact decimal of a number, or of a text that is one, within the column's bounds."""
    return _bounded(column, _unbounded(raw, habit))


def _bounded(column: Column, number: Decimal) -> Decimal:
    if (column.low is not None and number < column.low) or (column.high is not None and number > column.high):
        raise RefusedError("PLAN-114")
    return number


def _unbounded(raw: object, habit: Habit) -> Decimal:
    match raw:
        case bool():
            raise RefusedError("PLAN-116")
        case date() | datetime() | time() | timedelta():
            raise RefusedError("PLAN-117")
        case int() | float():
            if not math.isfinite(raw):
                raise RefusedError("PLAN-115")
            return Decimal(repr(raw))
        case str() if _NOT_FINITE.fullmatch(raw):
            raise RefusedError("PLAN-115")
        case str():
            number = _numeral(raw, habit)
            if number is not None:
                return number
    raise RefusedError("PLAN-112")


def _numeral(text: str, habit: Habit, unit: str = "") -> Decimal | None:
    """The number that a text is, None where it is none; `unit` is what follows it in the cell, for the finding's words."""
    try:
        return read_numeral(text, habit)
    except AmbiguousNumeralError as two:
        unit = f" {unit}" if unit else ""
        written = "writes decimals in both ways" if habit is Habit.BOTH else "shows nowhere which"
        words = {"decimal": f"{two.as_decimal}{unit}", "group": f"{two.as_group}{unit}", "habit": written}
        raise RefusedError("PLAN-130", **words) from None


def _exact(raw: object) -> None:
    """A long number is refused where a spreadsheet has rounded it, or shortened it (4.29E+10) on its way into a CSV."""
    if (isinstance(raw, int | float) and abs(raw) > EXACT_MAX) or (isinstance(raw, str) and "e" in raw.lower()):
        raise RefusedError("PLAN-127")


def _integer(column: Column, raw: object, habit: Habit) -> int:
    number = _number(column, raw, habit)
    if number != number.to_integral_value():
        raise RefusedError("PLAN-113")
    _exact(raw)
    return int(number)


def _decimal(column: Column, raw: object, habit: Habit) -> float:
    if column.unit != "%":
        return float(_number(column, raw, habit))
    if isinstance(raw, str) and raw.endswith("%"):
        return float(_number(column, strip(raw.removesuffix("%")), habit))
    number = _number(column, raw, habit)
    if 0 < number < 1 and not isinstance(raw, str):
        raise RefusedError("PLAN-131", share=f"{number * 100:f}".rstrip("0").rstrip("."))
    return float(number)


def _share(column: Column, raw: object, habit: Habit) -> int | float:
    """A count as a whole number, or a share as a fraction of 1: a cell that shows 10% holds 0.1."""
    if isinstance(raw, str) and raw.endswith("%"):
        share = _unbounded(strip(raw.removesuffix("%")), habit) / 100
        if not 0 <= share <= 1:
            raise RefusedError("PLAN-114")
        return float(share)
    number = _unbounded(raw, habit)
    return float(number) if 0 < number < 1 else _integer(column, raw, habit)


def _size(column: Column, raw: object, habit: Habit) -> int:
    """Bytes; a number with a unit is rounded up to whole bytes, since a target must never be smaller than its source."""
    if not isinstance(raw, str) or _NOT_FINITE.fullmatch(raw):
        return _integer(column, raw, habit)
    match = _SIZE.fullmatch(raw)
    unit = match[2] if match else ""
    number = _numeral(match[1], habit, unit) if match else None
    if number is None or (unit and unit.lower() not in _UNITS):
        raise RefusedError("PLAN-120", unit=unit)
    if not unit:
        return _integer(column, raw, habit)
    _exact(match[1] if match else "")
    return int(_bounded(column, number * _UNITS[unit.lower()]).to_integral_value(ROUND_CEILING))


def _flag(_column: Column, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    text = show(raw).casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise RefusedError("PLAN-118")


def _ip(_column: Column, raw: object) -> str:
    text = show(raw)
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise RefusedError("PLAN-121") from None
    return text


def _moment(_column: Column, raw: object) -> datetime:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        raw = datetime.combine(raw, time())
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(raw if isinstance(raw, str) and "-" in raw else "")
    except ValueError:
        raise RefusedError("PLAN-123") from None
    if moment.year not in YEARS:
        raise RefusedError("PLAN-123")
    return moment


def _timezone(_column: Column, raw: object) -> str:
    text = show(raw)
    try:
        ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        raise RefusedError("PLAN-124") from None
    return text


_PARSERS: dict[Kind, Callable[[Column, object], Typed]] = {
    Kind.TEXT: _text,
    Kind.NOTE: _note,
    Kind.ANY: _note,
    Kind.LABEL: _label,
    Kind.ID: _id,
    Kind.NAME: _name,
    Kind.ENUM: _choice,
    Kind.FLAG: _flag,
    Kind.IP: _ip,
    Kind.DATETIME: _moment,
    Kind.TIMEZONE: _timezone,
}

_NUMERIC: dict[Kind, Callable[[Column, object, Habit], Typed]] = {
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.SHARE: _share,
    Kind.SIZE: _size,
}
NUMERIC_KINDS = frozenset(_NUMERIC)
"""The kinds whose texts show how a file writes decimals."""
