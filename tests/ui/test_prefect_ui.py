"""A wave run, watched and cancelled in Prefect's own UI, by what an operator sees and clicks there."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from playwright.async_api import Page, expect

from tests.conftest import wait_until
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser import Tab
    from tests.ui.prefect_ui import PrefectUi

pytestmark = pytest.mark.asyncio(loop_scope="session")


def plan_of(folder: Path, rows: int, first: int) -> Path:
    """A plan of servers that no other test here has: they share a journal and a simulator."""
    numbers = range(first, first + rows)
    return make_plan(folder / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])


def outcomes(report: Path) -> dict[str, str]:
    """The status of each server, as the report's workbook has it."""
    with closing(load_workbook(report, read_only=True)) as book:
        header, *rows = book["Outcomes"].iter_rows(values_only=True)
    name, status = header.index("source_name"), header.index("status")
    return {str(row[name]): str(row[status]) for row in rows}


async def started(page: Page, control_room: PrefectUi, flow: str, plan: Path, **more: str) -> dict[str, Any]:
    """Fill the form of a flow in and send it, and look at the run that came of it; the run, as Prefect's API has it."""
    await page.goto(control_room.form(flow))
    for name, text in {"plan": str(plan), "wave": "wave-1", **more}.items():
        await page.get_by_label(name, exact=name in {"plan", "wave"}).fill(text)
    await page.get_by_role("button", name="Submit").click()
    await expect(page).not_to_have_url(control_room.form(flow))
    wait_until(lambda: control_room.api.runs(plan))
    run: dict[str, Any] = control_room.api.runs(plan)[0]
    await page.goto(control_room.run(run["id"]))
    return run


async def test_a_wave_is_run_from_the_form(tmp_path: Path, control_room: PrefectUi, tab: Tab) -> None:
    """Two fields and a click: the run, its stages, what failed with its cure, the summary with the report's place."""
    plan, page = plan_of(tmp_path, 12, first=1), tab.page
    control_room.simulator.fault_once("SMS.6526-before", source_server_id=server(3)["source_server_id"])
    await started(page, control_room, "submit-wave", plan)
    main = page.get_by_role("main")
    await expect(main.get_by_text("Failed", exact=True)).to_be_visible()
    await expect(main).to_contain_text("submit wave-1")
    await page.get_by_role("tab", name="Artifacts").click()
    await expect(main).to_contain_text("12/12")
    await main.get_by_text("not-done-wave-1").click()
    await main.locator("a[href*='/artifacts/artifact/']").first.click()
    await expect(main).to_contain_text("web-03")
    await expect(main).to_contain_text("SMS.6526")
    await page.go_back()
    await page.go_back()
    await main.get_by_text("summary-wave-1").click()
    await main.locator("a[href*='/artifacts/artifact/']").first.click()
    report = tmp_path / "plan.wave-1.report.xlsx"
    await expect(main).to_contain_text(str(report))
    assert outcomes(report) == {f"web-{n:02}": "REJECTED" if n == 3 else "CREATED" for n in range(1, 13)}


async def test_a_run_is_cancelled_and_its_report_is_whole(tmp_path: Path, control_room: PrefectUi, tab: Tab) -> None:
    """In mid-wave, from the run's menu: it is Cancelled, and the workbook tells of every row, with tasks as SMS has them."""
    plan, page, simulator = plan_of(tmp_path, 200, first=101), tab.page, control_room.simulator
    simulator.set_faults("slow-after=1")
    try:
        run = await started(page, control_room, "submit-wave", plan)
        main = page.get_by_role("main")
        await expect(main.get_by_text("Running", exact=True)).to_be_visible()
        await page.get_by_role("tab", name="Artifacts").click()
        await expect(main).to_contain_text("/200")
        await page.get_by_role("button", name="Open menu").click()
        await page.get_by_role("menuitem", name="Cancel").click()
        await page.get_by_role("button", name="Cancel Flow Run").click()
        await expect(main.get_by_text("Cancelled", exact=True)).to_be_visible()
    finally:
        simulator.set_faults()
    told = outcomes(tmp_path / "plan.wave-1.report.xlsx")
    assert sorted(told) == [f"web-{n}" for n in range(101, 301)]
    there = {task["source_server_id"] for task in simulator.truth()["tasks"]}
    created = {f"web-{n}" for n in range(101, 301) if server(n)["source_server_id"] in there}
    assert {name for name, status in told.items() if status == "CREATED"} == created
    assert len(created) < 200
    assert control_room.api.artifacts(run)["progress"]["data"] == 100
