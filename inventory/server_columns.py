"""The rows of `Servers` as columns: what holds for every row, precedence applied, for checks over tens of thousands of rows.

Decides nothing that rows.py does not; it only looks everything of one column up at once. Called by the checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.plan import Plan
    from inventory.rows import ServerRow, Value


class ServerColumns:
    """The columns of a plan's rows that are not skipped; each as long as `rows`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        table = plan.tables["Servers"]
        self.rows: Sequence[ServerRow] = [row for row in plan.servers if not row.skip]
        self._indexes = [row.index for row in self.rows]
        self._columns: dict[str, list[Any]] = {}
        self.waves = [row.wave for row in self.rows]
        self._refused = table.refused
        self._values = table.values

    def __getitem__(self, name: str) -> list[Any]:
        """What holds in a column for each row, None where nothing is said or the cell is refused; patterns as they stand."""
        if name not in self._columns:
            self._columns[name] = self._look_up(name)
        return self._columns[name]

    def said(self, name: str) -> list[bool]:
        """For each row whether anything is said in a column, be it wrong: what is wrong has its finding already."""
        refused = self._refused.get(name)
        said = [value is not None for value in self[name]]
        return [each or index in refused for each, index in zip(said, self._indexes, strict=True)] if refused else said

    def own(self, name: str) -> list[Value | None]:
        """What each row's own cell says."""
        values = self._values.get(name)
        return [values[index] for index in self._indexes] if values is not None else [None] * len(self.rows)

    def _look_up(self, name: str) -> list[Any]:
        column: list[Any] = self.own(name)
        if None not in column or not any(name in row.inherited for row in self._samples()):
            return column
        refused = self._refused.get(name, ())
        for place, row in enumerate(self.rows):
            if column[place] is None and name in row.inherited and row.index not in refused:
                column[place] = row.inherited[name].value
        return column

    def _samples(self) -> list[ServerRow]:
        """One row of each wave: the rows of a wave inherit alike."""
        return list({row.wave: row for row in self.rows}.values())
