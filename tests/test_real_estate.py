"""A real estate of 546 servers, where one lies beside the repository: checked, submitted, and submitted again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from flows import wave_job
from flows.settings import load_settings
from flows.submission.events import Silent, StopSignal
from inventory.checks import check_plan
from inventory.plan import read_plan
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from flows.wave_job import WaveEnd

ESTATE = Path(__file__).resolve().parents[2] / "shared" / "real-inventory" / "wave_plan_546_servers.xlsx"

pytestmark = pytest.mark.skipif(not ESTATE.exists(), reason="no real estate lies beside the repository")


async def submit(wave: str, simulator: SimulatorProcess, folder: Path) -> WaveEnd:
    settings = load_settings(
        endpoint=simulator.url,
        ak=simulator.access_key,
        sk=simulator.secret_key,
        settle_seconds=0.5,
        journal=f"sqlite+aiosqlite:///{folder / 'journal.sqlite'}",
    )
    prepared = wave_job.prepare(wave_job.WaveOrder(ESTATE, wave, folder / f"{wave}.xlsx"))
    return await wave_job.run(prepared, settings, Silent(), StopSignal())


def reported(report: Path) -> dict[str, str]:
    """Source server id -> task id, of the rows that the report on disk calls CREATED or EXISTS."""
    with closing(openpyxl.load_workbook(report, read_only=True)) as book:
        rows = list(book["Outcomes"].iter_rows(values_only=True))
    place = {name: index for index, name in enumerate(rows[0])}
    done = [row for row in rows[1:] if row[place["status"]] in {"CREATED", "EXISTS"}]
    return {str(row[place["source_server_id"]]): str(row[place["task_id"]]) for row in done}


async def test_every_server_is_created_once_and_exists_when_asked_again(tmp_path: Path) -> None:
    """Six waves against the strict simulator: no body is refused, report and truth agree, a second run makes no POST."""
    plan = read_plan(ESTATE)
    assert {each.code for each in check_plan(plan)} == {"PLAN-527"}  # disks of more than 2 TiB that their volumes fill
    with SimulatorProcess(fleet=ESTATE) as simulator:
        first = {wave: await submit(wave, simulator, tmp_path) for wave in plan.waves}
        truth = simulator.truth()
        assert sum(end.counts["CREATED"] for end in first.values()) == 546
        told = {source: [task] for wave in plan.waves for source, task in reported(tmp_path / f"{wave}.xlsx").items()}
        assert told == truth["tasks_by_source"]
        assert truth["warnings"] == []
        again = [await submit(wave, simulator, tmp_path) for wave in plan.waves]
        assert [dict(end.counts) for end in again] == [{"EXISTS": 91}] * 6
        assert simulator.truth()["requests"]["POST /v3/tasks"] == 546
