"""A row of a plan as its readers see it: typed values after precedence, each knowing its cell.

Decides what a row says (own cell, then its wave's row in `Waves`, then `Defaults`) and where that stands. Parses nothing: values
come typed from table.py, and are looked up when asked for, so that 50,000 rows cost little. Called through plan.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from inventory.columns import find_column
from inventory.patterns import FIELD, PATTERNED, fill_pattern
from inventory.values import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.table import Table

Value: TypeAlias = str | int | float | bool | datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the workbook: the sheet's name as in the file, and an Excel reference; prints as planners write it."""

    sheet: str
    ref: str

    def __str__(self) -> str:
        return f"{self.sheet}!{self.ref}" if self.ref else self.sheet


@dataclass(frozen=True, slots=True)
class Inherited:
    """A value that a row takes from its wave or from the plan, and the cell where it stands."""

    value: Value
    cell: Cell


NOTHING: Mapping[str, Inherited] = MappingProxyType({})


def _nothing() -> Mapping[str, Inherited]:
    return NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One row of any sheet. Two rows are equal only if they are the same row of the same reading.

    `index` counts the rows of the table from 0; -1 is a row that stands in no sheet (a wave that only `Servers` names).
    """

    table: Table = field(repr=False)
    index: int
    inherited: Mapping[str, Inherited] = field(default_factory=_nothing, repr=False)

    @property
    def position(self) -> int:
        """The row's number in the sheet as a spreadsheet shows it, from 1; 0 for a row that stands in no sheet."""
        return self.table.position(self.index) if self.index >= 0 else 0

    def get(self, name: str) -> Value | None:
        """What holds for the row in a column: its own cell, else what it inherits; None when not said, or said wrongly."""
        # A body asks for some forty values: this is the one path of a row that is worth keeping short.
        table, index = self.table, self.index
        values = table.values.get(name)
        if values is not None and index >= 0:
            own = values[index]
            if own is not None or (table.refused and table.is_refused(name, index)):
                return own
        inherited = self.inherited.get(name)
        return inherited.value if inherited else None

    def own(self, name: str) -> Value | None:
        """What the row's own cell says; None when it is empty, wrong or not there."""
        return self.table.value(name, self.index)

    def is_refused(self, name: str) -> bool:
        """Whether the row's own cell holds something that could not be read (there is a finding about it)."""
        return self.table.is_refused(name, self.index)

    def text(self, name: str) -> str:
        """The value of a text column; "" when not said."""
        value = self.get(name)
        return value if isinstance(value, str) else "" if value is None else show(value)

    def integer(self, name: str) -> int | None:
        """The value of a column of whole numbers or sizes (bytes); None when not said."""
        value = self.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def decimal(self, name: str) -> float | None:
        """The value of a column of numbers; None when not said."""
        value = self.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """The value of a yes/no column; None when not said."""
        value = self.get(name)
        return value if isinstance(value, bool) else None

    def moment(self, name: str) -> datetime | None:
        """The value of a date-and-time column, as written (with an offset only where one was typed); None when not said."""
        value = self.get(name)
        return value if isinstance(value, datetime) else None

    def cell(self, name: str) -> Cell:
        """Where the column's value stands: the row's own cell, or the cell of `Waves` or `Defaults` that it comes from.

        When nothing is said: where it would stand in the row, or the row's first cell where the sheet has no such column.
        """
        if name in self.inherited and self.own(name) is None and not self.is_refused(name):
            return self.inherited[name].cell
        return self.table.cell(name, self.index)

    @property
    def values(self) -> Mapping[str, Value]:
        """Every value that holds for the row, by column name; what is not said is absent."""
        found = {name: self.get(name) for name in (*self.table.known, *self.inherited)}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def shown(self) -> Mapping[str, str]:
        """The row's own cells as a spreadsheet shows them, by header as written (empty ones too)."""
        return self.table.shown(self.index)

    @property
    def extra(self) -> Mapping[str, str]:
        """The row's cells in columns that the plan does not know, by header as written, as shown."""
        return self.table.unknown(self.index)


@dataclass(frozen=True, slots=True, eq=False)
class ServerRow(SheetRow):
    """One row of `Servers`: a source server to be moved in a wave."""

    wave: str = ""

    def get(self, name: str) -> Value | None:
        """What holds for the row in a column, patterns for `name` and `target_name` filled in.

        A pattern that names a column the row does not fill is None: whoever knows the source can fill `pattern(name)` in.
        """
        value = SheetRow.get(self, name)
        if name not in PATTERNED:
            return value
        if isinstance(value, str) and "{" in value and self.own(name) is None:
            return fill_pattern(name, value, self._fields(value))
        return value

    def pattern(self, name: str) -> str:
        """The pattern of `name` or `target_name` that the row inherits, as typed; "" when it has a text of its own or none."""
        inherited = self.inherited.get(name)
        if inherited is None or self.own(name) is not None or self.is_refused(name) or "{" not in str(inherited.value):
            return ""
        return str(inherited.value)

    def _fields(self, pattern: str) -> Mapping[str, str]:
        columns = {name: find_column("Servers", name) for name in FIELD.findall(pattern)}
        return {name: self.text(column.name) if column and column.name not in PATTERNED else "" for name, column in columns.items()}

    @property
    def source_server_id(self) -> str:
        """The source server's id in SMS; "" when the row names it otherwise."""
        return self.text("source_server_id")

    @property
    def source_name(self) -> str:
        """The source server's name; "" when not said."""
        return self.text("source_name")

    @property
    def source_ip(self) -> str:
        """The source server's address; "" when not said."""
        return self.text("source_ip")

    @property
    def skip(self) -> bool:
        """Whether the planner leaves this server out."""
        return self.flag("skip") is True

    @property
    def label(self) -> str:
        """The server's name for messages: its name, else its id, else its address, else its row."""
        return self.source_name or self.source_server_id or self.source_ip or f"row {self.position}"
