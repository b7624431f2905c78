"""A person without a mouse: what is pressed on a page is what they would press."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

_MOST_STEPS = 60


async def reach(page: Page, selector: str) -> None:
    """Go to a control by the Tab key; fails where it cannot be reached in a number of steps that a person would go."""
    for _ in range(_MOST_STEPS):
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by {_MOST_STEPS} steps of the Tab key")


async def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Go to a control and press it."""
    await reach(page, selector)
    await page.keyboard.press(key)
