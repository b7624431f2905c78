"""Write a copy of the planner's own workbook with every finding at its cell, and a first sheet that lists them.

Decides what is copied: a workbook that openpyxl can read whole with its formats, formulas, filters, validations and names; of
anything else (.csv, .xls, .ods, a dialect) the values, in the cells in which the findings have them. What a copy lacks is said on
its first sheet. The plan is read and never written; the copy reaches the disk whole or not at all. Called by `waves check
--annotate`.
"""

from __future__ import annotations

import gc
import hashlib
import io
import math
import os
import warnings
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, cast

from inventory.catalogue import PlanError
from inventory.package import open_package
from inventory.reading_limits import MOST, VARIABLE, ReadingLimits, limits_of
from inventory.values import show
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.annotate_survey import Survey
    from inventory.findings import Finding
    from inventory.package import Package

MOST_CELLS = 1_500_000
"""Cells that a copy may have: 50,000 rows of 30 columns, which take openpyxl some 800 MB."""

MARK = "waves annotated copy"
"""The property by which a copy is known for one: it holds the name of our sheet. Another file of its name is never written over."""

_PROPERTIES = "docProps/custom.xml"
_FIRST_DAY = 1900
_LONGEST_WIDTH = 40


class AnnotateError(Exception):
    """No copy can be written; `str()` is one line: what is wrong, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What to write into the copy: the findings, in their order, and what is said of them. `sha256` is that of the file checked."""

    findings: Sequence[Finding]
    sha256: str = ""
    looked_at: str = ""
    next_command: str = "waves check"


def check_copy_path(copy: Path, plan: Path) -> None:
    """Raise AnnotateError if the copy cannot be written there: asked before the plan is read, and again before it is written."""
    if copy.suffix.lower() != ".xlsx":
        raise AnnotateError(f"{copy} is no name for an annotated copy", "give a name that ends in .xlsx")
    if copy.exists() and plan.exists() and copy.samefile(plan):
        raise AnnotateError(f"{copy} is the plan itself, which is never written", "give the annotated copy another name")
    if not copy.parent.is_dir():
        raise AnnotateError(f"the folder {copy.parent} of the annotated copy does not exist", "make it, or choose another")
    if copy.is_dir():
        raise AnnotateError(f"{copy} is a folder", "give the annotated copy a file name")
    if copy.exists() and _is_somebodys_workbook(copy):
        raise AnnotateError(f"{copy} is a workbook, and no annotated copy", "give another name, or delete it if it is not needed")


def _is_somebodys_workbook(path: Path) -> bool:
    """Whether a file holds a workbook that `waves check --annotate` did not write."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _PROPERTIES not in archive.namelist() or MARK.encode() not in archive.read(_PROPERTIES)[: 1 << 20]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False


def write_annotated(copy: Path, plan: Path, annotation: Annotation) -> None:
    """Write the copy. Raises AnnotateError, and nothing else whatever the plan's bytes; then what was there is there still."""
    check_copy_path(copy, plan)
    try:
        content = plan.read_bytes()
    except OSError as cause:
        raise AnnotateError(
            f"{plan} cannot be read again ({_reason(cause)})", "see that it is still there, and run again"
        ) from cause
    if annotation.sha256 and hashlib.sha256(content).hexdigest() != annotation.sha256:
        raise AnnotateError(f"{plan} was changed while it was checked", "run again")
    with _quietly():
        workbook, missing = copied_workbook(plan, content, limits_of(os.environ))
        _annotate(workbook, plan, annotation, missing)
        try:
            write_whole(copy, workbook.save)
        except OSError as cause:
            remedy = "close it if it is open in a spreadsheet, or choose another file with --annotate"
            raise AnnotateError(f"the annotated copy {copy} cannot be written ({_reason(cause)})", remedy) from cause
        except Exception as cause:  # what openpyxl has read and cannot write
            problem = f"{plan.name} cannot be copied ({type(cause).__name__})"
            raise AnnotateError(problem, "save it in a spreadsheet as a new .xlsx, or read the findings with --json") from cause


def _annotate(workbook: Workbook, plan: Path, annotation: Annotation, missing: Sequence[str]) -> None:
    from openpyxl.packaging.custom import StringProperty

    from inventory.annotate_marks import MOST_MARKS, mark_cells
    from inventory.annotate_page import Page, add_page

    marks = mark_cells(workbook, annotation.findings)
    if marks.left_out:
        missing = [*missing, f"marks in {marks.left_out:,} more cells: only the first {MOST_MARKS:,} are marked"]
    page = Page(plan.name, annotation.looked_at, annotation.next_command, missing)
    title = add_page(workbook, page, annotation.findings)
    _properties(workbook).append(StringProperty(name=MARK, value=title))


def copied_workbook(plan: Path, content: bytes, limits: ReadingLimits) -> tuple[Workbook, list[str]]:
    """The plan's workbook, ready to be marked, and what it lacks, in lines. Raises AnnotateError. Called by proposal_copy.py."""
    if content.startswith(b"PK"):
        try:
            return _whole_workbook(open_package(plan.name, content, limits), content)
        except (_NotWholeError, PlanError) as cause:
            if plan.suffix.lower() in {".xlsx", ".xlsm"}:
                return _values_of(plan, limits, str(cause) if isinstance(cause, _NotWholeError) else _DIALECT)
    return _values_of(plan, limits, f"a {plan.suffix.lower() or 'file like this'} file cannot be copied whole")


class _NotWholeError(Exception):
    """Why a workbook's values alone are copied."""


_DIALECT = "it is written in a way that cannot be copied whole"


def _whole_workbook(package: Package, content: bytes) -> tuple[Workbook, list[str]]:
    """The workbook with its formats, and what it lacks. Raises _NotWholeError where it cannot be read so."""
    from inventory.annotate_survey import survey

    try:
        seen = survey(package)
        _check_size(seen, package.limits)
        return _loaded(package, content, seen)
    except _NotWholeError:
        raise
    except Exception as cause:  # what openpyxl raises for a dialect it does not know is anything; the values are copied then
        raise _NotWholeError(_DIALECT) from cause


def _check_size(seen: Survey, limits: ReadingLimits) -> None:
    most = int(MOST_CELLS * limits.times)
    if seen.cells > most:
        times = math.ceil(seen.cells / MOST_CELLS)
        hint = f" ({VARIABLE}={times} raises that)" if times <= MOST else ""
        raise _NotWholeError(f"it has {seen.cells:,} cells and rows, empty ones too, and at most {most:,} are copied whole{hint}")
    if seen.too_large_part:
        raise _NotWholeError(f"its part {seen.too_large_part} is too large to be copied")


def _loaded(package: Package, content: bytes, seen: Survey) -> tuple[Workbook, list[str]]:
    from openpyxl import load_workbook

    from inventory.annotate_validations import MARK as EXTENDED
    from inventory.annotate_validations import bring_validations

    workbook = load_workbook(io.BytesIO(content), rich_text=seen.has_rich_text)
    if any(line.startswith(EXTENDED) for line in seen.lost):
        bring_validations(package, workbook)
    _forget_earlier_marks(workbook)
    missing = list(seen.lost)
    # openpyxl tells of the pictures that it has read nowhere else.
    pictures = seen.pictures - sum(len(cast("Any", sheet)._images) for sheet in workbook.worksheets)  # noqa: SLF001
    if pictures > 0:
        missing.insert(0, f"pictures: {pictures}")
    if seen.has_formulas:
        missing.append("values of formulas: they are calculated when the copy is opened in a spreadsheet")
    return workbook, missing


def _properties(workbook: Workbook) -> Any:  # noqa: ANN401 - openpyxl's stubs do not know them
    return cast("Any", workbook).custom_doc_props


def _forget_earlier_marks(workbook: Workbook) -> None:
    """Where the plan is an annotated copy itself, in which the planner went on: take our sheet and our marks away."""
    from inventory.annotate_marks import unmark_cells

    properties = _properties(workbook)
    if MARK not in properties.names:
        return
    title = str(properties[MARK].value)
    del properties[MARK]
    if title in workbook.sheetnames and len(workbook.sheetnames) > 1:
        del workbook[title]
    unmark_cells(workbook)


def _values_of(plan: Path, limits: ReadingLimits, reason: str) -> tuple[Workbook, list[str]]:
    """A workbook of the values of the sheets that a plan has, each in its own cell. Raises AnnotateError."""
    from openpyxl import Workbook

    from inventory.workbook import read_workbook

    try:
        sheets = read_workbook(plan, limits).sheets.values()
    except PlanError as cause:
        raise AnnotateError(f"no annotated copy can be made of {plan.name}, which cannot be read", cause.remedy) from cause
    cells = sum(len(sheet.columns) * max(map(len, sheet.columns), default=0) for sheet in sheets)
    most = int(MOST_CELLS * limits.times)
    if cells > most:
        problem = f"{plan.name} has {cells:,} cells, and an annotated copy has at most {most:,}"
        raise AnnotateError(problem, f"delete what does not belong to the plan, or raise the limit with {VARIABLE}=2")
    workbook = Workbook()
    for empty in list(workbook.worksheets):
        workbook.remove(empty)
    for raw in sheets:
        _write_values(workbook.create_sheet(raw.name), raw.columns)
    return workbook, [f"formats, formulas and other sheets: {reason}, so this holds its values alone"]


def _write_values(sheet: Worksheet, columns: Sequence[Sequence[object]]) -> None:
    from openpyxl.utils import get_column_letter

    for place, cells in enumerate(columns, 1):
        longest = 0
        for row, value in enumerate(cells, 1):
            if value is None or value == "":
                continue
            _put(cast("Cell", sheet.cell(row, place)), value)
            longest = max(longest, len(show(value)))
        sheet.column_dimensions[get_column_letter(place)].width = min(max(longest + 2, 9), _LONGEST_WIDTH)


def _put(cell: Cell, value: object) -> None:
    """A value as what it is; text stays text, whatever it looks like."""
    from inventory.report_style import set_text

    match value:
        case bool() | int():
            cell.value = value
        case float() if math.isfinite(value):
            cell.value = value
        case datetime() if value.tzinfo is None and value.year > _FIRST_DAY:
            cell.value = value
        case date() if not isinstance(value, datetime) and value.year > _FIRST_DAY:
            cell.value = value
        case time() | timedelta():
            cell.value = value
        case _:
            set_text(cell, show(value))


def _reason(cause: OSError) -> str:
    return (cause.strerror or str(cause)).lower()


@contextmanager
def _quietly() -> Iterator[None]:
    """Without openpyxl's warnings, whose matter our first sheet tells, and without looking for garbage where all cells stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if was_on:
            gc.enable()
