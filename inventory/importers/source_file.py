"""An inventory's file as raw sheets: a workbook, a CSV, or a folder of CSVs as RVTools writes it.

Decides of a CSV its encoding, separator and decimal sign. What may be opened, and how much of it is read, is decided by the same
guards as a plan's (book.py, reading_limits.py); .xlsb, which no plan may be, is read by them too.
Means nothing by the cells. Called by run.py.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.book import is_book, is_xlsb, open_book, open_xlsb
from inventory.catalogue import plan_error
from inventory.importers.import_findings import ImportRefusedError, import_finding
from inventory.importers.words import meaning
from inventory.reading_limits import MIB, ReadingLimits, TooBigError, limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inventory.findings import Finding
    from inventory.sheet_facts import SheetFacts

_SEPARATORS = ",;\t|"
_ENCODINGS = (
    "cp1252",
    "gb18030",
    "cp1251",
    "shift_jis",
    "cp949",
    "cp1250",
    "big5",
    "cp1254",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
)
_LOOK_ROWS = 30
_MOST_COLUMNS = 16_384
_NEVER_CALCULATED = "formula that was never calculated"


@dataclass(frozen=True, slots=True)
class SourceSheet:
    """A sheet of an inventory: rows from the first, cells from column A, as the file has them; an empty cell is "" or missing.

    `faults` are the cells that show an error, by (row, column) from 0. `decimal` is the decimal sign that the file implies, or
    "".
    """

    name: str
    rows: Sequence[Sequence[object]]
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    decimal: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An inventory as read: its name and digest (of all its files), its sheets, and what was noticed on the way."""

    name: str
    sha256: str
    sheets: tuple[SourceSheet, ...]
    findings: tuple[Finding, ...] = ()


def read_source(path: Path, limits: ReadingLimits | None = None) -> SourceFile:
    """Read an inventory. Raises PlanError for a file that cannot be opened or read, ImportRefusedError for a folder without one.

    The limits are those of the environment (WAVES_READ_LIMIT) where none are given.
    """
    limits = limits or limits_of(os.environ)
    if not path.exists():
        raise plan_error("PLAN-001", name=str(path))
    if path.is_dir():
        return _read_folder(path, limits)
    content = _content(path, limits)
    sheets, findings = _sheets(path, content, limits)
    return SourceFile(path.name, hashlib.sha256(content).hexdigest(), sheets, findings)


def _read_folder(folder: Path, limits: ReadingLimits) -> SourceFile:
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".csv" and each.is_file())
    if not files:
        raise ImportRefusedError("IMPORT-008", name=str(folder))
    digest = hashlib.sha256()
    sheets: list[SourceSheet] = []
    findings: list[Finding] = []
    for file in files:
        content = _content(file, limits)
        digest.update(content)
        of_file, found = _sheets(file, content, limits)
        sheets += of_file
        findings += found
    return SourceFile(folder.name, digest.hexdigest(), tuple(sheets), tuple(findings))


def _content(path: Path, limits: ReadingLimits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            what = f"it is {-(-size // MIB)} MiB, and at most {limits.file_bytes // MIB} MiB are read"
            raise limits.refusal(path.name, TooBigError(what, size, limits.file_bytes))
        content = path.read_bytes()
    except OSError as exc:
        raise plan_error("PLAN-004", name=path.name, reason=str(exc.strerror or exc).lower()) from exc
    if not content.strip(b"\0 \t\r\n"):
        raise plan_error("PLAN-003", name=path.name)
    return content


def _sheets(path: Path, content: bytes, limits: ReadingLimits) -> tuple[tuple[SourceSheet, ...], tuple[Finding, ...]]:
    name = path.name
    if is_book(content):
        return _of_book(name, content, limits), ()
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")) or b"<table" in start:
        raise plan_error(
            "PLAN-007", name=name, what="an HTML page or XML", remedy="download the inventory again, or save it as .xlsx"
        )
    if start.startswith(b"%pdf"):
        raise plan_error("PLAN-007", name=name, what="a PDF", remedy="export the inventory as .xlsx or .csv")
    return _csv(path, content, limits)


def _of_book(name: str, content: bytes, limits: ReadingLimits) -> tuple[SourceSheet, ...]:
    """All sheets of a workbook, hidden ones too, with the cells that show an error or nothing for a formula."""
    book = (open_xlsb if is_xlsb(content) else open_book)(name, content, limits)
    faults = [_shown_faults(book.facts(sheet)) for sheet in book.sheets]
    rows = book.rows(book.sheets)
    return tuple(SourceSheet(sheet.name, of_sheet, shown) for sheet, of_sheet, shown in zip(book.sheets, rows, faults, strict=True))


def _shown_faults(facts: SheetFacts) -> dict[tuple[int, int], str]:
    return {place: shown or _NEVER_CALCULATED for place, (_, shown) in facts.faults.items()}


def _csv(path: Path, content: bytes, limits: ReadingLimits) -> tuple[tuple[SourceSheet, ...], tuple[Finding, ...]]:
    text, encoding = _decode(path.name, content)
    separator, rows = _split(path.name, text, limits)
    findings = () if encoding.startswith("utf") else (import_finding("IMPORT-126", name=path.name, encoding=encoding),)
    sign = "," if separator == ";" else "." if separator == "," else ""
    return (SourceSheet(path.stem, rows, decimal=sign),), findings


def _decode(name: str, content: bytes) -> tuple[str, str]:
    for encoding in _unicode(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise plan_error("PLAN-011", name=name)
        return text, encoding
    guesses: list[tuple[int, int, str, str]] = []
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        head = text[:8192].splitlines()[:_LOOK_ROWS]
        guesses.append((max((_known(_cut(line)) for line in head), default=0), -len(guesses), text, encoding))
    if not guesses or any(byte < 0x20 and byte not in b"\t\r\n" for byte in content[:4096]):
        raise plan_error("PLAN-011", name=name)
    best = max(guesses)
    return best[2], best[3]


def _unicode(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    start = content[:64]
    if len(start) > 1 and not any(start[1::2]):
        return ("utf-16-le",)
    if len(start) > 1 and not any(start[::2]):
        return ("utf-16-be",)
    return ("utf-8-sig",)


def _cut(line: str) -> list[str]:
    return line.replace(";", ",").replace("\t", ",").replace("|", ",").split(",")


def _known(cells: Sequence[object]) -> int:
    return sum(bool(meaning(str(cell).strip(' "'))) for cell in cells)


def _split(name: str, text: str, limits: ReadingLimits) -> tuple[str, list[list[object]]]:
    """The separator under which the file has the most known headers, then the most columns, and its rows."""
    first, _, rest = text.partition("\n")
    said = first.strip().lower()
    if said.startswith("sep=") and len(first.strip("\r")) == len("sep=;"):
        separator = first.strip("\r")[4]
        return separator, _rows(name, rest, separator, limits)
    head = "\n".join(text[: 1 << 16].splitlines()[:_LOOK_ROWS])

    def score(separator: str) -> tuple[int, int]:
        rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=separator))
        return max((_known(row) for row in rows if len(row) > 1), default=0), max(map(len, rows), default=0)

    separator = max(_SEPARATORS, key=score)
    return separator, _rows(name, text, separator, limits)


def _rows(name: str, text: str, separator: str, limits: ReadingLimits) -> list[list[object]]:
    rows: list[list[object]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            if len(row) > _MOST_COLUMNS:
                raise plan_error("PLAN-009", name=name, what="it has more columns than a sheet can")
            cells += len(row)
            if cells > limits.cells:
                what = f"it has more than {limits.cells} cells, counted to row {len(rows) + 1}"
                raise limits.refusal(name, TooBigError(what, cells, limits.cells))
            rows.append([*row])
    except csv.Error as exc:
        raise plan_error("PLAN-012", name=name, reason=f"row {len(rows) + 1}") from exc
    return rows
