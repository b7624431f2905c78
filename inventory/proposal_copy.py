"""Write a proposal of waves into a copy of the plan: two columns beside `Servers`, the wave and the reason, and rows of `Waves`.

Decides where the columns stand; the rows are proposal_waves.py's, the look is proposal_marks.py's. The plan is never
written. The copy itself is made as annotate.py makes one, and that tells what a copy lacks. Called by `waves plan --out`.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from typing import TYPE_CHECKING

from inventory.annotate import AnnotateError, copied_workbook
from inventory.proposal_marks import cell_at, column_of, write_header, write_proposed
from inventory.proposal_waves import add_wave_rows
from inventory.reading_limits import limits_of
from inventory.report_style import set_text
from inventory.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from inventory.plan import Plan
    from inventory.table import Table
    from inventory.wave_proposal import Proposal

WAVE_COLUMN, REASON_COLUMN = "proposed_wave", "proposed_because"
_WIDTHS = {WAVE_COLUMN: 16.0, REASON_COLUMN: 90.0}


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
            missing += add_wave_rows(workbook, plan, proposal)
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
        write_header(sheet, table.header_row, place, name, _WIDTHS[name])
    for position, (wave, reason) in proposal.reasons.items():
        write_proposed(sheet, position, places[WAVE_COLUMN], wave)
        write_proposed(sheet, position, places[REASON_COLUMN], reason)
        if is_filled_in:
            set_text(cell_at(sheet, position, table.known["wave"] + 1), wave)


def _place(table: Table, name: str, number: int) -> int:
    """The column of this name, counted from 1: that of an earlier proposal, else the next that is free."""
    known = column_of(table.headers, name)
    return known or len(table.headers) + 1 + (number if column_of(table.headers, WAVE_COLUMN) is None else 0)
