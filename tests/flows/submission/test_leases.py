"""Leases: one run at a time works on a source or a target, a dead run's rows come free, a run taken for dead is fenced off."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flows.submission.holding import Grant, Leases
from flows.submission.journal import Journal, JournalUnavailableError, LeaseLostError, open_journal
from flows.submission.lease_statements import LeaseStatements
from flows.submission.leases import Held, LeaseRequest
from flows.submission.life import Move, RowState
from flows.submission.records import AttemptStart, Entry, RowRecord, RunRecord, Target
from tests.flows.submission.clocks import MovedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

ACCOUNT = "https://sms.example project=p-1"
TTL = 70.0
DEADLINE = 40.0


class Run:
    """One run on a journal that others share."""

    def __init__(self, journal: Journal, clock: MovedClock, run_id: str) -> None:
        self.journal = journal
        self.leases = Leases(journal, clock, DEADLINE)
        self.run_id = run_id

    async def take(self, source: str, target: str = "") -> Grant | Held:
        [answer] = await self.leases.take([LeaseRequest(source, target)])
        return answer

    async def granted(self, source: str, target: str = "") -> Grant:
        answer = await self.take(source, target)
        assert isinstance(answer, Grant)
        return answer

    async def release(self, grant: Grant) -> None:
        self.leases.release(grant)
        await self.journal.renew()

    def intend(self, grant: Grant, target: str = "") -> Entry:
        """The entry of an intent for the granted row."""
        before = grant.record or RowRecord(ACCOUNT, grant.request.source_server_id, self.run_id)
        attempts = before.attempts + 1
        row = before.moved(Move.INTEND, run_id=self.run_id, attempts=attempts, target=Target(target, "web"), task_name="web")
        return Entry(grant.holder_id, before.state, row, start=AttemptStart(attempts, self.run_id, "d" * 64, 1000.0))


class Shared:
    """A journal's file, one clock, and as many runs as a test needs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "journal.sqlite"
        self.clock = MovedClock()

    @asynccontextmanager
    async def runs(self, *run_ids: str) -> AsyncIterator[Sequence[Run]]:
        """Runs that have begun; they end without letting go of anything, as killed ones do."""
        journals = [open_journal(f"sqlite+aiosqlite:///{self.file}", self.clock, print) for _ in run_ids]
        for journal, run_id in zip(journals, run_ids, strict=True):
            await journal.__aenter__()
            record = RunRecord(run_id, ACCOUNT, "wave-1", "plan.xlsx", "0" * 64, "me@here", 1000.0)
            await journal.start_run(record, TTL, 3600.0)
        try:
            yield [Run(journal, self.clock, run_id) for journal, run_id in zip(journals, run_ids, strict=True)]
        finally:
            for journal in journals:
                await journal.__aexit__()


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


async def test_a_row_is_worked_on_by_one_run_at_a_time(shared: Shared) -> None:
    """The second is told who has it, and gets it once the first has let go."""
    async with shared.runs("one", "two") as (one, two):
        grant = await one.granted("src-1")
        held = await two.take("src-1")
        assert isinstance(held, Held)
        assert held.by == "run one of me@here (wave wave-1)"
        await one.release(grant)
        assert isinstance(await two.take("src-1"), Grant)


async def test_two_sources_of_one_target_do_not_go_at_once(shared: Shared) -> None:
    """Neither in two runs nor within one; template rows, which have no target yet, never wait for each other."""
    async with shared.runs("one", "two") as (one, two):
        grant = await one.granted("src-1", "vm-1")
        assert isinstance(await two.take("src-2", "vm-1"), Held)
        assert await one.take("src-3", "vm-1") == Held("", None)
        assert isinstance(await two.take("src-4"), Grant)
        assert isinstance(await one.take("src-5"), Grant)
        await one.release(grant)
        assert isinstance(await one.take("src-3", "vm-1"), Grant)


async def test_all_of_what_a_row_needs_or_none_of_it(shared: Shared) -> None:
    """A row whose target is taken does not hold its source meanwhile."""
    async with shared.runs("one", "two") as (one, two):
        await one.granted("src-1", "vm-1")
        assert isinstance(await two.take("src-2", "vm-1"), Held)
        assert isinstance(await one.take("src-2", "vm-2"), Grant)


async def test_how_a_row_stands_is_read_with_its_lease(shared: Shared) -> None:
    """What the other run wrote last is what this one begins with."""
    async with shared.runs("one", "two") as (one, two):
        grant = await one.granted("src-1", "vm-1")
        entry = one.intend(grant, "vm-1")
        await one.journal.record(entry)
        await one.release(grant)
        assert (await two.granted("src-1", "vm-1")).record == entry.row


async def test_what_was_left_in_flight_on_a_target_is_leased_with_it(shared: Shared) -> None:
    """Another source's attempt on the target has to be settled first, and by nobody else meanwhile."""
    async with shared.runs("one", "two", "three") as (one, two, three):
        grant = await one.granted("src-1", "vm-1")
        await one.journal.record(one.intend(grant, "vm-1"))
        await one.release(grant)
        taken = await two.granted("src-2", "vm-1")
        assert [record.source_server_id for record in taken.neighbours] == ["src-1"]
        assert isinstance(await three.take("src-1", "vm-9"), Held)
        await two.release(taken)
        assert isinstance(await three.take("src-1", "vm-9"), Grant)


async def test_what_two_rows_of_a_run_share_is_held_until_both_have_ended(shared: Shared) -> None:
    """One row works on a source, another of the same run settles that source's attempt on its own target."""
    async with shared.runs("one", "two", "three") as (one, two, three):
        grant = await one.granted("src-1", "vm-1")
        await one.journal.record(one.intend(grant, "vm-1"))
        await one.release(grant)
        first, second = await two.granted("src-1", "vm-9"), await two.granted("src-2", "vm-1")
        await two.release(first)
        assert isinstance(await three.take("src-1", "vm-9"), Held)
        await two.release(second)
        assert isinstance(await three.take("src-1", "vm-9"), Grant)


async def test_what_a_row_lets_go_of_stays_with_the_row_that_is_just_being_given_it(shared: Shared) -> None:
    """A source is asked for while another row, which settled its attempt, ends: the run does not let go of it after all."""
    async with shared.runs("one", "two") as (one, two):
        grant = await one.granted("src-1", "vm-1")
        await one.journal.record(one.intend(grant, "vm-1"))
        await one.release(grant)
        settling = await one.granted("src-2", "vm-1")
        lock = sqlite3.connect(shared.file, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        asking = asyncio.ensure_future(one.take("src-1", "vm-9"))
        for _ in range(5):  # the question is on its way, and not answered while the file is locked
            await asyncio.sleep(0)
        one.leases.release(settling)
        lock.close()
        first = await asking
        assert isinstance(first, Grant)
        await one.journal.renew()
        assert isinstance(await two.take("src-1", "vm-8"), Held)
        assert isinstance(await two.take("src-2", "vm-1"), Held)
        await one.release(first)
        assert isinstance(await two.take("src-2", "vm-1"), Grant)


async def test_a_dead_runs_rows_come_free_when_its_time_is_over_and_not_before(shared: Shared) -> None:
    """It counts as dead so long after its last sign of life."""
    async with shared.runs("one") as (one,):
        await one.granted("src-1")
    shared.clock.now += TTL - 0.1
    async with shared.runs("two") as (two,):
        assert isinstance(await two.take("src-1"), Held)
        shared.clock.now += 0.2
        assert isinstance(await two.take("src-1"), Grant)


async def test_every_sign_of_life_counts(shared: Shared) -> None:
    """A run that writes now and then keeps what it has for ever."""
    async with shared.runs("one", "two") as (one, two):
        await one.granted("src-1")
        for _ in range(5):
            shared.clock.now += TTL - 1
            await one.journal.renew()
        assert isinstance(await two.take("src-1"), Held)


async def test_a_run_that_was_taken_for_dead_may_write_nothing_more(shared: Shared) -> None:
    """It slept for longer than its lease; another took one of its rows: all of its leases are gone, and it is told."""
    async with shared.runs("one", "two") as (one, two):
        mine, other = await one.granted("src-1"), await one.granted("src-2")
        shared.clock.now += TTL + 1
        await two.granted("src-1")
        for grant in (mine, other):
            with pytest.raises(LeaseLostError):
                await one.journal.record(one.intend(grant))
        assert await one.journal.rows(ACCOUNT) == {}


async def test_a_run_that_was_taken_for_dead_begins_again_with_what_is_free(shared: Shared) -> None:
    """What nobody has taken it may take anew; what it was given before stays void."""
    async with shared.runs("one", "two") as (one, two):
        mine, other = await one.granted("src-1"), await one.granted("src-2")
        shared.clock.now += TTL + 1
        await two.granted("src-1")
        with pytest.raises(LeaseLostError):
            await one.journal.renew()
        again = await one.granted("src-2")
        assert again.holder_id != other.holder_id
        assert isinstance(await one.take("src-1"), Held)
        await one.journal.record(one.intend(again))
        with pytest.raises(LeaseLostError):
            await one.journal.record(one.intend(mine))
        assert list(await one.journal.rows(ACCOUNT)) == ["src-2"]


async def test_a_run_that_slept_goes_on_where_nobody_took_anything(shared: Shared) -> None:
    """A laptop that slept through its lease, alone with its journal, loses nothing."""
    async with shared.runs("one") as (one,):
        grant = await one.granted("src-1")
        shared.clock.now += 10 * TTL
        assert not one.leases.is_proven(grant)
        await one.leases.prove(grant)
        await one.journal.record(one.intend(grant))
        assert (await one.journal.rows(ACCOUNT))["src-1"].state is RowState.SENDING


async def test_a_request_is_sent_only_where_its_lease_outlives_it(shared: Shared) -> None:
    """Proven while a deadline fits into what is left of the lease; then a sign of life is needed first."""
    async with shared.runs("one") as (one,):
        grant = await one.granted("src-1")
        shared.clock.now += TTL - DEADLINE
        assert one.leases.is_proven(grant)
        shared.clock.now += 0.1
        assert not one.leases.is_proven(grant)
        await one.leases.prove(grant)
        assert one.leases.is_proven(grant)


async def test_a_lease_that_was_lost_cannot_be_proven(shared: Shared) -> None:
    """Nothing is sent for a row that another run may be working on."""
    async with shared.runs("one", "two") as (one, two):
        grant = await one.granted("src-1")
        shared.clock.now += TTL + 1
        await two.granted("src-1")
        with pytest.raises(LeaseLostError):
            await one.leases.prove(grant)


async def test_an_ended_run_lets_go_of_everything(shared: Shared) -> None:
    """Nobody has to wait for a run that ended well, or let go when it was cancelled."""
    async with shared.runs("one", "two", "three") as (one, two, three):
        await one.granted("src-1")
        await one.journal.end_run("one", "finished", [])
        await two.granted("src-1")
        await two.journal.let_go()
        assert isinstance(await three.take("src-1"), Grant)
        with pytest.raises(JournalUnavailableError):
            await one.journal.renew()


async def test_after_a_restart_of_the_machine_nobody_waits_for_the_runs_before_it(shared: Shared) -> None:
    """Its boot clock is another's: no run of that time can be alive, however far its lease seems to reach."""
    async with shared.runs("one") as (one,):
        await one.granted("src-1")
        await one.granted("src-2")
    with sqlite3.connect(shared.file) as file:
        file.execute("UPDATE holder SET clock = 'boot-0'")
    file.close()
    async with shared.runs("two") as (two,):
        assert isinstance(await two.take("src-1"), Grant)


async def test_where_boots_have_no_names_a_lease_reaches_no_further_than_it_can(shared: Shared) -> None:
    """A lease that seems to last for days was given before the machine was started again."""
    async with shared.runs("one") as (one,):
        await one.granted("src-1")
    shared.clock.now -= 4_000.0
    async with shared.runs("two") as (two,):
        assert isinstance(await two.take("src-1"), Grant)


async def test_a_clock_that_is_set_back_a_little_ends_no_lease(shared: Shared) -> None:
    """A server's clock is corrected by seconds, or its successor's is behind: who has just shown a sign of life is alive."""
    async with shared.runs("one", "two") as (one, two):
        await one.granted("src-1")
        shared.clock.now -= 5.0
        assert isinstance(await two.take("src-1"), Held)
        shared.clock.now += TTL + 5.0
        assert isinstance(await two.take("src-1"), Grant)


async def test_accounts_do_not_wait_for_each_other(shared: Shared) -> None:
    """The same source id in another account is another server."""
    async with shared.runs("one", "two") as (one, two):
        await one.granted("src-1", "vm-1")
        record = RunRecord("other", "another account", "wave-1", "plan.xlsx", "0" * 64, "me@here", 1000.0)
        await two.journal.start_run(record, TTL, 3600.0)
        assert isinstance(await two.take("src-1", "vm-1"), Grant)


async def test_how_the_rows_of_others_stand_is_told_without_taking_them(shared: Shared) -> None:
    """The record, and the run that works on it."""
    async with shared.runs("one", "two") as (one, two):
        entry = one.intend(await one.granted("src-1"))
        await one.journal.record(entry)
        standing = await two.journal.standing(ACCOUNT, ["src-1", "src-2"])
        assert standing == {"src-1": (entry.row, "run one of me@here (wave wave-1)"), "src-2": (None, "")}
        assert (await one.journal.standing(ACCOUNT, ["src-1"]))["src-1"] == (entry.row, "")


async def test_an_entry_under_no_lease_of_this_run_is_refused(shared: Shared) -> None:
    """A defect of the engine must not reach the journal."""
    async with shared.runs("one") as (one,):
        entry = one.intend(await one.granted("src-1"))
        with pytest.raises(LeaseLostError):
            await one.journal.record(replace(entry, holder_id="somebody else"))
        assert await one.journal.rows(ACCOUNT) == {}


async def test_a_silent_run_gives_signs_of_life(shared: Shared) -> None:
    """Without anything to write, a group goes out now and then."""
    async with shared.runs("one") as (one,):
        record = RunRecord("quiet", ACCOUNT, "wave-1", "plan.xlsx", "0" * 64, "me@here", 1000.0)
        await one.journal.start_run(record, TTL, 0.01)
        groups = one.journal.groups
        while one.journal.groups < groups + 3:
            await one.journal.rows(ACCOUNT)


async def test_who_holds_a_target_is_looked_up_and_not_searched_for(tmp_path: Path) -> None:
    """A batch of rows must not cost more the more rows the account has: no statement on rows goes through all of an account's."""
    async with open_journal(f"sqlite+aiosqlite:///{tmp_path}/journal.sqlite", MovedClock(), print):
        pass
    statements = LeaseStatements.for_dialect("sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database:
        for query, column in ((statements.rows, "source_server_id"), (statements.rows_on_targets, "target_vm_id")):
            plan = database.execute(f"EXPLAIN QUERY PLAN {query.text}", ("[]",) * len(query.names)).fetchall()
            [on_rows] = [step for *_, step in plan if step.startswith(("SEARCH row", "SCAN row"))]
            assert f"{column}=?" in on_rows
