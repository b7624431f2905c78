"""Judge one cell by its column: a typed value, nothing, or a refusal with its code.

Decides what texts and numbers mean; changes nothing silently: only spaces around a text (non-breaking and zero-width ones too) are
taken away. Knows no sheets and no files. Called by table.py, for whole columns or for the cells that are not plainly fine.
"""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from inventory.columns import Column, Kind

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
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_NUMBER_LIKE_ID = re.compile(r"[+-]?\d+(?:[.,]0+|(?:[.,]\d+)?[eE][+-]\d+)", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|∞)", re.IGNORECASE)
_SIZE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z]*)", re.ASCII | re.IGNORECASE)
NAME_CHARACTERS = r"0-9A-Za-z_\-\u4e00-\u9fa5"
"""What a task's name is made of, as a regular expression's set: the Chinese characters are those that Huawei's own pages mean."""

_NAME = re.compile(f"[{NAME_CHARACTERS}]*")
_YES = frozenset({"yes", "y", "true", "1", "x", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})
_BINARY = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_UNITS = {"": 1, "b": 1, "byte": 1, "bytes": 1}
for _letter, _power in _BINARY.items():
    _UNITS |= {_letter: 1024**_power, f"{_letter}ib": 1024**_power, f"{_letter}b": 1000**_power}


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


def parse_value(column: Column, raw: object) -> Typed | None:
    """The typed value of a cell; None for an empty one. Raises RefusedError, with the finding's code, for anything else."""
    if isinstance(raw, str):
        raw = strip(raw)
        if raw.upper() in ERROR_TEXTS and column.kind is not Kind.NOTE:
            raise RefusedError("PLAN-101")
    if raw is None or raw == "":
        return None
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


def _number(raw: object) -> Decimal:
    """The exact decimal of a number, or of a text that is one."""
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
        case str() if _NUMBER.fullmatch(raw):
            return Decimal(raw)
        case _:
            raise RefusedError("PLAN-112")


def _bounded(column: Column, number: Decimal) -> Decimal:
    if (column.low is not None and number < column.low) or (column.high is not None and number > column.high):
        raise RefusedError("PLAN-114")
    return number


def _exact(raw: object) -> None:
    """A long number is refused where a spreadsheet has rounded it, or shortened it (4.29E+10) on its way into a CSV."""
    if (isinstance(raw, int | float) and abs(raw) > EXACT_MAX) or (isinstance(raw, str) and "e" in raw.lower()):
        raise RefusedError("PLAN-127")


def _integer(column: Column, raw: object) -> int:
    number = _bounded(column, _number(raw))
    if number != number.to_integral_value():
        raise RefusedError("PLAN-113")
    _exact(raw)
    return int(number)


def _decimal(column: Column, raw: object) -> float:
    return float(_bounded(column, _number(raw)))


def _share(column: Column, raw: object) -> int | float:
    """A count as a whole number, or a share as a fraction of 1: a cell that shows 10% holds 0.1."""
    if isinstance(raw, str) and raw.endswith("%"):
        share = _number(strip(raw.removesuffix("%"))) / 100
        if not 0 <= share <= 1:
            raise RefusedError("PLAN-114")
        return float(share)
    number = _number(raw)
    return float(number) if 0 < number < 1 else _integer(column, raw)


def _size(column: Column, raw: object) -> int:
    """Bytes; a number with a unit is rounded up to whole bytes, since a target must never be smaller than its source."""
    match = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    unit = match[2].lower() if match else ""
    if not match or not unit:
        return _integer(column, _plain_size(raw))
    if unit not in _UNITS:
        raise RefusedError("PLAN-120", unit=match[2])
    return int(_bounded(column, Decimal(match[1]) * _UNITS[unit]).to_integral_value(ROUND_CEILING))


def _plain_size(raw: object) -> object:
    if isinstance(raw, str) and not _NUMBER.fullmatch(raw) and not _NOT_FINITE.fullmatch(raw):
        raise RefusedError("PLAN-120", unit="")
    return raw


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
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.SHARE: _share,
    Kind.FLAG: _flag,
    Kind.SIZE: _size,
    Kind.IP: _ip,
    Kind.DATETIME: _moment,
    Kind.TIMEZONE: _timezone,
}
