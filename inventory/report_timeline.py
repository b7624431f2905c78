"""The report's sheet Timeline: when each server was submitted and moved, against window and forecast, and the run over time.

Decides no figures: report_facts.py does. Called by report.py alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.chart import BarChart, Reference
from openpyxl.utils import get_column_letter

from inventory.report_facts import shown_time, steps, timings, zone_of
from inventory.report_style import (
    BRAND,
    MUTED,
    add_sheet,
    font,
    header_row,
    prepare_table,
    set_widths,
    status_cells,
    styled,
    text_value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.outcomes import Status
    from inventory.report import WaveReport
    from inventory.report_facts import Timing

TIMELINE_COLUMNS = (
    "server",
    "source_server_id",
    "status",
    "submitted",
    "answered",
    "window",
    "forecast_start",
    "forecast_end",
    "started",
    "copied",
    "ended",
    "seconds",
    "behind_minutes",
)
_WIDTHS = (28.0, 38.0, 13.0, 25.0, 25.0, 11.0, 25.0, 25.0, 25.0, 25.0, 25.0, 11.0, 15.0)
_STEP_COLUMN = len(_WIDTHS) + 2
_NO_STEP: tuple[None, ...] = ()


def add_timeline(workbook: Workbook, report: WaveReport) -> None:
    """Add the sheet `Timeline`: a row for each outcome, and beside them how many servers were submitted when, with a chart."""
    sheet, zone = add_sheet(workbook, "Timeline"), zone_of(report)
    found = list(timings(report))
    pace = steps(timing.sent_at for timing in found if timing.sent_at is not None)
    prepare_table(sheet, _WIDTHS, len(found), f"{report.plan.name} - {report.wave} - timeline", titles=1)
    set_widths(sheet, [12.0, 12.0], _STEP_COLUMN)
    sheet.print_area = f"A1:{get_column_letter(len(_WIDTHS))}{len(found) + 1}"
    beside = [None, *header_row(sheet, ("from", "submitted"))] if pace else []
    sheet.append([*header_row(sheet, TIMELINE_COLUMNS), *beside])
    cells = status_cells(sheet)
    for place in range(max(len(found), len(pace))):
        own = _row(sheet, found[place], cells, zone) if place < len(found) else (None,) * len(TIMELINE_COLUMNS)
        sheet.append([*own, *(_step(sheet, pace[place], zone) if place < len(pace) else _NO_STEP)])
    if len(pace) > 1:
        sheet.add_chart(_chart(sheet, len(pace)), f"{get_column_letter(_STEP_COLUMN + 3)}2")


def _row(sheet: Worksheet, timing: Timing, cells: dict[Status, Cell], zone: tzinfo) -> Sequence[str | float | Cell | None]:
    outcome, sent_at, answered_at, task = timing.outcome, timing.sent_at, timing.answered_at, timing.task
    moved = (task.started_at, task.copied_at, task.finished_at) if task is not None else (None, None, None)
    return (
        text_value(sheet, outcome.row.label),
        text_value(sheet, outcome.source_server_id),
        cells[outcome.status],
        _moment(sent_at, zone),
        _moment(answered_at, zone),
        timing.place or None,
        _moment(timing.starts_at, zone),
        _moment(timing.ends_at, zone),
        *(_moment(moment, zone) for moment in moved),
        round((answered_at - sent_at).total_seconds(), 1) if sent_at and answered_at else None,
        round(timing.behind_minutes, 1) if timing.behind_minutes is not None else None,
    )


def _moment(moment: datetime | None, zone: tzinfo) -> str | None:
    return shown_time(moment, zone) if moment else None


def _step(sheet: Worksheet, step: tuple[datetime, int], zone: tzinfo) -> Sequence[Cell | None]:
    return (None, styled(sheet, f"{step[0].astimezone(zone):%H:%M:%S}", face=font(colour=MUTED)), styled(sheet, step[1]))


def _chart(sheet: Worksheet, count: int) -> BarChart:
    chart = BarChart(gapWidth=30)
    chart.title = "Servers submitted, by time"
    chart.add_data(Reference(sheet, min_col=_STEP_COLUMN + 1, min_row=2, max_row=count + 1))
    chart.set_categories(Reference(sheet, min_col=_STEP_COLUMN, min_row=2, max_row=count + 1))
    chart.series[0].graphicalProperties.solidFill = BRAND
    chart.legend, chart.visible_cells_only = None, False
    chart.x_axis.delete, chart.y_axis.delete = False, False
    chart.y_axis.scaling.min, chart.y_axis.number_format = 0, "#,##0"
    chart.width, chart.height = 20, 8
    return chart
