"""The account of an import: what became of every column, and what is to be told, like things together.

Collects only; words are those of import_findings.py. Called by the readers of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.importers.import_findings import counted, import_finding, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.findings import Finding
    from inventory.importers.imported import ColumnAccount

_COUNTED = {
    "IMPORT-105": ("machine is", "machines are"),
    "IMPORT-106": ("machine is one of the", "machines are"),
    "IMPORT-107": ("server is", "servers are"),
    "IMPORT-108": ("row", "rows"),
    "IMPORT-109": ("row", "rows"),
    "IMPORT-113": ("server", "servers"),
    "IMPORT-114": ("server", "servers"),
    "IMPORT-115": ("partition", "partitions"),
    "IMPORT-116": ("server", "servers"),
    "IMPORT-118": ("server", "servers"),
    "IMPORT-121": ("row", "rows"),
    "IMPORT-123": ("server", "servers"),
    "IMPORT-125": ("server is", "servers are"),
    "IMPORT-128": ("disk is", "disks are"),
    "IMPORT-131": ("name", "names"),
}


class Ledger:
    """Findings and columns as they come; `findings` gives them grouped, in the order in which each kind first came."""

    def __init__(self) -> None:
        self.columns: list[ColumnAccount] = []
        self._told: list[Finding | tuple[str, str]] = []
        self._groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._places: set[tuple[str, str, str, str]] = set()

    def tell(self, code: str, sheet: str = "", cell: str = "", value: str = "", **words: str) -> None:
        """Tell one thing by itself; once, however often its cell is read."""
        place = (code, sheet, cell, value)
        if place not in self._places:
            self._places.add(place)
            self._told.append(import_finding(code, sheet, cell, value, **words))

    def gather(self, code: str, sheet: str, cell: str, label: str) -> None:
        """Tell one of many things of a kind: they become one finding a sheet, at the first cell.

        What follows a `:` in the code parts the things of one kind (by the name that they share, say).
        """
        key = (code, sheet)
        if key not in self._groups:
            self._groups[key] = []
            self._told.append(key)
        self._groups[key].append((cell, label))

    def gathered(self, code: str) -> list[str]:
        """The labels gathered so far under a code."""
        return [label for (kind, _), group in self._groups.items() if kind.partition(":")[0] == code for _, label in group]

    def told_values(self, code: str) -> list[str]:
        """The values told so far under a code, each once."""
        told = (each for each in self._told if not isinstance(each, tuple) and each.code == code)
        return list(dict.fromkeys(each.value for each in told))

    def findings(self) -> tuple[Finding, ...]:
        """All that was told."""
        return tuple(self._grouped(each) if isinstance(each, tuple) else each for each in self._told)

    def _grouped(self, key: tuple[str, str]) -> Finding:
        code, sheet = key[0].partition(":")[0], key[1]
        group = self._groups[key]
        labels = list(dict.fromkeys(label for _, label in group))
        return import_finding(
            code,
            sheet,
            span([cell for cell, _ in group]),
            labels[0],
            count=counted(len(group), *_COUNTED[code]),
            servers=named(labels),
        )


def span(cells: Sequence[str]) -> str:
    """The place of several cells: the one, or the first and last where they stand in one column; else the first."""
    first, last = cells[0], cells[-1]
    is_column = first.rstrip("0123456789") == last.rstrip("0123456789")
    rows = [int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0) for cell in (first, last)]
    return f"{first}:{last}" if is_column and rows[1] - rows[0] == len(cells) - 1 > 0 else first
