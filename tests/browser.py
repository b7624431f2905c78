"""A real browser without a window: Debian's Chromium, driven by Playwright; no browser is downloaded.

A `Tab` is a page with what it asked the network for and what the browser said against it. It reaches no machine but this one: no
name is resolved, so that a page which calls out fails here as it does in a data centre without internet.
"""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, ConsoleMessage, Page

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
SECONDS = 60.0
"""How long anything may take to show itself, which no working machine needs."""

_WORDS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def why_not() -> str:
    """Why it cannot run here, in one line; empty where it can."""
    return "" if CHROMIUM else "Chromium is not installed (`apt-get install chromium`): no page is opened in it"


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the browser; `requests` and `complaints` grow as it goes."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def look(self, width: int, height: int = 900, *, is_dark: bool = False) -> None:
        """Have the page on a screen of that size, with that preference."""
        await self.page.set_viewport_size({"width": width, "height": height})
        await self.page.emulate_media(color_scheme="dark" if is_dark else "light")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, ended with the block."""
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=1000 * SECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_WORDS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def new_tab(browser: Browser, width: int = 1200, height: int = 900) -> AsyncIterator[Tab]:
    """An empty tab that shares nothing with any other, on a light screen of that size."""
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
    context.set_default_timeout(1000 * SECONDS)
    try:
        tab = Tab(await context.new_page())
        tab.page.on("request", lambda request: tab.requests.append(request.url))
        tab.page.on("console", lambda message: _note(tab, message))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        yield tab
    finally:
        await context.close()


def _note(tab: Tab, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        tab.complaints.append(message.text)
