"""The report's page in a real browser: of use by keyboard alone, on any screen, and nothing that anybody wrote runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from inventory.findings import Finding, Severity
from inventory.outcomes import Status
from inventory.report import write_page
from inventory.report_html_text import visible
from tests.inventory.test_report_html import HOSTILE, page_text
from tests.inventory.test_report_sheets import attempt_of
from tests.plans import server
from tests.ui.keyboard import press
from tests.workbook_pictures import example_report

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFLICT = f"[data-status={Status.CONFLICT.value}]"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


async def opened(tab: Tab, folder: Path, rows: list[dict[str, Any]], **more: Any) -> None:
    """Have the page of a report on these rows in the tab."""
    page_text(folder, rows, **more)
    await tab.page.goto((folder / "report.html").as_uri())


async def shown(tab: Tab) -> list[str]:
    """The names of the servers in the list, in its order."""
    return await tab.page.locator("#list tbody tr:not(.details) .c-server").all_text_contents()


async def test_a_reader_filters_sorts_and_looks_closer_by_keyboard_alone(tmp_path: Path, tab: Tab) -> None:
    """`/` finds, a status narrows, a header sorts both ways, a row opens: what was planned, digests, requests."""
    rows = [server(number, Owner=f"team-{number % 3}", priority=number) for number in range(1, 501)]
    await opened(tab, tmp_path, rows, attempts=[attempt_of(source_server_id=rows[2]["source_server_id"])])
    page = tab.page
    assert len(await shown(tab)) == 200
    await page.keyboard.press("/")
    await page.keyboard.type("team-1 WEB-49")
    await page.keyboard.press("Enter")
    assert await shown(tab) == ["web-49", "web-490", "web-493", "web-496", "web-499"]
    assert await page.text_content("#count") == "5 of 500 servers"
    await page.keyboard.press("Escape")
    await press(page, CONFLICT)
    assert (await shown(tab))[:3] == ["web-03", "web-11", "web-19"]
    await press(page, "#list .c-server .sort")
    await page.keyboard.press("Enter")
    assert (await shown(tab))[:2] == ["web-499", "web-491"]
    assert await page.locator("#list [aria-sort]").get_attribute("aria-sort") == "descending"
    await page.keyboard.press("Enter")
    await press(page, ".open button")
    details = await page.locator(".details").inner_text()
    assert all(text in details for text in ("Owner", "team-0", f"{1:064x}", "Servers!A4")), details
    assert (tab.requests, tab.complaints) == ([page.url.partition("#")[0]], [])


async def test_nothing_hostile_runs_and_the_page_fits_any_screen(tmp_path: Path, tab: Tab) -> None:
    """Real names of a real attack; on a telephone nothing sticks out, by day and by night; paper has every row that is left."""
    rows = [server(place, source_name=text, note=text) for place, text in enumerate(HOSTILE, 1)] + [
        server(n) for n in range(10, 260)
    ]
    finding = Finding("PLAN-112", Severity.ERROR, HOSTILE[0], "F17", HOSTILE[1], HOSTILE[2], HOSTILE[3])
    await opened(tab, tmp_path, rows, findings=[finding], notes=HOSTILE, attempts=[attempt_of(answer=HOSTILE[0])])
    page = tab.page
    await page.evaluate("document.querySelectorAll('.open button').forEach(button => button.click())")
    assert (await shown(tab))[: len(HOSTILE)] == [visible(text) for text in HOSTILE]
    assert await page.evaluate("typeof window.hit") == "undefined"
    assert await page.locator("img, main script, iframe, a").count() == 0
    grounds = set()
    for width, is_dark in ((400, False), (360, True), (1200, False)):
        await tab.look(width, is_dark=is_dark)
        grounds.add((is_dark, await page.evaluate(BACKGROUND)))
        assert (width, await page.evaluate("Math.max(document.documentElement.scrollWidth - innerWidth, 0)")) == (width, 0)
    assert len({ground for _, ground in grounds}) == 2
    assert (await page.pdf(prefer_css_page_size=True)).startswith(b"%PDF")
    assert len(await shown(tab)) == len(rows)
    assert (tab.requests, tab.complaints) == ([page.url.partition("#")[0]], [])


async def test_nothing_sticks_out_of_a_screen_of_any_width(tmp_path: Path, tab: Tab) -> None:
    """With a row opened, ids and advice as they really are."""
    write_page(tmp_path / "report.html", example_report())
    await tab.page.goto((tmp_path / "report.html").as_uri())
    await tab.page.locator(".open button").first.click()
    for width in range(360, 1921, 60):
        await tab.look(width)
        assert (width, await tab.page.evaluate("Math.max(document.documentElement.scrollWidth - innerWidth, 0)")) == (width, 0)
