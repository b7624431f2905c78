"""One browser and one Prefect with its UI for all tests of a worker, a tab of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.browser import Tab, chromium, new_tab, why_not
from tests.left_out import left_out
from tests.ui.prefect_ui import PrefectUi, prefect_ui

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser

FLOWS = ("submit-wave", "run-wave")


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


@pytest.fixture(scope="session")
def control_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectUi]:
    """Prefect with its UI and the served flows."""
    if reason := why_not():
        left_out(reason)
    with prefect_ui(tmp_path_factory.mktemp("prefect-ui"), *FLOWS, slow_seconds=1, migration_seconds=1) as found:
        yield found
