"""The flow run-wave, in a process of its own, against a real Prefect server: the form at the gate, and who else decides."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import wait_until
from tests.flows.cli.command_line import run
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import PrefectApi

_RUN = """
import asyncio, json, sys
from flows.run_wave import run_wave
asyncio.run(run_wave(plan=sys.argv[1], wave="wave-1", interval=1.0, **json.loads(sys.argv[2]), return_state=True))
"""
SERVERS = 2


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with SimulatorProcess(fleet=gated_plan(tmp_path_factory.mktemp("fleet")), migration_seconds=1) as simulator:
        yield simulator


@pytest.fixture
def plan(tmp_path: Path, simulator: SimulatorProcess) -> Path:
    simulator.reset()
    return gated_plan(tmp_path)


def gated_plan(folder: Path) -> Path:
    """Servers that stay in sync, and a wave that asks before they are cut over."""
    numbers = range(1, SERVERS + 1)
    waves = [{"wave": "wave-1", "needs_approval": True}]
    return make_plan(
        folder / "plan.xlsx", [server(n, syncing=True) for n in numbers], disks=[disk(n) for n in numbers], waves=waves
    )


@contextmanager
def night(plan: Path, env: dict[str, str], **parameters: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The flow in a process; it ends with the block, if a test fails in it by force."""
    command = [sys.executable, "-c", _RUN, str(plan), json.dumps(parameters)]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
            said = process.communicate(timeout=120)[0].decode()
        finally:
            process.kill()
    assert process.returncode == 0, said


def the_run(api: PrefectApi, plan: Path) -> dict[str, Any]:
    found = api.runs(plan)
    return found[0] if found else {"state_type": "", "state": {}}


def form_of(api: PrefectApi, plan: Path) -> str:
    """Wait until the run is paused with a form; the form's key, by which one is told from the next."""

    def shown() -> str:
        return str(((the_run(api, plan)["state"].get("state_details") or {}).get("run_input_keyset") or {}).get("schema", ""))

    wait_until(lambda: the_run(api, plan)["state_type"] == "PAUSED" and shown(), instead=lambda: the_run(api, plan)["state"])
    return shown()


def test_the_form_asks_again_until_somebody_decides(
    tmp_path: Path, plan: Path, simulator: SimulatorProcess, prefect_api: PrefectApi
) -> None:
    """Above it stand the figures; without a name it asks again and says why; approved, the wave is cut over, each server once."""
    with night(plan, environment(tmp_path, simulator, **prefect_api.environment)):
        first = form_of(prefect_api, plan)
        flow_run = the_run(prefect_api, plan)["id"]
        description = told_above(prefect_api, flow_run, first)
        assert "shall it go on with cutover" in description
        assert f"| copied | {SERVERS} of {SERVERS} (100%) |" in description
        send(prefect_api, flow_run, approver=" ", decision="approved")
        wait_until(lambda: the_run(prefect_api, plan)["state_type"] == "PAUSED" and form_of(prefect_api, plan) != first)
        again = form_of(prefect_api, plan)
        wait_until(lambda: "approver's name is empty" in told_above(prefect_api, flow_run, again))
        send(prefect_api, flow_run, approver="Ann", decision="approved", comment="go")
    ended = the_run(prefect_api, plan)
    assert (ended["state_type"], "the night is done" in ended["state"]["message"]) == ("COMPLETED", True), ended["state"]
    artifacts = prefect_api.artifacts(ended)
    assert sorted(artifacts) == ["markdown", "progress"]
    assert prefect_api.task_runs(ended) == sorted(
        ["preflight", "submit", "start", "synced", "approve", "cutover", "verify", "report"]
    )
    assert operations(simulator) == [["start", "cutover"]] * SERVERS


def test_whoever_decides_elsewhere_ends_the_pause(
    tmp_path: Path,
    plan: Path,
    simulator: SimulatorProcess,
    prefect_api: PrefectApi,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`waves approve` says no: the run goes on by itself, to its report, Failed; run again, it asks again, and nobody answers."""
    env = environment(tmp_path, simulator, **prefect_api.environment)
    monkeypatch.setenv("WAVES_JOURNAL", env["WAVES_JOURNAL"])
    monkeypatch.delenv("SMS_ENDPOINT", raising=False)
    with night(plan, env):
        form_of(prefect_api, plan)
        words = ("approve", plan.name, "--wave", "wave-1", "--decision", "not-approved", "--by", "Bob", "--comment", "not tonight")
        assert run(capsys, *words).code == 0
    first = the_run(prefect_api, plan)
    assert first["state_type"] == "FAILED"
    assert "not approved by Bob: not tonight" in first["state"]["message"]
    with night(plan, env, gate_hours=4 / 3600):
        pass
    second = the_run(prefect_api, plan)
    assert (second["id"] != first["id"], second["state_type"]) == (True, "FAILED")
    assert "nobody decided in time" in second["state"]["message"]
    assert prefect_api.artifacts(second)["table"]
    assert operations(simulator) == [["start"]] * SERVERS


def operations(simulator: SimulatorProcess) -> list[list[str]]:
    """What was really done to each task there ever was."""
    return [[one["operation"] for one in task["operations"]] for task in simulator.history()["tasks"]]


def send(api: PrefectApi, flow_run: str, **values: str) -> None:
    """Send the form as the UI does."""
    answer = api.post(f"/flow_runs/{flow_run}/resume", {"run_input": values})
    assert answer["status"] == "ACCEPT", answer


def told_above(api: PrefectApi, flow_run: str, key: str) -> str:
    """The Markdown above a form."""
    wanted = {"prefix": key.replace("-schema", "-description"), "limit": 1, "exclude_keys": []}
    found = api.post(f"/flow_runs/{flow_run}/input/filter", wanted)
    return str(found[0]["value"]) if found else ""
