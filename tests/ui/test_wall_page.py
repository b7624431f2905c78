"""The page for the wall in a real browser: of use by keyboard alone, on any screen, and the same after it has refreshed itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from flows.tracking.wall_page import write_wall_page
from tests.flows.tracking.test_wall_page import AT, picture_of
from tests.ui.keyboard import press
from tests.ui.pictures import wave_under_way

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_watcher_finds_narrows_and_sorts_by_keyboard_alone(tmp_path: Path, tab: Tab) -> None:
    """`/` finds, chips narrow, headers sort; a refresh keeps all that, and the place where the keyboard was."""
    write_wall_page(tmp_path / "wall.html", picture_of(tmp_path))
    page = tab.page
    await page.clock.install(time=AT)
    await page.goto((tmp_path / "wall.html").as_uri())
    first, count = page.locator("#list tbody tr").first, page.locator("#count")
    await expect(first).to_contain_text("failed")
    assert await count.text_content() == "109 of 109 servers"
    await page.keyboard.type("/0093")
    assert await count.text_content() == "1 of 109 servers"
    assert page.url.endswith("#q=0093")
    await page.keyboard.press("Escape")
    await press(page, "#only-running")
    await press(page, "#by-server")
    await page.keyboard.press("Enter")
    assert await page.locator("th.c-server").get_attribute("aria-sort") == "descending"
    assert await count.text_content() == "101 of 109 servers"
    assert await first.locator(".c-server").text_content() == "web-109"
    await expect(first).to_contain_text("40 min late")
    await page.evaluate("window.before = true")
    await page.clock.fast_forward("00:31")
    await page.wait_for_function("!window.before && document.readyState == 'complete'")
    await expect(page.locator("#by-server")).to_be_focused()
    assert await count.text_content() == "101 of 109 servers"
    assert ([url for url in tab.requests if not url.startswith("file:")], tab.complaints) == ([], [])


async def test_it_is_for_any_screen_by_day_and_by_night(tmp_path: Path, tab: Tab) -> None:
    """On a telephone nothing sticks out; the dark is dark; a hostile text is text."""
    write_wall_page(tmp_path / "wall.html", picture_of(tmp_path))
    page, grounds = tab.page, set()
    await page.goto((tmp_path / "wall.html").as_uri())
    for width, is_dark in ((1920, False), (400, True)):
        await tab.look(width, 800, is_dark=is_dark)
        grounds.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert (width, await page.evaluate("Math.max(document.documentElement.scrollWidth - innerWidth, 0)")) == (width, 0)
    assert len(grounds) == 2
    assert await page.evaluate("typeof window.hit") == "undefined"
    assert tab.complaints == []


async def test_nothing_sticks_out_of_a_screen_of_any_width(tmp_path: Path, tab: Tab) -> None:
    """With servers, causes and times as they really are."""
    write_wall_page(tmp_path / "wall.html", wave_under_way())
    await tab.page.goto((tmp_path / "wall.html").as_uri())
    for width in range(360, 1921, 60):
        await tab.look(width)
        assert (width, await tab.page.evaluate("Math.max(document.documentElement.scrollWidth - innerWidth, 0)")) == (width, 0)
