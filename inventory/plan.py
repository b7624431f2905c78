"""A plan: a workbook read into typed rows, each value knowing its cell.

Decides precedence (row, then its wave's row in `Waves`, then `Defaults`; the API's own default is not sent) and what waves there
are. Sends nothing and checks nothing across rows: checks.py does. Called by the command line, the flows and the simulator.
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from inventory.catalogue import PlanError, near, plan_error
from inventory.columns import SHEETS, WAVE_DEFAULTS, WAVES, headers_of, normalise
from inventory.defaults import numeric_defaults, read_defaults
from inventory.numerals import find_habit
from inventory.rows import NOTHING, Cell, Inherited, ServerRow, SheetRow, Value
from inventory.table import Table, numeric_texts, open_table, type_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from inventory.findings import Finding
    from inventory.reading_limits import ReadingLimits
    from inventory.workbook import RawSheet, Workbook

__all__ = ["Cell", "Limit", "Plan", "PlanError", "ServerRow", "SheetRow", "Value", "Wave", "read_plan"]

_WAVE_COLUMNS = frozenset(column.name for column in WAVES)


@dataclass(frozen=True, slots=True, eq=False)
class Wave(SheetRow):
    """One wave: its row in `Waves`, or nothing but its name where only `Servers` names it (then `position` is 0)."""

    name: str = ""

    @property
    def starts_at(self) -> datetime | None:
        """When the window opens, with its offset; None when not said."""
        return self._zoned("starts_at")

    @property
    def ends_at(self) -> datetime | None:
        """When the window closes, with its offset; None when not said."""
        return self._zoned("ends_at")

    @property
    def failure_budget(self) -> int | float | None:
        """How many servers may fail: a whole number, or a float for a share of the wave's; None when not said."""
        budget = self.get("failure_budget")
        return budget if isinstance(budget, int | float) and not isinstance(budget, bool) else None

    def _zoned(self, name: str) -> datetime | None:
        moment = self.moment(name)
        if moment is None or moment.tzinfo is not None:
            return moment
        timezone = self.text("timezone")
        return moment.replace(tzinfo=ZoneInfo(timezone) if timezone else UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """Never more than `max_running` servers at once whose `column` is `value` (each value by itself where it is `*`)."""

    column: str
    value: str
    max_running: int


@dataclass(frozen=True)
class Plan:
    """A plan as read. `findings` are those of reading; `inventory.checks.check_plan` adds those across rows.

    `servers` are all rows of `Servers` that hold anything, in the sheet's order, also those without a wave or to be skipped.
    `waves` are those of `Waves` in their order, then those that only `Servers` names. `tables` are the sheets that there are, by
    the plan's name for them; `headers` are those of `Servers` as written. Disks and the rest are grouped by source_server_id.
    """

    path: Path
    name: str
    sha256: str
    servers: tuple[ServerRow, ...]
    waves: Mapping[str, Wave]
    headers: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict, repr=False)
    defaults: Mapping[str, Inherited] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()

    @cached_property
    def disks(self) -> Mapping[str, tuple[SheetRow, ...]]:
        """The rows of `Disks` by source_server_id."""
        return self._grouped("Disks")

    @cached_property
    def volumes(self) -> Mapping[str, tuple[SheetRow, ...]]:
        """The rows of `Volumes` by source_server_id; `disk` names the disk."""
        return self._grouped("Volumes")

    @cached_property
    def volume_groups(self) -> Mapping[str, tuple[SheetRow, ...]]:
        """The rows of `VolumeGroups` by source_server_id."""
        return self._grouped("VolumeGroups")

    @cached_property
    def logical_volumes(self) -> Mapping[str, tuple[SheetRow, ...]]:
        """The rows of `LogicalVolumes` by source_server_id; `volume_group` names the group."""
        return self._grouped("LogicalVolumes")

    @cached_property
    def btrfs(self) -> Mapping[str, tuple[SheetRow, ...]]:
        """The rows of `Btrfs` by source_server_id."""
        return self._grouped("Btrfs")

    @cached_property
    def btrfs_subvolumes(self) -> Mapping[str, tuple[SheetRow, ...]]:
        """The rows of `BtrfsSubvolumes` by source_server_id; `file_system_name` names the file system."""
        return self._grouped("BtrfsSubvolumes")

    @cached_property
    def _by_wave(self) -> Mapping[str, tuple[ServerRow, ...]]:
        grouped: dict[str, list[ServerRow]] = defaultdict(list)
        for row in self.servers:
            grouped[row.wave].append(row)
        return {wave: tuple(rows) for wave, rows in grouped.items()}

    def rows(self, wave: str) -> tuple[ServerRow, ...]:
        """The rows of a wave, in the sheet's order; none for a wave that there is not."""
        return self._by_wave.get(wave, ())

    def has_disks(self, source_server_id: str) -> bool:
        """Whether `Disks` has rows for the source server (else its disks come from SMS)."""
        return bool(source_server_id) and source_server_id in self.disks

    def key_of(self, row: ServerRow) -> str:
        """What the other sheets name the row's server by: its id in SMS, else its id in an inventory, its name, its address.

        The id in SMS where they have no rows of it. Rows under anything else say what is known of a server (a forecast goes by
        them); what is sent for it is what SMS knows, as for a server without rows.
        """
        names = (row.source_server_id, row.text("inventory_id"), row.source_name, row.source_ip)
        return next((name for name in names if name and name in self._detailed), row.source_server_id)

    @cached_property
    def _detailed(self) -> frozenset[str]:
        """The servers that have rows in the sheets of disks, volume groups and Btrfs, as named there."""
        kinds = ("Disks", "Volumes", "VolumeGroups", "LogicalVolumes", "Btrfs", "BtrfsSubvolumes")
        return frozenset(row.text("source_server_id") for kind in kinds for row in self.sheet_rows(kind))

    def sheet_rows(self, kind: str) -> Iterator[SheetRow]:
        """The rows of a sheet, by the plan's name for it, that hold anything; none where there is no such sheet."""
        table = self.tables.get(kind)
        if table is not None:
            for index in table.indexes:
                yield SheetRow(table, index)

    def _grouped(self, kind: str) -> Mapping[str, tuple[SheetRow, ...]]:
        grouped: dict[str, list[SheetRow]] = defaultdict(list)
        for row in self.sheet_rows(kind):
            if row.text("source_server_id"):
                grouped[row.text("source_server_id")].append(row)
        return MappingProxyType({source: tuple(rows) for source, rows in grouped.items()})


def read_plan(path: Path, limits: ReadingLimits | None = None) -> Plan:
    """Read a plan from a workbook (.xlsx, .xlsm, .xls, .ods) or a CSV (one sheet, taken as `Servers`).

    Cells that cannot be read are findings, all of them; a file that is no plan raises PlanError, and nothing else is ever raised.
    The limits are those of the environment (WAVES_READ_LIMIT) where none are given.
    """
    from inventory.reading_limits import limits_of
    from inventory.workbook import read_workbook

    with _no_collection():
        workbook = read_workbook(path, limits or limits_of(os.environ))
        return _make_plan(path, workbook)


def _make_plan(path: Path, workbook: Workbook) -> Plan:
    findings = list(workbook.findings)
    tables, defaults = _read_sheets(workbook.sheets, findings)
    servers = tables["Servers"]
    _check_servers(servers)
    waves = _read_waves(tables.get("Waves"), servers, defaults)
    return Plan(
        path=path,
        name=path.name,
        sha256=workbook.sha256,
        servers=_read_servers(servers, waves, defaults),
        waves=MappingProxyType(waves),
        headers=tuple(header for header in servers.headers if header),
        findings=tuple(findings),
        tables=MappingProxyType({kind: tables[kind] for kind in SHEETS if kind in tables}),
        defaults=defaults,
        limits=tuple(_read_limits(tables["Limits"])) if "Limits" in tables else (),
    )


def _read_sheets(sheets: Mapping[str, RawSheet], findings: list[Finding]) -> tuple[dict[str, Table], Mapping[str, Inherited]]:
    """The tables and the defaults, typed by what all of them together show of how the file writes decimals."""
    tables = {
        kind: open_table(kind, raw, findings, unknown_is_fine=kind == "Servers")
        for kind, raw in sheets.items()
        if kind != "Defaults"
    }
    page = sheets.get("Defaults")
    texts = [text for table in tables.values() for text in numeric_texts(table)]
    habit = find_habit(texts + (list(numeric_defaults(page)) if page else []))
    for kind, table in tables.items():
        type_columns(table, sheets[kind], habit, findings)
    return tables, read_defaults(page, habit, findings) if page else NOTHING


def _check_servers(table: Table) -> None:
    if not table.known:
        raise plan_error("PLAN-021", table.sheet, title=table.sheet)
    if "wave" not in table.known:
        spelt = [spelling for spelling, column in headers_of("Servers").items() if column.name == "wave"]
        guess = next((header for header in table.headers if header and near(normalise(header), spelt)), "")
        hint = f'rename "{guess}" to wave, or ' if guess else ""
        raise plan_error("PLAN-022", table.sheet, f"A{table.header_row}", hint=hint)
    if not table.indexes:
        raise plan_error("PLAN-023", table.sheet, title=table.sheet)


def _read_waves(table: Table | None, servers: Table, defaults: Mapping[str, Inherited]) -> dict[str, Wave]:
    """The waves by name; of two rows in `Waves` for one wave the first counts (the second is a finding of checks.py)."""
    inherited = {name: value for name, value in defaults.items() if name in _WAVE_COLUMNS}
    waves: dict[str, Wave] = {}
    if table is not None:
        for index, name in _named(table):
            waves.setdefault(name, Wave(table, index, inherited, name=name))
    for _, name in _named(servers):
        if name not in waves:
            waves[name] = Wave(table or servers, -1, inherited, name=name)
    return waves


def _named(table: Table) -> Iterator[tuple[int, str]]:
    """The rows that name a wave, and its name."""
    for index in table.indexes:
        name = table.value("wave", index)
        if isinstance(name, str):
            yield index, name


def _read_servers(table: Table, waves: Mapping[str, Wave], defaults: Mapping[str, Inherited]) -> tuple[ServerRow, ...]:
    of_plan = {name: value for name, value in defaults.items() if name not in _WAVE_COLUMNS}
    inherited = {name: of_plan | _said_by(wave) for name, wave in waves.items()}
    rows = []
    for index in table.indexes:
        wave = table.value("wave", index)
        name = wave if isinstance(wave, str) else ""
        rows.append(ServerRow(table, index, inherited.get(name, of_plan), wave=name))
    return tuple(rows)


def _said_by(wave: Wave) -> dict[str, Inherited]:
    said = {}
    for column in WAVE_DEFAULTS:
        value = wave.own(column.name)
        if value is not None:
            said[column.name] = Inherited(value, wave.table.cell(column.name, wave.index))
    return said


def _read_limits(table: Table) -> Iterator[Limit]:
    for index in table.indexes:
        row = SheetRow(table, index)
        column, value, most = row.text("column"), row.text("value"), row.integer("max_running")
        if column and value and most is not None:
            yield Limit(column, value, most)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of cells become objects, and none of them is garbage: looking for some costs a sixth of the reading."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
