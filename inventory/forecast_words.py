"""How a forecast names servers, sizes, times and lengths of time. Called by the forecast, its advice and its view."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MOST_NAMED = 5
"""So many servers are named in a sentence; the rest is counted."""


def named(labels: Sequence[str], most: int = MOST_NAMED) -> str:
    """Servers in a sentence: their names, or the first of them and how many more."""
    more = len(labels) - most
    return listed(labels) if more <= 1 else f"{', '.join(labels[:most])} and {more} more"


def listed(labels: Sequence[str]) -> str:
    """All of them, as a sentence names them."""
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def count(number: int, thing: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def size(number: float) -> str:
    """Bytes as people say them: `1.4 TiB`."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if number >= 1024**power:
            return f"{number / 1024**power:.3g} {unit}" if number < 1000 * 1024**power else f"{number / 1024**power:,.0f} {unit}"
    return f"{number:.0f} bytes"


def total(sizes: Sequence[int | None]) -> str:
    """The sum of the sizes that are known: `1.4 TiB`, `at least 1.4 TiB` where some are not, `bytes unknown` where none is."""
    known = [each for each in sizes if each is not None]
    if not known:
        return "bytes unknown"
    return ("at least " if len(known) < len(sizes) else "") + size(sum(known))


def length(seconds: float) -> str:
    """A length of time: `9 h 05 min`, `25 min`."""
    minutes = max(1, round(seconds / 60)) if seconds > 0 else 0
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest:02} min" if hours else f"{rest} min"


def moment(at: datetime | None) -> str:
    """A time in its own zone, with its offset: `2027-01-10 04:12 +01:00`; `unknown` for none."""
    return at.isoformat(sep=" ", timespec="minutes")[:16] + " " + at.isoformat()[-6:] if at is not None else "unknown"
