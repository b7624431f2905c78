"""A wave run, watched, approved and cancelled in Prefect's own UI, by what an operator sees and clicks there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect

from tests.plans import Row, disk, make_plan, server
from tests.ui.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.browser import Tab
    from tests.ui.prefect_ui import PrefectUi

pytestmark = pytest.mark.asyncio(loop_scope="session")


def plan_of(folder: Path, rows: int, first: int, *, waves: Sequence[Row] = (), **values: Any) -> Path:
    """A plan of servers that no other test here has: they share a journal and a simulator."""
    numbers = range(first, first + rows)
    servers, disks = [server(n, **values) for n in numbers], [disk(n) for n in numbers]
    return make_plan(folder / "plan.xlsx", servers, disks=disks, waves=waves)


def cells(report: Path, sheet: str) -> list[tuple[Any, ...]]:
    """The rows of a sheet of the report's workbook."""
    with closing(load_workbook(report, read_only=True)) as book:
        return list(book[sheet].iter_rows(values_only=True))


def outcomes(report: Path) -> dict[str, str]:
    """The status of each server, as the report has it."""
    header, *rows = cells(report, "Outcomes")
    name, status = header.index("source_name"), header.index("status")
    return {str(row[name]): str(row[status]) for row in rows}


async def test_a_wave_is_run_from_the_form(tmp_path: Path, control_room: PrefectUi, tab: Tab) -> None:
    """Two fields and a click: the run, its stages, what failed with its cure, the summary with the report's place."""
    plan, operator = plan_of(tmp_path, 12, first=1), Operator(tab.page, control_room)
    control_room.simulator.fault_once("SMS.6526-before", source_server_id=server(3)["source_server_id"])
    await operator.start("submit-wave", plan)
    await expect(operator.state("Failed")).to_be_visible()
    await operator.tab("Artifacts")
    await expect(operator.main).to_contain_text("12/12")
    await operator.artifact("not-done-wave-1")
    await expect(operator.main).to_contain_text("web-03")
    await expect(operator.main).to_contain_text("SMS.6526")
    await operator.artifact("summary-wave-1")
    report = tmp_path / "plan.wave-1.report.xlsx"
    await expect(operator.main).to_contain_text(str(report))
    assert outcomes(report) == {f"web-{n:02}": "REJECTED" if n == 3 else "CREATED" for n in range(1, 13)}


async def test_a_run_is_cancelled_and_its_report_is_whole(tmp_path: Path, control_room: PrefectUi, tab: Tab) -> None:
    """In mid-wave, from the run's menu: it is Cancelled, and the workbook tells of every row, with tasks as SMS has them."""
    plan, simulator = plan_of(tmp_path, 200, first=101), control_room.simulator
    operator = Operator(tab.page, control_room)
    simulator.set_faults("slow-after=1")
    try:
        await operator.start("submit-wave", plan)
        await expect(operator.state("Running")).to_be_visible()
        await operator.tab("Artifacts")
        await expect(operator.main).to_contain_text("/200")
        await operator.cancel()
        await expect(operator.state("Cancelled")).to_be_visible()
    finally:
        simulator.set_faults()
    told = outcomes(tmp_path / "plan.wave-1.report.xlsx")
    assert sorted(told) == [f"web-{n}" for n in range(101, 301)]
    there = {task["source_server_id"] for task in simulator.truth()["tasks"]}
    created = {f"web-{n}" for n in range(101, 301) if server(n)["source_server_id"] in there}
    assert {name for name, status in told.items() if status == "CREATED"} == created
    assert len(created) < 200
    (run,) = control_room.api.runs(plan)
    assert control_room.api.artifacts(run)["progress"]["data"] == 100


async def test_a_gate_is_approved_in_the_form(tmp_path: Path, control_room: PrefectUi, tab: Tab) -> None:
    """The night stands at its gate until somebody has seen the figures and said so: then, and once, each server is cut over."""
    waves = [{"wave": "wave-1", "needs_approval": True}]
    plan, operator = plan_of(tmp_path, 3, first=401, waves=waves, syncing=True), Operator(tab.page, control_room)
    await operator.start("run-wave", plan, interval="1")
    await expect(operator.state("Paused")).to_be_visible()
    form = await operator.open_gate()
    await expect(form).to_contain_text("3 of 3 (100%)")
    assert operations(control_room, 401, 3) == [["start"]] * 3
    await operator.decide("Ann of the bank", "approved", "seen, go on")
    await expect(operator.state("Completed")).to_be_visible()
    assert operations(control_room, 401, 3) == [["start", "cutover"]] * 3
    assert approvals(control_room, plan) == [("cutover", "approved", "Ann of the bank", "seen, go on")]
    told = [str(cell) for row in cells(tmp_path / "plan.wave-1.report.xlsx", "Night") for cell in row]
    assert "approved by Ann of the bank: seen, go on" in told


def operations(control_room: PrefectUi, first: int, count: int) -> list[list[str]]:
    """What was really done to the task of each of these servers, in that order."""
    wanted = [server(n)["source_server_id"] for n in range(first, first + count)]
    done = {
        task["source_server_id"]: [each["operation"] for each in task["operations"]]
        for task in control_room.simulator.history()["tasks"]
    }
    return [done[source] for source in wanted]


def approvals(control_room: PrefectUi, plan: Path) -> list[tuple[str, ...]]:
    """What the journal says of the gates of this plan."""
    with closing(sqlite3.connect(control_room.journal)) as journal:
        asked = "SELECT gate, decision, approver, comment FROM approval WHERE wave = 'wave-1' AND plan_name = ?"
        return [tuple(row) for row in journal.execute(asked, (plan.name,))]
