"""How a report reaches the disk: whole or not at all, and over no plan.

Decides which names and places a report may have, and says why one cannot be written. A reader finds the old report or the new one,
never half of one (whole_file.py). Knows nothing of what is in it. Called by report.py, and beforehand by the flow.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class ReportError(Exception):
    """The report cannot be written; `str()` is one line: what is wrong, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


def check_report_path(path: Path, plan_path: Path | None = None) -> None:
    """Raise ReportError if no report can be written to `path`: to be asked before the wave, while choosing another is cheap.

    Looks only, makes no file. On Windows a report that is open in Excel shows itself here: it cannot be opened for writing.
    """
    _check(path, plan_path, (".xlsx",), "--report")


def check_page_path(path: Path, plan_path: Path | None = None) -> None:
    """The same of the report as a page."""
    _check(path, plan_path, (".html", ".htm"), "--html")


def put_report(path: Path, plan_path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Have `write` write the workbook to `path`, in place of what is there; raises ReportError, which leaves what was there."""
    check_report_path(path, plan_path)
    _put(path, write, "--report")


def put_page(path: Path, plan_path: Path, write: Callable[[BinaryIO], None]) -> None:
    """The same of the report as a page."""
    check_page_path(path, plan_path)
    _put(path, write, "--html")


def _check(path: Path, plan_path: Path | None, endings: Sequence[str], option: str) -> None:
    if path.suffix.lower() not in endings:
        raise ReportError(f"{path} is no name for a report", f"give {option} a name that ends in {endings[0]}")
    if plan_path is not None and path.exists() and plan_path.exists() and path.samefile(plan_path):
        raise ReportError(f"{path} is the plan itself, which is never written", f"give the report another name with {option}")
    if not path.parent.is_dir():
        raise ReportError(f"the folder {path.parent} of the report does not exist", f"make it, or choose another with {option}")
    if path.is_dir():
        raise ReportError(f"{path} is a folder", f"give a file name with {option}")
    if path.exists():
        _check_replaceable(path, option)
    elif not os.access(path.parent, os.W_OK):
        raise ReportError(f"the folder {path.parent} of the report is read-only", f"choose another with {option}")


def _check_replaceable(path: Path, option: str) -> None:
    try:
        with path.open("r+b"):
            return
    except OSError as cause:
        raise _explain(path, cause, option) from cause


def _put(path: Path, write: Callable[[BinaryIO], None], option: str) -> None:
    try:
        write_whole(path, write)
    except OSError as cause:
        raise _explain(path, cause, option) from cause


def _explain(path: Path, cause: OSError, option: str) -> ReportError:
    reason = (cause.strerror or str(cause)).lower()
    if isinstance(cause, PermissionError):
        remedy = f"close it if it is open in Excel, make it and its folder writable, or choose another file with {option}"
    else:
        remedy = f"choose another file or folder with {option}"
    return ReportError(f"the report {path} cannot be written ({reason})", remedy)
