"""Rows of `Waves` for proposed waves that have none there: the name, what was asked for, and a note of what is to be filled in.

Decides which waves get a row, and where; a row that is there already is never touched. Called by proposal_copy.py alone.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from inventory.columns import WAVES, normalise
from inventory.forecast_words import count, length, listed, total
from inventory.plan import Wave
from inventory.proposal_marks import column_of, write_header, write_proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.plan import Plan
    from inventory.table import Table
    from inventory.wave_proposal import Proposal, ProposedWave, Wanted

_SHEET = "Waves"
_NOTE = "proposed_because"
_COLUMNS = ("wave", "starts_at", "ends_at", "timezone", "bandwidth_mbps", "max_servers", _NOTE)
_WIDTHS = {"starts_at": 19.0, "ends_at": 19.0, _NOTE: 100.0}
_WIDTH = 16.0


def add_wave_rows(workbook: Workbook, plan: Plan, proposal: Proposal) -> list[str]:
    """Write the rows into the copy's sheet `Waves`, which is made where there is none; what could not be written, in lines."""
    rowless = [wave for wave in proposal.waves if not _has_row(plan, wave.name)]
    if not rowless:
        return []
    table = plan.tables.get(_SHEET)
    if table is None and normalise(plan.tables["Servers"].sheet) != "servers":
        # With a second sheet, one of another name would not be found any more; and to rename it may break what refers to it.
        names = listed([wave.name for wave in rowless])
        return [f"the rows in {_SHEET} of {names}: name the sheet {plan.tables['Servers'].sheet!r} Servers, and propose again"]
    sheet = workbook[table.sheet] if table is not None else _new_sheet(workbook, plan)
    places = dict(_places(sheet, table))
    first = _first_free(sheet)
    for row, wave in enumerate(rowless, first):
        for name, value in _row(plan, wave, proposal.wanted):
            write_proposed(sheet, row, places[name], value)
    return []


def _has_row(plan: Plan, name: str) -> bool:
    wave = plan.waves.get(name)
    return wave is not None and wave.table.kind == _SHEET


def _new_sheet(workbook: Workbook, plan: Plan) -> Worksheet:
    """An empty sheet with the columns that a wave needs, behind `Servers`."""
    place = workbook.sheetnames.index(plan.tables["Servers"].sheet) + 1
    sheet: Worksheet = workbook.create_sheet(_SHEET, place)
    for column, name in enumerate(_COLUMNS, 1):
        write_header(sheet, 1, column, name, _WIDTHS.get(name, _WIDTH))
    sheet.freeze_panes = "B2"
    return sheet


def _places(sheet: Worksheet, table: Table | None) -> Iterator[tuple[str, int]]:
    """The column of each value; a sheet that lacks one gets it, behind its own."""
    if table is None:
        yield from ((name, column) for column, name in enumerate(_COLUMNS, 1))
        return
    free = len(table.headers) + 1
    for name in ("wave", "bandwidth_mbps", "max_servers", _NOTE):
        known = table.known[name] + 1 if name in table.known else column_of(table.headers, name)
        if known is None:
            known, free = free, free + 1
            write_header(sheet, table.header_row, known, name, _WIDTHS.get(name, _WIDTH))
        yield name, known


def _first_free(sheet: Worksheet) -> int:
    """The first row below everything that anybody wrote; a row that only has formats is free."""
    written = (row for row in range(sheet.max_row, 0, -1) if any(cell.value is not None for cell in sheet[row]))
    return next(written, 0) + 1


def _row(plan: Plan, wave: ProposedWave, wanted: Wanted) -> Iterator[tuple[str, str | float]]:
    """What is known of a wave: what the call said of it where `Defaults` say nothing, and what is left to the planner."""
    yield "wave", wave.name
    of_waves = {column.name for column in WAVES}
    inherited = {column: value for column, value in plan.defaults.items() if column in of_waves}
    default = Wave(plan.tables["Servers"], -1, inherited, name=wave.name)
    most = default.integer("max_servers")
    if wanted.per_wave is not None and (most is None or wanted.per_wave < most):
        yield "max_servers", wanted.per_wave
    if wanted.bandwidth_mbps is not None and default.decimal("bandwidth_mbps") is None:
        yield "bandwidth_mbps", wanted.bandwidth_mbps
    yield _NOTE, f"{_what(wave)}; fill in {_open(default, wave)}"


def _what(wave: ProposedWave) -> str:
    takes = f", takes {'at least ' if wave.is_unknown else ''}{length(wave.seconds)}" if wave.seconds is not None else ""
    long = f", too long for {length(wave.window_seconds)}" if wave.fits is False else ""
    return f"{count(len(wave.loads), 'server')}, {total([load.size for load in wave.loads])}{takes}{long}"


def _open(default: Wave, wave: ProposedWave) -> str:
    """The columns that the planner is to fill in, and how far apart the times are where the wave goes into its window."""
    later = f" ({length(wave.window_seconds)} later)" if wave.window_seconds < inf and wave.fits is not False else ""
    return listed(["starts_at", f"ends_at{later}", *([] if default.text("timezone") else ["timezone"])])
