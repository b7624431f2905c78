"""Which sheets of an inventory are read, and as what: lists of servers, of disks, or both in one.

Decides by headers, and where these leave it open by whether names repeat. Called by run.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.importers.forms import Role
from inventory.importers.generic import GENERIC, GENERIC_DISKS, GENERIC_FLAT, GENERIC_NAMES, GENERIC_SERVERS
from inventory.importers.headers import header_key
from inventory.importers.matching import find_table, sheet_key
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.importers.forms import Form, Format
    from inventory.importers.matching import SourceTable
    from inventory.importers.source_file import SourceFile, SourceSheet

_TITLE_ROWS = 3  # so far below a title, which may be a word such as Server, the header may be
_ALIKE = 0.6


def choose_tables(file: SourceFile, format_: Format) -> dict[Role, list[SourceTable]]:
    """The tables to read, by what their rows are. Of several lists of servers the fullest, and those most like it."""
    claimed: set[str] = set()
    found: dict[Role, list[SourceTable]] = {}
    if format_ is GENERIC:
        found = _disks_apart(file)
        claimed = {table.sheet.name for tables in found.values() for table in tables}
    for form in format_.forms:
        if form.role is Role.SERVERS and found.get(Role.SERVERS) and format_ is GENERIC:
            continue
        free = [sheet for sheet in file.sheets if sheet.name not in claimed]
        tables = [table for sheet in _candidates(form, free, format_) if (table := find_table(form, sheet)) is not None]
        if form is GENERIC_SERVERS:
            tables = [table for table in tables if not _is_title(table)]
        if form.role is Role.SERVERS:
            tables = _alike(tables)
        if tables:
            found.setdefault(form.role, []).extend(tables)
            claimed |= {table.sheet.name for table in tables}
    return found


def other_lists(file: SourceFile, read: set[str]) -> list[str]:
    """The sheets not read that list servers all the same, by a header that can only be a server's name."""
    others = [sheet for sheet in file.sheets if sheet.name not in read]
    return [sheet.name for sheet in others if (table := find_table(GENERIC_SERVERS, sheet)) is not None and len(table.fields) > 1]


def _disks_apart(file: SourceFile) -> dict[Role, list[SourceTable]]:
    """Lists of disks in a file of no tool's: sheets of their own beside a list of servers; or one list with a row for each disk."""
    tables = [find_table(GENERIC_DISKS, sheet) for sheet in file.sheets]
    disks = [table for table in tables if table is not None and "disk_name" in table.fields]
    if not disks:
        return {}
    names = {table.sheet.name for table in disks}
    has_servers = any(
        find_table(form, sheet) for sheet in file.sheets if sheet.name not in names for form in (GENERIC_SERVERS, GENERIC_NAMES)
    )
    if has_servers:
        return {Role.DISKS: disks}
    flat = [(table, found) for table in disks if _repeats(table) and (found := find_table(GENERIC_FLAT, table.sheet)) is not None]
    return {Role.SERVERS: [found for _, found in flat], Role.DISKS: [table for table, _ in flat]} if flat else {}


def _repeats(table: SourceTable) -> bool:
    """Whether servers stand in it more than once, each time with another disk."""
    server, disk = table.places("server")[0], table.places("disk_name")[0]
    whole = (row for _, row in table.rows() if max(server, disk) < len(row))
    named = [pair for row in whole if (pair := (strip(show(row[server])).casefold(), strip(show(row[disk]))))[0]]
    return len({name for name, _ in named}) < len(named) == len(set(named))


def _is_title(table: SourceTable) -> bool:
    """Whether what was taken for a header is a title or a band of merged cells over it: more of a header stands just below."""
    fuller = find_table(GENERIC_NAMES, table.sheet)
    return fuller is not None and 0 < fuller.header_row - table.header_row <= _TITLE_ROWS and len(fuller.fields) > len(table.fields)


def _candidates(form: Form, sheets: Sequence[SourceSheet], format_: Format) -> list[SourceSheet]:
    """The sheets that a form may be in: those of its name; else any but those that bear another form's name."""
    if form.sheets:
        named_so = [sheet for sheet in sheets if any(sheet_key(sheet.name).startswith(name) for name in form.sheets)]
        if named_so:
            return named_so
    taken = {name for other in format_.forms for name in other.sheets}
    if form.sheets and len(sheets) > 1 and form.role is not Role.SERVERS:
        return []
    return [sheet for sheet in sheets if sheet_key(sheet.name) not in taken]


def _alike(tables: list[SourceTable]) -> list[SourceTable]:
    if len(tables) < 2:
        return tables
    best = max(tables, key=lambda table: (len(table.fields), sum(1 for _ in table.rows())))
    return [table for table in tables if table is best or _are_alike(table, best)]


def _are_alike(table: SourceTable, best: SourceTable) -> bool:
    """Whether two tables are parts of one list: the same header for the name, and most of the others."""
    keys = [{header_key(header) for header in each.headers if header} for each in (table, best)]
    name = [header_key(each.headers[each.places("source_name")[0]]) if each.places("source_name") else "" for each in (table, best)]
    return name[0] == name[1] and len(keys[0] & keys[1]) >= _ALIKE * len(keys[0] | keys[1])
