"""Write a proposal of waves into a copy of the plan: two columns beside `Servers`, the wave and the reason.

Decides where the columns stand and how they look; the plan is never written. The copy itself is made as annotate.py makes one, and
that tells what a copy lacks. Called by `waves plan --out`.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from typing import TYPE_CHECKING

from openpyxl.utils import get_column_letter

from inventory.annotate import AnnotateError, copied_workbook
from inventory.columns import normalise
from inventory.outcomes import Status
from inventory.reading_limits import limits_of
from inventory.report_style import MIDDLE, STATUS_COLOURS, WRAP, fill, font, set_text
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.plan import Plan
    from inventory.table import Table
    from inventory.wave_proposal import Proposal

WAVE_COLUMN, REASON_COLUMN = "proposed_wave", "proposed_because"
_OURS = "47607D"
_WIDTHS = {WAVE_COLUMN: 16.0, REASON_COLUMN: 60.0}


class ProposalCopyError(Exception):
    """No copy can be written; its text is one line: what is wrong, and what to do."""


def check_proposal_path(path: Path, plan: Path, *, may_replace: bool) -> None:
    """Raise ProposalCopyError if no copy can be written there: looks only, before anything is read."""
    if path.suffix.lower() != ".xlsx":
        raise ProposalCopyError(f"{path} is no name for a copy of the plan: give --out a name that ends in .xlsx")
    if path.exists() and plan.exists() and path.samefile(plan):
        raise ProposalCopyError(f"{path} is the plan itself, which is never written: give the copy another name with --out")
    if not path.parent.is_dir():
        raise ProposalCopyError(f"the folder {path.parent} does not exist: make it, or choose another with --out")
    if path.is_dir():
        raise ProposalCopyError(f"{path} is a folder: give a file name with --out")
    if path.exists() and not may_replace:
        raise ProposalCopyError(f"{path} is there already: choose another name with --out, or replace it with --force")


def write_proposal(path: Path, plan: Plan, proposal: Proposal, *, is_filled_in: bool = False) -> list[str]:
    """Write the copy; what it lacks, in lines. `is_filled_in` puts the waves into the column `wave`, too.

    Raises ProposalCopyError, and then what was there is there still.
    """
    try:
        content = plan.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != plan.sha256:
            raise ProposalCopyError(f"{plan.path} was changed while it was read: run again")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl: what it cannot keep is told by the lines
            workbook, missing = copied_workbook(plan.path, content, limits_of(os.environ))
            table = plan.tables["Servers"]
            _write(workbook[table.sheet], table, proposal, is_filled_in=is_filled_in)
            write_whole(path, workbook.save)
    except AnnotateError as error:
        raise ProposalCopyError(str(error).replace("an annotated copy", "a copy").replace("annotated copy", "copy")) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProposalCopyError(
            f"{path} cannot be written ({reason}): close it if it is open, or choose another with --out"
        ) from error
    return missing


def _write(sheet: Worksheet, table: Table, proposal: Proposal, *, is_filled_in: bool) -> None:
    places = {name: _place(table, name, number) for number, name in enumerate((WAVE_COLUMN, REASON_COLUMN))}
    for name, place in places.items():
        _write_header(sheet, table, name, place)
    ground, colour = STATUS_COLOURS[Status.EXISTS]
    for position, (wave, reason) in proposal.reasons.items():
        for place, text in ((places[WAVE_COLUMN], wave), (places[REASON_COLUMN], reason)):
            cell = _cell(sheet, position, place)
            set_text(cell, text)
            cell.fill, cell.font, cell.alignment = fill(ground), font(colour=colour), WRAP
        if is_filled_in:
            set_text(_cell(sheet, position, table.known["wave"] + 1), wave)


def _place(table: Table, name: str, number: int) -> int:
    """The column of this name, counted from 1: that of an earlier proposal, else the next that is free."""
    known = [normalise(header) for header in table.headers]
    if normalise(name) in known:
        return known.index(normalise(name)) + 1
    return len(known) + 1 + (number if normalise(WAVE_COLUMN) not in known else 0)


def _write_header(sheet: Worksheet, table: Table, name: str, place: int) -> None:
    """A header in the colour of what is not the planner's own."""
    cell = _cell(sheet, table.header_row, place)
    set_text(cell, name)
    cell.font, cell.fill, cell.alignment = font(bold=True, colour="FFFFFF"), fill(_OURS), MIDDLE
    sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS[name]


def _cell(sheet: Worksheet, row: int, place: int) -> Cell:
    """A cell; of merged ones, which hold one text together, the one they begin with."""
    from openpyxl.cell.cell import MergedCell

    cell = sheet.cell(row, place)
    if not isinstance(cell, MergedCell):
        return cell
    area = next(each for each in sheet.merged_cells.ranges if cell.coordinate in each)
    return _cell(sheet, area.min_row, area.min_col)
