"""Where a table stands on its sheet: below notes, above or beside another table, with cells merged over several rows.

Decides which row is the header, where the table ends because another begins, and what merged cells mean. Types nothing. Called by
table.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.catalogue import finding
from inventory.cell_references import column_letters
from inventory.columns import SHEETS, find_column
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.findings import Finding
    from inventory.sheet_facts import Area, SheetFacts

HEADER_WITHIN_ROWS = 50
"""A title and notes may stand above the header: it is looked for in so many rows."""

_SHOWN_ROWS = 20


def find_header(kind: str, rows: Sequence[Sequence[object]]) -> int:
    """The index of the header: the first of the rows with the most known columns, else the first row that is not empty."""
    known = [sum(find_column(kind, show(cell)) is not None for cell in row if cell != "") for row in rows]
    if any(known):
        return known.index(max(known))
    return next((index for index, row in enumerate(rows) if any(strip(show(cell)) for cell in row)), 0)


def with_merged(columns: Sequence[Sequence[object]], facts: SheetFacts) -> Sequence[Sequence[object]]:
    """The columns, each cell of a merged area of one column holding what the area shows; the file has it in the first only."""
    filled: dict[int, list[object]] = {}
    for top, left, bottom, right in _vertical(facts):
        height = len(columns[left]) if left < len(columns) and left == right else 0
        cells = filled.setdefault(left, list(columns[left])) if top < height else []
        for row in range(top + 1, min(bottom + 1, height)):
            if cells[row] == "" and (row, left) not in facts.faults:
                cells[row] = cells[top]
    return [filled.get(place, column) for place, column in enumerate(columns)] if filled else columns


def _vertical(facts: SheetFacts) -> Iterator[Area]:
    """The merged areas of one column, without those that overlap one above: no spreadsheet makes them, and they cost."""
    ends: dict[int, int] = {}
    for top, left, bottom, right in facts.merged:
        if left == right and top > ends.get(left, -1):
            ends[left] = bottom
            yield top, left, bottom, right


def merged_findings(
    sheet: str, header: int, known: Mapping[str, int], columns: Sequence[Sequence[object]], facts: SheetFacts
) -> Iterator[Finding]:
    """A warning for each known column with merged cells below the header; `columns` are those of the whole sheet."""
    areas: dict[str, list[Area]] = {}
    names = {place: name for name, place in known.items()}
    for area in facts.merged:
        top, left, bottom, right = area
        is_wide = right > left and any(place in names for place in range(left + 1, min(right, len(columns)) + 1))
        has_value = left < len(columns) and top < len(columns[left]) and columns[left][top] != ""
        if left in names and top > header and has_value and (is_wide or bottom > top):
            areas.setdefault(names[left], []).append(area)
    for name, found in areas.items():
        top, left, bottom, right = found[0]
        more = f" (and {len(found) - 1} more such areas)" if len(found) > 1 else ""
        taken = "it is taken for each of these rows" if left == right else "it is taken for this one column and row only"
        ref = f"{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"
        yield finding("PLAN-133", sheet, ref, show(columns[left][top]), column=name, more=more, taken=taken)


def hidden_finding(sheet: str, rows: Sequence[int]) -> Iterator[Finding]:
    """One warning for the rows of a sheet that are hidden and hold something; they are counted from 0, in order."""
    if rows:
        shown = ", ".join(_ranges(rows)[:_SHOWN_ROWS])
        more = ", …" if len(_ranges(rows)) > _SHOWN_ROWS else ""
        count = "1 row is" if len(rows) == 1 else f"{len(rows)} rows are"
        yield finding("PLAN-132", sheet, "", f"{shown}{more}", count=count, rows=f"{shown}{more}")


def hidden_columns_finding(
    sheet: str, header: int, known: Mapping[str, int], columns: Sequence[Sequence[object]], facts: SheetFacts
) -> Iterator[Finding]:
    """One warning, at the first of them, for known columns that are hidden and hold something below the header row (from 1)."""
    places = {place: name for name, place in known.items() if place in facts.hidden_columns}
    hidden = [place for place in sorted(places) if any(map(_is_said, columns[place]))]
    if hidden:
        shown = ", ".join(f"{places[place]} ({column_letters(place)})" for place in hidden)
        what = f"the column {shown} is" if len(hidden) == 1 else f"the columns {shown} are"
        yield finding("PLAN-136", sheet, f"{column_letters(hidden[0])}{header}", shown, columns=what)


def _ranges(rows: Sequence[int]) -> list[str]:
    """Row numbers as people write them: 3, 5-9."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    return [str(first + 1) if first == last else f"{first + 1}-{last + 1}" for first, last in ranges]


def find_second_header(headers: Sequence[str], known: Mapping[str, int], columns: Sequence[Sequence[object]]) -> int | None:
    """The index of the row, among those below the header, where another table begins; None where there is none.

    It begins with this table's header once more, or with a header of any sheet of a plan below an empty row.
    """
    if not known:
        return None
    first = min(known.values())
    again = next(_rows_with(columns[first], headers[first]), None) if len(known) == 1 else _header_again(headers, known, columns)
    below = next((row for row in _below_empty(first, columns) if _is_header([column[row] for column in columns])), None)
    return min((row for row in (again, below) if row is not None), default=None)


def _rows_with(cells: Sequence[object], text: str) -> Iterator[int]:
    at = -1
    while True:
        try:
            at = cells.index(text, at + 1)
        except ValueError:
            return
        yield at


def _header_again(headers: Sequence[str], known: Mapping[str, int], columns: Sequence[Sequence[object]]) -> int | None:
    one, two, *_ = sorted(known.values())
    return next((row for row in _rows_with(columns[one], headers[one]) if columns[two][row] == headers[two]), None)


def _below_empty(first: int, columns: Sequence[Sequence[object]]) -> Iterator[int]:
    """The rows that are filled and below an empty one."""
    height = len(columns[first])
    for row in _rows_with(columns[first], ""):
        if row + 1 < height and not _holds_anything(columns, row) and _holds_anything(columns, row + 1):
            yield row + 1


def _holds_anything(columns: Sequence[Sequence[object]], row: int) -> bool:
    return any(strip(show(column[row])) for column in columns if column[row] != "")


def _is_header(cells: Sequence[object]) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str) and strip(cell)]
    if len(texts) != sum(cell != "" for cell in cells):
        return False
    most = max(sum(find_column(kind, text) is not None for text in texts) for kind in SHEETS if kind != "Defaults")
    return most > 1 and 3 * most >= 2 * len(texts)


def find_gap(headers: Sequence[str], known: Mapping[str, int], columns: Sequence[Sequence[object]]) -> int:
    """The place of the empty column between the table and another beside it; the number of columns where there is none."""
    width = len(headers)
    last = max(known.values(), default=width)
    for place in range(last + 1, width - 1):
        if not headers[place] and any(headers[place + 1 :]) and not any(map(_is_said, columns[place])):
            return place
    return width


def _is_said(cell: object) -> bool:
    return cell != "" and bool(strip(show(cell)))
