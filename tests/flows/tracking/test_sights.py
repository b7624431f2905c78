"""What is kept of sights and notices, the same in a file and on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.submission.journal import open_journal
from flows.tracking.notices import LATE, Notices
from flows.tracking.sights import SightBook, traces
from flows.tracking.trace import Trace
from tests.flows.submission.clocks import MovedClock
from tests.flows.submission.places import InFile, OnServer

if TYPE_CHECKING:
    from pathlib import Path

    from flows.submission.journal import Journal

ACCOUNT = "https://sms.example"


@pytest.fixture(params=["file", "server"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    """An empty journal, to be entered."""
    place = InFile(tmp_path) if request.param == "file" else OnServer(request.getfixturevalue("postgres"))
    return open_journal(place.url, MovedClock(), lambda _text: None)


async def test_the_last_sight_of_a_task_counts(journal: Journal) -> None:
    """Hundreds in one transaction; a task is read back as it was written, by its wave, by its plan, by its account."""
    seen = [Trace(f"t-{n}", f"s-{n}", "RUNNING", progress=float(n % 100), bytes=1e12 + n, changed_at=5.0) for n in range(450)]
    async with journal:
        book = SightBook(journal, ACCOUNT, "plan.xlsx", "wave-1")
        await book.write(seen)
        seen[7].state, seen[7].is_gone, seen[7].finished_at = "MIGRATE_SUCCESS", True, 99.0
        await book.write([seen[7]])
        assert await book.read() == {trace.task_id: trace for trace in seen}
        assert await SightBook(journal, ACCOUNT, "plan.xlsx", "wave-2").read() == {}
        assert len(await journal.read(lambda connection: traces(connection, ACCOUNT))) == len(seen)
        assert await journal.read(lambda connection: traces(connection, "https://other.example")) == {}


async def test_a_thing_is_said_once(journal: Journal) -> None:
    """By this process and by the next; of one wave alone; in the order in which it was to be said."""
    keys = [f"t-{n}" for n in range(1200, 0, -1)]
    async with journal:
        first, second = (Notices(journal, ACCOUNT, "plan.xlsx", "wave-1") for _ in range(2))
        assert await first.unsaid(LATE, keys[:1100], 1.0) == keys[:1100]
        assert await first.unsaid(LATE, keys[:3], 2.0) == []
        assert await second.unsaid(LATE, keys, 3.0) == keys[1100:]
        assert await second.unsaid("gone", keys[:1], 4.0) == keys[:1]
        assert await Notices(journal, ACCOUNT, "plan.xlsx", "wave-2").unsaid(LATE, keys[:1], 5.0) == keys[:1]
