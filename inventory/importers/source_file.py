"""An inventory's file as raw sheets: a workbook, a CSV, or a folder of CSVs as RVTools writes it.

Decides whether a file may be opened (by the same guards as a plan's), and of a CSV its encoding, separator and decimal sign.
Means nothing by the cells. Called by run.py.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inventory.catalogue import plan_error
from inventory.importers.import_findings import ImportRefusedError, import_finding
from inventory.importers.words import meaning
from inventory.package import MAX_UNPACKED_BYTES, open_package
from inventory.sheet_errors import MAX_CELLS
from inventory.workbook import MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inventory.findings import Finding

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SEPARATORS = ",;\t|"
_ENCODINGS = ("cp1252", "gb18030", "cp1251", "shift_jis", "cp949", "cp1250", "big5")
_LOOK_ROWS = 30
_MOST_COLUMNS = 16_384


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


def read_source(path: Path) -> SourceFile:
    """Read an inventory. Raises PlanError for a file that cannot be opened or read, ImportRefusedError for a folder without one."""
    if not path.exists():
        raise plan_error("PLAN-001", name=str(path))
    if path.is_dir():
        return _read_folder(path)
    content = _content(path)
    sheets, findings = _sheets(path, content)
    return SourceFile(path.name, hashlib.sha256(content).hexdigest(), sheets, findings)


def _read_folder(folder: Path) -> SourceFile:
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".csv" and each.is_file())
    if not files:
        raise ImportRefusedError("IMPORT-008", name=str(folder))
    digest = hashlib.sha256()
    sheets: list[SourceSheet] = []
    findings: list[Finding] = []
    for file in files:
        content = _content(file)
        digest.update(content)
        of_file, found = _sheets(file, content)
        sheets += of_file
        findings += found
    return SourceFile(folder.name, digest.hexdigest(), tuple(sheets), tuple(findings))


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise plan_error("PLAN-009", name=path.name, what=f"it is larger than {MAX_FILE_BYTES >> 20} MiB")
        content = path.read_bytes()
    except OSError as exc:
        raise plan_error("PLAN-004", name=path.name, reason=str(exc.strerror or exc).lower()) from exc
    if not content.strip(b"\0 \t\r\n"):
        raise plan_error("PLAN-003", name=path.name)
    return content


def _sheets(path: Path, content: bytes) -> tuple[tuple[SourceSheet, ...], tuple[Finding, ...]]:
    name = path.name
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise plan_error("PLAN-006", name=name)
        return _calamine(name, content, {}), ()
    if content.startswith(b"PK"):
        return _zipped(name, content), ()
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")) or b"<table" in start:
        raise plan_error(
            "PLAN-007", name=name, what="an HTML page or XML", remedy="download the inventory again, or save it as .xlsx"
        )
    if start.startswith(b"%pdf"):
        raise plan_error("PLAN-007", name=name, what="a PDF", remedy="export the inventory as .xlsx or .csv")
    return _csv(path, content)


def _zipped(name: str, content: bytes) -> tuple[SourceSheet, ...]:
    """A workbook in a zip: .xlsx by the plan's own guards, .ods and .xlsb by the sum of their parts."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise plan_error("PLAN-005", name=name) from exc
    names = {part.filename for part in parts}
    if "mimetype" in names or "xl/workbook.bin" in names:
        if any(part.flag_bits & 1 for part in parts):
            raise plan_error("PLAN-006", name=name)
        if (unpacked := sum(part.file_size for part in parts)) > MAX_UNPACKED_BYTES:
            raise plan_error("PLAN-009", name=name, what=f"unpacked it is {unpacked >> 20} MiB")
        return _calamine(name, content, {})
    package = open_package(name, content)
    faults = {
        sheet.name: {place: shown for place, (code, shown) in package.scan(sheet).items() if code == "PLAN-101"}
        for sheet in package.sheets
    }
    return _calamine(name, content, faults)


def _calamine(name: str, content: bytes, faults: Mapping[str, Mapping[tuple[int, int], str]]) -> tuple[SourceSheet, ...]:
    import python_calamine

    try:
        book: Any = python_calamine.load_workbook(io.BytesIO(content))
        sheets = [_sheet(name, book.get_sheet_by_name(title), faults.get(title, {})) for title in list(faults) or book.sheet_names]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # a panic in the reader is no Exception, and no bytes may end in a traceback
        if getattr(exc, "finding", None) is not None:
            raise
        raise plan_error("PLAN-006" if "password" in str(exc).lower() else "PLAN-005", name=name) from exc
    return tuple(sheets)


def _sheet(name: str, sheet: Any, faults: Mapping[tuple[int, int], str]) -> SourceSheet:  # noqa: ANN401 - calamine has no types
    if sheet.total_height * sheet.total_width > MAX_CELLS:
        what = f"the sheet {sheet.name} has {sheet.total_height} rows and {sheet.total_width} columns"
        raise plan_error("PLAN-009", name=name, what=what)
    return SourceSheet(sheet.name, sheet.to_python(skip_empty_area=False), faults)


def _csv(path: Path, content: bytes) -> tuple[tuple[SourceSheet, ...], tuple[Finding, ...]]:
    text, encoding = _decode(path.name, content)
    separator, rows = _split(path.name, text)
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


def _split(name: str, text: str) -> tuple[str, list[list[object]]]:
    """The separator under which the file has the most known headers, then the most columns, and its rows."""
    first, _, rest = text.partition("\n")
    said = first.strip().lower()
    if said.startswith("sep=") and len(first.strip("\r")) == len("sep=;"):
        separator = first.strip("\r")[4]
        return separator, _rows(name, rest, separator)
    head = "\n".join(text[: 1 << 16].splitlines()[:_LOOK_ROWS])

    def score(separator: str) -> tuple[int, int]:
        rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=separator))
        return max((_known(row) for row in rows if len(row) > 1), default=0), max(map(len, rows), default=0)

    separator = max(_SEPARATORS, key=score)
    return separator, _rows(name, text, separator)


def _rows(name: str, text: str, separator: str) -> list[list[object]]:
    rows: list[list[object]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            if len(row) > _MOST_COLUMNS:
                raise plan_error("PLAN-009", name=name, what="it has more columns than a sheet can")
            rows.append([*row])
    except csv.Error as exc:
        raise plan_error("PLAN-012", name=name, reason=f"row {len(rows) + 1}") from exc
    return rows
