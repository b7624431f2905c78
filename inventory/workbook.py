"""A plan's file as raw sheets: what kind of file it is, whether it may be opened, which of its sheets are read.

Decides by content, not by name: a workbook (read by pandas on the calamine engine, as objects, nothing guessed), a CSV, or a file
that is refused with one clear line. Means nothing by the cells: table.py does. Called by plan.py.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inventory.catalogue import PlanError, finding, near, plan_error
from inventory.columns import SHEETS, normalise
from inventory.csv_file import read_csv
from inventory.package import Package, PackageSheet, open_package
from inventory.reading_limits import MIB, ReadingLimits, TooBigError
from inventory.sheet_facts import SheetFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inventory.findings import Finding

MAX_FILE_BYTES = ReadingLimits().file_bytes

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CSV_NAMES = frozenset({".csv", ".tsv"})
_OTHER_SHEETS = frozenset({".xls", ".xlsb", ".ods", ".fods", ".numbers", ".xlt"})
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
    if content.startswith(_OLE):
        raise plan_error("PLAN-006" if _ENCRYPTED in content else "PLAN-008", name=path.name)
    if content.startswith(b"PK"):
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
    package = open_package(name, content, limits)
    chosen = _choose(name, package)
    facts = {kind: package.facts(sheet) for kind, sheet in chosen.items()}
    frames = _read_cells(name, content, [sheet.name for sheet in chosen.values()])
    sheets = {kind: RawSheet(sheet.name, frames[sheet.name], facts[kind]) for kind, sheet in chosen.items()}
    hidden = [finding("PLAN-108", sheet.name, "", sheet.name) for sheet in chosen.values() if sheet.is_hidden]
    return Workbook(name, sha256, sheets, tuple(hidden))


def _choose(name: str, package: Package) -> dict[str, PackageSheet]:
    chosen: dict[str, PackageSheet] = {}
    for sheet in package.sheets:
        kind = _BY_NAME.get(normalise(sheet.name))
        if kind is None:
            continue
        if kind in chosen:
            raise plan_error("PLAN-024", name=name, title=sheet.name, other=chosen[kind].name, kind=kind)
        chosen[kind] = sheet
    if "Servers" not in chosen:
        if len(package.sheets) != 1 or chosen:
            names = [sheet.name for sheet in package.sheets]
            guess = near("servers", [normalise(each) for each in names])
            hint = next(
                (f'rename "{each}" to it' for each in names if guess and normalise(each) == guess),
                "name the sheet that lists them so",
            )
            raise plan_error("PLAN-020", name=name, sheets=", ".join(names) or "none", remedy=hint)
        chosen["Servers"] = package.sheets[0]
    return {kind: chosen[kind] for kind in SHEETS if kind in chosen}


def _read_cells(name: str, content: bytes, sheets: list[str]) -> dict[str, list[list[object]]]:
    """The columns of each sheet. `pandas.read_excel` does the same, then parses each cell again: half as long once more."""
    import pandas as pd

    try:
        with pd.ExcelFile(io.BytesIO(content), engine="calamine") as file:
            book: Any = file.book
            rows = {sheet: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False) for sheet in sheets}
        frames = {sheet: pd.DataFrame(rows.pop(sheet), dtype=object) for sheet in sheets}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # a panic in the reader is no Exception, and no bytes may end in a traceback
        raise plan_error("PLAN-005", name=name) from exc
    return {sheet: [frame[column].tolist() for column in frame] for sheet, frame in frames.items()}
