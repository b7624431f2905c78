"""The speed rules of a task: from when to when in a day at most how many Mbit/s (facts 8), read from answers and put into bodies.

Only shapes; what becomes of rules that are there when another is wanted is `flows.operating`'s. Made by client.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SpeedRule:
    """At most `mbps` from `start` to `end`, both `HH:MM` of the day; 0 is no limit.

    `over_speed_threshold` is the percentage by which a source may exceed it before SMS pauses the task (Linux), None: not said.
    """

    start: str
    end: str
    mbps: float
    over_speed_threshold: float | None = None

    def __str__(self) -> str:
        over = f" (+{self.over_speed_threshold:g} %)" if self.over_speed_threshold else ""
        return f"{self.start}-{self.end} {self.mbps:g} Mbit/s{over}"


def rules_of(value: object) -> tuple[SpeedRule, ...]:
    """The rules in an answer's `speed_limit`; what is no rule is left out, null is none."""
    found = (_rule_of(each) for each in value) if isinstance(value, list) else ()
    return tuple(rule for rule in found if rule is not None)


def _rule_of(value: object) -> SpeedRule | None:
    if not isinstance(value, dict):
        return None
    start, end, mbps, over = (value.get(name) for name in ("start", "end", "speed", "over_speed_threshold"))
    if type(start) is not str or type(end) is not str:
        return None
    return SpeedRule(start, end, _number(mbps) or 0.0, _number(over))


def _number(value: object) -> float | None:
    return float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]


def body_of(rules: tuple[SpeedRule, ...]) -> bytes:
    """The rules as the body that replaces all of a task's."""
    return json.dumps({"speed_limit": [as_json(rule) for rule in rules]}).encode()


def as_json(rule: SpeedRule) -> dict[str, Any]:
    """A rule by the names of the API; whole numbers as such, a threshold only where there is one."""
    value: dict[str, Any] = {"start": rule.start, "end": rule.end, "speed": _plain(rule.mbps)}
    return value if rule.over_speed_threshold is None else {**value, "over_speed_threshold": _plain(rule.over_speed_threshold)}


def _plain(number: float) -> float | int:
    return int(number) if number.is_integer() else number
