"""The flow track-wave, in a process of its own, against a real Prefect server."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import PrefectApi

_RUN = """
import asyncio, sys
from flows.track_wave import track_wave
asyncio.run(track_wave(plan=sys.argv[1], wave="wave-1", interval=1.0, html=sys.argv[2], return_state=True))
"""


def test_a_wave_is_followed_in_prefect(tmp_path: Path, prefect_api: PrefectApi) -> None:
    """Progress, who needs somebody and a summary as artifacts; a failed server makes a Failed run; the page is there."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(n) for n in (1, 2)], disks=[disk(n) for n in (1, 2)])
    page = tmp_path / "wall.html"
    with SimulatorProcess(any_source=True) as simulator:
        for number, state in ((1, "MIGRATE_SUCCESS"), (2, "MIGRATE_FAIL")):
            simulator.add_task(server(number)["source_server_id"], state=state)
        env = environment(tmp_path, simulator, **prefect_api.environment)
        done = subprocess.run(
            [sys.executable, "-c", _RUN, plan, page], env=env, cwd=ROOT, capture_output=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    (run,) = prefect_api.runs(plan)
    assert (run["state"]["type"], run["state"]["message"]) == ("FAILED", "wave-1: 1/2 done, 1 failed")
    artifacts = prefect_api.artifacts(run)
    assert sorted(artifacts) == ["markdown", "progress", "table"]
    assert [row["server"] for row in json.loads(artifacts["table"]["data"])] == ["web-02"]
    assert "1/2 done" in page.read_text(encoding="utf-8")
