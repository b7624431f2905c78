"""Find the source server that a row means: by its id, else by name, else by address.

Decides when a name is good enough: it must fit exactly one server, of which an address given beside it must not speak otherwise.
Asks nobody: the caller hands in SMS's whole list. Called by the flow before a wave, and by `waves check --online`.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import TYPE_CHECKING

from inventory.build_findings import BuildError, build_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inventory.plan import ServerRow
    from inventory.source_server import SourceServer

_NAMED = 5


def same_address(text: str) -> str:
    """An address in the one way to write it (IPv6 has many); other text as it is."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return text


class SourceIndex:
    """All sources of an account, to be asked row by row; a source that is listed twice, since pages shift, counts once."""

    def __init__(self, sources: Iterable[SourceServer]) -> None:
        self._by_id = {source.id: source for source in sources}
        self._by_name: dict[str, list[SourceServer]] = defaultdict(list)
        self._by_address: dict[str, list[SourceServer]] = defaultdict(list)
        for source in self._by_id.values():
            self._by_name[source.name.casefold()].append(source)
            for address in source.addresses:
                self._by_address[same_address(address)].append(source)

    def get(self, source_server_id: str) -> SourceServer | None:
        """The source of this id; None where SMS has none."""
        return self._by_id.get(source_server_id)

    def find(self, row: ServerRow) -> SourceServer:
        """The source that the row means. The id wins; a name that fits several is narrowed by the row's address.

        Raises BuildError where none fits (PLAN-601 by id, PLAN-602), or several do (PLAN-603).
        """
        if row.source_server_id:
            source = self._by_id.get(row.source_server_id)
            if source is None:
                raise _refusal(row, "PLAN-601", "source_server_id")
            return source
        column = "source_name" if row.source_name else "source_ip"
        fitting = self._fitting(row)
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise _refusal(row, "PLAN-602", column)
        ids = ", ".join(source.id for source in fitting[:_NAMED]) + (", ..." if len(fitting) > _NAMED else "")
        raise _refusal(row, "PLAN-603", column, count=len(fitting), ids=ids)

    def _fitting(self, row: ServerRow) -> Sequence[SourceServer]:
        at_address = self._by_address.get(same_address(row.source_ip), []) if row.source_ip else []
        if not row.source_name:
            return at_address
        named = self._by_name.get(row.source_name.casefold(), [])
        exact = [source for source in named if source.name == row.source_name] or named
        if len(exact) > 1 and row.source_ip:
            return [source for source in exact if source in at_address]
        return exact


def _refusal(row: ServerRow, code: str, column: str, **words: str | int) -> BuildError:
    return BuildError((build_finding(code, row.cell(column), row.text(column), server=row.label, **words),))
