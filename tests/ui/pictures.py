"""Take README's pictures of pages: a wave's night in Prefect's UI, its report, the wall. `make pictures` calls it.

    python -m tests.ui.pictures         write them, where Chromium is there

The night of the shipped plan's second wave is really run, against the simulator, by the steps of the tests (operator.py). Moments
and ids differ from time to time, so pixels are not compared.
"""

from __future__ import annotations

import asyncio
import io
import random
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from openpyxl import load_workbook
from PIL import Image
from playwright.async_api import Page, expect

from flows.tracking.picture import Picture, ServerView
from flows.tracking.standing import Goal, Standing
from flows.tracking.wall_page import write_wall_page
from inventory.examples.make_wave_plan import PLAN_PATH
from inventory.plan import read_plan
from inventory.report import write_page
from tests.browser import chromium, new_tab, why_not
from tests.png import write_png
from tests.ui.operator import Operator
from tests.ui.prefect_ui import prefect_ui
from tests.workbook_pictures import example_report

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from inventory.plan import ServerRow
    from tests.ui.prefect_ui import PrefectUi

FOLDER = Path(__file__).resolve().parents[2] / ".docs"
NAMES = ("ui-form", "ui-gate", "report-page", "wall-page")
WAVE = "wave-2"
_WIDTH = 1240
_LOOKS, _STILL_MILLISECONDS = 4, 700
_NOW = datetime(2027, 1, 9, 21, 30, tzinfo=UTC)
_PROGRESS = {Standing.SYNCING: 100.0, Standing.DONE: 100.0, Standing.FAILED: 41.0}


def write() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        plan = _plan_of_tonight(folder / PLAN_PATH.name)
        with prefect_ui(folder, "run-wave", fleet=plan, migration_seconds=6, configuration=1) as control_room:
            asyncio.run(_take(folder, plan, control_room))


def _plan_of_tonight(path: Path) -> Path:
    """The shipped plan, the window of its second wave being now."""
    book = load_workbook(PLAN_PATH)
    header, *rows = book["Waves"].iter_rows()
    columns = [cell.value for cell in header]
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    for row in rows:
        if row[0].value == WAVE:
            row[columns.index("starts_at")].value = now - timedelta(hours=2)
            row[columns.index("ends_at")].value = now + timedelta(hours=9)
    book.save(path)
    return path


async def _take(folder: Path, plan: Path, control_room: PrefectUi) -> None:
    async with chromium() as browser:
        async with new_tab(browser, _WIDTH, 560) as tab:
            await _night(Operator(tab.page, control_room), plan)
        write_page(folder / "report.html", example_report())
        async with new_tab(browser, _WIDTH, 560) as tab:
            await _report_page(tab.page, folder / "report.html")
        write_wall_page(folder / "wall.html", wave_under_way())
        async with new_tab(browser, _WIDTH, 780) as tab:
            await tab.look(_WIDTH, 780, is_dark=True)
            await tab.page.clock.install(time=_NOW)
            await tab.page.goto((folder / "wall.html").as_uri())
            await _shoot(tab.page, "wall-page")


async def _night(operator: Operator, plan: Path) -> None:
    """The form, filled in; the gate, with its figures."""
    page = operator.page
    await operator.fill_in("run-wave", Path("/srv/waves") / plan.name, wave=WAVE)
    await _shoot(page, "ui-form")
    await operator.fill_in("run-wave", plan, wave=WAVE, interval="1")
    await operator.send(plan)
    await expect(operator.state("Paused")).to_be_visible()
    await page.set_viewport_size({"width": _WIDTH, "height": 1300})
    form = await operator.open_gate()
    await operator.answer("Ann Example", "approved", "databases checked, go on")
    await _shoot(form, "ui-gate")


async def _report_page(page: Page, path: Path) -> None:
    """The list of the report's page, narrowed to some servers, one of them opened."""
    await page.goto(path.as_uri())
    await page.locator("[data-status=REJECTED]").click()
    await page.locator(".open button").first.click()
    await page.locator("#q").evaluate("field => field.closest('section').scrollIntoView()")
    await _shoot(page, "report-page")


def wave_under_way() -> Picture:
    """A wave an hour and a half into its night: most run, two failed, one is late."""
    chance, at = random.Random(5), _NOW.timestamp()
    rows = [row for row in read_plan(PLAN_PATH).servers if not row.skip]
    standings = [Standing.RUNNING] * 11 + [Standing.SYNCING] * 5 + [Standing.FAILED, Standing.WAITING, Standing.WAITING]
    standings += [Standing.DONE] * (len(rows) - len(standings))
    views = [_view(row, f"t-{n}", standing, chance, at) for n, (row, standing) in enumerate(zip(rows, standings, strict=True))]
    views[3] = replace(views[3], late_seconds=2400.0, ends_at=at + 13_800)
    return Picture(
        WAVE, PLAN_PATH.name, Goal.DONE, at, views, window_ends_at=at + 11_400, ends_at=at + 13_800, next_in=30.0, zone=UTC
    )


def _view(row: ServerRow, task: str, standing: Standing, chance: random.Random, at: float) -> ServerView:
    is_running = standing is Standing.RUNNING
    view = ServerView(row, row.source_server_id, task, standing.name, standing, _PROGRESS.get(standing, 0.0))
    if standing is Standing.FAILED:
        return replace(view, error_code="SMS.1105", error_message="Failed to mount a partition.")
    if not is_running:
        return view
    share, ends_at = chance.uniform(20, 95), at + chance.uniform(600, 9000)
    return replace(
        view,
        progress=share,
        speed_mbps=chance.uniform(40, 180),
        sub_task="MIGRATE_LINUX_FILE",
        ends_at=ends_at,
        expected_end=ends_at - chance.uniform(-900, 900),
    )


async def _shoot(shown: Page | Locator, name: str) -> None:
    """The screen, or a part of it, as it stands, without what moves, in few colours."""
    page = shown if isinstance(shown, Page) else shown.page
    for _ in range(_LOOKS):  # a timeline takes its time until it has drawn itself
        before = await shown.screenshot(animations="disabled", caret="hide")
        await page.wait_for_timeout(_STILL_MILLISECONDS)
        seen = await shown.screenshot(animations="disabled", caret="hide")
        if seen == before:
            break
    pixels = np.asarray(Image.open(io.BytesIO(seen)).convert("RGB"))
    write_png(FOLDER / f"{name}.png", pixels, {})


if __name__ == "__main__":
    if reason := why_not():
        sys.exit(reason)
    write()
    sys.stdout.writelines(f"{FOLDER / name}.png\n" for name in NAMES)
