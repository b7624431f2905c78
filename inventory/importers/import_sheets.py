"""What an import says of itself in the plan: `Import` at a glance, `Import columns`, `Import findings`.

Decides their words and looks. `waves check` reads none of them. Called by plan_sheets.py.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from inventory.disk_checks import show_bytes
from inventory.report_style import (
    BRAND,
    MIDDLE,
    MUTED,
    PAPER,
    RULE,
    SEVERITY_COLOURS,
    WRAP,
    add_sheet,
    font,
    header_row,
    set_page,
    set_widths,
    styled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.importers.imported import Imported

_TITLE, _COLUMNS, _FINDINGS = "Import", "Import columns", "Import findings"


def add_import_sheets(workbook: Workbook, imported: Imported, written_at: datetime, notes: Sequence[str] = ()) -> None:
    """Add the three sheets."""
    _add_overview(workbook, imported, written_at, notes)
    _add_columns(workbook, imported)
    _add_findings(workbook, imported)


def _add_overview(workbook: Workbook, imported: Imported, written_at: datetime, notes: Sequence[str]) -> None:
    sheet = add_sheet(workbook, _TITLE)
    set_widths(sheet, (26, 96))
    set_page(sheet, f"Import of {imported.name}", is_table=False)
    sheet.sheet_view.showGridLines = False
    sheet.row_dimensions[1].height = 30
    band = styled(
        sheet, f"Imported from {imported.name}", face=font(size=15, bold=True, colour="FFFFFF"), ground=BRAND, alignment=MIDDLE
    )
    sheet.append([band, styled(sheet, "", ground=BRAND)])
    sheet.append([])
    mapped = sum(column.is_mapped for column in imported.columns)
    facts = (
        ("File", imported.name),
        ("SHA-256", imported.sha256),
        ("Read as", f"{imported.title} ({imported.format})"),
        ("Written", written_at.strftime("%Y-%m-%d %H:%M UTC")),
        ("Servers", f"{len(imported.servers):,}"),
        ("Disks", f"{imported.disks:,}"),
        ("Size of all disks", show_bytes(imported.bytes)),
        ("Columns", f"{mapped} taken, {len(imported.columns) - mapped} not (see {_COLUMNS})"),
        ("Findings", f"{len(imported.findings)} (see {_FINDINGS})"),
    )
    for name, value in facts:
        label = styled(sheet, name, face=font(bold=True, colour=MUTED), border=RULE)
        sheet.append([label, styled(sheet, value, border=RULE, alignment=WRAP)])
    sheet.append([])
    _add_steps(sheet, notes)


def _add_steps(sheet: Worksheet, notes: Sequence[str]) -> None:
    steps = [
        *notes,
        "Fill in wave for each server, or have waves proposed.",
        "Fill in region_id, project_id and vm_template_id in Defaults once, for all servers; or a target_vm_id each in Servers.",
        "Where source_server_id is empty, SMS is asked for the server by its name or address when the wave is sent.",
        "Disks named by a server's name serve the forecast; what is sent is what SMS knows of the server's disks.",
        "Then: waves check on this file. These Import sheets are not read; delete them whenever you like.",
    ]
    sheet.append([styled(sheet, "What to do next", face=font(size=12, bold=True, colour=BRAND))])
    for number, step in enumerate(steps, 1):
        number_cell = styled(sheet, str(number), face=font(bold=True, colour=BRAND), ground=PAPER)
        sheet.append([number_cell, styled(sheet, step, ground=PAPER, alignment=WRAP)])


def _add_columns(workbook: Workbook, imported: Imported) -> None:
    titles = ("sheet", "column", "cell", "became", "unit", "cells filled", "taken")
    sheet = add_sheet(workbook, _COLUMNS)
    set_widths(sheet, (30, 40, 9, 60, 16, 14, 9))
    _prepare(sheet, titles, len(imported.columns), f"Import of {imported.name} - columns")
    for column in imported.columns:
        taken = "yes" if column.is_mapped else "no"
        face = font() if column.is_mapped else font(colour=MUTED)
        texts = (column.sheet, column.header, column.cell, column.became, column.unit)
        cells = [styled(sheet, text, face=face, alignment=WRAP) for text in texts]
        sheet.append([*cells, styled(sheet, column.filled, face=face), styled(sheet, taken, face=face)])


def _add_findings(workbook: Workbook, imported: Imported) -> None:
    titles = ("severity", "code", "sheet", "cell", "value", "problem", "remedy")
    sheet = add_sheet(workbook, _FINDINGS)
    widths = (11, 13, 26, 12, 28, 74, 60)
    set_widths(sheet, widths)
    _prepare(sheet, titles, len(imported.findings), f"Import of {imported.name} - findings")
    for number, finding in enumerate(imported.findings, start=2):
        ground, colour = SEVERITY_COLOURS[finding.severity.value]
        severity = styled(sheet, finding.severity.value, face=font(bold=True, colour=colour), ground=ground)
        words = (finding.code, finding.sheet, finding.cell, finding.value, finding.problem, finding.remedy)
        sheet.row_dimensions[number].height = _height(words, widths[1:])
        sheet.append([severity, *(styled(sheet, text, alignment=WRAP) for text in words)])
    if not imported.findings:
        sheet.append([styled(sheet, "none", face=font(colour=MUTED))])


def _height(texts: Sequence[str], widths: Sequence[float]) -> float:
    """The height of a row, in points, in which each text is wrapped to its column: not every program finds it out by itself."""
    return 14.0 * max(ceil(len(text) * 1.1 / width) or 1 for text, width in zip(texts, widths, strict=True))


def _prepare(sheet: Worksheet, titles: Sequence[str], rows: int, title: str) -> None:
    set_page(sheet, title)
    sheet.freeze_panes = "A2"
    sheet.row_dimensions[1].height = 20
    sheet.auto_filter.ref = f"A1:{chr(ord('A') + len(titles) - 1)}{max(rows, 1) + 1}"
    sheet.append(header_row(sheet, titles))
