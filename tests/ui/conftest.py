"""One browser for all tests of a worker, a tab of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.browser import Tab, chromium, new_tab, why_not
from tests.left_out import left_out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one browser."""
    if reason := why_not():
        left_out(reason)
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser) -> AsyncIterator[Tab]:
    """An empty tab."""
    async with new_tab(browser) as found:
        yield found
