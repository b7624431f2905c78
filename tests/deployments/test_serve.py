from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import wait_until
from tests.deployments.guide import COMMANDS
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import PrefectApi

SERVE, RUN = COMMANDS[1:3]

# `make test` keeps a file on one worker: two that serve the same deployment would take each other's runs.
pytestmark = pytest.mark.skipif(os.name == "nt", reason="commands as a POSIX shell has them")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, migration_seconds=0.5) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def env(simulator: SimulatorProcess, prefect_api: PrefectApi, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("deployed")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return environment(
        folder, simulator, **prefect_api.environment, PATH=path, PREFECT_RUNNER_POLL_FREQUENCY="1", PREFECT_WORKER_QUERY_SECONDS="1"
    )


@pytest.fixture(scope="module")
def served(env: dict[str, str], prefect_api: PrefectApi) -> Iterator[str]:
    """The id of the deployment that README's second command serves."""
    process = start(SERVE, env)
    wait_until(lambda: deployment(prefect_api, "served"))
    yield deployment(prefect_api, "served")
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def start(command: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(shlex.split(command), env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def deployment(api: PrefectApi, name: str, flow: str = "submit-wave") -> str:
    found = api.post("/deployments/filter", {"deployments": {"name": {"any_": [name]}}, "flows": {"name": {"any_": [flow]}}})
    return str(found[0]["id"]) if found else ""


def plan_of(folder: Path, rows: int, first: int) -> Path:
    """A plan of servers that no other test here has: they share a journal and a simulator."""
    numbers = range(first, first + rows)
    return make_plan(folder / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])


def state_of(api: PrefectApi, plan: Path) -> str:
    return str(next((run["state_type"] for run in api.runs(plan)), ""))


def ended(api: PrefectApi, plan: Path) -> dict[str, Any]:
    wait_until(lambda: state_of(api, plan) in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
    return api.runs(plan)[0]


def test_a_run_of_the_served_deployment_ends_whole(tmp_path: Path, served: str, prefect_api: PrefectApi) -> None:
    """Made through the API, as the UI's form does: the run is Completed, its report, its page and its artifacts are there."""
    plan, page = plan_of(tmp_path, 5, first=1), tmp_path / "wave-1.html"
    parameters = {"plan": str(plan), "wave": "wave-1", "html": str(page)}
    prefect_api.post(f"/deployments/{served}/create_flow_run", {"parameters": parameters})
    run = ended(prefect_api, plan)
    assert (page.exists(), run["state"]["message"].endswith(f"; page: {page}")) == (True, True), run["state"]
    assert (run["state_type"], "5 " in run["state"]["message"]) == ("COMPLETED", True), run["state"]
    assert (tmp_path / "plan.wave-1.report.xlsx").exists()
    artifacts = prefect_api.artifacts(run)
    assert sorted(artifacts) == ["markdown", "progress"]
    assert str(tmp_path / "plan.wave-1.report.xlsx") in artifacts["markdown"]["data"]
    assert f"Page: `{page}`" in artifacts["markdown"]["data"]
    assert artifacts["progress"]["data"] == 100


def test_a_plan_with_an_error_fails_the_run_in_one_line(tmp_path: Path, served: str, prefect_api: PrefectApi) -> None:
    """A Failed run whose message names the cell; nothing was sent."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1, target_vm_id="")])
    prefect_api.post(f"/deployments/{served}/create_flow_run", {"parameters": {"plan": str(plan), "wave": "wave-1"}})
    state = ended(prefect_api, plan)["state"]
    assert state["type"] == "FAILED"
    assert state["message"].startswith("nothing was sent")
    assert "Servers!" in state["message"]


def test_cancel_in_the_ui_writes_the_report_first(
    tmp_path: Path, served: str, prefect_api: PrefectApi, simulator: SimulatorProcess
) -> None:
    """Cancelled at Prefect, every row in the report, and no create begun after it."""
    plan = plan_of(tmp_path, 30, first=101)
    simulator.set_faults("hang-before=1")
    try:
        made = prefect_api.post(f"/deployments/{served}/create_flow_run", {"parameters": {"plan": str(plan), "wave": "wave-1"}})
        wait_until(lambda: simulator.truth()["faults"], instead=lambda: (prefect_api.runs(plan), simulator.truth()["requests"]))
        prefect_api.post(f"/flow_runs/{made['id']}/set_state", {"state": {"type": "CANCELLING"}})
        run = ended(prefect_api, plan)
    finally:
        simulator.set_faults()
    assert run["state_type"] == "CANCELLED", run["state"]
    assert (tmp_path / "plan.wave-1.report.xlsx").exists()


def test_a_night_cancelled_at_its_gate_writes_its_report_and_goes_on_by_retry(
    tmp_path: Path, served: str, prefect_api: PrefectApi, simulator: SimulatorProcess
) -> None:
    """Paused, then Cancelled with the report there; *Retry* asks again, and the form sent, the one server is cut over, once."""
    assert served
    rows, waves = [server(401, syncing=True)], [{"wave": "wave-1", "needs_approval": True}]
    plan = make_plan(tmp_path / "plan.xlsx", rows, disks=[disk(401, size=100 << 30)], waves=waves)
    night = deployment(prefect_api, "served", "run-wave")
    parameters = {"plan": str(plan), "wave": "wave-1", "interval": 1}
    made = prefect_api.post(f"/deployments/{night}/create_flow_run", {"parameters": parameters})
    wait_until(lambda: state_of(prefect_api, plan) == "PAUSED", instead=lambda: prefect_api.runs(plan)[0]["state"])
    prefect_api.post(f"/flow_runs/{made['id']}/set_state", {"state": {"type": "CANCELLING"}})
    run = ended(prefect_api, plan)
    assert (run["state_type"], (tmp_path / "plan.wave-1.report.xlsx").exists()) == ("CANCELLED", True), run["state"]
    retry = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
    prefect_api.post(f"/flow_runs/{made['id']}/set_state", {"state": retry})
    wait_until(lambda: state_of(prefect_api, plan) == "PAUSED", instead=lambda: prefect_api.runs(plan)[0]["state"])
    form = {"approver": "Ann", "decision": "approved", "comment": ""}
    wait_until(lambda: prefect_api.post(f"/flow_runs/{made['id']}/resume", {"run_input": form})["status"] == "ACCEPT")
    run = ended(prefect_api, plan)
    assert run["state_type"] == "COMPLETED", run["state"]
    (task,) = [task for task in simulator.history()["tasks"] if task["source_server_id"] == rows[0]["source_server_id"]]
    assert [one["operation"] for one in task["operations"]] == ["start", "cutover"]


def test_prefects_own_retry_resumes_the_wave(
    tmp_path: Path, served: str, prefect_api: PrefectApi, simulator: SimulatorProcess
) -> None:
    """SMS refused us in mid-wave and the run Failed; retried as the UI's button does it, it makes what is missing, and no more."""
    plan = plan_of(tmp_path, 4, first=301)
    sources = [server(number)["source_server_id"] for number in range(301, 305)]
    simulator.fault_once("403-before", source_server_id=sources[3])
    made = prefect_api.post(f"/deployments/{served}/create_flow_run", {"parameters": {"plan": str(plan), "wave": "wave-1"}})
    run = ended(prefect_api, plan)
    assert (run["state_type"], "DEFERRED" in run["state"]["message"]) == ("FAILED", True), run["state"]
    before = [simulator.tasks_of(source) for source in sources]
    assert before[3] == []
    retry = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
    answer = prefect_api.post(f"/flow_runs/{made['id']}/set_state", {"state": retry})
    assert answer["status"] == "ACCEPT", answer
    wait_until(lambda: prefect_api.runs(plan)[0]["run_count"] > 1, instead=lambda: prefect_api.runs(plan)[0]["state"])
    run = ended(prefect_api, plan)
    there = sum(map(len, before))
    told = f"{4 - there} CREATED" + (f", {there} EXISTS" if there else "")
    assert (run["id"], run["state_type"], told in run["state"]["message"]) == (made["id"], "COMPLETED", True), run["state"]
    after = [simulator.tasks_of(source) for source in sources]
    assert [len(tasks) for tasks in after] == [1, 1, 1, 1]
    assert all(now == then for now, then in zip(after, before, strict=True) if then)
