"""The report's sheets for the night after the submission: Night (stages and gates), Tasks (how each ended), Actions (all orders).

Decides their columns and looks. Called by report.py alone, and only where a wave was brought further than its submission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.outcomes import Status
from inventory.report_facts import shown_time, stages_told, zone_of
from inventory.report_style import (
    INK,
    MUTED,
    STATUS_COLOURS,
    WRAP,
    add_sheet,
    font,
    header_row,
    height_of,
    prepare_table,
    styled,
    text_value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.report import WaveReport
    from inventory.report_records import ActionTold, DecisionTold, NightTold, TaskTold

    Value = str | float | Cell | None

NIGHT_COLUMNS = ("stage", "state", "began", "ended", "what it does", "what came of it")
_NIGHT_WIDTHS = (22.0, 12.0, 25.0, 25.0, 50.0, 60.0)
TASK_COLUMNS = (
    "server",
    "source_server_id",
    "task_id",
    "state",
    "started",
    "copied",
    "finished",
    "speed_mbps",
    "late_minutes",
    "error",
    "advice",
)
_TASK_WIDTHS = (28.0, 38.0, 38.0, 18.0, 25.0, 25.0, 25.0, 12.0, 13.0, 48.0, 60.0)
ACTION_COLUMNS = (
    "server",
    "source_server_id",
    "task_id",
    "number",
    "operation",
    "state_before",
    "ordered_by",
    "sent_at",
    "answered_at",
    "answer",
    "performed",
    "request_id",
    "run_id",
)
_ACTION_WIDTHS = (28.0, 38.0, 38.0, 9.0, 13.0, 18.0, 13.0, 26.0, 26.0, 40.0, 14.0, 36.0, 20.0)
_STATE_COLOURS = {
    "done": STATUS_COLOURS[Status.CREATED],
    "held": STATUS_COLOURS[Status.UNCERTAIN],
    "failed": STATUS_COLOURS[Status.REJECTED],
}


@dataclass(frozen=True, slots=True)
class UnmovedGroup:
    """Servers that a night left in the same state for the same reason, by their labels; `todo` says what to do about them."""

    state: str
    code: str
    todo: str
    servers: Sequence[str]

    def examples(self, most: int) -> str:
        """The first of the servers, and how many more there are."""
        named, more = ", ".join(self.servers[:most]), len(self.servers) - most
        return f"{named} and {more:,} more" if more > 0 else named


def unmoved_groups(night: NightTold) -> list[UnmovedGroup]:
    """The servers that are not moved, by state, error code and advice, the most frequent first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for task in night.tasks:
        if not task.is_moved:
            groups.setdefault((task.state, task.error.partition(" ")[0], task.advice), []).append(task.server)
    return [UnmovedGroup(*key, servers) for key, servers in sorted(groups.items(), key=lambda item: -len(item[1]))]


def add_night(workbook: Workbook, report: WaveReport, night: NightTold) -> None:
    """Add the three sheets."""
    zone = zone_of(report)
    _add_path(workbook, report, night, zone)
    _add_tasks(workbook, report, night, zone)
    _add_actions(workbook, report, night)


def _add_path(workbook: Workbook, report: WaveReport, night: NightTold, zone: tzinfo) -> None:
    sheet = add_sheet(workbook, "Night")
    stages = stages_told(night)
    prepare_table(sheet, _NIGHT_WIDTHS, len(stages), f"{report.plan.name} - {report.wave} - night", titles=1)
    sheet.page_setup.fitToWidth = 1  # the figures of a gate are longer than a column
    sheet.append(header_row(sheet, NIGHT_COLUMNS))
    place = 1
    for stage in stages:
        place += 1
        sheet.row_dimensions[place].height = height_of(stage.line, _NIGHT_WIDTHS[-1])
        sheet.append(
            (
                styled(sheet, stage.stage, face=font(bold=True)),
                _state(sheet, stage.state),
                styled(sheet, shown_time(stage.began_at, zone)),
                styled(sheet, _time(stage.ended_at, zone) or ""),
                styled(sheet, stage.meaning),
                _wrapped(sheet, stage.line),
            )
        )
    for decision in night.decisions:
        _add_decision(sheet, decision, zone)


def _state(sheet: Worksheet, state: str) -> Cell:
    """How a stage stands; what is not done is seen from afar."""
    ground, colour = _STATE_COLOURS.get(state, ("", INK))
    return styled(sheet, state, face=font(bold=bool(ground), colour=colour), ground=ground)


def _add_decision(sheet: Worksheet, decision: DecisionTold, zone: tzinfo) -> None:
    sheet.append([])
    who = f" by {decision.approver}" if decision.approver else ""
    what = f"gate before {decision.gate}: {decision.decision or 'open'}{who}"
    sheet.append([styled(sheet, what, face=font(bold=True))])
    asked = f"asked {shown_time(decision.asked_at, zone)}"
    decided = f", decided {shown_time(decision.decided_at, zone)}" if decision.decided_at else ""
    sheet.append([styled(sheet, asked + decided, face=font(colour=MUTED))])
    for line in (*decision.criteria, *([f"comment: {decision.comment}"] if decision.comment else [])):
        sheet.append([text_value(sheet, line)])


def _add_tasks(workbook: Workbook, report: WaveReport, night: NightTold, zone: tzinfo) -> None:
    sheet = add_sheet(workbook, "Tasks")
    prepare_table(sheet, _TASK_WIDTHS, len(night.tasks), f"{report.plan.name} - {report.wave} - tasks", titles=1)
    sheet.append(header_row(sheet, TASK_COLUMNS))
    for task in night.tasks:
        sheet.append(_task(sheet, task, zone))


def _task(sheet: Worksheet, task: TaskTold, zone: tzinfo) -> tuple[Value, ...]:
    return (
        text_value(sheet, task.server),
        text_value(sheet, task.source_server_id),
        text_value(sheet, task.task_id),
        text_value(sheet, task.state),
        _time(task.started_at, zone),
        _time(task.copied_at, zone),
        _time(task.finished_at, zone),
        None if task.speed_mbps is None else round(task.speed_mbps, 1),
        round(task.late_seconds / 60, 1) or None,
        text_value(sheet, task.error),
        text_value(sheet, task.advice),
    )


def _add_actions(workbook: Workbook, report: WaveReport, night: NightTold) -> None:
    sheet = add_sheet(workbook, "Actions")
    prepare_table(sheet, _ACTION_WIDTHS, len(night.actions), f"{report.plan.name} - {report.wave} - actions", titles=1)
    sheet.append(header_row(sheet, ACTION_COLUMNS))
    for action in night.actions:
        sheet.append(_action(sheet, action))
    if not night.actions:
        sheet.append([styled(sheet, "No operation was sent.", face=font(colour=MUTED))])


def _action(sheet: Worksheet, action: ActionTold) -> tuple[Value, ...]:
    return (
        text_value(sheet, action.server),
        text_value(sheet, action.source_server_id),
        text_value(sheet, action.task_id),
        action.number,
        action.operation,
        text_value(sheet, action.state_before),
        action.ordered_by,
        _moment(action.sent_at),
        _moment(action.answered_at) if action.answered_at else None,
        text_value(sheet, action.answer),
        action.verdict,
        text_value(sheet, action.request_id),
        action.run_id,
    )


def _wrapped(sheet: Worksheet, text: str) -> Value:
    cell = text_value(sheet, text)
    if isinstance(cell, str):
        return styled(sheet, cell, alignment=WRAP)
    return cell


def _time(moment: datetime | None, zone: tzinfo) -> str | None:
    return shown_time(moment, zone) if moment is not None else None


def _moment(moment: datetime) -> str:
    """To the millisecond, in UTC (of which all times here are)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
