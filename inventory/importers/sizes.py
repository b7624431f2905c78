"""Sizes as other tools write them, in whole bytes: units of 1024, fractions rounded up, the decimal sign found out.

Decides what a number in a column of sizes means. Never rounds down: a target disk that is smaller than its source fails. A text
that may be a fraction or a thousand is refused where nothing in its column decides. Called by the engine, column by column.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from inventory.importers.headers import UNITS, unit_bytes
from inventory.values import strip

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 2**63 - 1
NOTHING = frozenset(
    {
        "",
        "-",
        "--",
        "–",
        "n/a",
        "na",
        "none",
        "null",
        "unknown",
        "not applicable",
        "not available",
        "nicht zutreffend",
        "sans objet",
        "s.o.",
    }
)
"""How tools say that there is nothing to say."""

_SIZE = re.compile(rf"([0-9][0-9.,'’ ]*)\s*({'|'.join(sorted(map(re.escape, UNITS), key=len, reverse=True))})?", re.IGNORECASE)
_GROUPS = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_PARTS = re.compile(r"[;\n\r|+]|,\s|,(?=[A-Za-z/])|、|；")
_LABEL = (
    r"[A-Za-z]:[\\/]?|/[\w./-]*|"
    r"(?:hard\s?)?(?:disk|drive|volume|hdd|ssd|lun|vmdk|root|boot|data|system|log|swap|sd|vd|hd|xvd|nvme|festplatte|platte|"
    r"laufwerk|datenträger|disque|disco|диск|磁盘|硬盘|数据盘|系统盘|ディスク)[\w .#-]*?"
)
_LABELLED = re.compile(
    rf"(?:(?P<before>{_LABEL})\s*[:=]?\s*)?(?:(?P<times>[1-9][0-9]?)\s*[x×*]\s*)?"
    rf"(?P<size>[0-9][0-9.,]*\s*(?P<unit>{_UNIT})?)(?:\s*\(\s*(?P<after>{_LABEL})\s*\))?",
    re.IGNORECASE,
)
"""One disk of several in a cell. What stands before or behind the size names a disk: `used: 30 GB` is none."""
_MEASURED = re.compile(rf"[0-9]\s*(?:{_UNIT})(?![A-Za-z0-9])", re.IGNORECASE)
_LEAST_BYTES, _SECTOR, _MOST_DIGITS = 1 << 26, 512, 20
_SPACES = re.compile(r"[\s'’]")


class NotASizeError(Exception):
    """A cell that is no size."""


class AmbiguousSizeError(Exception):
    """A text that may be a fraction or a thousand: 1.234."""


class NoUnitError(Exception):
    """A number of which nothing says the unit."""


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return strip(text).casefold() in NOTHING


def decimal_sign(cells: Iterable[object], said: str = "") -> str:
    """The decimal sign that a column's texts prove, "." or ","; what the file says where they prove none, or both."""
    proved = set()
    for cell in cells:
        match = _SIZE.fullmatch(strip(cell)) if isinstance(cell, str) else None
        if match:
            proved.add(_proved_sign(_SPACES.sub("", match[1])))
    proved.discard("")
    return proved.pop() if len(proved) == 1 else said


def _proved_sign(number: str) -> str:
    """The decimal sign of a number by itself: 1.234,5 and 39,99 have a comma; 1.234 may have a point or none."""
    signs = [letter for letter in number if letter in ".,"]
    if not signs:
        return ""
    if len(set(signs)) == 2:
        return signs[-1]
    if len(signs) > 1:
        return "," if signs[0] == "." else "."
    whole, _, part = number.partition(signs[0])
    return "" if len(part) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0") else signs[0]


def parse_size(cell: object, unit: str, sign: str) -> int | None:
    """The bytes of a cell; None for an empty one.

    `unit` is what the header says, "" for nothing; a unit in the cell wins. `sign` is the column's decimal sign, "" if not
    known. Raises NotASizeError, AmbiguousSizeError, NoUnitError.
    """
    if isinstance(cell, str):
        text = strip(cell)
        if is_nothing(text):
            return None
        match = _SIZE.fullmatch(text)
        if not match:
            raise NotASizeError
        return _bytes(_number(_SPACES.sub("", match[1]), sign), match[2] or unit)
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell) or cell < 0:
        raise NotASizeError
    return _bytes(Decimal(repr(cell)), unit)


def parse_sizes(cell: object, unit: str, sign: str) -> list[tuple[str, int]]:
    """The disks that a cell lists: `C: 40 GB; D: 100 GB`, `40 + 100`, `2 x 500 GB`; label ("" for none) and bytes of each.

    Empty for a cell that lists none, or of which a part cannot be read: nothing of it is taken then. `40 / 100` is not taken
    either, since it may be used and size.
    """
    if not isinstance(cell, str):
        return []
    found: list[tuple[str, int]] = []
    units = set()
    for part in filter(None, map(strip, _PARTS.split(strip(cell)))):
        match = _LABELLED.fullmatch(part)
        if not match:
            return []
        try:
            size = parse_size(match["size"], unit, sign)
        except (NotASizeError, NoUnitError, AmbiguousSizeError):
            return []
        if size is None:
            return []
        label = strip(match["before"] or match["after"] or "")
        units |= set() if label else {bool(match["unit"])}
        found += [(label, size)] * int(match["times"] or 1)
    return found if len(units) < 2 else []  # of `1, 5 TB` nobody knows


def has_digits_or_unit(cell: object) -> bool:
    """Whether a cell may be a size at all: a number, or a text that is one, or holds one with a unit."""
    if not isinstance(cell, str):
        return cell is not None
    return bool(_MEASURED.search(cell) or _SIZE.fullmatch(strip(cell)))


def is_bytes(cells: Iterable[object]) -> bool:
    """Whether bare numbers can only be bytes: none below 64 Mi (which no disk in GB is called), all of whole sectors."""
    numbers = [number for cell in cells if (number := _whole(cell)) is not None]
    return bool(numbers) and all(number >= _LEAST_BYTES and number % _SECTOR == 0 for number in numbers)


def _whole(cell: object) -> int | None:
    """The number of a cell, -1 for what is no whole number, None for nothing and for 0."""
    if isinstance(cell, str):
        text = strip(cell)
        if is_nothing(text) or text == "0":
            return None
        return int(text) if text.isascii() and text.isdecimal() and len(text) < _MOST_DIGITS else -1
    if cell is None or cell == 0:
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        return -1
    return int(cell) if cell == int(cell) else -1


def _bytes(number: Decimal, unit: str) -> int:
    if not unit and number != 0:
        raise NoUnitError
    size = int((number * (unit_bytes(unit) if unit else 1)).to_integral_value(ROUND_CEILING))
    if size > MAX_BYTES:
        raise NotASizeError
    return size


def _number(text: str, sign: str) -> Decimal:
    proved = _proved_sign(text)
    if not proved and any(letter in ".," for letter in text):
        if not sign:
            raise AmbiguousSizeError
        proved = sign
    other = "." if proved == "," else ","
    whole, _, part = text.partition(proved) if proved else (text, "", "")
    if other in part or (other in whole and not _GROUPS.fullmatch(whole)):
        raise NotASizeError
    return Decimal(f"{whole.replace(other, '') or '0'}.{part or '0'}") if part.isdecimal() or not part else _refuse()


def _refuse() -> Decimal:
    raise NotASizeError
