"""Decide what becomes of a task's speed rules when another limit is wanted for a part of the day (facts 8).

Pure. SMS replaces all rules of a task at once and takes five at most, so the new limit is laid over those that are there: where it
holds, they give way; where it does not, they stay. Times are minutes of the day; a limit over midnight is two rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.sms.speed_rules import SpeedRule

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RULES = 5
FASTEST_MBPS = 1000
_DAY = 24 * 60
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")


class SpeedError(ValueError):
    """A limit that cannot be set; its text says why, and what can."""


@dataclass(frozen=True, slots=True)
class SpeedWish:
    """At most `mbps` (whole Mbit/s, 0: no limit) each day from minute `start` to minute `end`, over midnight where that is less."""

    mbps: int
    start: int = 0
    end: int = _DAY

    @classmethod
    def of(cls, mbps: int, start: str = "", end: str = "") -> SpeedWish:
        """The wish as a person types it: `08:00` to `18:00`; without times, the whole day. Raises SpeedError."""
        if not 0 <= mbps <= FASTEST_MBPS:
            raise SpeedError(f"a limit of {mbps} Mbit/s cannot be set: give 1-{FASTEST_MBPS}, or 0 for none")
        wish = cls(mbps, _minute(start, 0), _minute(end, _DAY))
        if wish.start == wish.end:
            raise SpeedError(
                f"from {start or '00:00'} to {end or '24:00'} is no time: give two different ones, or none for the whole day"
            )
        return wish

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The parts of the day that it holds for, in minutes."""
        if self.start < self.end:
            return ((self.start, self.end),)
        return tuple(span for span in ((0, self.end), (self.start, _DAY)) if span[0] < span[1])

    def times(self) -> list[str]:
        """The wish's times as words of a command line; none for the whole day."""
        return [] if self.spans == ((0, _DAY),) else ["--from", _clock(self.start), "--to", _clock(self.end)]

    def __str__(self) -> str:
        what = f"{self.mbps} Mbit/s" if self.mbps else "no limit"
        return what if self.spans == ((0, _DAY),) else f"{what} from {_clock(self.start)} to {_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Merged:
    """The rules as they are to be, and those of today that give way, whole or in part."""

    rules: tuple[SpeedRule, ...]
    replaced: tuple[SpeedRule, ...]


def merge(there: Iterable[SpeedRule], wish: SpeedWish) -> Merged:
    """Lay a wish over the rules that are there.

    Raises SpeedError where that makes more rules than SMS takes. A rule that cannot be read as a time of the day gives way whole.
    """
    today = tuple(there)
    kept: list[SpeedRule] = []
    replaced: list[SpeedRule] = []
    for rule in today:
        parts = _without(rule, wish)
        if parts != [rule]:
            replaced.append(rule)
        kept += parts
    new = [SpeedRule(_clock(start), _clock(end), float(wish.mbps)) for start, end in wish.spans] if wish.mbps else []
    rules = tuple(_joined(sorted([*kept, *new], key=_order)))
    if same_rules(rules, today):
        return Merged(today, ())
    if len(rules) > MOST_RULES:
        told = ", ".join(map(str, rules))
        raise SpeedError(f"that makes {len(rules)} rules, and a task takes {MOST_RULES}: {told}")
    return Merged(rules, tuple(replaced))


def same_rules(some: Iterable[SpeedRule], others: Iterable[SpeedRule]) -> bool:
    """Whether two lists say the same, in whatever order, the end of the day being 23:59 or 24:00."""
    return sorted(map(_meaning, some)) == sorted(map(_meaning, others))


def _meaning(rule: SpeedRule) -> tuple[int, int, float, float]:
    span = _span(rule) or (-1, -1)
    return *span, rule.mbps, rule.over_speed_threshold or 0.0


def _order(rule: SpeedRule) -> tuple[int, int]:
    return _span(rule) or (-1, -1)


def _without(rule: SpeedRule, wish: SpeedWish) -> list[SpeedRule]:
    """What is left of a rule where the wish does not hold; the rule itself where they do not meet."""
    whole = _span(rule)
    if whole is None:
        return []
    spans = [whole] if whole[0] < whole[1] else [span for span in ((0, whole[1]), (whole[0], _DAY)) if span[0] < span[1]]
    left: list[tuple[int, int]] = spans
    for start, end in wish.spans:
        left = [part for low, high in left for part in ((low, min(high, start)), (max(low, end), high)) if part[0] < part[1]]
    if left == spans:
        return [rule]
    return [replace(rule, start=_clock(low), end=_clock(high)) for low, high in left]


def _joined(rules: list[SpeedRule]) -> list[SpeedRule]:
    """Neighbours of the same speed as one rule: there is room for few."""
    joined: list[SpeedRule] = []
    for rule in rules:
        last = joined[-1] if joined else None
        if last is not None and _meaning(last)[1:] == (_meaning(rule)[0], *_meaning(rule)[2:]):
            joined[-1] = replace(last, end=rule.end)
        else:
            joined.append(rule)
    return joined


def _span(rule: SpeedRule) -> tuple[int, int] | None:
    try:
        return _minute(rule.start, 0), _minute(rule.end, _DAY)
    except SpeedError:
        return None


def _minute(text: str, otherwise: int) -> int:
    """The minute of the day; 23:59 is its end, as SMS's own pages write it."""
    if not text.strip():
        return otherwise
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise SpeedError(f'"{text}" is no time of the day: write it as 08:00')
    if found[1] is None:
        return _DAY
    minute = int(found[1]) * 60 + int(found[2])
    return _DAY if minute == _DAY - 1 else minute


def _clock(minute: int) -> str:
    """A minute as SMS wants it. The end of the day is 23:59, which a client in the field sends and SMS takes (facts 8)."""
    return "23:59" if minute >= _DAY else f"{minute // 60:02}:{minute % 60:02}"
