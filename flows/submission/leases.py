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
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, and_, delete, false, insert, or_, select, update

from flows.submission import schema
from flows.submission.life import RowState
from flows.submission.statements import row_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from flows.submission.lease_clock import LeaseTime
    from flows.submission.records import RowRecord
    from flows.submission.statements import Bulk

_ON_TARGET = tuple(state.value for state in (RowState.SENDING, RowState.UNSETTLED, RowState.BOUND))


class LeaseKind(StrEnum):
    """What a lease is on."""

    SOURCE = "source"
    TARGET = "target"


Key = tuple[LeaseKind, str]
"""What is leased: a source server by its id, a target server by its `vm_id`."""


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
    """Who asks, for which account, and when; `insert_lease` is the statement that writes leases (statements.py)."""

    account: str
    holder: Holder
    now: LeaseTime
    insert_lease: Bulk


class Fence(Enum):
    """Whether a holder may write."""

    OPEN = "it may, and its life is prolonged"
    WRITTEN = "this very group was written before, and the connection lost before that was heard"
    LOST = "its time was over and another run has ended it"


def introduce(connection: Connection, holder: Holder, now: LeaseTime) -> None:
    """Let a run live; those whose time is over are forgotten on the way."""
    lapsed = [found.holder_id for found in connection.execute(select(schema.holder)) if not _is_alive(found, now)]
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


def fence(connection: Connection, holder: Holder, number: int, now: LeaseTime) -> Fence:
    """Prolong the holder's life for its group of that number, which is higher than any it wrote before."""
    table = schema.holder
    mine = table.c.holder_id == holder.holder_id
    alive = {"last_group": number, "alive_until": now.seconds + holder.ttl_seconds, "clock": now.clock}
    if connection.execute(update(table).where(mine, table.c.last_group < number).values(alive)).rowcount:
        return Fence.OPEN
    last = connection.execute(select(table.c.last_group).where(mine)).scalar_one_or_none()
    return Fence.LOST if last is None else Fence.WRITTEN


def end(connection: Connection, holder_id: str) -> None:
    """Let go of a holder and of all that it leased."""
    connection.execute(delete(schema.lease).where(schema.lease.c.holder_id == holder_id))
    connection.execute(delete(schema.holder).where(schema.holder.c.holder_id == holder_id))


def acquire(connection: Connection, asker: Asker, requests: Sequence[LeaseRequest]) -> list[Granted | Held]:
    """An answer for each request: all of what its row needs, or none of it."""
    records = _rows(connection, schema.row.c.account == asker.account, [request.source_server_id for request in requests])
    on_target = _rows_on_targets(connection, asker.account, {request.target_vm_id for request in requests} - {""})
    needed = [_needed(request, on_target[request.target_vm_id]) for request in requests]
    taken = _held_by_others(connection, asker, list(dict.fromkeys(key for _, keys in needed for key in keys)))
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
        holder_id = asker.holder.holder_id
        rows = [{"account": asker.account, "kind": kind.value, "key": name, "holder_id": holder_id} for kind, name in fresh]
        asker.insert_lease.run(connection, rows)
    return answers


def release(connection: Connection, account: str, holder: Holder, keys: Sequence[Key]) -> None:
    """Let go of single leases."""
    if keys:
        connection.execute(delete(schema.lease).where(_any_of(account, keys), schema.lease.c.holder_id == holder.holder_id))


def standing(
    connection: Connection, account: str, sources: Sequence[str], holder_id: str, now: LeaseTime
) -> dict[str, tuple[RowRecord | None, str]]:
    """How rows stand that this run does not work on: the record, and the run that does work on it ("" where none does)."""
    records = _rows(connection, schema.row.c.account == account, sources)
    held = _living(connection, account, holder_id, [(LeaseKind.SOURCE, source) for source in sources], now)
    return {source: (records.get(source), held.get((LeaseKind.SOURCE, source), "")) for source in sources}


def _needed(request: LeaseRequest, on_target: Sequence[RowRecord]) -> tuple[tuple[RowRecord, ...], tuple[Key, ...]]:
    """The rows that may have bound the request's target, and everything that is leased with the request."""
    neighbours = tuple(record for record in on_target if record.source_server_id != request.source_server_id)
    keys: list[Key] = [(LeaseKind.SOURCE, request.source_server_id)]
    if request.target_vm_id:
        keys.append((LeaseKind.TARGET, request.target_vm_id))
    keys += [(LeaseKind.SOURCE, record.source_server_id) for record in neighbours if record.state.is_in_flight]
    return neighbours, tuple(keys)


def _rows(connection: Connection, chosen: ColumnElement[bool], sources: Sequence[str]) -> dict[str, RowRecord]:
    found = connection.execute(select(schema.row).where(chosen, schema.row.c.source_server_id.in_(sources))).mappings()
    return {values["source_server_id"]: row_record(dict(values)) for values in found}


def _rows_on_targets(connection: Connection, account: str, targets: set[str]) -> Mapping[str, list[RowRecord]]:
    """The rows that hold, or may hold, each target."""
    found: defaultdict[str, list[RowRecord]] = defaultdict(list)
    table = schema.row
    if targets:
        chosen = select(table).where(
            table.c.account == account, table.c.target_vm_id.in_(sorted(targets)), table.c.state.in_(_ON_TARGET)
        )
        for values in connection.execute(chosen.order_by(table.c.source_server_id)).mappings():
            found[values["target_vm_id"]].append(row_record(dict(values)))
    return found


def _held_by_others(connection: Connection, asker: Asker, keys: Sequence[Key]) -> Mapping[Key, str]:
    """The keys that another living run holds, with that run's name; runs whose time is over are ended."""
    account, mine = asker.account, asker.holder.holder_id
    living = _living(connection, account, mine, keys, asker.now)
    table = schema.lease
    others = select(table.c.holder_id, table.c.kind, table.c.key).where(_any_of(account, keys), table.c.holder_id != mine)
    lapsed = {one.holder_id for one in connection.execute(others) if (LeaseKind(one.kind), one.key) not in living}
    for holder_id in sorted(lapsed):
        end(connection, holder_id)
    return living


def _living(connection: Connection, account: str, holder_id: str, keys: Sequence[Key], now: LeaseTime) -> dict[Key, str]:
    """The keys that living runs other than `holder_id` hold, with the name of that run."""
    lease, holder, run = schema.lease, schema.holder, schema.run
    joined = lease.join(holder, holder.c.holder_id == lease.c.holder_id).outerjoin(run, run.c.run_id == holder.c.run_id)
    chosen = select(lease.c.kind, lease.c.key, holder, run.c.author, run.c.wave).select_from(joined)
    found = connection.execute(chosen.where(_any_of(account, keys), lease.c.holder_id != holder_id))
    alive = [one for one in found if _is_alive(one, now)]
    return {(LeaseKind(one.kind), one.key): f"run {one.run_id} of {one.author} (wave {one.wave})" for one in alive}


def _is_alive(found: Row[Any], now: LeaseTime) -> bool:
    return now.is_before(found.alive_until, found.clock, found.ttl_seconds)


def _any_of(account: str, keys: Iterable[Key]) -> ColumnElement[bool]:
    by_kind: defaultdict[LeaseKind, list[str]] = defaultdict(list)
    for kind, name in keys:
        by_kind[kind].append(name)
    kinds = [and_(schema.lease.c.kind == kind.value, schema.lease.c.key.in_(names)) for kind, names in by_kind.items()]
    return and_(schema.lease.c.account == account, or_(false(), *kinds))
