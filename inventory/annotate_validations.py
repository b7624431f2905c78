"""Bring validations that Excel keeps in an extension over into a copy: drop-downs whose choices are on another sheet.

Excel 2010 and later write them apart from the others (x14), where openpyxl does not look; the plain form may say the same. Decides
which can be said plainly; the others stay out, which the copy's first sheet tells. Called by annotate.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from openpyxl.worksheet.datavalidation import DataValidation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from openpyxl import Workbook

    from inventory.package import Package

MARK = "extended validation"
"""The words that a survey begins its line about them with."""

_EXTENSION = re.compile(rb"<((?:\w+:)?)ext\b[^>]*\{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF\}.*?</\1ext>", re.IGNORECASE | re.DOTALL)
_NAMESPACES = re.compile(rb"""\sxmlns:\w+=(?:"[^"]*"|'[^']*')""")
_ROOT = re.compile(rb"<(?:\w+:)?worksheet\b[^>]*>")
_LONGEST = 255
"""The plain form has no room for a longer formula."""

_TEXTS = ("error", "errorTitle", "prompt", "promptTitle")
_FLAGS = ("allowBlank", "showErrorMessage", "showInputMessage", "showDropDown")


def bring_validations(package: Package, workbook: Workbook) -> None:
    """Add those of every sheet to the sheet of its name. What cannot be read, or said plainly, is left out."""
    titles = {sheet.title: sheet for sheet in workbook.worksheets}
    for known in package.sheets:
        if known.name in titles:
            for validation in _plain(package.archive.read(known.part)):
                titles[known.name].add_data_validation(validation)


def _plain(sheet: bytes) -> Iterator[DataValidation]:
    from defusedxml.ElementTree import ParseError, fromstring

    root, extension = _ROOT.search(sheet), _EXTENSION.search(sheet)
    if root is None or extension is None:
        return
    # The extension by itself, under the prefixes that the sheet gives it.
    apart = b"<apart" + b"".join(_NAMESPACES.findall(root[0])) + b">" + extension[0] + b"</apart>"
    try:
        found = [each for each in fromstring(apart).iter() if _local(each) == "dataValidation"]
    except ParseError:
        return
    for each in found:
        try:
            made = _made(each)
        except (ValueError, TypeError):  # a value that openpyxl does not know
            continue
        if made is not None:
            yield made


def _made(element: Element) -> DataValidation | None:
    parts = {_local(part): "".join(part.itertext()).strip() for part in element}
    first, second, area = parts.get("formula1"), parts.get("formula2"), parts.get("sqref")
    if not area or max(len(first or ""), len(second or "")) > _LONGEST:
        return None
    said: dict[str, Any] = {name: element.get(name) for name in ("type", "operator", "errorStyle")}
    made = DataValidation(formula1=first, formula2=second, **said)
    made.sqref = area
    for name in _TEXTS:
        setattr(made, name, element.get(name))
    for name in _FLAGS:
        setattr(made, name, element.get(name) in {"1", "true"})
    return made


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
