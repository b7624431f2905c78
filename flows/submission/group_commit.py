"""Share commits: what rows want written, leased or let go of at the same time goes to the disk as one group.

Each group first passes the fence (leases.py): it prolongs the run's life, and is refused whole once another run has ended that
life. A group with nothing in it is written when the run has been silent for long: a sign of life. Called by journal.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.submission import leases
from flows.submission.database import JournalUnavailableError
from flows.submission.lease_clock import lease_time
from flows.submission.leases import Asker, Fence
from flows.submission.statements import end_values, row_values, start_values

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlalchemy import Connection

    from flows.submission.clock import Clock
    from flows.submission.database import Database
    from flows.submission.lease_statements import LeaseStatements
    from flows.submission.leases import Granted, Held, Holder, Key, LeaseRequest
    from flows.submission.records import Entry
    from flows.submission.statements import Statements


_BUSY_ENTRIES = 20
_GATHER_SECONDS = 0.004
"""So long a group gathers after one of `_BUSY_ENTRIES` or more: a commit costs as much as twenty of them."""


class LeaseLostError(Exception):
    """The run was silent for so long that another has ended it: nothing is written any more under the leases it had."""


class Written:
    """An entry on its way to the disk: awaited, it is there, or an error says that it may not be.

    JournalUnavailableError: the journal cannot be written. LeaseLostError: this run may not write it any more. Whoever awaits it
    may be cancelled; the entry is written all the same, and `after_all` waits for that.
    """

    __slots__ = ("_error", "_future", "entry", "is_over")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.is_over = False
        self._error: Exception | None = None
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, None]:
        return self._future.__await__()

    async def after_all(self) -> None:
        """Return when the entry is on disk, although a first wait for it was cancelled; raises as that would have."""
        while not self.is_over:
            if self._future.done():
                self._future = asyncio.get_running_loop().create_future()
            await self._future
        if self._error is not None:
            raise self._error

    def end(self, error: Exception | None) -> None:
        """Tell whoever waits; called by the journal, once."""
        self.is_over, self._error = True, error
        if self._future.done():
            return
        if error is None:
            self._future.set_result(None)
        else:
            self._future.set_exception(error)


@dataclass(frozen=True, slots=True)
class Lease:
    """Answers to requests for leases, and the holder that was given them."""

    holder_id: str
    answers: Sequence[Granted | Held]


@dataclass(frozen=True, slots=True)
class _Ask:
    requests: Sequence[LeaseRequest]
    answer: asyncio.Future[Lease]


@dataclass(slots=True)
class _Group:
    entries: list[Written] = field(default_factory=list)
    asks: list[_Ask] = field(default_factory=list)
    released: list[tuple[str, Key]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.entries or self.asks or self.released)

    def fail(self, error: Exception) -> None:
        for written in self.entries:
            written.end(error)
        for ask in self.asks:
            if not ask.answer.done():
                ask.answer.set_exception(error)


class GroupCommit:
    """The one writer of a run. `groups` counts what it committed; `account` and `holder` are those of the run."""

    def __init__(self, database: Database, clock: Clock, statements: Statements, lease_statements: LeaseStatements) -> None:
        self._database = database
        self._clock = clock
        self._statements = statements
        self._lease_statements = lease_statements
        self._group = _Group()
        self._wake = asyncio.Event()
        self._closing = False
        self._is_busy = False
        self._writer: asyncio.Task[None] | None = None
        self.groups = 0
        self.account = ""
        self.holder: Holder | None = None
        self._is_introduced = False
        self._lives = 0
        self._number = 0
        self._renew_seconds: float | None = None
        self._alive_until = 0.0

    def open(self) -> None:
        """Start writing, in the running loop."""
        self._writer = asyncio.create_task(self._write_groups(), name="journal-writer")

    async def close(self) -> None:
        """Write what is waiting, and end."""
        self._closing = True
        self._wake.set()
        if self._writer is not None:
            await self._writer

    def begin(self, account: str, holder: Holder, renew_seconds: float, since: float) -> None:
        """Write for this holder, who was introduced at `since` (boot seconds) or later."""
        self.account, self.holder, self._is_introduced = account, holder, True
        self._renew_seconds = renew_seconds
        self._alive_until = since + holder.ttl_seconds
        self._wake.set()

    def end(self) -> str:
        """Write nothing any more; the id of the holder that is to be ended, "" where there is none."""
        holder, self.holder = self.holder, None
        return holder.holder_id if holder is not None else ""

    def record(self, entry: Entry) -> Written:
        """Send `entry` on its way."""
        written = Written(entry)
        self._group.entries.append(written)
        self._wake.set()
        return written

    async def lease(self, requests: Sequence[LeaseRequest]) -> Lease:
        """Ask for leases; raises JournalUnavailableError, or LeaseLostError (then ask again)."""
        ask = _Ask(requests, asyncio.get_running_loop().create_future())
        self._group.asks.append(ask)
        self._wake.set()
        return await ask.answer

    def release(self, holder_id: str, keys: Sequence[Key]) -> None:
        """Let go of leases with the next group; nobody waits for it."""
        self._group.released += [(holder_id, key) for key in keys]

    def outlives(self, holder_id: str, seconds: float) -> bool:
        """Whether the leases of that holder are certain to be this run's for so many seconds from now."""
        is_current = self.holder is not None and self.holder.holder_id == holder_id
        return is_current and self._alive_until - self._clock.boot() >= seconds

    async def _write_groups(self) -> None:
        while not (self._closing and self._group.is_empty):
            try:
                async with asyncio.timeout(self._renew_seconds if self.holder else None):
                    await self._wake.wait()
            except TimeoutError:
                pass  # silent for long: an empty group is a sign of life
            if self._is_busy:
                await self._clock.sleep(_GATHER_SECONDS)
            self._wake.clear()
            group, self._group = self._group, _Group()
            self._is_busy = len(group.entries) >= _BUSY_ENTRIES
            if self.holder is not None and not (self._closing and group.is_empty):
                await self._write(group, self.holder)
            else:
                group.fail(JournalUnavailableError("a defect of this tool: nothing can be written before a run has begun"))

    async def _write(self, group: _Group, holder: Holder) -> None:
        stale = [written for written in group.entries if written.entry.holder_id != holder.holder_id]
        group.entries = [written for written in group.entries if written.entry.holder_id == holder.holder_id]
        for written in stale:
            written.end(LeaseLostError())
        self._number += 1
        since = self._clock.boot()
        try:
            answers = await self._database.transact(partial(self._apply, group=group, holder=holder, number=self._number))
        except JournalUnavailableError as error:
            group.fail(error)
        except Exception as error:  # noqa: BLE001 - rows that wait must hear of a defect too, or they wait for ever
            group.fail(JournalUnavailableError(f"a defect of this tool: {type(error).__name__}: {error}"))
        else:
            if answers is None:
                self._live_again(holder)
                group.fail(LeaseLostError())
            else:
                self._is_introduced = True
                self._alive_until = since + holder.ttl_seconds
                self._tell(group, holder, answers)

    def _live_again(self, holder: Holder) -> None:
        """Another run has ended this one's life as a holder; it goes on as a new one that has no leases yet, if it goes on."""
        if self.holder is not holder:
            return
        self._lives += 1
        self.holder = replace(holder, holder_id=f"{holder.run_id}.{self._lives}")
        self._is_introduced = False
        self._alive_until = 0.0

    def _tell(self, group: _Group, holder: Holder, answers: Sequence[Granted | Held]) -> None:
        self.groups += 1
        for written in group.entries:
            written.end(None)
        told = 0
        for ask in group.asks:
            if not ask.answer.done():
                ask.answer.set_result(Lease(holder.holder_id, answers[told : told + len(ask.requests)]))
            told += len(ask.requests)

    def _apply(self, connection: Connection, group: _Group, holder: Holder, number: int) -> Sequence[Granted | Held] | None:
        """Write the group; the answers to its requests, or None where this holder may not write any more. Safe to run twice."""
        now = lease_time(connection, self._clock)
        if not self._is_introduced:
            leases.introduce(connection, holder, now)
        passed = leases.fence(connection, self._lease_statements, holder, number, now)
        if passed is Fence.LOST:
            return None
        if passed is Fence.OPEN and group.entries:
            self._write_entries(connection, [written.entry for written in group.entries])
        released = [key for held, key in group.released if held == holder.holder_id]
        leases.release(connection, self._lease_statements, self.account, holder.holder_id, released)
        requests = [request for ask in group.asks for request in ask.requests]
        asker = Asker(self.account, holder.holder_id, now)
        return leases.acquire(connection, self._lease_statements, asker, requests) if requests else []

    def _write_entries(self, connection: Connection, entries: Sequence[Entry]) -> None:
        now, statements = self._clock.wall(), self._statements
        # In any order: a row waits for its entry, so no two of a group are of one row.
        ordered = sorted(entries, key=lambda entry: entry.before)
        written = statements.upsert_row.run(connection, [row_values(entry, now) for entry in ordered])
        if written < 0:
            # The driver does not count what it streams: see what is there.
            sources = [entry.row.source_server_id for entry in entries]
            found = leases.rows(connection, self._lease_statements, entries[0].row.account, sources)
            written = sum(found.get(entry.row.source_server_id) == entry.row for entry in entries)
        if written < len(entries):
            raise JournalUnavailableError("a row has moved in the journal without this run: another run is working on it")
        if starts := [start_values(entry, entry.start) for entry in entries if entry.start]:
            statements.insert_attempt.run(connection, starts)
        if ends := [end_values(entry, entry.end) for entry in entries if entry.end]:
            statements.end_attempt.run(connection, ends)
