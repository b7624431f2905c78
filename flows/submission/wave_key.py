"""Which wave something in the journal is about. Used by whatever keeps something of a wave rather than of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table


class WaveKey(NamedTuple):
    """One wave of one plan, of one account. `plan_name` is the name of the plan's file: a copy of it elsewhere is the same plan."""

    account: str
    plan_name: str
    wave: str

    def of(self, table: Table) -> ColumnElement[bool]:
        """The condition that picks what a table of the journal holds of this wave."""
        columns = table.c
        return (columns.account == self.account) & (columns.plan_name == self.plan_name) & (columns.wave == self.wave)
