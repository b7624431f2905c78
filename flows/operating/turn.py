"""Let one starter of an account look and start at a time: a lease on the account's places (design 5.7).

Two starters that looked at the same moment would both see a free place and both take it. The lease lives as long as its holder;
one that died lets go of it. What the one before has just started, and SMS may not list as running yet, is read from the journal.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from flows.submission import leases, schema
from flows.submission.lease_clock import lease_time
from flows.submission.leases import LeaseKind

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from flows.operating.desk import ActDesk
    from flows.submission.clock import Clock
    from flows.submission.leases import Key

PLACES: Key = (LeaseKind.PLACES, "")
"""The one lease on the places of an account."""

_ASK_AGAIN_SECONDS = 0.5


class Turn:
    """This order's turn to start servers."""

    def __init__(self, desk: ActDesk) -> None:
        self._desk = desk
        self._holder_id = ""

    async def take(self) -> bool:
        """Wait for the turn; False as soon as nothing new may be sent any more. Raises JournalUnavailableError, LeaseLostError."""
        desk = self._desk
        while desk.may_send:
            lease = await desk.journal.lease(())
            by = await desk.journal.transact(
                partial(_take, account=desk.order.account, holder_id=lease.holder_id, clock=desk.clock)
            )
            if not by:
                self._holder_id = lease.holder_id
                return True
            desk.say_once(f"{by} starts servers of this account: waiting for its turn to end")
            await desk.stop.sleep(_ASK_AGAIN_SECONDS, desk.clock)
        return False

    async def give_back(self) -> None:
        """Let the next one have it. Raises JournalUnavailableError; then the lease ends with the run."""
        holder_id, self._holder_id = self._holder_id, ""
        if holder_id:
            await self._desk.journal.transact(partial(_give_back, account=self._desk.order.account, holder_id=holder_id))


def _is_places(account: str) -> ColumnElement[bool]:
    kind, key = PLACES
    lease = schema.lease.c
    return (lease.account == account) & (lease.kind == kind.value) & (lease.key == key)


def _take(connection: Connection, account: str, holder_id: str, clock: Clock) -> str:
    """Take the lease; "" where it is this holder's now, else whose it is, in words."""
    lease, holder, run = schema.lease, schema.holder, schema.run
    joined = lease.outerjoin(holder, holder.c.holder_id == lease.c.holder_id).outerjoin(run, run.c.run_id == holder.c.run_id)
    columns: tuple[ColumnElement[Any], ...] = (
        lease.c.holder_id,
        holder.c.run_id,
        holder.c.alive_until,
        holder.c.clock,
        holder.c.ttl_seconds,
        run.c.author,
        run.c.wave,
    )
    found = connection.execute(select(*columns).select_from(joined).where(_is_places(account))).first()
    if found is not None and found.holder_id == holder_id:
        return ""
    if found is not None and found.run_id is not None and leases.is_alive(found, lease_time(connection, clock)):
        return f"run {found.run_id} of {found.author} (wave {found.wave})"
    if found is not None:
        leases.end(connection, found.holder_id)
    kind, key = PLACES
    connection.execute(insert(lease), [{"account": account, "kind": kind.value, "key": key, "holder_id": holder_id}])
    return ""


def _give_back(connection: Connection, account: str, holder_id: str) -> None:
    connection.execute(delete(schema.lease).where(_is_places(account), schema.lease.c.holder_id == holder_id))
