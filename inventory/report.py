"""Write what became of a wave to a workbook: Summary, Outcomes (one row each, the plan's columns first), Findings.

Decides what a report is and how it reaches the disk: whole or not at all, and over no plan. What stands on its sheets is
report_summary.py's and report_sheets.py's business. Called by the flow when the engine ends, also when it ended badly.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from openpyxl import Workbook

    from inventory.findings import Finding
    from inventory.outcomes import Outcome
    from inventory.plan import Plan


class ReportError(Exception):
    """The report cannot be written; `str()` is one line: what is wrong, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class WaveReport:
    """Everything that a report says. Times are UTC; `outcomes` stand in the plan's order, one for every row of the wave.

    `author` is who ran it, `notes` are sentences of the run (a throttled window, a database that was waited for), `next_command` is
    what to type next, with the user's own file and wave in it; "" where nothing is left to do.
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


def check_report_path(path: Path, plan_path: Path | None = None) -> None:
    """Raise ReportError if no report can be written to `path`: to be asked before the wave, while choosing another is cheap.

    Looks only, makes no file. On Windows a report that is open in Excel shows itself here: it cannot be opened for writing.
    """
    if path.suffix.lower() != ".xlsx":
        raise ReportError(f"{path} is no name for a report", "give a name that ends in .xlsx")
    if plan_path is not None and path.exists() and plan_path.exists() and path.samefile(plan_path):
        raise ReportError(f"{path} is the plan itself, which is never written", "give the report another name with --report")
    if not path.parent.is_dir():
        raise ReportError(f"the folder {path.parent} of the report does not exist", "make it, or choose another with --report")
    if path.is_dir():
        raise ReportError(f"{path} is a folder", "give a file name with --report")
    if path.exists():
        _check_replaceable(path)
    elif not os.access(path.parent, os.W_OK):
        raise ReportError(f"the folder {path.parent} of the report is read-only", "choose another with --report")


def _check_replaceable(path: Path) -> None:
    try:
        with path.open("r+b"):
            return
    except OSError as cause:
        raise _explain(path, cause) from cause


def write_report(path: Path, report: WaveReport) -> None:
    """Write the report to `path`, in place of what is there; raises ReportError, and then what was there is there still.

    The workbook is written to a file beside it, synced, and renamed: a reader finds the old one or the new one, never half of one.
    """
    check_report_path(path, report.plan.path)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        workbook = compose(report)
        with unfinished.open("xb") as stream:
            _save(workbook, stream)
        unfinished.replace(path)
    except OSError as cause:
        raise _explain(path, cause) from cause
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
    _sync_folder(path.parent)


def compose(report: WaveReport) -> Workbook:
    """The report as a workbook that is ready to be saved, once."""
    from openpyxl import Workbook

    from inventory.report_sheets import add_findings, add_outcomes
    from inventory.report_style import writable_text
    from inventory.report_summary import add_summary

    workbook = Workbook(write_only=True)
    workbook.properties.title = writable_text(f"Migration wave {report.wave}")
    workbook.properties.creator = writable_text(report.author)
    workbook.properties.created = workbook.properties.modified = report.ended_at.replace(tzinfo=None)
    add_summary(workbook, report)
    add_outcomes(workbook, report)
    add_findings(workbook, report)
    return workbook


def _save(workbook: Workbook, stream: BinaryIO) -> None:
    workbook.save(stream)
    stream.flush()
    os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can open a folder (Windows cannot, and needs no such thing)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _explain(path: Path, cause: OSError) -> ReportError:
    reason = (cause.strerror or str(cause)).lower()
    if isinstance(cause, PermissionError):
        remedy = "close it if it is open in Excel, make it and its folder writable, or choose another file with --report"
    else:
        remedy = "choose another file or folder with --report"
    return ReportError(f"the report {path} cannot be written ({reason})", remedy)
