"""Read the rows of a list of servers: who is one, its system and address, and what its own columns say of disks.

Decides who is no server (a template, a stand-in of site recovery, a row of totals, a form's example). Called by run.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inventory.columns import SERVERS
from inventory.importers.drafts import DiskDraft, Draft
from inventory.importers.placeholders import is_doubtful, is_example, is_header_again, is_note, is_placeholder, is_total
from inventory.importers.systems import addresses, has_words, is_off, is_yes, os_type
from inventory.values import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.importers.columns_read import Reader
    from inventory.importers.ledger import Ledger

_PLAIN = tuple(column.name for column in SERVERS if column.name != "source_name")
_REHOST = frozenset({"rehost", "relocate", "lift and shift", "lift & shift", "lift-and-shift"})


def read_servers(reader: Reader, ledger: Ledger) -> list[Draft]:
    """The servers of a table, and those left out of it marked so."""
    drafts = []
    for index, row in reader.table.rows():
        draft = _draft(reader, row, index, ledger)
        if draft is not None:
            drafts.append(draft)
    for draft in drafts:
        if not draft.is_out:
            _own_disks(draft)
    return drafts


def _draft(reader: Reader, row: Sequence[object], index: int, ledger: Ledger) -> Draft | None:
    sheet, cell = reader.table.sheet.name, reader.table.cell(reader.place("source_name"), index)
    name = reader.text(row, "source_name", index)
    server_id = reader.text(row, "inventory_id", index)
    address = addresses(reader.texts(row, "addresses", index))
    if _is_no_server(reader, row, index, name):
        ledger.gather("IMPORT-121", sheet, cell, name)
        return None
    known = (
        name
        or server_id
        or reader.text(row, "fqdn", index)
        or reader.text(row, "source_server_id", index)
        or reader.text(row, "source_ip", index)
    )
    if not known and not address:
        ledger.gather("IMPORT-121", sheet, cell, f"row {index + 1}")
        return None
    key = server_id or reader.text(row, "source_server_id", index)
    draft = Draft(sheet, cell, name or _host_name(reader, row, index) or server_id, key, reader.texts(row, "realm", index))
    if _is_out(reader, row, index, draft, ledger):
        return draft
    if draft.name and is_doubtful(row[place] if (place := reader.place("source_name")) < len(row) else ""):
        ledger.gather("IMPORT-131", sheet, cell, " ".join(name.split()))
    draft.values = dict(reader.table.form.constants) | _values(reader, row, index)
    draft.extra = {header: _carried(reader, row, place, index) for place, header in reader.carried.items()}
    if draft.name:
        draft.values["source_name"] = draft.name
    if server_id:
        draft.values["inventory_id"] = server_id
    _read_addresses(reader, row, index, draft, ledger)
    _read_system(reader, row, index, draft, ledger)
    draft.disk_count = _count(reader.text(row, "disk_count", index))
    draft.total_used = reader.size(row, "total_used", index)
    draft.disks = [DiskDraft(f"Disk {number}", size) for number, size in reader.numbered(row, index)]
    listed = reader.listed(row, "total_size")
    if listed and not draft.disks:
        draft.disks = [DiskDraft(label or f"Disk {number}", size) for number, (label, size) in enumerate(listed, 1)]
    elif not listed:
        draft.total_size = reader.size(row, "total_size", index)
    size = draft.total_size if draft.total_size is not None else sum(disk.size or 0 for disk in draft.disks) or None
    draft.total_used = reader.within("total_used", index, draft.total_used, size)
    return draft


def _is_no_server(reader: Reader, row: Sequence[object], index: int, name: str) -> bool:
    """Whether a row with something in the column of names is an example, a total, a note or the header once more."""
    said = [reader.texts(row, field, index) for field in ("addresses", "os", "fqdn")]
    return (
        is_placeholder(name)
        or any(map(is_example, (name, *said)))
        or (is_header_again(name, reader.table.headers[reader.place("source_name")]) and not addresses(said[0]))
        or (is_total(name) and not any(said))
        or (len(reader.table.matches) > 1 and is_note(name, row))
    )


def _host_name(reader: Reader, row: Sequence[object], index: int) -> str:
    """The host name of a row without another name, where it is one and no address."""
    text = reader.text(row, "fqdn", index)
    return "" if addresses(text) or is_placeholder(text) else text


def _is_out(reader: Reader, row: Sequence[object], index: int, draft: Draft, ledger: Ledger) -> bool:
    """Whether the row is no server: told, and kept in mind for its disks."""
    for field, code in (("template", "IMPORT-105"), ("stand_in", "IMPORT-106")):
        if is_yes(reader.text(row, field, index)):
            ledger.gather(code, draft.sheet, draft.cell, draft.label)
            draft.is_out = True
            return True
    return False


def _values(reader: Reader, row: Sequence[object], index: int) -> dict[str, Any]:
    """What the row says in columns that a plan has by itself, as it stands there."""
    values: dict[str, Any] = {}
    for field in _PLAIN:
        for place in reader.table.places(field):
            text = reader.cell_text(row, place, index)
            if text:
                cell = row[place]
                values.setdefault(field, text if isinstance(cell, str) or field in {"wave", "inventory_id"} else cell)
    return values


def _carried(reader: Reader, row: Sequence[object], place: int, index: int) -> object:
    text = reader.cell_text(row, place, index)
    if not text:
        return ""
    cell = row[place]
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else show(text)


def _read_addresses(reader: Reader, row: Sequence[object], index: int, draft: Draft, ledger: Ledger) -> None:
    """The address that counts; a host name that is one is an address too."""
    said = reader.texts(row, "addresses", index)
    found = addresses(said)
    draft.fqdn = reader.text(row, "fqdn", index)
    if not found and (of_name := addresses(draft.fqdn)):
        found, draft.fqdn = of_name, ""
    draft.addresses = tuple(found)
    if found:
        draft.values.setdefault("source_ip", found[0])
    elif has_words(said) and not is_nothing_said(said):
        cell = reader.table.cell(reader.place("addresses"), index)
        ledger.tell("IMPORT-117", draft.sheet, cell, said, column=reader.table.headers[reader.place("addresses")])
    if len([each for each in found if ":" not in each]) > 1 or (len(found) > 1 and ":" in found[0]):
        ledger.gather("IMPORT-118", draft.sheet, reader.table.cell(reader.place("addresses"), index), draft.label)


def is_nothing_said(text: str) -> bool:
    """Whether an address cell says that there is none."""
    from inventory.importers.sizes import is_nothing

    return is_nothing(text.strip("[];, "))


def _read_system(reader: Reader, row: Sequence[object], index: int, draft: Draft, ledger: Ledger) -> None:
    text = reader.texts(row, "os", index)
    system = os_type(text)
    if system:
        draft.values.setdefault("os_type", system)
    elif text and "os_type" not in draft.values:
        ledger.gather("IMPORT-116", draft.sheet, reader.table.cell(reader.place("os"), index), draft.label)
    if is_off(reader.text(row, "power", index)):
        ledger.gather("IMPORT-107", draft.sheet, reader.table.cell(reader.place("power"), index), draft.label)
    strategy = reader.text(row, "strategy", index)
    if strategy and strategy.casefold() not in _REHOST:
        ledger.gather("IMPORT-125", draft.sheet, reader.table.cell(reader.place("strategy"), index), draft.label)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def _own_disks(draft: Draft) -> None:
    """One row for all disks where only their total is known; a sheet that lists the disks takes its place later."""
    if draft.disks or draft.total_size is None or draft.total_size == 0:
        return
    count = draft.disk_count
    name = "Disk 1" if count == 1 else f"{count} disks together" if count else "all disks together"
    draft.disks = [DiskDraft(name, draft.total_size, draft.total_used, count=count or 1, key="total")]
