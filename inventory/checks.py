"""Look across the rows of a plan for what no single cell shows, and tell which rows and waves each problem concerns.

Decides nothing about cells (values.py has) and asks nobody: what only SMS can tell is build.py's. Never stops at the first problem.
Called by `waves check` and before every submission.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.catalogue import did_you_mean, finding, near
from inventory.disk_checks import DETAIL_SHEETS, check_columns, check_disks, sources_of
from inventory.findings import Severity
from inventory.server_checks import check_servers
from inventory.server_columns import ServerColumns
from inventory.wave_checks import check_waves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inventory.findings import Finding
    from inventory.plan import Plan
    from inventory.table import Table

_ROWS = re.compile(r"[A-Z]+([0-9]+)(?::[A-Z]+([0-9]+))?")


def check_plan(plan: Plan, wave: str | None = None) -> tuple[Finding, ...]:
    """Everything wrong with a plan: what reading found, then what its rows show together; errors and warnings, by sheet and row.

    With a wave only what concerns it: its own rows, their disks, its row in `Waves`, and what all waves share (headers, `Defaults`,
    `Limits`). A wave that no row is in is an error (PLAN-201). What stands in skipped rows concerns nobody.
    """
    if wave is not None and not plan.rows(wave):
        return (_unknown_wave(plan, wave),)
    servers = ServerColumns(plan)
    found = [*plan.findings, *check_servers(servers), *check_columns(plan), *check_disks(servers), *check_waves(servers)]
    if not found:
        return ()
    concern = Concern(plan)
    wanted = None if wave is None else frozenset(row.position for row in plan.rows(wave) if not row.skip)
    return tuple(sorted((each for each in found if concern.matters(each, wanted)), key=concern.order))


def invalid_rows(plan: Plan, findings: Iterable[Finding]) -> frozenset[int]:
    """The positions of the rows of `Servers` that an error concerns, so that `--allow-invalid` can leave them out.

    An error that all rows share (a header, `Defaults`) concerns every row; skipped rows are never among them.
    """
    concern = Concern(plan)
    invalid: set[int] = set()
    for each in findings:
        if each.severity is Severity.ERROR:
            rows = concern.rows(each)
            invalid |= concern.everyone if rows is None else rows
    return frozenset(invalid)


def _unknown_wave(plan: Plan, wave: str) -> Finding:
    names = sorted({row.wave for row in plan.servers if row.wave})
    by_case = {name.casefold(): name for name in names}
    guess = by_case.get(wave.casefold()) or near(wave, names)
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    hint = did_you_mean(guess)
    return finding("PLAN-201", plan.tables["Servers"].sheet, "", wave, waves=shown or "none", hint=hint)


class Concern:
    """Which rows of `Servers` a finding concerns."""

    def __init__(self, plan: Plan) -> None:
        self.everyone = frozenset(row.position for row in plan.servers if not row.skip)
        self._plan = plan
        self._tables: Mapping[str, tuple[int, Table]] = {
            table.sheet: (place, table) for place, table in enumerate(plan.tables.values())
        }
        self._sources: Mapping[str, frozenset[int]] | None = None
        self._skipped = {row.source_server_id for row in plan.servers if row.skip}

    def rows(self, found: Finding) -> frozenset[int] | None:
        """The positions of the rows concerned; None when all are."""
        match = _ROWS.fullmatch(found.cell)
        if match is None or found.sheet not in self._tables:
            return None
        table = self._tables[found.sheet][1]
        numbers = range(int(match[1]), int(match[2] or match[1]) + 1)
        if table.header_row in numbers:
            return None
        if table.kind == "Servers":
            return self.everyone.intersection(numbers)
        return self._indirectly(table, [number - table.header_row - 1 for number in numbers])

    def matters(self, found: Finding, wanted: frozenset[int] | None) -> bool:
        """Whether a finding concerns any of the rows wanted (None: any row at all). What concerns no skipped row is kept."""
        rows = self.rows(found)
        if rows is None:
            return True
        if wanted is not None:
            return not rows.isdisjoint(wanted)
        return bool(rows) or not self._is_skipped(found)

    def _is_skipped(self, found: Finding) -> bool:
        """Whether a finding that concerns no row stands in a skipped one, or belongs to its server."""
        table, match = self._tables[found.sheet][1], _ROWS.fullmatch(found.cell)
        if table.kind == "Servers" or match is None:
            return True
        return table.value("source_server_id", int(match[1]) - table.header_row - 1) in self._skipped

    def order(self, found: Finding) -> tuple[int, int, int, str, str]:
        """Errors and warnings as they stand in the workbook: by sheet, row and column; what has no place first."""
        match = _ROWS.match(found.cell)
        place = self._tables[found.sheet][0] if found.sheet in self._tables else len(self._tables)
        if not match:
            return (-1 if not found.sheet else place, 0, 0, "", found.code)
        letters = found.cell[: match.start(1)]
        return (place, int(match[1]), len(letters), letters, found.code)

    def _indirectly(self, table: Table, indexes: list[int]) -> frozenset[int] | None:
        """The rows that rows of another sheet belong to; None where they belong to no one row or wave."""
        if table.kind == "Waves":
            waves = {table.value("wave", index) for index in indexes}
            names = [wave for wave in waves if isinstance(wave, str)]
            return frozenset(row.position for wave in names for row in self._plan.rows(wave) if not row.skip) if names else None
        if table.kind not in DETAIL_SHEETS:
            return None
        if self._sources is None:
            self._sources = sources_of(self._plan)
        sources = [table.value("source_server_id", index) for index in indexes]
        if any(source is None for source in sources):
            return None
        return frozenset(position for source in sources for position in self._sources.get(str(source), ()))
