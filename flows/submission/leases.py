"""Who may work on which source server and which target server: leases in the journal, as functions of a connection (design 5.7).

A run that is alive is one `holder`; each of its leases lives as long as the holder does. Whoever needs a lease of a holder whose
time is over ends that holder, with all its leases, in the same transaction: the run behind it, should it wake up, finds itself
gone at its next write (`fence`) and writes nothing more. The journal's transactions are serial (database.py), so what is read
here holds until it is written. Called by journal.py.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, insert, select

from flows.submission import schema
from flows.submission.statements import row_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from flows.submission.lease_clock import LeaseTime
    from flows.submission.lease_statements import LeaseStatements
    from flows.submission.records import RowRecord


class LeaseKind(StrEnum):
    """What a lease is on."""

    SOURCE = "source"
    TARGET = "target"
    PLACES = "places"


Key = tuple[LeaseKind, str]
"""What is leased: a source server by its id, a target server by its `vm_id`; the places of an account, of which there is one."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A run that is alive, as those who share its journal see it. It counts as dead `ttl_seconds` after its last sign of life."""

    holder_id: str
    run_id: str
    ttl_seconds: float


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """What one row needs: its source, and its target where that is an existing server (else "")."""

    source_server_id: str
    target_vm_id: str


@dataclass(frozen=True, slots=True)
class Granted:
    """The row is this holder's to work on. `record` is how it stands, None where the journal has never heard of it.

    `neighbours` are the rows of other sources that may have bound the target, or have; those of them that are in flight are leased
    with the row, since they are settled first. `keys` is everything that was leased.
    """

    record: RowRecord | None
    neighbours: tuple[RowRecord, ...]
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Another run works on the row, or on what it needs. `record` is how the row stands.

    `by` names that run for people; it is "" where another row of this very run is in the way.
    """

    by: str
    record: RowRecord | None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for which account, and when."""

    account: str
    holder_id: str
    now: LeaseTime


class Fence(Enum):
    """Whether a holder may write."""

    OPEN = "it may, and its life is prolonged"
    WRITTEN = "this very group was written before, and the connection lost before that was heard"
    LOST = "its time was over and another run has ended it"


def introduce(connection: Connection, holder: Holder, now: LeaseTime) -> None:
    """Let a run live; those whose time is over are forgotten on the way."""
    lapsed = [found.holder_id for found in connection.execute(select(schema.holder)) if not is_alive(found, now)]
    for holder_id in lapsed:
        end(connection, holder_id)
    there = connection.execute(select(schema.holder.c.holder_id).where(schema.holder.c.holder_id == holder.holder_id)).first()
    if there is None:
        values = {
            "holder_id": holder.holder_id,
            "run_id": holder.run_id,
            "alive_until": now.seconds + holder.ttl_seconds,
            "ttl_seconds": holder.ttl_seconds,
            "clock": now.clock,
            "last_group": 0,
        }
        connection.execute(insert(schema.holder), [values])


def fence(connection: Connection, statements: LeaseStatements, holder: Holder, number: int, now: LeaseTime) -> Fence:
    """Prolong the holder's life for its group of that number, which is higher than any it wrote before."""
    until = now.seconds + holder.ttl_seconds
    if statements.fence.run(connection, mine=holder.holder_id, number=number, until=until, clock_id=now.clock).rowcount:
        return Fence.OPEN
    table = schema.holder
    last = connection.execute(select(table.c.last_group).where(table.c.holder_id == holder.holder_id)).scalar_one_or_none()
    return Fence.LOST if last is None else Fence.WRITTEN


def end(connection: Connection, holder_id: str) -> None:
    """Let go of a holder and of all that it leased."""
    connection.execute(delete(schema.lease).where(schema.lease.c.holder_id == holder_id))
    connection.execute(delete(schema.holder).where(schema.holder.c.holder_id == holder_id))


def acquire(
    connection: Connection, statements: LeaseStatements, asker: Asker, requests: Sequence[LeaseRequest]
) -> list[Granted | Held]:
    """An answer for each request: all of what its row needs, or none of it."""
    records = rows(connection, statements, asker.account, [request.source_server_id for request in requests])
    on_target = _rows_on_targets(connection, statements, asker.account, {request.target_vm_id for request in requests} - {""})
    needed = [_needed(request, on_target.get(request.target_vm_id, ())) for request in requests]
    taken = _held_by_others(connection, statements, asker, list(dict.fromkeys(key for _, keys in needed for key in keys)))
    answers: list[Granted | Held] = []
    fresh: dict[Key, None] = {}
    for request, (neighbours, keys) in zip(requests, needed, strict=True):
        record = records.get(request.source_server_id)
        others = [taken[key] for key in keys if key in taken]
        if others:
            answers.append(Held(others[0], record))
        else:
            answers.append(Granted(record, neighbours, keys))
            fresh.update(dict.fromkeys(keys))
    if fresh:
        statements.insert.run(connection, _columns(asker.account, asker.holder_id, fresh))
    return answers


def release(connection: Connection, statements: LeaseStatements, account: str, holder_id: str, keys: Sequence[Key]) -> None:
    """Let go of single leases."""
    if keys:
        statements.release.run(connection, account=account, mine=holder_id, **_names(keys))


def standing(
    connection: Connection, statements: LeaseStatements, asker: Asker, sources: Sequence[str]
) -> dict[str, tuple[RowRecord | None, str]]:
    """How rows stand that this run does not work on: the record, and the run that does work on it ("" where none does)."""
    records = rows(connection, statements, asker.account, sources)
    held, _ = _others(connection, statements, asker, [(LeaseKind.SOURCE, source) for source in sources])
    return {source: (records.get(source), held.get((LeaseKind.SOURCE, source), "")) for source in sources}


def _columns(account: str, holder_id: str, keys: Iterable[Key]) -> list[dict[str, str]]:
    return [{"account": account, "kind": kind.value, "key": name, "holder_id": holder_id} for kind, name in keys]


def _names(keys: Sequence[Key]) -> dict[str, list[str]]:
    """The keys by their kind, as the statements want them."""
    return {
        "sources": [name for kind, name in keys if kind is LeaseKind.SOURCE],
        "targets": [name for kind, name in keys if kind is LeaseKind.TARGET],
    }


def _needed(request: LeaseRequest, on_target: Sequence[RowRecord]) -> tuple[tuple[RowRecord, ...], tuple[Key, ...]]:
    """The rows that may have bound the request's target, and everything that is leased with the request."""
    neighbours = tuple(record for record in on_target if record.source_server_id != request.source_server_id)
    keys: list[Key] = [(LeaseKind.SOURCE, request.source_server_id)]
    if request.target_vm_id:
        keys.append((LeaseKind.TARGET, request.target_vm_id))
    keys += [(LeaseKind.SOURCE, record.source_server_id) for record in neighbours if record.state.is_in_flight]
    return neighbours, tuple(keys)


def rows(connection: Connection, statements: LeaseStatements, account: str, sources: Sequence[str]) -> dict[str, RowRecord]:
    """How rows stand, by source server; those that the journal has never heard of are absent."""
    found = statements.rows.run(connection, account=account, sources=list(sources)).mappings()
    return {values["source_server_id"]: row_record(dict(values)) for values in found}


def _rows_on_targets(
    connection: Connection, statements: LeaseStatements, account: str, targets: set[str]
) -> Mapping[str, Sequence[RowRecord]]:
    """The rows that hold, or may hold, each target."""
    found: defaultdict[str, list[RowRecord]] = defaultdict(list)
    if targets:
        there = statements.rows_on_targets.run(connection, account=account, targets=sorted(targets)).mappings()
        for values in sorted(there, key=itemgetter("source_server_id")):
            found[values["target_vm_id"]].append(row_record(dict(values)))
    return found


def _held_by_others(connection: Connection, statements: LeaseStatements, asker: Asker, keys: Sequence[Key]) -> Mapping[Key, str]:
    """The keys that another living run holds, with that run's name; runs whose time is over are ended."""
    living, lapsed = _others(connection, statements, asker, keys)
    for holder_id in sorted(lapsed):
        end(connection, holder_id)
    return living


def _others(
    connection: Connection, statements: LeaseStatements, asker: Asker, keys: Sequence[Key]
) -> tuple[dict[Key, str], set[str]]:
    """The keys that living runs other than the asker hold, with the name of that run; and the holders whose time is over."""
    found = statements.held_by_others.run(connection, account=asker.account, mine=asker.holder_id, **_names(keys))
    living: dict[Key, str] = {}
    lapsed: set[str] = set()
    for one in found:
        if one.run_id is not None and is_alive(one, asker.now):
            living[LeaseKind(one.kind), one.key] = f"run {one.run_id} of {one.author} (wave {one.wave})"
        else:
            lapsed.add(one.holder_id)
    return living, lapsed


def is_alive(found: Row[Any], now: LeaseTime) -> bool:
    """Whether the holder in a row of `holder`, or of a join with it, has given its last sign of life recently enough."""
    return now.is_before(found.alive_until, found.clock, found.ttl_seconds)
