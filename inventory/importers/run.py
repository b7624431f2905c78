"""Import an inventory: from a file to servers, disks, and an account of all that it held.

Decides which sheets are read and what is told of the whole. Formats are tables (rvtools.py ...), rows are read by
server_rows.py and disk_rows.py. Writes nothing and asks nobody. Called by `waves import`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inventory.columns import normalise
from inventory.importers.choose import choose_tables, other_lists
from inventory.importers.columns_read import Reader
from inventory.importers.disk_rows import read_disks, read_partitions
from inventory.importers.drafts import Fleet
from inventory.importers.forms import Format, Role
from inventory.importers.generic import GENERIC, GENERIC_FLAT
from inventory.importers.import_findings import ImportRefusedError, counted, named
from inventory.importers.imported import Imported
from inventory.importers.ledger import Ledger
from inventory.importers.mapping import check_columns
from inventory.importers.own_plan import CARRIED_SHEETS, OWN_PLAN
from inventory.importers.recognise import FORMATS, check_is_servers, recognise, refusal
from inventory.importers.server_rows import read_servers
from inventory.importers.source_file import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from inventory.importers.drafts import Draft
    from inventory.importers.mapping import Plotted
    from inventory.importers.matching import SourceTable
    from inventory.importers.source_file import SourceFile

AUTO = "auto"


def import_file(path: Path, format_name: str = AUTO, mapping: Plotted | None = None) -> Imported:
    """Read an inventory in the format named, or by a mapping, or as it is found to be.

    Raises PlanError (the file cannot be read) and ImportRefusedError (it is no list of servers, or not what the mapping says).
    """
    file = read_source(path)
    if mapping is None:
        return import_source(file, format_name)
    check_columns(mapping, file)
    return import_source(file, format_name, mapping.format)


def import_source(file: SourceFile, format_name: str = AUTO, format_: Format | None = None) -> Imported:
    """As import_file, of a file that is read already."""
    chosen = format_ or (recognise(file) if format_name == AUTO else FORMATS[format_name])
    tables = choose_tables(file, chosen)
    if not tables.get(Role.SERVERS) and chosen is not GENERIC and format_ is None:
        if format_name != AUTO:
            raise ImportRefusedError(
                "IMPORT-005", name=file.name, format=chosen.name, why=_lacks(chosen), formats=", ".join(FORMATS)
            )
        chosen = GENERIC
        tables = choose_tables(file, chosen)
    if not tables.get(Role.SERVERS):
        raise refusal(file)
    return _Import(file, chosen, tables).run()


def _lacks(format_: Format) -> str:
    headers = " and ".join(
        " or ".join(take.headers.split(";")[0].strip() for take in form.takes if take.field in required.split("|"))
        for form in format_.forms[:1]
        for required in form.required
    )
    return f"no sheet has the columns {headers}" if headers else "no sheet has a column for the server's name"


class _Import:
    """One import under way."""

    def __init__(self, file: SourceFile, format_: Format, tables: dict[Role, list[SourceTable]]) -> None:
        self._file, self._format, self._tables = file, format_, tables
        self._ledger = Ledger()

    def run(self) -> Imported:
        """Read everything."""
        readers = {role: [Reader(table, self._format, self._ledger) for table in tables] for role, tables in self._tables.items()}
        if self._format is GENERIC:
            for reader in readers[Role.SERVERS]:
                check_is_servers(reader.table, self._file.name)
        for reader in readers[Role.SERVERS]:
            for disks in readers.get(Role.DISKS, ()):
                if reader.table.form is GENERIC_FLAT and disks.table.sheet is reader.table.sheet:
                    reader.share(disks)
        drafts = [draft for reader in readers[Role.SERVERS] for draft in self._servers(reader)]
        inside = [draft for draft in drafts if not draft.is_out]
        if not inside:
            raise self._empty(drafts)
        _tell_ids_apart(inside)
        fleet = Fleet(drafts)
        for reader in readers.get(Role.DISKS, ()):
            read_disks(reader, fleet, self._ledger)
        for reader in readers.get(Role.PARTITIONS, ()):
            read_partitions(reader, fleet, self._ledger)
        for reader in (reader for group in readers.values() for reader in group):
            reader.account()
        self._tell_disks(inside)
        self._tell_names(inside)
        self._tell_sheets()
        return Imported(
            self._format.name,
            self._format.title,
            self._file.name,
            self._file.sha256,
            tuple(draft.done() for draft in inside),
            tuple(self._ledger.columns),
            (*self._file.findings, *self._ledger.findings()),
            self._carried_sheets(),
        )

    def _servers(self, reader: Reader) -> list[Draft]:
        """The servers of a table; of one with a row for each disk, each once."""
        drafts = read_servers(reader, self._ledger)
        if reader.table.form is not GENERIC_FLAT:
            return drafts
        return list({(draft.id, draft.name.casefold()): draft for draft in reversed(drafts)}.values())[::-1]

    def _empty(self, drafts: Sequence[Draft]) -> ImportRefusedError:
        shown = [label for label in self._ledger.gathered("IMPORT-121") if not label.startswith("row ")]
        if shown:
            return ImportRefusedError("IMPORT-004", name=self._file.name, why=named(shown))
        if drafts:
            return ImportRefusedError("IMPORT-001", name=self._file.name, why="all that it lists are templates")
        if faults := self._ledger.told_values("IMPORT-120"):
            why = f"where its servers' names should be stands {named(faults)}; open it in a spreadsheet and save it"
            return ImportRefusedError("IMPORT-001", name=self._file.name, why=why)
        return ImportRefusedError("IMPORT-003", name=self._file.name)

    def _tell_disks(self, drafts: Iterable[Draft]) -> None:
        has_any = any(draft.disks for draft in drafts)
        for draft in drafts:
            number = sum(disk.count for disk in draft.disks)
            if draft.is_shared:
                continue
            if not draft.disks and has_any:
                self._ledger.gather("IMPORT-114", draft.sheet, draft.cell, draft.label)
            elif draft.has_total and draft.disk_count != 1:
                self._ledger.gather("IMPORT-113", draft.sheet, draft.cell, draft.label)
            elif draft.disk_count is not None and draft.disks and draft.disk_count != number:
                self._ledger.gather("IMPORT-123", draft.sheet, draft.cell, draft.label)
        if not has_any:
            self._ledger.tell("IMPORT-114", servers="all of them", count=counted(len(list(drafts)), "server"))
        if self._format is not OWN_PLAN:
            for role, missing, why in self._format.expects:
                if not self._tables.get(role) and all(draft.has_total or not draft.disks for draft in drafts):
                    self._ledger.tell("IMPORT-122", missing=missing, why=why)

    def _tell_names(self, drafts: Sequence[Draft]) -> None:
        names: dict[str, list[Draft]] = {}
        hosts: dict[str, list[Draft]] = {}
        for draft in drafts:
            if draft.name:
                names.setdefault(draft.name.casefold(), []).append(draft)
            if draft.fqdn:
                hosts.setdefault(draft.fqdn.casefold(), []).append(draft)
        for group in names.values():
            ids = Counter((draft.realm, draft.id) for draft in group)
            if len(group) > 1 and ("" in {draft.id for draft in group} or max(ids.values()) > 1):
                words = {"count": counted(len(group), "server")}
                self._ledger.tell("IMPORT-104", group[0].sheet, group[1].cell, group[0].name, **words)
        for host, group in hosts.items():
            if len(group) > 1:
                words = {"count": counted(len(group), "server"), "servers": named([draft.label for draft in group])}
                self._ledger.tell("IMPORT-119", group[0].sheet, group[1].cell, host, **words)

    def _tell_sheets(self) -> None:
        read = {table.sheet.name for tables in self._tables.values() for table in tables}
        carried = self._carried_sheets()
        for table in (table for tables in self._tables.values() for table in tables if table.is_cut):
            self._ledger.tell("IMPORT-129", table.sheet.name, table.cell(0, table.end), "", rows=_rows_from(table))
        lists = other_lists(self._file, read) if self._format is GENERIC else []
        if lists:
            self._ledger.tell("IMPORT-130", lists[0], "", "", sheets=", ".join(lists), read=", ".join(sorted(read)))
        others = [
            sheet.name
            for sheet in self._file.sheets
            if sheet.name not in read and sheet.name not in carried and sheet.name not in lists and sheet.rows
        ]
        if others:
            self._ledger.tell("IMPORT-127", count=counted(len(others), "sheet"), sheets=", ".join(others))

    def _carried_sheets(self) -> dict[str, Sequence[Sequence[object]]]:
        if self._format is not OWN_PLAN:
            return {}
        titles = {normalise(title): title for title in CARRIED_SHEETS}
        return {
            titles[normalise(sheet.name)]: sheet.rows
            for sheet in self._file.sheets
            if normalise(sheet.name) in titles and sheet.rows
        }


def _tell_ids_apart(drafts: Sequence[Draft]) -> None:
    """Add to an id that machines of several vCenters have where each is from: `vm-1@vcenter-2`."""
    realms: dict[str, set[str]] = {}
    for draft in drafts:
        realms.setdefault(draft.id.casefold(), set()).add(draft.realm)
    for draft in drafts:
        if draft.realm and "inventory_id" in draft.values and len(realms[draft.id.casefold()]) > 1:
            draft.values["inventory_id"] = f"{draft.id}@{draft.realm.split()[-1]}"


def _rows_from(table: SourceTable) -> str:
    last = len(table.sheet.rows)
    return f"rows {table.end + 1} to {last}" if last > table.end + 1 else f"row {last}"
