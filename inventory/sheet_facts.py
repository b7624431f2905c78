"""What a sheet holds beside its values: cells that only look empty, rows and columns that are hidden, areas that are merged.

Decides nothing: sheet_errors.py (.xlsx), ods_file.py and xls_file.py find these, table.py says what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from inventory.reading_limits import TooBigError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_COLUMNS = 16_384
"""No sheet of any format has more."""

Fault: TypeAlias = tuple[str, str]
"""A finding's code, and what the cell shows."""

Area: TypeAlias = tuple[int, int, int, int]
"""Merged cells: first row, first column, last row, last column, all counted from 0."""


class UnsafeXmlError(Exception):
    """XML that no spreadsheet writes: a DOCTYPE, or an encoding other than UTF-8."""


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What is known of a sheet's cells and rows, counted from 0. `faults` are the cells that look empty and are not."""

    faults: Mapping[tuple[int, int], Fault] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    merged: tuple[Area, ...] = ()
    hidden_columns: frozenset[int] = frozenset()


@dataclass(slots=True)
class FactsFound:
    """Facts as they are found; never more of them than the limit. Raises TooBigError beyond it."""

    limit: int
    faults: dict[tuple[int, int], Fault] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    merged: set[Area] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    def add_fault(self, row: int, column: int, code: str, shown: str = "") -> None:
        """A cell that looks empty and is not."""
        self.faults[row, column] = (code, shown)
        if len(self.faults) > self.limit:
            raise TooBigError(f"has more than {self.limit} cells with errors", len(self.faults), self.limit)

    def add_merged(self, area: Area) -> None:
        """Cells that are merged into one."""
        self.merged.add(area)
        if len(self.merged) > self.limit:
            raise TooBigError(f"has more than {self.limit} merged areas", len(self.merged), self.limit)

    def add_hidden_columns(self, first: int, last: int) -> None:
        """Columns that are hidden, both included, counted from 0; none beyond what a sheet can have."""
        self.hidden_columns.update(range(max(first, 0), min(last, MOST_COLUMNS - 1) + 1))

    def facts(self) -> SheetFacts:
        """What was found."""
        return SheetFacts(self.faults, frozenset(self.hidden), tuple(sorted(self.merged)), frozenset(self.hidden_columns))
