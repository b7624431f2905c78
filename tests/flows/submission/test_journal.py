"""The journal: durable before anything depends on it, whole for whoever opens it next, and it says no to what cannot be."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flows.sms.errors import ThrottleWindow
from flows.submission import schema
from flows.submission.clock import SystemClock
from flows.submission.journal import Journal, JournalUnavailableError, open_journal
from flows.submission.life import Move, RowState
from flows.submission.records import AttemptEnd, AttemptStart, Entry, RowRecord, RunRecord, Target
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from tests.flows.submission.clocks import MovedClock
from tests.flows.submission.places import InFile
from tests.plans import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.submission.places import Place

ACCOUNT = "https://sms.example project=p-1"


def opened(place: Place) -> Journal:
    return open_journal(place.url, SystemClock(), print)


RUN = RunRecord("run-1", ACCOUNT, "wave-1", "plan.xlsx", "0" * 64, "me@here", 1000.0)


async def begin(journal: Journal) -> None:
    """A run begins: from here on the journal may be written."""
    await journal.start_run(RUN, 60.0, 10.0)


def intent(source: str = "src-1", number: int = 1) -> Entry:
    fresh = RowRecord(ACCOUNT, source, "run-1")
    row = fresh.moved(
        Move.INTEND,
        attempts=number,
        body_digest="d" * 64,
        task_name="web-01",
        target=Target("vm-1", "web"),
        prior_task_ids=("t-0",),
    )
    return Entry("run-1", RowState.IDLE, row, start=AttemptStart(number, "run-1", "d" * 64, 1000.0))


def answer(entry: Entry, task_id: str = "t-1") -> Entry:
    end = AttemptEnd(entry.row.attempts, 1001.0, "made", 200, "req-1", task_id=task_id)
    return Entry("run-1", entry.row.state, entry.row.moved(Move.ANSWERED, task_id=task_id), end=end)


async def test_what_was_recorded_is_there_for_the_next_run(place: Place) -> None:
    """Row and attempt come back as they were written, by another journal object."""
    first = intent()
    async with opened(place) as journal:
        await begin(journal)
        await journal.record(first)
        await journal.record(answer(first))
    async with opened(place) as journal:
        assert await journal.rows(ACCOUNT) == {"src-1": answer(first).row}
        [attempt] = await journal.attempts(ACCOUNT, "src-1")
    assert attempt.start == first.start
    assert attempt.end == answer(first).end


async def test_an_intent_without_an_answer_is_in_flight(place: Place) -> None:
    """What a dead run leaves: SENDING, with all that settling needs."""
    async with opened(place) as journal:
        await begin(journal)
        await journal.record(intent())
    async with opened(place) as journal:
        row = (await journal.rows(ACCOUNT))["src-1"]
        assert (await journal.attempts(ACCOUNT, "src-1"))[0].end is None
    assert (row.state, row.target, row.prior_task_ids) == (RowState.SENDING, Target("vm-1", "web"), ("t-0",))


async def test_recorded_means_on_disk(place: Place) -> None:
    """While the journal is still open, another process sees what `record` returned for."""
    async with opened(place) as journal:
        await begin(journal)
        await journal.record(intent())
        assert await place.ask('SELECT state FROM "row"') == [("sending",)]


async def test_a_file_is_written_ahead_so_that_readers_do_not_wait(tmp_path: Path) -> None:
    """SQLite's mode stays with the file."""
    place = InFile(tmp_path)
    async with opened(place):
        assert await place.ask("PRAGMA journal_mode") == [("wal",)]


async def test_rows_that_wait_together_share_commits(place: Place) -> None:
    """A hundred intents at once are all durable, in far fewer transactions than rows."""
    async with opened(place) as journal:
        await begin(journal)
        before = journal.groups
        for written in [journal.record(intent(f"src-{number}")) for number in range(100)]:
            await written
        assert len(await journal.rows(ACCOUNT)) == 100
        assert journal.groups - before < 20


async def test_an_entry_whose_waiter_was_cancelled_is_written_all_the_same(place: Place) -> None:
    """And `after_all` returns once it is on disk, as often as it is asked."""
    async with opened(place) as journal:
        await begin(journal)
        written = journal.record(intent())

        async def wait() -> None:
            await written

        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        await written.after_all()
        await written.after_all()
        assert "src-1" in await journal.rows(ACCOUNT)


async def test_accounts_do_not_see_each_other(place: Place) -> None:
    """One journal serves many accounts."""
    other = intent()
    other = replace(other, row=replace(other.row, account="another"))
    async with opened(place) as journal:
        await begin(journal)
        await journal.record(intent())
        await journal.record(other)
        assert list(await journal.rows("another")) == ["src-1"]
        assert (await journal.rows("another"))["src-1"].account == "another"


async def test_a_step_that_does_not_follow_is_refused(place: Place) -> None:
    """A row that another run has moved meanwhile: the entry is refused whole, and nothing of it is written."""
    first = intent()
    async with opened(place) as journal:
        await begin(journal)
        await journal.record(first)
        with pytest.raises(JournalUnavailableError, match="another run"):
            await journal.record(intent(number=2))
        assert (await journal.rows(ACCOUNT))["src-1"].attempts == 1
        assert len(await journal.attempts(ACCOUNT, "src-1")) == 1


async def test_a_journal_of_a_later_version_is_left_alone(place: Place) -> None:
    """Its rules are unknown: a clear line, and nothing in it is touched."""
    async with opened(place):
        pass
    await place.ask("UPDATE meta SET value = '99'")
    with pytest.raises(JournalUnavailableError, match="update migration-waves"):
        async with opened(place):
            pass


async def test_a_fresh_journal_has_the_current_version(place: Place) -> None:
    """Made whole on first use; every version from 2 on has its migration."""
    async with opened(place):
        pass
    assert await place.ask("SELECT value FROM meta") == [(str(schema.VERSION),)]
    assert set(schema.MIGRATIONS) == set(range(2, schema.VERSION + 1))


async def test_a_locked_journal_is_waited_for_and_said_once(tmp_path: Path) -> None:
    """Another process holds SQLite's write lock: one line, and the entry is written when it lets go."""
    said: list[str] = []
    heard = asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        heard.set()

    async with open_journal(f"sqlite+aiosqlite:///{tmp_path / 'journal.sqlite'}", SystemClock(), say) as journal:
        await begin(journal)
        holder = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        written = journal.record(intent())
        await heard.wait()
        assert not written.is_over
        holder.execute("ROLLBACK")
        holder.close()
        await written
        assert "src-1" in await journal.rows(ACCOUNT)
    assert len(said) == 1
    assert "locked" in said[0]


def test_two_processes_may_make_the_journal_at_the_same_moment(place: Place) -> None:
    """Both end well, and there is one journal."""
    code = (
        "import asyncio, sys\n"
        "from flows.submission.journal import open_journal\n"
        "from flows.submission.clock import SystemClock\n"
        "async def make():\n"
        "    async with open_journal(sys.argv[1], SystemClock(), print): pass\n"
        "sys.stdin.read()\n"
        "asyncio.run(make())\n"
    )
    command = [sys.executable, "-c", code, place.url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors


async def test_a_run_and_its_outcomes_are_kept(place: Place, tmp_path: Path) -> None:
    """One outcome a row of the run, by its position in the sheet."""
    plan = read_plan(make_plan(tmp_path / "plan.xlsx"))
    outcome = Outcome(plan.servers[0], "src-1", Status.CREATED, task_id="t-1", attempts=1)
    async with opened(place) as journal:
        await begin(journal)
        await journal.end_run("run-1", "finished", [(2, outcome)])
    assert await place.ask("SELECT ending FROM run") == [("finished",)]
    assert await place.ask("SELECT position, status, task_id FROM outcome") == [(2, "CREATED", "t-1")]


async def test_a_named_window_is_remembered(place: Place) -> None:
    """The last window that the gateway named, for each kind of request."""
    async with opened(place) as journal:
        await journal.remember_window(ACCOUNT, "creates", ThrottleWindow(100, 60.0))
        await journal.remember_window(ACCOUNT, "creates", ThrottleWindow(200, 300.0))
        assert await journal.known_windows(ACCOUNT) == {"creates": ThrottleWindow(200, 300.0)}


async def test_a_named_window_is_forgotten_after_a_day(place: Place) -> None:
    """A quota that was raised meanwhile is not kept to for ever."""
    clock = MovedClock()
    async with open_journal(place.url, clock, print) as journal:
        await journal.remember_window(ACCOUNT, "creates", ThrottleWindow(200, 300.0))
        clock.now += 86_399
        assert list(await journal.known_windows(ACCOUNT)) == ["creates"]
        clock.now += 2
        assert await journal.known_windows(ACCOUNT) == {}


@pytest.mark.parametrize("url", ["not a url", "mysql://host/db", "sqlite+aiosqlite:////proc/nowhere/journal.sqlite"])
async def test_a_url_that_is_no_journal_is_refused_in_one_line(url: str) -> None:
    """Whatever is wrong with it: our own error, of one line."""
    with pytest.raises(JournalUnavailableError) as refused:
        async with open_journal(url, SystemClock(), print):
            pass
    assert "\n" not in str(refused.value)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A journal's name on something else: a clear line, and the file is left as it was."""
    (tmp_path / "journal.sqlite").write_text("not a database at all, but long enough to be taken for one" * 20)
    with pytest.raises(JournalUnavailableError, match="not a database"):
        async with opened(InFile(tmp_path)):
            pass
    assert (tmp_path / "journal.sqlite").read_text().startswith("not a database at all")
