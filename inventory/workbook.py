"""A plan's file as raw sheets: what kind of file it is, whether it may be opened, which of its sheets are read.

Decides by content, not by name: a workbook (.xlsx, .xls, .ods: read by pandas on the calamine engine, as objects, nothing
guessed), a CSV, or a file that is refused with one clear line. Means nothing by the cells: table.py does. Called by plan.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.book import is_book, open_book
from inventory.catalogue import PlanError, finding, near, plan_error
from inventory.columns import SHEETS, normalise
from inventory.csv_file import read_csv
from inventory.reading_limits import MIB, ReadingLimits, TooBigError
from inventory.sheet_facts import SheetFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from inventory.child_reader import Rows
    from inventory.findings import Finding
    from inventory.package import PackageSheet

_CSV_NAMES = frozenset({".csv", ".tsv"})
_OTHER_SHEETS = frozenset({".xlsb", ".fods", ".numbers", ".xlt"})
_SHEET_LIKENESS = 0.85
"""Disk for Disks, and not yet Wave 1 for Waves."""
_BY_NAME = {normalise(name): name for name in SHEETS}


@dataclass(frozen=True, slots=True)
class RawSheet:
    """One sheet, column by column from A1, as the file has it: empty cells are "", a column is as long as the sheet is high.

    `facts` are what it holds beside its values: the cells that look empty and are not, hidden rows, merged cells.
    """

    name: str
    columns: Sequence[Sequence[object]]
    facts: SheetFacts = field(default_factory=SheetFacts)
    is_csv: bool = False


@dataclass(frozen=True, slots=True)
class Workbook:
    """A file's sheets by the plan's own names for them (`Servers`, `Disks` ...), and what was noticed on the way."""

    name: str
    sha256: str
    sheets: Mapping[str, RawSheet]
    findings: tuple[Finding, ...] = ()


def read_workbook(path: Path, limits: ReadingLimits) -> Workbook:
    """Read a plan's sheets. Raises PlanError for any file that is not one, whatever its bytes."""
    content = _read_bytes(path, limits)
    sha256 = hashlib.sha256(content).hexdigest()
    suffix = path.suffix.lower()
    if is_book(content):
        if suffix in _CSV_NAMES:
            raise plan_error(
                "PLAN-007", name=path.name, what="a workbook with a CSV's name", remedy="give it the name of a .xlsx file"
            )
        return _read_sheets(path.name, sha256, content, limits)
    if suffix in _CSV_NAMES:
        columns, findings = read_csv(path.name, content, limits)
        return Workbook(path.name, sha256, {"Servers": RawSheet("Servers", columns, is_csv=True)}, findings)
    if suffix in _OTHER_SHEETS:
        raise plan_error("PLAN-008", name=path.name)
    raise _not_a_workbook(path.name, content)


def _read_bytes(path: Path, limits: ReadingLimits) -> bytes:
    try:
        if not path.exists():
            raise plan_error("PLAN-001", name=str(path))
        if not path.is_file():
            raise plan_error("PLAN-002", name=str(path))
        if path.name.startswith("~$"):
            raise plan_error(
                "PLAN-007", name=path.name, what="the lock that Excel keeps beside an open file", remedy="give the plan itself"
            )
        size = path.stat().st_size
        if size > limits.file_bytes:
            what = f"it is {-(-size // MIB)} MiB, and at most {limits.file_bytes // MIB} MiB are read"
            raise limits.refusal(path.name, TooBigError(what, size, limits.file_bytes))
        content = path.read_bytes()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "its name cannot be used"
        raise plan_error("PLAN-004", name=path.name, reason=str(reason)) from exc
    if not content.strip(b"\0 \t\r\n"):
        raise plan_error("PLAN-003", name=path.name)
    return content


def _not_a_workbook(name: str, content: bytes) -> PlanError:
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    remedy = "open it in a spreadsheet and save it as .xlsx"
    if start.startswith((b"<!doctype html", b"<html")) or b"<table" in start:
        remedy = "a login or error page may have been saved in its place; download the plan again"
        return plan_error("PLAN-007", name=name, what="an HTML page", remedy=remedy)
    if start.startswith(b"%pdf"):
        return plan_error("PLAN-007", name=name, what="a PDF", remedy=remedy)
    if all(byte >= 0x20 or byte in b"\t\r\n" for byte in start):
        return plan_error("PLAN-007", name=name, what="a text file", remedy="save it as .xlsx, or name it .csv if it is one")
    return plan_error("PLAN-005", name=name)


def _read_sheets(name: str, sha256: str, content: bytes, limits: ReadingLimits) -> Workbook:
    book = open_book(name, content, limits)
    chosen = _choose(name, book.sheets)
    facts = {kind: book.facts(sheet) for kind, sheet in chosen.items()}
    rows = book.rows(list(chosen.values()))
    sheets = {kind: RawSheet(sheet.name, _columns(rows.pop(0)), facts[kind]) for kind, sheet in chosen.items()}
    hidden = [finding("PLAN-108", sheet.name, "", sheet.name) for sheet in chosen.values() if sheet.is_hidden]
    return Workbook(name, sha256, sheets, (*hidden, *_misspelt(book.sheets, chosen)))


def _misspelt(sheets: Sequence[PackageSheet], chosen: Mapping[str, PackageSheet]) -> Iterator[Finding]:
    """A warning for each sheet that is not read and is called almost like one that a plan may have and this one has not."""
    missing = {spelling: kind for spelling, kind in _BY_NAME.items() if kind not in chosen}
    for sheet in sheets:
        guess = near(normalise(sheet.name), missing, _SHEET_LIKENESS) if sheet not in chosen.values() else ""
        if guess:
            yield finding("PLAN-137", sheet.name, "", sheet.name, kind=missing[guess])


def _choose(name: str, sheets: Sequence[PackageSheet]) -> dict[str, PackageSheet]:
    chosen: dict[str, PackageSheet] = {}
    for sheet in sheets:
        kind = _BY_NAME.get(normalise(sheet.name))
        if kind is None:
            continue
        if kind in chosen:
            raise plan_error("PLAN-024", name=name, title=sheet.name, other=chosen[kind].name, kind=kind)
        chosen[kind] = sheet
    if "Servers" not in chosen:
        if len(sheets) != 1 or chosen:
            names = [sheet.name for sheet in sheets]
            guess = near("servers", [normalise(each) for each in names])
            hint = next(
                (f'rename "{each}" to it' for each in names if guess and normalise(each) == guess),
                "name the sheet that lists them so",
            )
            raise plan_error("PLAN-020", name=name, sheets=", ".join(names) or "none", remedy=hint)
        chosen["Servers"] = sheets[0]
    return {kind: chosen[kind] for kind in SHEETS if kind in chosen}


def _columns(rows: Rows) -> list[list[object]]:
    import pandas as pd

    frame = pd.DataFrame(rows, dtype=object)
    return [frame[column].tolist() for column in frame]
