"""A workbook's bytes as a book that may be read: its sheets, what each holds beside values, and the rows of those one wants.

Decides by content which guards a format needs before the reader sees it, and whether the reader runs in a process of its own (the
binary formats: a few wrong bytes end it). Means nothing by the cells. Called by workbook.py for plans and by
importers/source_file.py for inventories.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory.catalogue import plan_error
from inventory.child_reader import read_in_child
from inventory.compound_file import SIGNATURE
from inventory.ods_file import is_ods, read_ods_facts
from inventory.package import BROKEN, PackageSheet, open_archive, open_package
from inventory.reading_limits import TooBigError
from inventory.sheet_facts import SheetFacts, UnsafeXmlError
from inventory.xls_file import read_xls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inventory.child_reader import Rows
    from inventory.reading_limits import ReadingLimits
    from inventory.xls_file import XlsFile


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that may be read: its sheets in the file's order, what each holds beside values, and the rows of some."""

    sheets: tuple[PackageSheet, ...]
    facts: Callable[[PackageSheet], SheetFacts]
    rows: Callable[[Sequence[PackageSheet]], list[Rows]]


def is_book(content: bytes) -> bool:
    """Whether a file may be a workbook, by its first bytes."""
    return content.startswith((SIGNATURE, b"PK"))


def is_xlsb(content: bytes) -> bool:
    """Whether a zip is a binary workbook: its parts are named in clear at its end."""
    return content.startswith(b"PK") and b"xl/workbook.bin" in content


def open_book(name: str, content: bytes, limits: ReadingLimits) -> Book:
    """Open a workbook (.xlsx, .xlsm, .xls, .ods). Raises PlanError when it is damaged, encrypted, too big, or another file."""
    if content.startswith(SIGNATURE):
        return _xls_book(read_xls(name, content, limits))
    if is_ods(content):
        return _ods_book(name, content, read_ods_facts(name, content, limits))
    package = open_package(name, content, limits)
    return Book(package.sheets, package.facts, lambda sheets: _read_rows(name, content, sheets))


def open_xlsb(name: str, content: bytes, limits: ReadingLimits) -> Book:
    """Open a binary workbook, of which nothing is known beside its values. Raises PlanError as open_book does."""
    try:
        open_archive(name, content, limits)
    except TooBigError as exc:
        raise limits.refusal(name, exc) from exc
    except UnsafeXmlError as exc:
        raise plan_error("PLAN-010", name=name) from exc
    except BROKEN as exc:
        raise plan_error("PLAN-005", name=name) from exc
    names, rows = read_in_child(name, content, limits)
    sheets = tuple(PackageSheet(title, str(place), is_hidden=False) for place, title in enumerate(names))
    return Book(sheets, lambda _: SheetFacts(), lambda wanted: [rows[int(sheet.part)] for sheet in wanted])


def _xls_book(file: XlsFile) -> Book:
    sheets = tuple(PackageSheet(each.name, str(place), each.is_hidden) for place, each in enumerate(file.sheets))
    return Book(
        sheets,
        lambda sheet: file.sheets[int(sheet.part)].facts,
        lambda wanted: file.read([int(sheet.part) for sheet in wanted]),
    )


def _ods_book(name: str, content: bytes, listed: Sequence[SheetFacts]) -> Book:
    """The sheets that the reader lists; they are known by their order, and a file whose two lists differ is damaged."""
    with _damage_told(name), _opened(content) as book:
        sheets = tuple(
            PackageSheet(each.name, str(at), "Hidden" in str(each.visible)) for at, each in enumerate(book.sheets_metadata)
        )
    if len(sheets) != len(listed) or len({sheet.name for sheet in sheets}) != len(sheets):
        raise plan_error("PLAN-005", name=name)
    return Book(sheets, lambda sheet: listed[int(sheet.part)], lambda wanted: _read_rows(name, content, wanted))


def _read_rows(name: str, content: bytes, sheets: Sequence[PackageSheet]) -> list[Rows]:
    """The rows of each sheet. `pandas.read_excel` does the same, then parses each cell again: half as long once more."""
    with _damage_told(name), _opened(content) as book:
        return [book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False) for sheet in sheets]


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    """The workbook as calamine has it, by way of pandas."""
    import pandas as pd

    with pd.ExcelFile(io.BytesIO(content), engine="calamine") as file:
        yield file.book


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # a panic in the reader is no Exception, and no bytes may end in a traceback
        raise plan_error("PLAN-005", name=name) from exc
