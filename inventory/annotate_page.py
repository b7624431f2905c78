"""The first sheet of an annotated copy, `Findings`: what was found, with links to the cells, and what the copy does not hold.

Decides its words and looks. Findings with one cause stand in one line. Called by annotate.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from inventory.finding_groups import group_findings
from inventory.findings import Severity
from inventory.outcomes import Status
from inventory.report_style import (
    BRAND,
    MUTED,
    SEVERITY_COLOURS,
    STATUS_COLOURS,
    TOP,
    WRAP,
    font,
    header_row,
    height_of,
    set_page,
    set_widths,
    styled,
    writable_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.finding_groups import FindingGroup
    from inventory.findings import Finding

TITLE = "Findings"
COLUMNS = ("weight", "where", "value", "what is wrong", "what to do", "code")
MOST_ENTRIES = 60_000
"""A sheet holds 65,530 links; what is beyond is told as a number."""

_WIDTHS = (11.0, 30.0, 26.0, 58.0, 62.0, 12.0)
_LONGEST_TITLE = 31
_MOST_FROZEN = 12
_LINK = "0B57A4"


@dataclass(frozen=True, slots=True)
class Page:
    """What the sheet says beside the findings. `looked_at` is what was checked ("24 servers in 3 waves"); `missing` are lines."""

    plan: str
    looked_at: str
    next_command: str
    missing: Sequence[str] = ()


def add_page(workbook: Workbook, page: Page, findings: Sequence[Finding]) -> str:
    """Add the sheet as the first one, the one that is open; its name, which is another where the planner has one of this name."""
    sheet = workbook.create_sheet(_free_title(workbook), 0)
    set_widths(sheet, _WIDTHS)
    set_page(sheet, f"{page.plan} - findings")
    sheet.sheet_properties.tabColor = BRAND
    sheet.sheet_view.showGridLines = False
    _head(sheet, page, findings)
    top = sheet.max_row + 1
    _table(sheet, workbook, group_findings(findings))
    sheet.print_title_rows = f"{top}:{top}"
    if top <= _MOST_FROZEN:
        sheet.freeze_panes = f"A{top + 1}"
    sheet.auto_filter.ref = f"A{top}:{get_column_letter(len(COLUMNS))}{sheet.max_row}"
    _open_with(workbook, sheet)
    return str(sheet.title)


def _free_title(workbook: Workbook) -> str:
    taken = {title.casefold() for title in workbook.sheetnames}
    title, number = TITLE, 1
    while title.casefold() in taken:
        number += 1
        title = f"{TITLE} ({number})"
    return title[:_LONGEST_TITLE]


def _head(sheet: Worksheet, page: Page, findings: Sequence[Finding]) -> None:
    errors = sum(each.severity is Severity.ERROR for each in findings)
    warnings = len(findings) - errors
    sheet.append([styled(sheet, f"Findings in {page.plan}", face=font(size=18, bold=True, colour=BRAND))])
    sheet.row_dimensions[1].height = 28
    weight = "error" if errors else "warning" if warnings else ""
    colour = SEVERITY_COLOURS[weight][1] if weight else STATUS_COLOURS[Status.CREATED][1]
    counts = f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}" if findings else "Nothing was found"
    said = f"{counts} in {page.looked_at}." if page.looked_at else f"{counts}."
    sheet.append([styled(sheet, said, face=font(size=12, bold=True, colour=colour))])
    _say(
        sheet,
        "A cell with an error is red, and its comment begins with the word error: an error keeps the wave from being sent. "
        "A cell with a warning is yellow, and its comment begins with the word warning: it keeps nothing from being sent. "
        "A click on a place below leads to its cell.",
    )
    _say(sheet, f"This is a copy, made to be read. Mend {page.plan} itself, save it, and run: {page.next_command}")
    if page.missing:
        _say(sheet, f"Not in this copy, or plainer than in {page.plan}, which is as it was:", bold=True)
        for line in page.missing:
            _say(sheet, f"\N{BULLET} {line}")
    sheet.append([styled(sheet, "")])  # a row of its own: max_row counts it


def _say(sheet: Worksheet, text: str, *, bold: bool = False) -> None:
    """A line of text as wide as the table, over as many lines as it needs."""
    sheet.append([styled(sheet, text, face=font(bold=bold, colour=BRAND if bold else MUTED), alignment=WRAP)])
    row = sheet.max_row
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(COLUMNS))
    sheet.row_dimensions[row].height = height_of(text, sum(_WIDTHS)) + 2


def _table(sheet: Worksheet, workbook: Workbook, groups: Sequence[FindingGroup]) -> None:
    sheet.append(header_row(sheet, COLUMNS))
    row = sheet.max_row
    sheet.row_dimensions[row].height = 20
    titles = frozenset(workbook.sheetnames)
    for group in groups[:MOST_ENTRIES]:
        row += 1
        _entry(sheet, row, group, titles)
    if len(groups) > MOST_ENTRIES:
        sheet.append([None, styled(sheet, f"and {len(groups) - MOST_ENTRIES:,} more: see waves check --json")])
    if not groups:
        sheet.append([styled(sheet, "none", face=font(colour=STATUS_COLOURS[Status.CREATED][1]))])


def _entry(sheet: Worksheet, row: int, group: FindingGroup, titles: frozenset[str]) -> None:
    first = group.first
    ground, colour = SEVERITY_COLOURS[first.severity.value]
    weight = styled(sheet, first.severity.value, face=font(bold=True, colour=colour), ground=ground)
    where = styled(sheet, group.place, alignment=WRAP)
    if first.sheet in titles:
        where.row, where.column = row, 2
        where.hyperlink = Hyperlink(ref=where.coordinate, location=_location(first.sheet, group), tooltip="go there")
        where.font = font(colour=_LINK)
    words = [styled(sheet, text, alignment=WRAP) for text in (first.value, group.problem, first.remedy)]
    sheet.append([weight, where, *words, styled(sheet, first.code, alignment=TOP)])
    texts = (group.place, first.value, group.problem, first.remedy)
    sheet.row_dimensions[row].height = max(map(height_of, texts, _WIDTHS[1:]))


def _location(sheet: str, group: FindingGroup) -> str:
    """Where a link leads: the first area of the group, which a click selects; the sheet's first cell where it has none."""
    quoted = writable_text(sheet).replace("'", "''")
    return f"'{quoted}'!{group.areas[0] if group.areas else 'A1'}"


def _open_with(workbook: Workbook, sheet: Worksheet) -> None:
    """Have a spreadsheet show this sheet first, alone selected, its tab in sight."""
    workbook.active = workbook.index(sheet)
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet
    for chart in workbook.chartsheets:
        for view in chart.sheetViews.sheetView:
            view.tabSelected = False
    for view in workbook.views:
        view.firstSheet = 0


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
