"""What a column of a plan's sheet is: its name and aliases, what its cells hold, its bounds and where it is sent.

Decides how headers are compared and how bounds are put into words. The columns themselves stand in server_sheet.py, disk_sheets.py
and wave_sheets.py, and together in columns.py. Importing this module loads nothing heavy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

INT32_MAX = 2_147_483_647
INT64_MAX = 9_223_372_036_854_775_807


class Kind(StrEnum):
    """What the cells of a column hold, and so how they are read."""

    TEXT = "text"
    NOTE = "note"
    LABEL = "label"
    ID = "id"
    NAME = "name"
    ENUM = "choice"
    INTEGER = "whole number"
    DECIMAL = "number"
    SHARE = "count or share"
    """A whole number counts; a percentage, or what a spreadsheet keeps of one (0.1), is a share."""
    FLAG = "yes/no"
    SIZE = "size"
    IP = "IP address"
    DATETIME = "date and time"
    TIMEZONE = "time zone"
    ANY = "as the column it stands for"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one sheet.

    `low` and `high` bound numbers (both included); `max_length` bounds texts, in characters. `api_field` is the path in the body of
    the create that the value is sent as, None where it is ours alone. `default` says in words what holds when nothing is said
    anywhere: the API's own default, which is not sent. `required` columns must be there and filled in every row of their sheet.
    `inherited` columns of `Servers` may also stand in `Waves` and `Defaults`, for all rows of a wave or of the plan.
    """

    name: str
    kind: Kind
    help: str
    aliases: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    max_length: int = 255
    unit: str = ""
    api_field: str | None = None
    default: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    inherited: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """The name and every alias, as `normalise` makes them."""
        return tuple(normalise(text) for text in (self.name, *self.aliases))

    @property
    def bounds(self) -> str:
        """What a planner may give, in words: `0-10000 (Mbit/s)`, `LINUX or WINDOWS`, `yes or no`."""
        match self.kind:
            case Kind.ENUM:
                return " or ".join(self.choices)
            case Kind.FLAG:
                return "yes or no"
            case Kind.SIZE:
                return "bytes, or a number with its unit such as 40 GiB"
            case Kind.IP:
                return "an address such as 10.0.0.7"
            case Kind.DATETIME:
                return "a time such as 2027-01-09 20:00"
            case Kind.TIMEZONE:
                return "a name such as Europe/Berlin"
            case Kind.SHARE:
                return f"a count ({self._number_bounds()}) or a share such as 10%"
            case Kind.INTEGER | Kind.DECIMAL:
                return self._number_bounds()
            case _:
                return f"at most {self.max_length} characters"

    def _number_bounds(self) -> str:
        unit = f" ({self.unit})" if self.unit else ""
        if self.high is None or self.high >= INT32_MAX:
            return f"{self.low or 0} or more{unit}"
        return f"{self.low or 0}-{self.high}{unit}"


_IGNORED = re.compile(r"[\s_\-\u2010-\u2015\u200b\u200e\u200f\ufeff]+")


def normalise(header: str) -> str:
    """A header without case, spaces (non-breaking ones too), dashes and underscores, and without a closing `*`."""
    return _IGNORED.sub("", header).casefold().removesuffix("*")
