"""Tell an inventory's format by its headers, and a list of servers from a list of programs.

Decides what `auto` means: the first format one of whose signs stands in a row, else any list with a column that people call a
server's name. Called by run.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.importers.aws_cmf import AWS_CMF
from inventory.importers.aws_mgn import AWS_MGN
from inventory.importers.azure_migrate import AZURE_MIGRATE
from inventory.importers.generic import GENERIC, GENERIC_NAMES
from inventory.importers.google_m2vm import GOOGLE_M2VM
from inventory.importers.headers import header_key
from inventory.importers.import_findings import ImportRefusedError
from inventory.importers.matching import HEADER_WITHIN_ROWS, sheet_key
from inventory.importers.own_plan import OWN_PLAN
from inventory.importers.rvtools import RVTOOLS
from inventory.importers.words import meaning
from inventory.values import strip

if TYPE_CHECKING:
    from inventory.importers.forms import Format
    from inventory.importers.matching import SourceTable
    from inventory.importers.source_file import SourceFile

FORMATS = {each.name: each for each in (AZURE_MIGRATE, AWS_CMF, AWS_MGN, GOOGLE_M2VM, RVTOOLS, GENERIC)}
"""The formats by their names on the command line."""

_SURE = 3  # so many of CMF's signs no list of MGN has
_SIGNS = (
    *((RVTOOLS, each) for each in RVTOOLS.signs),
    *((AZURE_MIGRATE, each) for each in AZURE_MIGRATE.signs),
    *((AWS_CMF, each) for each in AWS_CMF.signs[:_SURE]),
    *((AWS_MGN, each) for each in AWS_MGN.signs),
    *((AWS_CMF, each) for each in AWS_CMF.signs[_SURE:]),
    *((GOOGLE_M2VM, each) for each in GOOGLE_M2VM.signs),
    *((OWN_PLAN, each) for each in OWN_PLAN.signs),
)
_SHEETS = {"vinfo": RVTOOLS, "allassessedmachines": AZURE_MIGRATE, "allassesseddisks": AZURE_MIGRATE}
_EVIDENCE = frozenset({"addresses", "fqdn", "os", "power", "disk_count", "evidence"})
_VAGUE = frozenset(map(header_key, ("device name", "asset name", "system name", "gerätename", "设备名称", "設備名稱", "equipo")))
_REPEATED = 0.67


def recognise(file: SourceFile) -> Format:
    """The format of an inventory; `generic` where no tool's signs are found."""
    for sheet in file.sheets:
        if sheet_key(sheet.name) in _SHEETS:
            return _SHEETS[sheet_key(sheet.name)]
    rows = [
        frozenset(header_key(cell) for cell in row if isinstance(cell, str) and cell)
        for sheet in file.sheets
        for row in sheet.rows[:HEADER_WITHIN_ROWS]
    ]
    for format_, headers in _SIGNS:
        if any(headers <= row for row in rows):
            if format_ is AWS_MGN and len(headers) > 1 and any(word in file.name.casefold() for word in ("cmf", "intake")):
                return AWS_CMF
            return format_
    return GENERIC


def check_is_servers(table: SourceTable, name: str) -> None:
    """Raise ImportRefusedError where a list found by its words alone is one of programs, or of anything."""
    meanings = [meaning(header) for header in table.headers]
    against = [header for header, field in zip(table.headers, meanings, strict=True) if field == "against"]
    has_evidence = any(field in _EVIDENCE for field in meanings)
    if "other" in meanings and not has_evidence and "wave" not in meanings and _may_be_anything(table):
        why = f"nothing in it is a server's, and its columns are {', '.join(header for header in table.headers[:8] if header)}"
        raise ImportRefusedError("IMPORT-001", name=name, why=why)
    if _is_turned(table):
        raise ImportRefusedError("IMPORT-001", name=name, why="its servers are columns and not rows: turn it (paste, transpose)")
    if not against:
        return
    words = {"name": name, "why": f"its columns are {', '.join(header for header in table.headers[:8] if header)}"}
    if table.form is GENERIC_NAMES and not has_evidence:
        raise ImportRefusedError("IMPORT-002", **words)
    place = next(iter(table.places("source_name") or table.places("fqdn") or table.places("addresses")))
    names = [strip(str(row[place])) for _, row in table.rows() if place < len(row) and row[place] not in ("", None)]
    if not names:
        return
    is_repeated = len({each.casefold() for each in names}) < len(names) * _REPEATED
    are_lists = sum(any(mark in each for mark in ";,\n") for each in names) > len(names) / 3
    are_counts = all(each.replace(".0", "").isdecimal() and len(each) < 6 for each in names)
    if (is_repeated and not has_evidence) or are_lists or are_counts or (is_repeated and len(against) > 1):
        raise ImportRefusedError("IMPORT-002", **words)


def _is_turned(table: SourceTable) -> bool:
    """Whether what stands below the header of names is more headers."""
    place = next(iter(table.places("source_name")), -1)
    names = [row[place] for _, row in table.rows() if 0 <= place < len(row) and row[place] not in ("", None)]
    return len(names) > 1 and sum(bool(meaning(name)) for name in names) * 2 > len(names)


def _may_be_anything(table: SourceTable) -> bool:
    """Whether the column of names may be one of people, of bills, of network gear."""
    place = next(iter(table.places("source_name")), -1)
    return table.form is GENERIC_NAMES or (place >= 0 and header_key(table.headers[place]) in _VAGUE)


def refusal(file: SourceFile) -> ImportRefusedError:
    """Why a file without a list of servers is refused."""
    for sheet in file.sheets:
        for row in sheet.rows[:HEADER_WITHIN_ROWS]:
            meanings = [meaning(cell) for cell in row if isinstance(cell, str)]
            if meanings.count("against") > 1 or (meanings.count("against") and len([cell for cell in row if cell]) > 1):
                shown = ", ".join(str(cell) for cell in row[:8] if cell)
                return ImportRefusedError("IMPORT-002", name=file.name, why=f"its columns are {shown}")
    first = next((row for sheet in file.sheets for row in sheet.rows if len([c for c in row if isinstance(c, str) and c]) > 1), [])
    shown = ", ".join(str(cell) for cell in first[:8] if cell not in ("", None))
    why = f"no column is a server's name (it has: {shown})" if shown else "it holds no table"
    return ImportRefusedError("IMPORT-001", name=file.name, why=why)
