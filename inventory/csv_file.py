"""A CSV as columns of texts: its encoding and its separator found out, nothing else.

Decides the encoding (UTF-8 or UTF-16 by their marks, else UTF-8, else Windows-1252 with a warning) and the separator (the one of
`,` `;` tab under which the first line has the most columns that a plan knows). Refuses broken quotes instead of guessing: a
lost quote would swallow rows. Called by workbook.py.
"""

from __future__ import annotations

import csv
import io
from itertools import zip_longest
from typing import TYPE_CHECKING

from inventory.catalogue import finding, plan_error
from inventory.columns import find_column
from inventory.reading_limits import ReadingLimits, TooBigError

if TYPE_CHECKING:
    from inventory.findings import Finding

SEPARATORS = ",;\t"


def read_csv(name: str, content: bytes, limits: ReadingLimits | None = None) -> tuple[list[list[object]], tuple[Finding, ...]]:
    """The columns of a CSV, and a warning where its encoding was a guess. Raises PlanError for what is no CSV."""
    text, findings = _decode(name, content)
    separator, text = _separator(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as exc:
        raise plan_error("PLAN-012", name=name, reason=_first_broken_row(text, separator)) from exc
    limits = limits or ReadingLimits()
    width = max(map(len, rows), default=0)
    if width * len(rows) > limits.cells:
        what = f"its longest row and its number of rows make {width * len(rows)} cells, and at most {limits.cells} are read"
        raise limits.refusal(name, TooBigError(what, width * len(rows), limits.cells))
    return [list(column) for column in zip_longest(*rows, fillvalue="")], findings


def _decode(name: str, content: bytes) -> tuple[str, tuple[Finding, ...]]:
    try:
        encoding = _encoding(content)
        text = content.decode(encoding)
    except UnicodeDecodeError as exc:
        raise plan_error("PLAN-011", name=name) from exc
    if "\0" in text:
        raise plan_error("PLAN-011", name=name)
    if encoding != "cp1252":
        return text, ()
    odd = next((character for character in text if character > "\x7f"), "")
    return text, (finding("PLAN-109", "Servers", "", odd),)


def _encoding(content: bytes) -> str:
    """UTF-16 by its mark, or by a zero in every other of its first bytes; UTF-8 where it can be read as that; else Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:64]
    if len(start) > 1 and not any(start[1::2]):
        return "utf-16-le"
    if len(start) > 1 and not any(start[::2]):
        return "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separator(text: str) -> tuple[str, str]:
    """The separator, and the text without the `sep=;` line that Excel may put first."""
    first, _, rest = text.partition("\n")
    if first.strip().lower() in {f"sep={separator}" for separator in ",;"} or first.strip("\r").lower() == "sep=\t":
        return first.strip("\r")[4], rest
    header = next((line for line in text.splitlines() if line.strip()), "")

    def columns_known(separator: str) -> tuple[int, int]:
        cells = header.split(separator)
        return sum(find_column("Servers", cell.strip(' "')) is not None for cell in cells), len(cells)

    return max(SEPARATORS, key=columns_known), text


def _first_broken_row(text: str, separator: str) -> str:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 0
    try:
        for row, _ in enumerate(reader, start=1):  # noqa: B007 - the last row that could be read is what is wanted
            pass
    except csv.Error:
        pass
    return f"row {row + 1}"
