"""Read a paged listing whole, although its rows shift while it is read (facts 4.1: offsets, and no documented order).

A row that is made or deleted between two pages moves its neighbours over a page's edge: one is then seen twice, or not at all. So
pages overlap, rows are kept once by id, and where fewer are there than SMS counts the listing is read again, a bounded number of
times. Even so, absence from a listing is no proof that a task does not exist: ask for its id. Called by client.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

PAGE_ROWS = 200
"""The most rows that SMS gives a page."""

LAST_OFFSET = 65_535
"""The highest offset that SMS takes; rows past it and one page cannot be read."""

_OVERLAP_ROWS = 10
_PASSES = 3


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


FetchPage: TypeAlias = Callable[[int, int], Awaitable[Page[RowT]]]
"""Fetch a page and read its rows: offset and limit in, Page out. (Rows are kept as read: 20,000 as JSON would weigh 100 MB.)"""


async def read_listing(fetch: FetchPage[RowT]) -> list[RowT]:
    """All rows that could be seen, each id once (as it was last), in the order in which they came up; rows without id are left out.

    Reads until as many are seen as SMS counts and no page was torn from the one before it, until a pass finds nothing new, or
    three times over, whatever comes first.
    """
    seen: dict[str, RowT] = {}
    for _ in range(_PASSES):
        before = len(seen)
        if await _read_pass(fetch, seen) or (before and len(seen) == before):
            break
    return list(seen.values())


async def _read_pass(fetch: FetchPage[RowT], seen: dict[str, RowT]) -> bool:
    """Read from the first row to the last into `seen`; whether nothing suggests that rows were missed."""
    offset, whole = 0, True
    while offset <= LAST_OFFSET:
        page = await fetch(offset, PAGE_ROWS)
        # A page begins with the last rows of the one before; where it does not, rows moved past the overlap, unseen.
        whole = whole and (not offset or not page.rows or page.rows[0].id in seen)
        seen.update((row.id, row) for row in page.rows)
        end = offset + page.length
        if _is_last(page, end):
            return whole and len(seen) >= (page.count or 0)
        # A page shorter than asked for is stepped over by what it has; one row at least, or this would not end.
        offset = max(end - _OVERLAP_ROWS, offset + 1)
    return True


def _is_last(page: Page[RowT], end: int) -> bool:
    if page.count is None:
        return page.length < PAGE_ROWS
    return not page.length or end >= page.count
