"""Which speed limit is in force at a time of day, and when that changes next (facts section 8).

Where the public pages leave it open, taken here (guess): times of day are UTC; a rule in force takes the place of the task's own
limit, so that it can lift it; of several, the slowest counts; a rule whose end is before its start goes over midnight; a speed of 0
is no limit. Limits are Mbit/s. Pure; called by progress.py.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DAY = 86400.0
_HOUR, _MINUTE = 3600, 60


def limit_in_force(own: float, rules: Iterable[Mapping[str, Any]], now: float) -> float:
    """The limit at `now` (seconds since the epoch): infinity for none; `own` is the task's, 0 for none."""
    of_day = now % _DAY
    found = [float(rule.get("speed") or 0) for rule in rules if _holds(rule, of_day)]
    return min((speed or inf for speed in found), default=float(own) or inf)


def next_boundary(rules: Iterable[Mapping[str, Any]], now: float) -> float:
    """When a rule begins or ends next, after `now`; infinity where there are no rules."""
    midnight = now - now % _DAY
    times = [midnight + _seconds(str(rule[name])) for rule in rules for name in ("start", "end")]
    return min((time if time > now else time + _DAY for time in times), default=inf)


def _holds(rule: Mapping[str, Any], of_day: float) -> bool:
    start, end = _seconds(str(rule["start"])), _seconds(str(rule["end"]))
    return start <= of_day < end if start <= end else of_day >= start or of_day < end


def _seconds(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * _HOUR + int(minutes) * _MINUTE
