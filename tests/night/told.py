"""What a night told: its report's workbook, and the one object of `--json` of the commands, read back as a person's script would.

Reads and judges nothing; agreement.py does. Times come back as seconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from flows.night.approvals import Approval
    from flows.operating.action_records import Action

Table = list[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """A report's sheets as tables, one mapping a row; `summary` are the lines of the first sheet, `gates` those of the gates."""

    summary: Sequence[tuple[Any, ...]]
    outcomes: Table
    timeline: Table
    night: Table
    tasks: Table
    actions: Table
    attempts: Table
    gates: Sequence[str] = ()

    @classmethod
    def read(cls, path: Path) -> Report:
        """The report in a file."""
        book = load_workbook(path, read_only=True)
        try:
            night = [tuple(row) for row in book["Night"].iter_rows(values_only=True)]
            ends = next((place for place, row in enumerate(night) if not any(row)), len(night))
            return cls(
                summary=[tuple(cell for cell in row if cell is not None) for row in book["Summary"].iter_rows(values_only=True)],
                outcomes=_table(book["Outcomes"].iter_rows(values_only=True)),
                timeline=_table(book["Timeline"].iter_rows(values_only=True)),
                night=_table(night[:ends]),
                tasks=_table(book["Tasks"].iter_rows(values_only=True)),
                actions=_table(book["Actions"].iter_rows(values_only=True)),
                attempts=_table(book["Journal"].iter_rows(values_only=True)),
                gates=[str(row[0]) for row in night[ends:] if row and row[0]],
            )
        finally:
            book.close()


@dataclass(frozen=True)
class Decided:
    """What the script knows of a gate: who decided what in it, between which moments, and how the wave really stood then."""

    gate: str
    approver: str
    comment: str
    decision: str
    after: float
    before: float
    states: Mapping[str, str] = field(default_factory=dict)
    """The state of each source's task while the gate was open."""
    status: Mapping[str, Any] | None = None
    """The wave's part of `waves status --json` at that time."""


@dataclass(frozen=True)
class WaveTold:
    """One wave by all that was told of it: `run`, `track` and `status` are what the commands printed.

    `checked` are the sources whose rows ask for a consistency check.
    """

    name: str
    sources: Sequence[str]
    report: Report
    track: Mapping[str, Any]
    status: Mapping[str, Any]
    run: Mapping[str, Any]
    actions: Sequence[Action]
    approvals: Sequence[Approval] = ()
    decided: Sequence[Decided] = ()
    checked: frozenset[str] = frozenset()
    window_ends_at: float | None = None


def moment(text: object) -> float | None:
    """A time of a report or of JSON; None where there is none. Raises ValueError for what is no time."""
    if text is None or text == "":
        return None
    if isinstance(text, int | float):
        return float(text)
    shown = str(text).removesuffix(" UTC")
    found = datetime.fromisoformat(shown)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _table(rows: Any) -> Table:
    """The rows under a header; what stands beside the table, and empty rows, are left out."""
    lines = iter(rows)
    header = [str(name) for name in takewhile(lambda name: name is not None, next(lines))]
    whole = ((*row, *[None] * len(header)) for row in lines)
    return [dict(zip(header, row, strict=False)) for row in whole if row[1] is not None]
