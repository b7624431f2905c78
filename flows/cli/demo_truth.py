"""Compare what a report says with what really is at the simulator, and tell what its faults did.

Decides whether they agree: each task that the report claims is there, the only one of its source, and no task is there that the
report does not claim. Reads the report's workbook as anyone would. Pure but for that file. Called by demo_command.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory.columns import find_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CLAIMS_A_TASK = frozenset({"CREATED", "EXISTS"})
_CLAIMS_NONE = frozenset({"REJECTED", "INVALID", "DEFERRED", "SKIPPED"})


@dataclass(frozen=True, slots=True)
class Reported:
    """One row of the report's `Outcomes` sheet."""

    server: str
    source_server_id: str
    status: str
    task_id: str
    attempts: int
    error_code: str
    error_message: str


def read_outcomes(report: Path) -> list[Reported]:
    """The outcomes of a report of ours, in its order."""
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(str(report)) as book:
        header, *rows = book.get_sheet_by_name("Outcomes").to_python(skip_empty_area=False)
    return [_reported([str(name) for name in header], row) for row in rows]


def disagreements(outcomes: Sequence[Reported], truth: Mapping[str, Any]) -> list[str]:
    """What the report says and the truth does not bear out, or the other way round, one line each; none when they agree."""
    by_source: Mapping[str, Sequence[str]] = truth["tasks_by_source"]
    found = [line for outcome in outcomes for line in _contradicted(outcome, by_source.get(outcome.source_server_id, ()))]
    known = {outcome.source_server_id for outcome in outcomes}
    found += [f"{source} is in no row, and has {', '.join(ids)}" for source, ids in by_source.items() if source not in known]
    return found


def tell_faults(faults: Mapping[str, int]) -> str:
    """One sentence on what the faults did: `12 requests were broken on purpose: 4 lost the answer ...`."""
    tally: Counter[str] = Counter()
    for name, times in faults.items():
        tally[_effect(name)] += times
    total = tally.total()
    if not total:
        return "no request was broken"
    did = ", ".join(f"{tally[effect]} {effect}" for effect in _EFFECTS if tally[effect])
    return f"{total} request{'s were' if total > 1 else ' was'} broken on purpose: {did}"


_LOST, _LATE, _BROKEN, _BUSY, _BLIND = _EFFECTS = (
    "lost the answer after the task was made",
    "performed long after an error was answered",
    "broke before anything was made",
    "turned away as too many",
    "only asked what is there",
)


def _effect(name: str) -> str:
    if name.startswith("read-"):
        return _BLIND
    if name.startswith("late"):
        return _LATE
    if name.endswith("-after"):
        return _LOST
    return _BUSY if name.startswith("429") else _BROKEN


def _reported(header: Sequence[str], row: Sequence[object]) -> Reported:
    # From the right: the plan may have a column `status` of its own, ours come after it.
    own = {name: _text(value) for name, value in zip(header, row, strict=True)}
    planned = {
        column.name: _text(value) for name, value in zip(header, row, strict=True) if (column := find_column("Servers", name))
    }
    source = planned.get("source_server_id", "")
    return Reported(
        server=planned.get("source_name") or source,
        source_server_id=source,
        status=own["status"],
        task_id=own["task_id"],
        attempts=int(own["attempts"] or 0),
        error_code=own["error_code"],
        error_message=own["error_message"],
    )


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _contradicted(outcome: Reported, tasks: Sequence[str]) -> list[str]:
    there = f"it has {', '.join(tasks) or 'none'}"
    if len(tasks) > 1:
        return [f"{outcome.server} has {len(tasks)} tasks: {', '.join(tasks)}"]
    if outcome.status in _CLAIMS_A_TASK and list(tasks) != [outcome.task_id]:
        return [f"{outcome.server} is reported as {outcome.status} with the task {outcome.task_id}; {there}"]
    if outcome.status in _CLAIMS_NONE and tasks:
        return [f"{outcome.server} is reported as {outcome.status}, without a task; {there}"]
    return []
