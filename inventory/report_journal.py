"""The report's sheets for who has to prove something: Journal (every request for a server) and Provenance (digests and ids).

Decides their columns. Streams row by row, so that memory does not grow with the wave. Called by report.py alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.report_facts import last_attempts, row_digest
from inventory.report_style import MUTED, add_sheet, font, header_row, prepare_table, styled, text_value

if TYPE_CHECKING:
    from datetime import datetime

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.report import WaveReport
    from inventory.report_records import Attempt

JOURNAL_COLUMNS = (
    "server",
    "source_server_id",
    "sent_at",
    "answered_at",
    "answer",
    "decision",
    "reason",
    "result",
    "request_id",
    "body_sha256",
    "run_id",
    "attempt",
    "http_status",
)
_JOURNAL_WIDTHS = (28.0, 38.0, 26.0, 26.0, 48.0, 52.0, 60.0, 84.0, 36.0, 68.0, 20.0, 10.0, 12.0)
PROVENANCE_COLUMNS = ("row", "server", "source_server_id", "task_id", "request_id", "row_sha256", "body_sha256")
_PROVENANCE_WIDTHS = (16.0, 28.0, 38.0, 38.0, 36.0, 68.0, 68.0)


def add_journal(workbook: Workbook, report: WaveReport) -> None:
    """Add the sheet `Journal`: each request to create a task for a server of the wave, of this run and earlier ones."""
    sheet = add_sheet(workbook, "Journal")
    prepare_table(sheet, _JOURNAL_WIDTHS, len(report.attempts), f"{report.plan.name} - {report.wave} - journal", titles=1)
    sheet.append(header_row(sheet, JOURNAL_COLUMNS))
    for attempt in report.attempts:
        sheet.append(_attempt(sheet, attempt))
    if not report.attempts:
        sheet.append([styled(sheet, "No request was sent.", face=font(colour=MUTED))])


def _attempt(sheet: Worksheet, attempt: Attempt) -> tuple[str | int | Cell | None, ...]:
    return (
        text_value(sheet, attempt.server),
        text_value(sheet, attempt.source_server_id),
        _moment(attempt.sent_at),
        _moment(attempt.answered_at) if attempt.answered_at else None,
        text_value(sheet, attempt.answer),
        text_value(sheet, attempt.decided),
        text_value(sheet, attempt.reason),
        text_value(sheet, attempt.result),
        text_value(sheet, attempt.request_id),
        attempt.body_digest,
        attempt.run_id,
        attempt.number,
        attempt.http_status,
    )


def add_provenance(workbook: Workbook, report: WaveReport) -> None:
    """Add the sheet `Provenance`: for each outcome its row's cell and digest, the digest of what was sent, and SMS's ids."""
    sheet = add_sheet(workbook, "Provenance")
    title = f"{report.plan.name} {report.plan.sha256} - {report.wave}"
    prepare_table(sheet, _PROVENANCE_WIDTHS, len(report.outcomes), title, titles=2)
    sheet.append(header_row(sheet, PROVENANCE_COLUMNS))
    sent = last_attempts(report.attempts)
    for outcome in report.outcomes:
        attempt = sent.get(outcome.source_server_id)
        sheet.append(
            (
                text_value(sheet, str(outcome.row.cell("wave"))),
                text_value(sheet, outcome.row.label),
                text_value(sheet, outcome.source_server_id),
                text_value(sheet, outcome.task_id),
                text_value(sheet, attempt.request_id if attempt else outcome.request_id),
                row_digest(outcome.row),
                attempt.body_digest if attempt else None,
            )
        )


def _moment(moment: datetime) -> str:
    """To the millisecond, in UTC (of which all times here are)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
