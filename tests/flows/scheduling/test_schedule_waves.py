"""The flow `schedule-waves` against a real Prefect server: it makes the very runs that `waves schedule` makes, and none twice."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.plans import disk, make_plan, server
from tests.waves_process import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import PrefectApi

POOL = "rescheduled-by-tests"
TONIGHT = datetime.now(UTC).replace(microsecond=0, tzinfo=None) + timedelta(hours=20)

_RUN = """
import asyncio, sys
from flows.cli.main import main
from flows.schedule_waves import schedule_waves

good, bad, pool = sys.argv[1:]
asyncio.run(schedule_waves(plan=good, pool=pool, return_state=True))
assert main(["schedule", good, "--pool", pool, "--json"]) == 0
asyncio.run(schedule_waves(plan=good, waves=["wave-2"], pool=pool, return_state=True))
asyncio.run(schedule_waves(plan=bad, pool=pool, return_state=True))
"""


def night(path: Path, hours: int = 0, **spoilt: str) -> Path:
    """A plan of two waves, the second of which starts so many hours late."""
    waves = [
        {"wave": f"wave-{number}", "timezone": "UTC", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=8)}
        for number, starts_at in ((1, TONIGHT), (2, TONIGHT + timedelta(hours=hours)))
    ]
    return make_plan(path, [server(1), server(2, wave="wave-2", **spoilt)], disks=[disk(1), disk(2)], waves=waves)


def test_the_flow_and_the_command_keep_to_the_same_runs(tmp_path: Path, prefect_api: PrefectApi) -> None:
    """The flow creates, the command and the flow keep; a plan with an error changes nothing, and says why."""
    good, bad = night(tmp_path / "rescheduled.xlsx"), night(tmp_path / "spoilt.xlsx", speed_limit="fast")
    env = environment(tmp_path, None, **prefect_api.environment)
    words = [sys.executable, "-c", _RUN, str(good), str(bad), POOL]
    ran = subprocess.run(words, env=env, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120)
    by_command = {wave["wave"]: (wave["do"], wave["run_id"]) for wave in json.loads(ran.stdout)["waves"]}
    kept, created = prefect_api.runs(good)[-2:]
    assert (created["state"]["type"], created["state"]["message"]) == (
        "COMPLETED",
        "rescheduled.xlsx: 2 created: run-wave/rescheduled",
    )
    table = {row["wave"]: row for row in json.loads(prefect_api.artifacts(created)["table"]["data"])}
    assert by_command == {name: ("keep", row["run_id"]) for name, row in table.items()}
    assert kept["state"]["message"] == "rescheduled.xlsx: 1 kept: run-wave/rescheduled"
    scheduled = prefect_api.post("/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["plan:rescheduled"]}}})
    assert {run["id"] for run in scheduled} == {row["run_id"] for row in table.values()}

    (refused,) = prefect_api.runs(bad)
    assert refused["state"]["type"] == "FAILED"
    assert "nothing is scheduled: spoilt.xlsx has 1 error" in refused["state"]["message"]
    assert not prefect_api.post("/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["plan:spoilt"]}}})
