"""The flow `operate-wave` against a real Prefect server: what its UI shows of an order, and how a deletion is confirmed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.plans import make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import PrefectApi

_RUN = """
import asyncio, json, sys
from flows.operate_wave import operate_wave
for order in json.loads(sys.argv[1]):
    asyncio.run(operate_wave(**order, return_state=True))
"""


@pytest.fixture
def simulator() -> Any:
    with SimulatorProcess(any_source=True, any_target=True) as simulator:
        yield simulator


def test_an_order_is_shown_with_what_is_not_done(tmp_path: Path, simulator: SimulatorProcess, prefect_api: PrefectApi) -> None:
    """One run an order: its state tells the counts, the table why; a deletion without its count deletes nothing."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1), server(2)])
    simulator.add_task("src-0001-a1b2", target_vm_id="vm-0001-c3d4")
    orders: list[dict[str, Any]] = [
        {"operation": "start"},
        {"operation": "speed", "limit_mbps": 200, "where": ["source_name=*-01"]},
        {"operation": "delete"},
    ]
    words = json.dumps([{"plan": str(plan), "wave": "wave-1", **order} for order in orders])
    env = environment(tmp_path, simulator, **prefect_api.environment)
    subprocess.run([sys.executable, "-c", _RUN, words], env=env, cwd=ROOT, check=True, capture_output=True, timeout=90)
    deleted, slowed, started = prefect_api.runs(plan)
    assert (started["name"], started["state"]["type"]) == ("start wave-1", "FAILED")
    assert started["state"]["message"] == "start wave-1: 1 DONE, 1 NO TASK"
    artifacts = prefect_api.artifacts(started)
    assert sorted(artifacts) == ["markdown", "progress", "table"]
    assert [row["outcome"] for row in json.loads(artifacts["table"]["data"])] == ["NO TASK"]
    assert (slowed["state"]["type"], slowed["state"]["message"]) == ("COMPLETED", "speed wave-1: 1 DONE")
    assert deleted["state"]["type"] == "FAILED"
    assert "nothing was sent: none of these tasks can be deleted" in deleted["state"]["message"]
    assert len(simulator.truth()["tasks"]) == 1
