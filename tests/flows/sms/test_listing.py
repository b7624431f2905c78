"""A listing is read whole although its rows shift while it is read."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sms.listing import LAST_OFFSET, PAGE_ROWS, Page, read_listing


@dataclass(frozen=True)
class Row:
    """A row that has an id and nothing else."""

    id: str


class Listing:
    """Rows on the other side, which change between pages as a test says."""

    def __init__(self, total: int, *, counts: bool = True, page_rows: int = PAGE_ROWS) -> None:
        self.ids = [f"task-{number}" for number in range(total)]
        self.counts = counts
        self.page_rows = page_rows
        self.fetched: list[int] = []
        self.between: list[str] = []

    async def fetch(self, offset: int, limit: int) -> Page[Row]:
        """One page; then one of the changes that are planned happens."""
        self.fetched.append(offset)
        page = self.ids[offset : offset + min(limit, self.page_rows)]
        count = len(self.ids) if self.counts else None
        if self.between:
            self.change(self.between.pop(0))
        return Page(count, len(page), [Row(task_id) for task_id in page])

    def change(self, what: str) -> None:
        """Delete the first row, or put a new one first, so that all others move."""
        if what == "delete" and self.ids:
            self.ids.pop(0)
        elif what == "insert":
            self.ids.insert(0, f"new-{len(self.fetched)}")
        elif what == "shuffle":
            random.Random(len(self.fetched)).shuffle(self.ids)


async def read(listing: Listing) -> list[str]:
    """The ids that reading the listing gives."""
    return [row.id for row in await read_listing(listing.fetch)]


@pytest.mark.parametrize("total", [0, 1, 199, 200, 201, 390, 400, 1001])
@pytest.mark.parametrize("counts", [True, False])
async def test_a_quiet_listing_is_read_once_and_whole(total: int, counts: bool) -> None:
    """In its own order, no page twice."""
    listing = Listing(total, counts=counts)
    assert await read(listing) == listing.ids
    assert len(set(listing.fetched)) == len(listing.fetched)


async def test_pages_shorter_than_asked_for_do_not_end_it() -> None:
    """A server that caps pages at 50 rows still counts all of them."""
    listing = Listing(500, page_rows=50)
    assert await read(listing) == listing.ids


@given(changes=st.lists(st.sampled_from(["delete", "insert", ""]), max_size=12), total=st.integers(0, 900))
async def test_rows_that_stay_are_seen_once_while_others_come_and_go(changes: list[str], total: int) -> None:
    """Whatever one row a page does, what was there all the time is listed, and nothing twice."""
    listing = Listing(total)
    first = set(listing.ids)
    listing.between = changes
    seen = await read(listing)
    assert len(seen) == len(set(seen))
    assert (first & set(listing.ids)) <= set(seen)


async def test_a_torn_page_is_noticed_and_the_listing_read_again() -> None:
    """Fifty rows deleted between two pages move more than pages overlap."""
    listing = Listing(600)
    gone = listing.ids[:50]

    async def fetch(offset: int, limit: int) -> Page[Row]:
        page = await listing.fetch(offset, limit)
        if len(listing.fetched) == 1:
            listing.ids = listing.ids[50:]
        return page

    seen = [row.id for row in await read_listing(fetch)]
    assert sorted(seen) == sorted([*gone, *listing.ids])


async def test_a_listing_without_order_is_read_a_bounded_number_of_times() -> None:
    """SMS promises no order; three passes at most."""
    listing = Listing(1000)
    listing.between = ["shuffle"] * 1000
    await read(listing)
    assert listing.fetched.count(0) <= 3


async def test_a_count_that_is_never_reached_ends() -> None:
    """A count that counts what is not listed does not hold us for ever."""
    listing = Listing(300)

    async def fetch(offset: int, limit: int) -> Page[Row]:
        page = await listing.fetch(offset, limit)
        return Page(1000, page.length, page.rows)

    assert len(await read_listing(fetch)) == 300
    assert listing.fetched.count(0) <= 3


async def test_the_highest_offset_is_kept() -> None:
    """SMS takes no offset above 65,535."""
    listing = Listing(70_000)
    assert len(await read(listing)) > LAST_OFFSET
    assert max(listing.fetched) <= LAST_OFFSET


async def test_rows_that_could_not_be_read_are_stepped_over() -> None:
    """What has no id is on the page all the same."""
    listing = Listing(500)

    async def fetch(offset: int, limit: int) -> Page[Row]:
        page = await listing.fetch(offset, limit)
        return Page(page.count, page.length, page.rows[5:] if not offset else page.rows)

    assert len(await read_listing(fetch)) == 495


class SlowListing(Listing):
    """A listing whose pages come after so many turns of the loop as a test says, and therefore in another order."""

    def __init__(self, total: int, turns: list[int]) -> None:
        super().__init__(total)
        self.turns = turns
        self.under_way = 0
        self.most_under_way: list[int] = []

    async def fetch(self, offset: int, limit: int) -> Page[Row]:
        self.under_way += 1
        self.most_under_way.append(self.under_way)
        try:
            for _ in range(self.turns.pop(0) if self.turns else 1):
                await asyncio.sleep(0)
            return await super().fetch(offset, limit)
        finally:
            self.under_way -= 1


async def test_pages_are_asked_for_ahead_a_few_at_a_time_and_the_first_alone() -> None:
    """A listing of 20,000 is 105 answers to wait for; a wrong secret must cost one refused call all the same."""
    listing = SlowListing(3000, [7])
    assert await read(listing) == listing.ids
    assert listing.most_under_way[0] == 1
    assert max(listing.most_under_way) == 4
    assert len(set(listing.fetched)) == len(listing.fetched)


@given(
    changes=st.lists(st.sampled_from(["delete", "insert", ""]), max_size=12),
    turns=st.lists(st.integers(0, 9), max_size=24),
    total=st.integers(0, 2500),
)
async def test_rows_that_stay_are_seen_in_whatever_order_pages_are_answered(
    changes: list[str], turns: list[int], total: int
) -> None:
    """A page that was read before the one in front of it proves no less."""
    listing = SlowListing(total, turns)
    first = set(listing.ids)
    listing.between = changes
    seen = await read(listing)
    assert len(seen) == len(set(seen))
    assert (first & set(listing.ids)) <= set(seen)


async def test_a_page_that_cannot_be_read_ends_the_reading_of_all() -> None:
    """Nothing is left on its way behind an error's back."""
    listing = SlowListing(3000, [1, 9, 1, 9, 9])

    async def fetch(offset: int, limit: int) -> Page[Row]:
        page = await listing.fetch(offset, limit)
        if offset > 300:
            raise ConnectionError
        return page

    with pytest.raises(ConnectionError):
        await read_listing(fetch)
    assert listing.under_way == 0


async def test_pages_of_a_server_that_gives_less_than_asked_for_are_read_one_after_another() -> None:
    """Where its pages begin only shows when the one before is there."""
    listing = SlowListing(500, [])
    listing.page_rows = 50
    assert await read(listing) == listing.ids
    assert max(listing.most_under_way) == 1
