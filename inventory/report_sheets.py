"""The report's long sheets: Outcomes (the plan's columns as written, then what became of the row) and Findings.

Decides their columns and looks. Streams row by row, so that memory does not grow with the wave. Called by report.py alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.columns import find_column
from inventory.outcomes import Outcome, Status
from inventory.report_style import (
    SEVERITY_COLOURS,
    STATUS_COLOURS,
    WRAP,
    SharedCells,
    add_sheet,
    font,
    header_row,
    height_of,
    prepare_table,
    status_cells,
    styled,
    text_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.report import WaveReport

OUTCOME_COLUMNS = ("status", "task_id", "error_code", "error_message", "advice", "submitted_at", "attempts")
_OUTCOME_WIDTHS = (13.0, 38.0, 15.0, 44.0, 60.0, 22.0, 11.0)
_WORDS_WIDTHS = (44.0, 60.0)
FINDING_COLUMNS = ("severity", "code", "sheet", "cell", "value", "problem", "remedy")
_FINDING_WIDTHS = (11.0, 11.0, 16.0, 12.0, 26.0, 56.0, 56.0)
_WIDTH_SAMPLE = 200
_LONGEST_WIDTH = 40
_NAME_WITHIN = 4


def add_outcomes(workbook: Workbook, report: WaveReport) -> None:
    """Add the sheet `Outcomes`: a row for each outcome, in the order given."""
    sheet = add_sheet(workbook, "Outcomes")
    headers = report.plan.headers
    shown = [[outcome.row.shown.get(header, "") for header in headers] for outcome in report.outcomes[:_WIDTH_SAMPLE]]
    widths = [
        _width(header, column)
        for header, column in zip(headers, zip(*shown, strict=True) if shown else [()] * len(headers), strict=True)
    ]
    title = f"{report.plan.name} - {report.wave} - outcomes"
    prepare_table(sheet, [*widths, *_OUTCOME_WIDTHS], len(report.outcomes), title, titles=_named_columns(headers))
    sheet.append(header_row(sheet, [*headers, *OUTCOME_COLUMNS], own=len(headers)))
    became = _Became(status_cells(sheet), SharedCells(sheet), SharedCells(sheet))
    for row, outcome in enumerate(report.outcomes, 2):
        if outcome.error_message or outcome.advice:
            heights = map(height_of, (outcome.error_message, outcome.advice), _WORDS_WIDTHS)
            sheet.row_dimensions[row].height = max(heights)
        sheet.append([*_planned(sheet, headers, outcome), *became.cells(sheet, outcome)])


def _named_columns(headers: Sequence[str]) -> int:
    """How many columns stay in sight beside the status: those up to the server's name, where it stands near the left edge."""
    for place, header in enumerate(headers[:_NAME_WITHIN], 1):
        column = find_column("Servers", header)
        if column is not None and column.name == "source_name":
            return place
    return 0


def _planned(sheet: Worksheet, headers: Sequence[str], outcome: Outcome) -> list[str | int | Cell | None]:
    shown = outcome.row.shown
    texts = [shown.get(header) for header in headers]
    return [None if not text else _number(text) if text.isdecimal() else text_value(sheet, text) for text in texts]


def _number(text: str) -> int | str:
    """A small whole number as a number, so that the column sorts; anything else, "007" too, stays as it was typed."""
    return int(text) if len(text) <= 9 and text.isascii() and (text == "0" or text[0] != "0") else text


@dataclass(frozen=True, slots=True)
class _Became:
    """The cells that rows share: statuses, what SMS says, what to do."""

    statuses: Mapping[Status, Cell]
    messages: SharedCells
    advice: SharedCells

    def cells(self, sheet: Worksheet, outcome: Outcome) -> tuple[str | int | Cell | None, ...]:
        submitted_at = outcome.submitted_at
        return (
            self.statuses[outcome.status],
            text_value(sheet, outcome.task_id),
            text_value(sheet, outcome.error_code),
            self.messages.cell(outcome.error_message),
            self.advice.cell(outcome.advice),
            submitted_at.strftime("%Y-%m-%dT%H:%M:%SZ") if submitted_at else None,
            outcome.attempts,
        )


def add_findings(workbook: Workbook, report: WaveReport) -> None:
    """Add the sheet `Findings`: every finding in full, or one line that says that there is none."""
    sheet = add_sheet(workbook, "Findings")
    prepare_table(sheet, _FINDING_WIDTHS, len(report.findings), f"{report.plan.name} - {report.wave} - findings")
    sheet.append(header_row(sheet, FINDING_COLUMNS))
    for row, finding in enumerate(report.findings, 2):
        ground, colour = SEVERITY_COLOURS[finding.severity.value]
        severity = styled(sheet, finding.severity.value, face=font(bold=True, colour=colour), ground=ground)
        texts = (finding.value, finding.problem, finding.remedy)
        words = [styled(sheet, text, alignment=WRAP) for text in texts]
        sheet.row_dimensions[row].height = max(map(height_of, texts, _FINDING_WIDTHS[-len(texts) :]))
        sheet.append([severity, *(styled(sheet, text) for text in (finding.code, finding.sheet, finding.cell)), *words])
    if not report.findings:
        sheet.append([styled(sheet, "none", face=font(colour=STATUS_COLOURS[Status.CREATED][1]))])


def _width(header: str, texts: Iterable[str]) -> float:
    """Wide enough for the header with its filter button and for the longest of the texts, within reason."""
    longest = max((len(text) for text in texts), default=0)
    return min(max(len(header) + 4, longest + 2, 8), _LONGEST_WIDTH)
