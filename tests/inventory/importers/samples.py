"""Inventories as tools write them, a few rows each: made in a test's own folder, nothing of a real one in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl import Workbook

from inventory.importers.run import import_file

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.importers.imported import Imported

GIB = 1024**3
MIB = 1024**2


def book(path: Path, **sheets: Any) -> Path:
    """A workbook with these sheets, each a list of rows."""
    workbook = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    workbook.save(path)
    return path


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    """A text file."""
    path.write_bytes(content.encode(encoding))
    return path


def listed(folder: Path, content: str, name: str = "list.csv", encoding: str = "utf-8") -> Imported:
    """A CSV, imported as `auto` finds it."""
    return import_file(text(folder / name, content, encoding))


def codes(imported: Imported) -> list[str]:
    """The codes of the findings, each once, in their order."""
    return list(dict.fromkeys(finding.code for finding in imported.findings))


def told(imported: Imported, code: str) -> list[tuple[str, str]]:
    """Place and problem of the findings with a code."""
    return [(finding.place, finding.problem) for finding in imported.findings if finding.code == code]


def said(imported: Imported, *columns: str) -> list[list[Any]]:
    """Some columns of the servers."""
    return [[server.values.get(column, "") for column in columns] for server in imported.servers]


def disks(imported: Imported) -> list[tuple[str, str, int | None]]:
    """Server, disk and size of all disks."""
    return [(server.label, disk.name, disk.size) for server in imported.servers for disk in server.disks]
