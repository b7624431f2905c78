"""The zip package that a workbook is: bounded, whole, and its sheets found by name.

Decides whether it is safe to hand to the reader: no bombs, no DOCTYPE, no half file, no password. Finds the XML of each sheet
through the workbook's relations and has sheet_errors.py look in it for cells that only seem to be empty. Called by workbook.py.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from inventory.catalogue import plan_error
from inventory.reading_limits import MIB, ReadingLimits, TooBigError
from inventory.sheet_errors import check_head, check_part, scan_sheet
from inventory.sheet_facts import Fault, SheetFacts, UnsafeXmlError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

MAX_UNPACKED_BYTES = ReadingLimits().unpacked_bytes
_SMALL_PART_BYTES = ReadingLimits().small_part_bytes
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, NotImplementedError, RuntimeError, SyntaxError)
"""What a zip, or XML in it, raises that is damaged."""


@dataclass(frozen=True, slots=True)
class PackageSheet:
    """A worksheet of the package: its name as on its tab, its part in the zip, and whether its tab is hidden."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook's zip, opened and found to be sound as far as its directory tells."""

    name: str
    archive: zipfile.ZipFile
    sheets: tuple[PackageSheet, ...]
    limits: ReadingLimits = field(default_factory=ReadingLimits)

    def scan(self, sheet: PackageSheet) -> Mapping[tuple[int, int], Fault]:
        """The cells of a sheet that hold an error, or a formula without a value, by (row, column) from 0. Raises PlanError."""
        return self.facts(sheet).faults

    def facts(self, sheet: PackageSheet) -> SheetFacts:
        """What a sheet holds beside its values: such cells, hidden rows, merged cells.

        Reads the whole part, so that a damaged one is found here. Raises PlanError for that, and for a sheet that is too big.
        """
        try:
            return scan_sheet(lambda: self.archive.open(sheet.part), self.limits)
        except TooBigError as exc:
            raise self.limits.refusal(self.name, exc.of(f"the sheet {sheet.name}")) from exc
        except UnsafeXmlError as exc:
            raise plan_error("PLAN-010", name=self.name) from exc
        except BROKEN as exc:
            raise plan_error("PLAN-005", name=self.name) from exc


def open_package(name: str, content: bytes, limits: ReadingLimits | None = None) -> Package:
    """Open a workbook's zip. Raises PlanError when it is damaged, encrypted, too big once unpacked, or no workbook."""
    limits = limits or ReadingLimits()
    try:
        archive = open_archive(name, content, limits)
        parts = {info.filename: info for info in archive.infolist()}
        main = _main_part(archive, parts)
        if main is None:
            raise _not_a_workbook(name, parts)
        sheets = _find_sheets(archive, main)
        _check_shared_parts(archive, main)
    except TooBigError as exc:
        raise limits.refusal(name, exc) from exc
    except UnsafeXmlError as exc:
        raise plan_error("PLAN-010", name=name) from exc
    except BROKEN as exc:
        raise plan_error("PLAN-005", name=name) from exc
    return Package(name, archive, sheets, limits)


def open_archive(name: str, content: bytes, limits: ReadingLimits) -> zipfile.ZipFile:
    """A zip whose directory is sound and within the limits, and whose XML parts have no DOCTYPE.

    Raises PlanError where it is encrypted or damaged, TooBigError, UnsafeXmlError, and what the zip raises.
    """
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    if any(info.flag_bits & 1 for info in entries):
        raise plan_error("PLAN-006", name=name)
    unpacked, largest = sum(info.file_size for info in entries), max((info.file_size for info in entries), default=0)
    for what, size, limit in (
        ("what it unpacks to", unpacked, limits.unpacked_bytes),
        ("the largest of its parts, unpacked,", largest, limits.part_bytes),
    ):
        if size > limit:
            raise TooBigError(f"{what} is {-(-size // MIB)} MiB, and at most {limit // MIB} MiB are read", size, limit)
    if len(entries) > limits.parts:
        raise TooBigError(f"it has {len(entries)} parts, and at most {limits.parts} are read", len(entries), limits.parts)
    if len({info.filename.lower() for info in entries}) != len(entries):
        raise plan_error("PLAN-005", name=name)
    for info in entries:
        if info.filename.lower().endswith((".xml", ".rels")) and info.file_size:
            with archive.open(info) as stream:
                check_head(stream)
    return archive


def _not_a_workbook(name: str, parts: Mapping[str, zipfile.ZipInfo]) -> Exception:
    if "mimetype" in parts or "xl/workbook.bin" in parts:
        return plan_error("PLAN-008", name=name)
    what = (
        "a Word document"
        if "word/document.xml" in parts
        else "a slide show"
        if "ppt/presentation.xml" in parts
        else "a zip archive"
    )
    return plan_error("PLAN-007", name=name, what=what, remedy="give the plan's workbook (.xlsx)")


def _main_part(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> str | None:
    if "_rels/.rels" in parts:
        for relation in _relations(archive, "_rels/.rels", ""):
            if relation.kind == "officeDocument" and relation.target in parts:
                return relation.target if relation.target.startswith("xl/") and relation.target.endswith(".xml") else None
    return "xl/workbook.xml" if "xl/workbook.xml" in parts else None


@dataclass(frozen=True, slots=True)
class _Relation:
    id: str
    kind: str
    target: str


def _relations(archive: zipfile.ZipFile, part: str, folder: str) -> list[_Relation]:
    found = []
    for element in _parse(archive, part):
        target = unquote(element.get("Target", ""))
        path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found.append(_Relation(element.get("Id", ""), element.get("Type", "").rpartition("/")[2], path))
    return found


def _find_sheets(archive: zipfile.ZipFile, main: str) -> tuple[PackageSheet, ...]:
    folder, _, base = main.rpartition("/")
    targets = {relation.id: relation for relation in _relations(archive, f"{folder}/_rels/{base}.rels", folder)}
    sheets = []
    for element in _parse(archive, main).iter():
        if _local(element.tag) != "sheet":
            continue
        key = next((value for attribute, value in element.attrib.items() if _local(attribute) == "id" and attribute != "id"), "")
        relation = targets[key]
        if relation.kind == "worksheet":
            hidden = element.get("state", "visible") != "visible"
            sheets.append(PackageSheet(element.get("name", ""), archive.getinfo(relation.target).filename, hidden))
    return tuple(sheets)


def _check_shared_parts(archive: zipfile.ZipFile, main: str) -> None:
    folder = main.rpartition("/")[0]
    for base in ("sharedStrings.xml", "styles.xml"):
        if f"{folder}/{base}" in archive.namelist():
            with archive.open(f"{folder}/{base}") as stream:
                check_part(stream)


def _parse(archive: zipfile.ZipFile, part: str) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if archive.getinfo(part).file_size > _SMALL_PART_BYTES:
        raise ValueError(part)
    try:
        root: Element = fromstring(archive.read(part), forbid_dtd=True)
    except DefusedXmlException as exc:
        raise UnsafeXmlError from exc
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
