"""One sheet as a table: headers matched to columns, then every column typed as a whole, each refused cell a finding.

Decides which column a header means; where the table stands on its sheet is sheet_layout.py's. Columns that are plainly fine are
typed at one stroke (plain_columns.py); the rest goes cell by cell, each distinct content judged once. Looks at one sheet only:
precedence and checks across rows are plan.py's and checks.py's. Called by plan.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from inventory.catalogue import finding, near
from inventory.cell_references import column_letters
from inventory.columns import Column, find_column, headers_of, normalise
from inventory.patterns import PATTERNED, parse_default
from inventory.plain_columns import read_plainly
from inventory.rows import Cell
from inventory.sheet_layout import (
    HEADER_WITHIN_ROWS,
    find_gap,
    find_header,
    find_second_header,
    hidden_columns_finding,
    hidden_finding,
    merged_findings,
    with_merged,
)
from inventory.values import NUMERIC_KINDS, RefusedError, Typed, parse_value, show, strip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from inventory.findings import Finding
    from inventory.numerals import Habit
    from inventory.sheet_facts import Fault
    from inventory.workbook import RawSheet


@dataclass(slots=True)
class Table:
    """A sheet below its header. Row indexes count from 0 at the first row below it; `columns[i]` are the cells below `headers[i]`.

    `known` maps a column's name to its place in `headers`; `values` holds its typed cells, None where nothing is said or the
    cell is refused. `indexes` are the rows that hold anything at all left of `width`, where an empty column may end the table.
    """

    kind: str
    sheet: str
    header_row: int = 1
    headers: tuple[str, ...] = ()
    columns: Sequence[Sequence[object]] = ()
    known: dict[str, int] = field(default_factory=dict)
    values: dict[str, list[Typed | None]] = field(default_factory=dict)
    refused: dict[str, set[int]] = field(default_factory=dict)
    indexes: Sequence[int] = ()
    width: int = 0

    def position(self, index: int) -> int:
        """The row number in the sheet, from 1."""
        return self.header_row + 1 + index

    def value(self, name: str, index: int) -> Typed | None:
        """The typed value of a cell; None when the sheet has no such column, or nothing is said, or the cell is refused."""
        values = self.values.get(name)
        return values[index] if values is not None and index >= 0 else None

    def is_refused(self, name: str, index: int) -> bool:
        """Whether the cell holds something that could not be read."""
        return name in self.refused and index in self.refused[name]

    def cell(self, name: str, index: int) -> Cell:
        """The place of a cell; the row's first cell where the sheet has no such column, the sheet alone where there is no row."""
        if index < 0:
            return Cell(self.sheet, "")
        return Cell(self.sheet, f"{column_letters(self.known.get(name, 0))}{self.position(index)}")

    def header_cell(self, name: str) -> str:
        """The reference of a known column's header."""
        return f"{column_letters(self.known.get(name, 0))}{self.header_row}"

    def raw(self, name: str, index: int) -> str:
        """A known column's cell as shown, as the planner typed it."""
        return show(self.columns[self.known[name]][index]) if name in self.known and index >= 0 else ""

    def shown(self, index: int) -> Mapping[str, str]:
        """A row's cells as shown, by header as written; columns without a header are left out."""
        return {
            header: show(cells[index]) for header, cells in zip(self.headers, self.columns, strict=True) if header and index >= 0
        }

    def unknown(self, index: int) -> Mapping[str, str]:
        """A row's cells in unknown columns, as shown."""
        known = set(self.known.values())
        return {
            header: show(self.columns[place][index])
            for place, header in enumerate(self.headers)
            if header and place not in known and index >= 0
        }


def open_table(kind: str, raw: RawSheet, findings: list[Finding], *, unknown_is_fine: bool = False) -> Table:
    """A raw sheet as a table of the columns of `kind`; what is wrong with headers and cells is added to `findings`.

    Unknown headers are a warning unless they are fine (in `Servers` they are kept for the report), where only near misses are told.
    The cells are not typed yet: how numbers are written shows only when all sheets are open.
    """
    columns = with_merged(raw.columns, raw.facts)
    header = find_header(kind, list(zip(*(column[:HEADER_WITHIN_ROWS] for column in columns), strict=True)))
    table = Table(kind, raw.name, header + 1)
    if not raw.columns:
        return table
    table.headers = tuple(strip(show(column[header])) for column in columns)
    table.columns = [column[header + 1 :] for column in columns]
    _match_headers(table, findings, unknown_is_fine=unknown_is_fine)
    findings.extend(merged_findings(raw.name, header, table.known, columns, raw.facts))
    _end_at_second(table, findings)
    table.width = find_gap(table.headers, table.known, table.columns)
    return table


def _end_at_second(table: Table, findings: list[Finding]) -> None:
    """Leave out another table below this one: what its columns mean is not known from this header."""
    end = find_second_header(table.headers, table.known, table.columns)
    if end is None:
        return
    header = [strip(show(column[end])) for column in table.columns]
    places = [place for place, text in enumerate(header) if text]
    last = table.position(len(table.columns[0]) - 1)
    ref = f"{column_letters(places[0])}{table.position(end)}:{column_letters(places[-1])}{last}"
    findings.append(finding("PLAN-134", table.sheet, ref, ", ".join(header[place] for place in places)))
    table.columns = [column[:end] for column in table.columns]


def type_columns(table: Table, raw: RawSheet, habit: Habit, findings: list[Finding]) -> None:
    """Type the cells of an open table; what is wrong with them is added to `findings`."""
    for name in table.known:
        column = find_column(table.kind, name)
        if column is not None:
            _read_column(table, column, raw.facts.faults, habit, findings)
    table.indexes = _filled(table, findings)
    findings.extend(hidden_finding(table.sheet, _hidden(table, raw)))
    findings.extend(hidden_columns_finding(table.sheet, table.header_row, table.known, table.columns, raw.facts))
    _report_headless(table, raw, findings)


def _hidden(table: Table, raw: RawSheet) -> Sequence[int]:
    """The rows of the sheet, from 0, that are hidden and hold something."""
    hidden = raw.facts.hidden
    return [table.header_row + index for index in table.indexes if table.header_row + index in hidden] if hidden else ()


def numeric_texts(table: Table) -> Iterator[str]:
    """The distinct texts in the columns that hold numbers: they show how the file writes decimals."""
    for name, place in table.known.items():
        column = find_column(table.kind, name)
        if column is not None and column.kind in NUMERIC_KINDS:
            yield from {strip(cell) for cell in table.columns[place] if isinstance(cell, str)}


def _match_headers(table: Table, findings: list[Finding], *, unknown_is_fine: bool) -> None:
    for place, header in enumerate(table.headers):
        cell = f"{column_letters(place)}{table.header_row}"
        column = find_column(table.kind, header)
        if column is None:
            _report_unknown(table, header, cell, findings, unknown_is_fine=unknown_is_fine)
        elif column.name in table.known:
            first = table.header_cell(column.name)
            findings.append(finding("PLAN-104", table.sheet, cell, header, column=column.name, other=first))
        else:
            table.known[column.name] = place


def _report_unknown(table: Table, header: str, cell: str, findings: list[Finding], *, unknown_is_fine: bool) -> None:
    if not header:
        return
    spelt = headers_of(table.kind)
    guess = near(normalise(header), (spelling for spelling, column in spelt.items() if column.name not in table.known), 0.82)
    if guess or not unknown_is_fine:
        hint = f"did you mean {spelt[guess].name}? " if guess else ""
        findings.append(finding("PLAN-103", table.sheet, cell, header, hint=hint))


def _read_column(
    table: Table, column: Column, faults: Mapping[tuple[int, int], Fault], habit: Habit, findings: list[Finding]
) -> None:
    place = table.known[column.name]
    cells = table.columns[place]
    at_fault = {
        row - table.header_row: fault for (row, where), fault in faults.items() if where == place and row >= table.header_row
    }
    may_be_pattern = table.kind == "Waves" and column.name in PATTERNED
    plain = None if at_fault or may_be_pattern else read_plainly(column, cells, habit)
    if plain is not None:
        table.values[column.name] = plain
        return
    parse = partial(parse_default if may_be_pattern else parse_value, column, habit=habit)
    verdicts = _judge_all(cells, parse)
    for index, (code, _) in at_fault.items():
        verdicts[index] = RefusedError(code)
    for index, verdict in enumerate(verdicts):
        if isinstance(verdict, RefusedError):
            table.refused.setdefault(column.name, set()).add(index)
            shown = at_fault[index][1] if index in at_fault else show(cells[index])
            findings.append(refusal(verdict, column, table.cell(column.name, index), shown))
    table.values[column.name] = [None if isinstance(verdict, RefusedError) else verdict for verdict in verdicts]


def _judge_all(cells: Sequence[object], parse: Callable[[object], Typed | None]) -> list[Typed | RefusedError | None]:
    """What each cell means; each distinct content is judged once (1 and TRUE are equal to Python, hence the type in the key)."""
    judged: dict[tuple[type, object], Typed | RefusedError | None] = {}
    verdicts: list[Typed | RefusedError | None] = []
    for raw in cells:
        key = (type(raw), raw)
        if key not in judged:
            judged[key] = _judge(raw, parse)
        verdicts.append(judged[key])
    return verdicts


def _judge(raw: object, parse: Callable[[object], Typed | None]) -> Typed | RefusedError | None:
    try:
        return parse(raw)
    except RefusedError as refused:
        return refused


def refusal(refused: RefusedError, column: Column, cell: Cell, shown: str) -> Finding:
    """The finding for a cell that its column cannot take."""
    guess = near(shown.casefold(), (choice.casefold() for choice in column.choices))
    hint = f"did you mean {guess.upper()}? " if guess else ""
    words = {"column": column.name, "bounds": column.bounds, "length": "", "hint": hint, **refused.words}
    empty = f", or leave it empty{f' for {column.default}' if column.default else ''}" if not column.required else ""
    return finding(refused.code, cell.sheet, cell.ref, shown, empty=empty, **words)


def _filled(table: Table, findings: list[Finding]) -> Sequence[int]:
    """The rows that hold anything; all of them where a column is filled throughout, as `wave` is in nearly every plan."""
    if any(None not in values for values in table.values.values()):
        return range(len(table.columns[0]))
    indexes = _rows_filled(table.columns[: table.width])
    if table.width < len(table.columns):
        _report_beside(table, set(indexes), findings)
    return indexes


def _rows_filled(columns: Sequence[Sequence[object]]) -> list[int]:
    return [index for index, row in enumerate(zip(*columns, strict=True)) if any(row) and _is_filled(row)]


def _report_beside(table: Table, indexes: set[int], findings: list[Finding]) -> None:
    """Rows of another table, beside this one and longer than it: they are no rows of this one."""
    beside = table.columns[table.width :]
    alone = [index for index in _rows_filled(beside) if index not in indexes]
    if alone:
        first, last = alone[0], alone[-1]
        place = next(place for place, column in enumerate(beside, table.width) if strip(show(column[first])))
        ref = f"{column_letters(place)}{table.position(first)}:{column_letters(len(table.columns) - 1)}{table.position(last)}"
        findings.append(finding("PLAN-135", table.sheet, ref, show(table.columns[place][first])))


def _is_filled(row: Iterable[object]) -> bool:
    return any(cell != "" and (not isinstance(cell, str) or strip(cell)) for cell in row)


def _report_headless(table: Table, raw: RawSheet, findings: list[Finding]) -> None:
    """Cells to the right of the header, or below a gap in it: nobody knows what they mean."""
    for place, header in enumerate(table.headers):
        if header:
            continue
        first = next((index for index in table.indexes if strip(show(table.columns[place][index]))), None)
        if first is not None:
            code = "PLAN-105" if raw.is_csv else "PLAN-106"
            cell = f"{column_letters(place)}{table.position(first)}"
            findings.append(finding(code, table.sheet, cell, show(table.columns[place][first])))
