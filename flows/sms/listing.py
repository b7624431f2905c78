"""Read a paged listing whole, although its rows shift while it is read (facts 4.1: offsets, and no documented order).

A row that is made or deleted between two pages moves its neighbours over a page's edge: one is then seen twice, or not at all. So
pages overlap, rows are kept once by id, and where fewer are there than SMS counts the listing is read again, a bounded number of
times. Even so, absence from a listing is no proof that a task does not exist: ask for its id. Called by client.py.

A few pages are asked for ahead, once the first has told how many there are: each answer takes its time, and 20,000 tasks are 105
pages. What a page must prove is the same, in whatever order two of them were read: it begins with a row that is known by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

PAGE_ROWS = 200
"""The most rows that SMS gives a page."""

LAST_OFFSET = 65_535
"""The highest offset that SMS takes; rows past it and one page cannot be read."""

PASSES = 3
"""How often a listing is read at most, where rows move while it is read."""

_OVERLAP_ROWS = 10
_PAGES_AT_ONCE = 4


class HasId(Protocol):
    """A row as it is kept: whatever else it says, it has an id."""

    @property
    def id(self) -> str:
        """The row's own id, never empty."""


RowT = TypeVar("RowT", bound=HasId)


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """One page: rows in all as SMS counts them (None where it does not say), rows on this page, and those with an id."""

    count: int | None
    length: int
    rows: Sequence[RowT]


FetchPage: TypeAlias = Callable[[int, int], Coroutine[Any, Any, Page[RowT]]]
"""Fetch a page and read its rows: offset and limit in, Page out. (Rows are kept as read: 20,000 as JSON would weigh 100 MB.)"""


async def read_listing(fetch: FetchPage[RowT], passes: int = PASSES) -> list[RowT]:
    """All rows that could be seen, each id once (as the last page that has it says), in the order in which they came up.

    Rows without id are left out.

    Reads until as many are seen as SMS counts and no page was torn from the one before it, until a pass finds nothing new, or
    `passes` times over, whatever comes first.
    """
    seen: dict[str, RowT] = {}
    for _ in range(passes):
        before = len(seen)
        if await _read_pass(fetch, seen) or (before and len(seen) == before):
            break
    return list(seen.values())


async def _read_pass(fetch: FetchPage[RowT], seen: dict[str, RowT]) -> bool:
    """Read from the first row to the last into `seen`; whether nothing suggests that rows were missed."""
    pages = _PagesAhead(fetch)
    try:
        return await _read_in_order(pages, seen)
    finally:
        await pages.close()


async def _read_in_order(pages: _PagesAhead[RowT], seen: dict[str, RowT]) -> bool:
    offset, whole, counted = 0, True, 0
    while offset <= LAST_OFFSET:
        page = await pages.at(offset)
        # A page begins with the last rows of the one before; where it does not, rows moved past the overlap, unseen.
        whole = whole and (not offset or not page.rows or page.rows[0].id in seen)
        seen.update((row.id, row) for row in page.rows)
        counted = max(counted, page.count or 0)
        end = offset + page.length
        if _is_last(page, end):
            return whole and len(seen) >= counted
        # A page shorter than asked for is stepped over by what it has; one row at least, or this would not end.
        offset = max(end - _OVERLAP_ROWS, offset + 1)
    return True


class _PagesAhead(Generic[RowT]):
    """Pages by their offset. While one is waited for, those that should follow it are on their way, as far as SMS counts rows.

    The first page is read alone: wrong credentials cost one refused call. A page that turns out not to follow is thrown away.
    """

    def __init__(self, fetch: FetchPage[RowT]) -> None:
        self._fetch = fetch
        self._on_the_way: dict[int, asyncio.Task[Page[RowT]]] = {}
        self._end = 0

    async def at(self, offset: int) -> Page[RowT]:
        """The page that begins there."""
        for ahead in range(offset, min(self._end, LAST_OFFSET + 1), PAGE_ROWS - _OVERLAP_ROWS)[:_PAGES_AT_ONCE]:
            if ahead not in self._on_the_way:
                self._on_the_way[ahead] = asyncio.create_task(self._fetch(ahead, PAGE_ROWS))
        aio_task = self._on_the_way.pop(offset, None)
        page = await (aio_task or self._fetch(offset, PAGE_ROWS))
        # Of a server that gives less than it is asked for, nobody knows where its pages begin.
        self._end = (page.count or 0) - _OVERLAP_ROWS if page.length == PAGE_ROWS else 0
        return page

    async def close(self) -> None:
        """Give up what is on its way."""
        for aio_task in self._on_the_way.values():
            aio_task.cancel()
        await asyncio.gather(*self._on_the_way.values(), return_exceptions=True)


def _is_last(page: Page[RowT], end: int) -> bool:
    if page.count is None:
        return page.length < PAGE_ROWS
    return not page.length or end >= page.count
