"""What the journal tells of the past, in a file and on a server: of one account, of one moment, and without changing anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from flows.submission import history
from flows.submission.clock import SystemClock
from flows.submission.decisions import decisions
from flows.submission.journal import open_journal
from flows.submission.lease_clock import lease_time
from flows.submission.life import Move, RowState
from flows.submission.records import AttemptEnd, AttemptStart, Entry, RowRecord, RunRecord, Target
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from tests.flows.submission.places import InFile
from tests.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from sqlalchemy import Connection

    from flows.submission.history import RowStory, RunStory
    from tests.flows.submission.places import Place

ACCOUNT, OTHER = "https://sms.example project=p-1", "https://sms.example project=p-2"
SHA = "5" * 64


async def remember(
    place: Place, run_id: str, *, account: str = ACCOUNT, answered: bool = True, outcome: Outcome | None = None
) -> None:
    """A run that sent src-1 once; where `answered` is false, it died on the wire."""
    async with open_journal(place.url, SystemClock(), print) as journal:
        record = RunRecord(run_id, account, "wave-1", "plan.xlsx", SHA, "me@here", float(run_id[1:]))
        await journal.start_run(record, 60.0, 10.0)
        target = Target("vm-1", "web")
        row = RowRecord(account, "src-1", run_id).moved(Move.INTEND, attempts=1, body_digest="d" * 64, target=target)
        await journal.record(Entry(run_id, RowState.IDLE, row, start=AttemptStart(1, run_id, "d" * 64, 1000.5)))
        if answered:
            end = AttemptEnd(1, 1001.0, "made", 200, "req-1", task_id="t-1")
            await journal.record(Entry(run_id, RowState.SENDING, row.moved(Move.ANSWERED, task_id="t-1"), end=end))
            await journal.end_run(run_id, "finished", [] if outcome is None else [(2, outcome)])


async def told(place: Place, sources: Collection[str] = ("src-1",)) -> tuple[list[RunStory], dict[str, RowStory]]:
    clock = SystemClock()

    def ask(connection: Connection) -> tuple[list[RunStory], dict[str, RowStory]]:
        now = lease_time(connection, clock)
        return history.runs(connection, ACCOUNT, now), history.stories(connection, ACCOUNT, sources, now)

    return await history.read_history(place.url, clock, print, ask)


def created(folder: Path) -> Outcome:
    return Outcome(read_plan(make_plan(folder / "plan.xlsx")).servers[0], "src-1", Status.CREATED, "t-1")


async def test_a_row_is_told_whole_and_others_are_not(place: Place, tmp_path: Path) -> None:
    """Record, attempts and outcomes of this account, the same for one source as among many; a source never sent has nothing."""
    await remember(place, "r1", outcome=created(tmp_path))
    await remember(place, "r2", account=OTHER)
    runs, one = await told(place)
    assert [(run.run_id, run.author, run.ending, dict(run.counts)) for run in runs] == [
        ("r1", "me@here", "finished", {"CREATED": 1})
    ]
    story = one["src-1"]
    assert story.record is not None
    assert (story.record.state, story.record.task_id, story.record.target.vm_id) == (RowState.BOUND, "t-1", "vm-1")
    assert [(each.start.number, each.end.request_id) for each in story.attempts if each.end] == [(1, "req-1")]
    assert [(each.run_id, each.status) for each in story.outcomes] == [("r1", "CREATED")]
    _, many = await told(place, ["src-1", *(f"src-{number}" for number in range(2, 300))])
    assert many["src-1"] == story
    assert many["src-7"] == history.RowStory("src-7", attempts=[], outcomes=[])


async def test_a_run_that_died_and_one_that_goes_on_are_told_apart(place: Place) -> None:
    """By its last sign of life; who holds a row is told as long as that run lives."""
    await remember(place, "r1", answered=False)
    await place.ask(f"INSERT INTO lease SELECT '{ACCOUNT}', 'source', 'src-1', holder_id FROM holder RETURNING key")  # noqa: S608
    runs, rows = await told(place)
    assert ([run.is_alive for run in runs], rows["src-1"].held_by) == ([True], "r1")
    await place.ask("UPDATE holder SET alive_until = alive_until - 1000 RETURNING holder_id")
    runs, rows = await told(place)
    assert ([run.is_alive for run in runs], rows["src-1"].held_by) == ([False], "")
    assert [one.reason for one in decisions(rows["src-1"])] == ["no answer was written down"]


async def test_rows_of_this_very_file_are_known_by_their_place(place: Place, tmp_path: Path) -> None:
    """What a run found out of a file counts for that file alone; the accounts are listed whatever they hold."""
    await remember(place, "r1", outcome=created(tmp_path))
    await remember(place, "r2", account=OTHER)

    def ask(connection: Connection) -> tuple[dict[int, str], dict[int, str], list[str], list[str]]:
        here, elsewhere = (history.placed(connection, ACCOUNT, sha) for sha in (SHA, "6" * 64))
        return here, elsewhere, list(history.accounts(connection)), list(history.records(connection, ACCOUNT))

    assert await history.read_history(place.url, SystemClock(), print, ask) == ({2: "src-1"}, {}, [ACCOUNT, OTHER], ["src-1"])


async def test_a_history_is_told_while_another_writes(tmp_path: Path) -> None:
    """Whoever holds the lock of the file: what was committed last is told, and nobody is waited for."""
    place = InFile(tmp_path)
    await remember(place, "r1")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        runs, _ = await told(place)
    assert [run.run_id for run in runs] == ["r1"]
