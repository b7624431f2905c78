"""What was intended, sent and decided for each row, durable before anything depends on it.

The journal decides nothing. It holds rows, attempts, runs, outcomes and leases; it shares one commit among the rows that are
waiting for one (group_commit.py; a row waits until *its* entry is on disk, SQLite in WAL mode with `synchronous=FULL`); it refuses
a step that does not follow from the state it holds, and every step of a run that others had to take for dead. Called by the
engine; the statements (statements.py) are the same on SQLite and PostgreSQL (database.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from sqlalchemy import delete, insert, select, update

from flows.sms.errors import ThrottleWindow
from flows.submission import history, leases, schema
from flows.submission.database import Database, JournalUnavailableError, open_database
from flows.submission.group_commit import GroupCommit, Lease, LeaseLostError, Written
from flows.submission.lease_clock import lease_time
from flows.submission.lease_statements import LeaseStatements
from flows.submission.leases import Asker, Holder
from flows.submission.pace_limits import WINDOW_KNOWN_SECONDS
from flows.submission.statements import Statements, attempt_record, outcome_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from flows.submission.clock import Clock
    from flows.submission.leases import Key, LeaseRequest
    from flows.submission.records import AttemptRecord, Entry, RowRecord, RunRecord
    from inventory.outcomes import Outcome

__all__ = ["Journal", "JournalUnavailableError", "Lease", "LeaseLostError", "Written", "open_journal"]

_MOST_AT_ONCE = 5_000
"""So many values go into one statement; drivers take 32,767 at most."""

T = TypeVar("T")


class Journal:
    """One database of rows, attempts, runs and leases. Make it with `open_journal`, use it as an async context manager.

    It is written by one run, after `start_run`; it may be read before that, and without one.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._statements = Statements.for_dialect(database.dialect_name)
        self._lease_statements = LeaseStatements.for_dialect(database.dialect_name)
        self._commit = GroupCommit(database, clock, self._statements, self._lease_statements)

    async def __aenter__(self) -> Self:
        try:
            await self._database.transact(schema.make_or_migrate)
        except schema.JournalTooNewError as error:
            await self._database.close()
            raise JournalUnavailableError(str(error)) from error
        except JournalUnavailableError:
            await self._database.close()
            raise
        self._commit.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._commit.close()
        await self._database.close()

    @property
    def groups(self) -> int:
        """How many commits rows have shared."""
        return self._commit.groups

    async def transact(self, operation: Callable[[Connection], T], /) -> T:
        """Run `operation` in one transaction of the journal's database; raises JournalUnavailableError. It may be run twice."""
        return await self._database.transact(operation)

    async def read(self, operation: Callable[[Connection], T], /) -> T:
        """Run `operation`, which only reads, waiting for nobody who writes; raises JournalUnavailableError."""
        return await self._database.read(operation)

    def hurry(self) -> None:
        """From now on, fail rather than wait for another process that holds the lock: the run is being stopped."""
        self._database.hurry()

    async def start_run(self, record: RunRecord, ttl_seconds: float, renew_seconds: float) -> None:
        """Note that a run began, and let it live: it counts as dead `ttl_seconds` after its last sign of life."""
        holder = Holder(record.run_id, record.run_id, ttl_seconds)
        values = {name: getattr(record, name) for name in record.__slots__}
        since = self._clock.boot()

        def write(connection: Connection) -> None:
            if connection.execute(select(schema.run.c.run_id).where(schema.run.c.run_id == record.run_id)).first() is None:
                connection.execute(insert(schema.run), [values])
            leases.introduce(connection, holder, lease_time(connection, self._clock))

        await self._database.transact(write)
        self._commit.begin(record.account, holder, renew_seconds, since)

    def record(self, entry: Entry) -> Written:
        """Send `entry` on its way to the disk. Entries of rows that wait at the same time share a commit."""
        return self._commit.record(entry)

    async def lease(self, requests: Sequence[LeaseRequest]) -> Lease:
        """Ask for what rows need to be worked on; how each row stands is read with it.

        Raises JournalUnavailableError, or LeaseLostError where this run was taken for dead: then ask again.
        """
        return await self._commit.lease(requests)

    def release(self, holder_id: str, keys: Sequence[Key]) -> None:
        """Let go of leases, with whatever is written next."""
        self._commit.release(holder_id, keys)

    async def renew(self) -> None:
        """Give a sign of life now; raises as `lease` does."""
        await self._commit.lease(())

    def outlives(self, holder_id: str, seconds: float) -> bool:
        """Whether the leases of that holder are certain to be this run's for so many seconds from now."""
        return self._commit.outlives(holder_id, seconds)

    async def let_go(self) -> None:
        """Let go of all leases: the run works on nothing any more."""
        holder_id = self._commit.end()
        await self._database.transact(lambda connection: leases.end(connection, holder_id))

    async def standing(self, account: str, sources: Sequence[str]) -> dict[str, tuple[RowRecord | None, str]]:
        """How rows stand now, and which other run works on each ("" where none does)."""
        holder_id = self._commit.holder.holder_id if self._commit.holder else ""

        def read(connection: Connection) -> dict[str, tuple[RowRecord | None, str]]:
            asker = Asker(account, holder_id, lease_time(connection, self._clock))
            found: dict[str, tuple[RowRecord | None, str]] = {}
            for first in range(0, len(sources), _MOST_AT_ONCE):
                found |= leases.standing(connection, self._lease_statements, asker, sources[first : first + _MOST_AT_ONCE])
            return found

        return await self._database.read(read)

    async def end_run(self, run_id: str, ending: str, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        """Note how a run ended, and the outcome of each row by its position in the sheet; let go of all leases."""
        now = self._clock.wall()
        rows = [outcome_values(run_id, position, found, now) for position, found in outcomes]
        holder_id = self._commit.end()

        def write(connection: Connection) -> None:
            connection.execute(update(schema.run).where(schema.run.c.run_id == run_id).values(ended_at=now, ending=ending))
            connection.execute(delete(schema.outcome).where(schema.outcome.c.run_id == run_id))
            if rows:
                self._statements.insert_outcome.run(connection, rows)
            leases.end(connection, holder_id)

        await self._database.transact(write)

    async def rows(self, account: str) -> dict[str, RowRecord]:
        """Every row of the account that was ever sent or found, by source server id."""
        return await self._database.read(lambda connection: history.records(connection, account))

    async def attempts(self, account: str, source_server_id: str) -> list[AttemptRecord]:
        """The attempts made for one source server, over all runs, in their order."""
        table = schema.attempt
        chosen = (table.c.account == account) & (table.c.source_server_id == source_server_id)

        def read(connection: Connection) -> list[AttemptRecord]:
            found = connection.execute(select(table).where(chosen).order_by(table.c.number)).mappings()
            return [attempt_record(dict(values)) for values in found]

        return await self._database.read(read)

    async def known_windows(self, account: str) -> dict[str, ThrottleWindow]:
        """The throttling windows that the gateway has named in the last day, by kind of request ("creates", "reads").

        Not longer: a quota that was raised meanwhile must not be kept to for ever.
        """
        chosen = (schema.pace.c.account == account) & (schema.pace.c.seen_at > self._clock.wall() - WINDOW_KNOWN_SECONDS)

        def read(connection: Connection) -> dict[str, ThrottleWindow]:
            found = connection.execute(select(schema.pace).where(chosen)).mappings()
            return {values["kind"]: ThrottleWindow(values["window_limit"], values["window_seconds"]) for values in found}

        return await self._database.read(read)

    async def remember_window(self, account: str, kind: str, window: ThrottleWindow) -> None:
        """Keep a throttling window that the gateway named, for the next run."""
        values = {"account": account, "kind": kind, "window_limit": window.limit, "window_seconds": window.seconds}
        values["seen_at"] = self._clock.wall()
        await self._database.transact(lambda connection: connection.execute(self._statements.upsert_pace, [values]))


def open_journal(url: str, clock: Clock, say: Callable[[str], None]) -> Journal:
    """The journal at an SQLAlchemy URL (`sqlite+aiosqlite:///...` or `postgresql+asyncpg://...`), made on first use.

    `say` gets the one line that tells a person what is being waited for. Raises JournalUnavailableError on a URL that names no
    journal.
    """
    return Journal(open_database(url, clock, say), clock)
