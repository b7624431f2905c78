"""What a consistency check of a task found, as SMS tells it (facts 8): files compared, different, missing, too many, by directory.

SMS tells a list of results, of objects or of JSON in a text (contradiction 22); the latest finished one counts. Made by client.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.sms.bodies import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class ConsistencyResult:
    """The latest check of a task. `finished_at` is seconds since 1970, UTC; files are those of all directories together."""

    finished_at: float | None
    files: int
    different: int
    missing: int
    more: int


def latest_of(results: Iterable[object]) -> ConsistencyResult | None:
    """The latest of the results that have lines; None where there is none."""
    found = [told for told in map(_object, results) if told is not None and isinstance(told.get("consistency_result"), list)]
    if not found:
        return None
    last = max(found, key=lambda told: _whole(told.get("finished_time")))
    lines = [line for line in last["consistency_result"] if isinstance(line, dict)]
    finished = _whole(last.get("finished_time"))
    return ConsistencyResult(
        finished / 1000 if finished else None,
        sum(_whole(line.get("num_total_files")) for line in lines),
        sum(_whole(line.get("num_different_files")) for line in lines),
        sum(_whole(line.get("num_target_miss_files")) for line in lines),
        sum(_whole(line.get("num_target_more_files")) for line in lines),
    )


def _object(result: object) -> Mapping[str, Any] | None:
    if isinstance(result, dict):
        return result
    return json_object(result.encode("utf-8", "replace")) if isinstance(result, str) else None


def _whole(value: object) -> int:
    return value if type(value) is int and value > 0 else 0
