"""Tell what became of a wave, as a workbook and as a page for a browser: the same facts, for people who send them on.

Decides what a report is; how it reaches the disk is report_file.py's business. The workbook: Summary (report_summary.py), Outcomes
and Findings (report_sheets.py), Timeline (report_timeline.py), Night, Tasks and Actions (report_night.py) where the wave went on
after its submission, Journal and Provenance (report_journal.py). The page: report_html.py. What both say stands in
report_facts.py. Called by the flow when the engine ends, also when it ended badly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.outcomes import Status
from inventory.report_file import ReportError, check_page_path, check_report_path, put_page, put_report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from openpyxl import Workbook

    from inventory.findings import Finding
    from inventory.forecast import WaveForecast
    from inventory.outcomes import Outcome
    from inventory.plan import Plan
    from inventory.report_records import Attempt, NightTold

__all__ = ["ReportError", "WaveReport", "check_page_path", "check_report_path", "compose", "write_page", "write_report"]


@dataclass(frozen=True, slots=True)
class WaveReport:
    """Everything that a report says. Times are UTC; `outcomes` stand in the plan's order, one for every row of the wave.

    `author` is who ran it, `notes` are sentences of the run (a throttled window, a database that was waited for), `next_command` is
    what to type next, with the user's own file and wave in it; "" where nothing is left to do. `attempts` are the requests that the
    journal holds of the wave's servers, in the outcomes' order, then in their own, over all runs. `forecast` is what was to be
    expected of the wave by its sheet; None where nothing was. `night` is what came after the submission, None where nothing did.
    """

    plan: Plan
    wave: str
    run_id: str
    author: str
    started_at: datetime
    ended_at: datetime
    outcomes: Sequence[Outcome]
    findings: Sequence[Finding] = ()
    notes: Sequence[str] = ()
    endpoint: str = ""
    next_command: str = ""
    attempts: Sequence[Attempt] = ()
    forecast: WaveForecast | None = None
    night: NightTold | None = None

    @property
    def done(self) -> int:
        """How many servers need nothing any more: after a night those that are moved, else those that have their task."""
        have_task = [outcome for outcome in self.outcomes if outcome.status.is_done]
        if self.night is None:
            return len(have_task)
        moved = {task.source_server_id for task in self.night.tasks if task.is_moved}
        return sum(outcome.status is Status.SKIPPED or outcome.source_server_id in moved for outcome in have_task)


def write_report(path: Path, report: WaveReport) -> None:
    """Write the workbook to `path`, in place of what is there; raises ReportError, and then what was there is there still."""
    put_report(path, report.plan.path, lambda stream: compose(report).save(stream))


def write_page(path: Path, report: WaveReport) -> None:
    """Write the page to `path`, in place of what is there; raises ReportError, and then what was there is there still."""
    from inventory.report_html import page_of

    put_page(path, report.plan.path, lambda stream: stream.writelines(page_of(report)))


def compose(report: WaveReport) -> Workbook:
    """The report as a workbook that is ready to be saved, once."""
    from openpyxl import Workbook

    from inventory.report_journal import add_journal, add_provenance
    from inventory.report_night import add_night
    from inventory.report_sheets import add_findings, add_outcomes
    from inventory.report_style import writable_text
    from inventory.report_summary import add_summary
    from inventory.report_timeline import add_timeline

    workbook = Workbook(write_only=True)
    workbook.properties.title = writable_text(f"Migration wave {report.wave}")
    workbook.properties.creator = writable_text(report.author)
    workbook.properties.created = workbook.properties.modified = report.ended_at.replace(tzinfo=None)
    add_summary(workbook, report)
    add_outcomes(workbook, report)
    add_findings(workbook, report)
    add_timeline(workbook, report)
    if report.night is not None:
        add_night(workbook, report, report.night)
    add_journal(workbook, report)
    add_provenance(workbook, report)
    return workbook
