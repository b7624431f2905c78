"""What a plan's unknown columns say of the servers themselves: firmware, roles, free memory, CPU load, as inventories write them.

Decides which headers mean them and what a cell says; a cell that says nothing plain says nothing. These columns are no part of the
plan: nothing of them is sent, none is ever refused, and they are read for warnings alone. Called by limit_checks.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.cell_references import column_letters
from inventory.columns import normalise
from inventory.rows import Cell
from inventory.values import show, strip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inventory.table import Table

_FIRMWARE = frozenset({"firmware", "boottype", "bootmode", "bootfirmware", "firmwaretype", "bios/uefi"})
_ROLE = frozenset({"role", "roles", "serverrole", "serverroles", "function", "workload", "domaincontroller", "isdomaincontroller"})
_FREE_MEMORY = frozenset({"freememory", "memoryfree", "availablememory", "memoryavailable", "memory", "ram", "totalmemory"})
_CPU = frozenset({"cpuusage", "cpuutilization", "cpuutilisation", "cpuload", "peakcpu", "maxcpu", "cpupeak"})

_CONTROLLER = re.compile(
    r"domain ?controller|active directory|\bad ?ds\b|dom[äa]nencontroller|contr[ôo]leur de domaine|controlador de dom[ií]nio|域控",
    re.IGNORECASE,
)
_YES = frozenset({"yes", "true", "x", "1", "ja", "oui", "si", "sí", "是"})
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*([KMGT]i?B?|%)?", re.IGNORECASE)
_UNIT_AT_THE_END = re.compile(r"\(?([kmgt]i?b|%|percent|pct)\)?$", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class HostFact:
    """What one cell says; `index` is its row in the table of `Servers`, `value` the cell as typed."""

    index: int
    cell: Cell
    value: str


def uefi_hosts(table: Table) -> Iterator[HostFact]:
    """The servers that boot by UEFI: `UEFI`, `EFI`, `efi-secure` and the like."""
    return _facts(table, _FIRMWARE, lambda value, _: "efi" in value.casefold())


def domain_controllers(table: Table) -> Iterator[HostFact]:
    """The servers that are Active Directory domain controllers, by their role, or by a column that asks for nothing else."""

    def is_controller(value: str, header: str) -> bool:
        return bool(_CONTROLLER.search(value)) or ("domaincontroller" in header and value.casefold() in _YES)

    return _facts(table, _ROLE, is_controller)


def hosts_short_of_memory(table: Table, least_bytes: int) -> Iterator[HostFact]:
    """The servers with less free memory, or less in all, where header or cell names the unit."""
    return _facts(table, _FREE_MEMORY, lambda value, header: 0 <= _bytes(value, header, least_bytes) < least_bytes)


def hosts_busier_than(table: Table, percent: float) -> Iterator[HostFact]:
    """The servers whose CPU load is above a percentage; up to 1 it may as well be a share, and says nothing."""
    return _facts(table, _CPU, lambda value, _: (_number(value)[0] or 0) > percent)


def _facts(table: Table, headers: frozenset[str], says: Callable[[str, str], bool]) -> Iterator[HostFact]:
    known = set(table.known.values())
    for place, header in enumerate(table.headers):
        spelt = normalise(header)
        if place in known or not header or _UNIT_AT_THE_END.sub("", spelt) not in headers:
            continue
        verdicts: dict[str, bool] = {}
        for index in table.indexes:
            value = strip(show(table.columns[place][index]))
            if value not in verdicts:
                verdicts[value] = bool(value) and says(value, spelt)
            if verdicts[value]:
                yield HostFact(index, Cell(table.sheet, f"{column_letters(place)}{table.position(index)}"), value)


def _number(value: str) -> tuple[float | None, str]:
    """The number of a cell and the unit beside it; None where the cell is not a number and a unit alone."""
    match = _NUMBER.fullmatch(value)
    return (float(match[1].replace(",", ".")), (match[2] or "").casefold()) if match else (None, "")


def _bytes(value: str, header: str, unknown: int) -> float:
    """A memory size in bytes, all units binary; `unknown` where nobody says the unit."""
    number, unit = _number(value)
    of_header = _UNIT_AT_THE_END.search(header)
    unit = unit or (of_header[1].casefold() if of_header else "")
    power = _POWERS.get(unit[:1])
    return unknown if number is None or power is None else number * 1024**power
