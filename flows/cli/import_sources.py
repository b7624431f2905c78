"""Join an inventory's servers with those that SMS knows: by id, name, host name or address.

Decides who is who: an id is certain, else name, host name and address must point to one source and that source to one row. Asks
SMS once, for the list; changes nothing there. Called by import_command.py with --sources.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inventory.importers.import_findings import counted, import_finding, named
from inventory.source_server import one_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.findings import Finding
    from inventory.importers.imported import Imported, ImportedServer
    from inventory.source_server import SourceServer


@dataclass(frozen=True, slots=True)
class Joined:
    """An inventory with the ids that SMS has for its servers, and the labels of those that got one, several, or none."""

    imported: Imported
    joined: list[str]
    ambiguous: list[str]
    missing: list[str]

    @property
    def summary(self) -> str:
        """How many of each."""
        return f"SMS knows {len(self.joined)} of these servers; {len(self.ambiguous)} ambiguous, {len(self.missing)} missing there"


def join_with_sms(imported: Imported) -> Joined:
    """Ask SMS, by the settings of the environment, and join. Raises SettingsError and SmsError."""
    from flows.settings import load_settings
    from flows.sms.auth import make_auth
    from flows.sms.client import ClientOptions, SmsClient

    settings = load_settings()

    async def ask() -> list[SourceServer]:
        async with SmsClient(ClientOptions.of(settings), make_auth(settings)) as client:
            return await client.list_sources()

    return join(imported, asyncio.run(ask()))


def join(imported: Imported, sources: Sequence[SourceServer]) -> Joined:
    """Give each server the id of the one source that it can be."""
    index = _Index(sources)
    fits = [index.find(server) for server in imported.servers]
    rows_of: dict[str, list[int]] = defaultdict(list)
    for place, found in enumerate(fits):
        if len(found) == 1:
            rows_of[found[0].id].append(place)
    servers: list[ImportedServer] = []
    result = Joined(imported, [], [], [])
    findings: list[Finding] = []
    for place, (server, found) in enumerate(zip(imported.servers, fits, strict=True)):
        if len(found) == 1 and len(rows_of[found[0].id]) == 1:
            result.joined.append(server.label)
            servers.append(replace(server, values={**server.values, "source_server_id": found[0].id}))
            continue
        servers.append(server)
        if not found:
            result.missing.append(server.label)
        else:
            result.ambiguous.append(server.label)
            findings += _doubt(imported, server, found, rows_of, place)
    if result.missing:
        missing = next(server for server in servers if server.label == result.missing[0])
        words = {"count": counted(len(result.missing), "server is", "servers are"), "servers": named(result.missing)}
        findings.append(import_finding("IMPORT-201", missing.sheet, missing.cell, missing.label, **words))
    return replace(result, imported=replace(imported, servers=tuple(servers), findings=(*imported.findings, *findings)))


def _doubt(
    imported: Imported, server: ImportedServer, found: Sequence[SourceServer], rows_of: Mapping[str, list[int]], place: int
) -> list[Finding]:
    """Why a server got no id although SMS has one that fits; rows that share a source are told once, at the first."""
    if len(found) > 1:
        shown = named([f"{source.label} ({source.id})" for source in found])
        return [import_finding("IMPORT-202", server.sheet, server.cell, server.label, sources=shown)]
    rows = rows_of[found[0].id]
    if place != rows[0]:
        return []
    others = named([imported.servers[row].label for row in rows])
    return [import_finding("IMPORT-203", server.sheet, server.cell, found[0].label, servers=others)]


class _Index:
    """The sources by what a row may name them by."""

    def __init__(self, sources: Sequence[SourceServer]) -> None:
        self._by_id = {source.id: source for source in sources}
        self._by_name: dict[str, list[SourceServer]] = defaultdict(list)
        self._by_host: dict[str, list[SourceServer]] = defaultdict(list)
        self._by_address: dict[str, list[SourceServer]] = defaultdict(list)
        for source in sources:
            for name in {source.name.casefold(), source.hostname.casefold()} - {""}:
                self._by_name[name].append(source)
                self._by_host[_host(name)].append(source)
            for address in {one_spelling(text) for text in source.addresses}:
                self._by_address[address].append(source)

    def find(self, server: ImportedServer) -> list[SourceServer]:
        """The sources that a server can be: one if it is certain. Names that fit several are told apart by the address."""
        said = server.values
        for key in ("source_server_id", "inventory_id"):
            if (source := self._by_id.get(str(said.get(key, "")))) is not None:
                return [source]
        addresses = {one_spelling(text) for text in (*server.addresses, str(said.get("source_ip") or "")) if text}
        by_address = _once(source for address in addresses for source in self._by_address.get(address, ()))
        for names in self._names(server):
            found = _once(names)
            both = [source for source in found if source in by_address]
            if len(both) == 1 or (found and not by_address):
                return both or found
            if found:  # the name points to one, the address to another
                return _once((*found, *by_address))
        return by_address

    def _names(self, server: ImportedServer) -> Iterable[Iterable[SourceServer]]:
        """What fits by name, by host name in full, then by the host's own part of either: the first that finds any."""
        name, fqdn = server.name.casefold(), server.fqdn.casefold()
        yield self._by_name.get(name, ()) if name else ()
        yield self._by_name.get(fqdn, ()) if fqdn else ()
        for full in filter(None, (name, fqdn)):
            yield [source for source in self._by_host.get(_host(full), ()) if _is_short(full) or _has_short(source)]


def _host(name: str) -> str:
    """The host's own part of a full name: `web-01` of `web-01.example.com`; an address stays whole."""
    return name if one_spelling(name) != name or name.replace(".", "").isdecimal() else name.partition(".")[0]


def _is_short(name: str) -> bool:
    """Whether a name is a host's own part alone, so that any domain may follow."""
    return _host(name) == name


def _has_short(source: SourceServer) -> bool:
    return any(_is_short(name) for name in (source.name.casefold(), source.hostname.casefold()) if name)


def _once(sources: Iterable[SourceServer]) -> list[SourceServer]:
    return list({source.id: source for source in sources}.values())
