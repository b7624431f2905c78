"""Which source server a row means: its id where the sheet gives it, else the one that SMS knows by that name or address.

The id wins. A name or an address that fits no server, or two, rules the row out: nothing is guessed. Called by survey.py.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.source_server import one_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.plan import ServerRow
    from inventory.source_server import SourceServer


@dataclass(frozen=True, slots=True)
class Unidentified:
    """Why a row names no source server: what is wrong, and what to do."""

    message: str
    advice: str


class SourceDirectory:
    """The source servers that SMS knows, by name and by address."""

    def __init__(self, sources: Iterable[SourceServer]) -> None:
        self._by_name: defaultdict[str, dict[str, SourceServer]] = defaultdict(dict)
        self._by_ip: defaultdict[str, dict[str, SourceServer]] = defaultdict(dict)
        for source in sources:
            for name in {source.name, source.hostname} - {""}:
                self._by_name[name.casefold()][source.id] = source
            for address in source.addresses:
                self._by_ip[one_spelling(address)][source.id] = source

    def identify(self, row: ServerRow) -> str | Unidentified:
        """The id of the source server that `row` means, by its name and its address; both must fit where both are given."""
        candidates = self.candidates(row)
        if len(candidates) == 1:
            return next(iter(candidates))
        said = " and ".join(text for text in (row.source_name, row.source_ip) if text)
        if not candidates:
            return Unidentified(
                f'SMS knows no source server "{said}"',
                "install the migration agent on it and register it, or correct the name or the address in the sheet",
            )
        ids = ", ".join(sorted(candidates))
        return Unidentified(f'"{said}" fits {len(candidates)} source servers: {ids}', "give the row its source_server_id")

    def candidates(self, row: ServerRow) -> set[str]:
        """The ids of all source servers that fit the row's name and address."""
        by_name = set(self._by_name.get(row.source_name.casefold(), ())) if row.source_name else None
        by_ip = set(self._by_ip.get(one_spelling(row.source_ip), ())) if row.source_ip else None
        if by_name is None:
            return by_ip or set()
        return by_name if by_ip is None else by_name & by_ip
