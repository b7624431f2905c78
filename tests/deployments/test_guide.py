"""deployments/README.md, command by command: from nothing to waves that started by themselves, one after the other."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen
from uuid import uuid4

import pytest

from flows.scheduling.automations import crash_automation, rerun_automation
from flows.scheduling.prefect_setup import TAG
from flows.scheduling.scheduled_flow import FLOWS
from flows.scheduling.sign_of_life import SIGN
from flows.settings import Settings
from tests.conftest import wait_until
from tests.deployments.guide import COMMANDS, FOLDER, TEXT
from tests.flows.scheduling.waves_shell import WavesShell
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import PrefectApi

# One file, so that `make test` keeps it on one worker: the automations of a server are the same for all.
pytestmark = pytest.mark.skipif(os.name == "nt", reason="commands as a POSIX shell has them")
SHARED = "/srv/waves"
SILENT = "silent"
_ROOM = 107_374_182_400
"""A target disk that has room for whatever the simulator's sources use, bytes."""
SECOND = [line for line in COMMANDS[3:] if not line.startswith("export ")]
"""The commands for two machines, after those for one."""


@pytest.fixture
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, migration_seconds=0.05) as simulator:
        yield simulator


def night_plan(path: Path) -> Path:
    """Two waves whose windows are open: the second waits for the first, which is to start tomorrow."""
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    waves = [
        {"wave": "wave-1", "starts_at": now + timedelta(days=1), "timezone": "UTC"},
        {
            "wave": "wave-2",
            "starts_at": now - timedelta(minutes=1),
            "ends_at": now + timedelta(hours=6),
            "timezone": "UTC",
            "depends_on": "wave-1",
        },
    ]
    return make_plan(path, [server(1), server(2, wave="wave-2")], disks=[disk(1, size=_ROOM), disk(2, size=_ROOM)], waves=waves)


def run_of(api: PrefectApi, wave: str) -> dict[str, Any]:
    """The newest run of a wave of this plan."""
    found = api.post("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_DESC", "flow_runs": {"tags": {"all_": ["plan:plan"]}}})
    return next((run for run in found if run["parameters"]["wave"] == wave and run["state_type"] != "SCHEDULED"), {})


@pytest.fixture(scope="module")
def shell(prefect_api: PrefectApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WavesShell]:
    folder = tmp_path_factory.mktemp("deploys")
    with WavesShell(environment(folder, None, **prefect_api.environment), folder) as shell:
        yield shell


@pytest.fixture
def silent_run(prefect_api: PrefectApi) -> str:
    """The id of a run that gave one sign of life, and then no more.

    The automations are those of `waves deploy`, but that 10 s are silence, and that they go by a tag that only this run has.
    """
    for automation in (crash_automation(timedelta(seconds=10)), rerun_automation()):
        made = automation.model_dump_json().replace(f"prefect.tag.{TAG}", f"prefect.tag.{SILENT}")
        prefect_api.post("/automations/", json.loads(made) | {"name": f"{automation.name} (10 s)"})
    flow = prefect_api.post("/flows/", {"name": SILENT})
    deployment = prefect_api.post("/deployments/", {"name": SILENT, "flow_id": flow["id"], "tags": [SILENT]})
    run = prefect_api.post(f"/deployments/{deployment['id']}/create_flow_run", {})
    for state in ("PENDING", "RUNNING"):
        prefect_api.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": state}})
    related = [{"prefect.resource.id": f"prefect.tag.{SILENT}", "prefect.resource.role": "tag"}]
    sign = {"event": SIGN, "resource": {"prefect.resource.id": f"prefect.flow-run.{run['id']}"}}
    now = datetime.now(UTC).isoformat()
    prefect_api.post("/events", [{**sign, "id": str(uuid4()), "occurred": now, "related": related, "payload": {}}])
    return str(run["id"])


def states_of(api: PrefectApi, run_id: str) -> list[tuple[str, str]]:
    """The states that a run was in, in order."""
    query = urlencode({"flow_run_id": run_id})
    with urlopen(f"{api.url}/flow_run_states/?{query}", timeout=30) as answer:  # noqa: S310 - our own server
        return [(state["type"], state["name"]) for state in json.loads(answer.read())]


def test_from_nothing_to_waves_that_start_by_themselves(
    tmp_path: Path, simulator: SimulatorProcess, prefect_api: PrefectApi, silent_run: str
) -> None:
    """A pool, deployments, credentials as a block, a worker, a pushed plan, a schedule: wave 2 begins, waits for wave 1, and ends.

    The worker has no credentials of its own: they come from the block that `waves deploy` saved. Meanwhile a run that gives no sign
    of life becomes Crashed, and is to be run again.
    """
    env = environment(tmp_path, None, **prefect_api.environment, PREFECT_WORKER_QUERY_SECONDS="1")
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    night_plan(tmp_path / "plan.xlsx")
    shared = tmp_path / "srv"
    worker: subprocess.Popen[bytes] | None = None
    assert SECOND[0] == "prefect server start --background"
    try:
        with WavesShell(env | simulator.environment, tmp_path) as shell:
            for line in SECOND[1:]:
                words = shlex.split(line.replace(SHARED, str(shared)))
                if words[0] == "waves":
                    code, out = shell.show(*words[1:])
                    assert code == 0, (line, out, shell.err)
                elif words[1] == "worker":
                    worker = subprocess.Popen(words, env=env, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                else:
                    subprocess.run(words, env=env, cwd=tmp_path, check=True, capture_output=True, timeout=60)
        wait_until(lambda: run_of(prefect_api, "wave-2").get("state_type") in {"COMPLETED", "FAILED", "CRASHED"}, 90)
        ended = [run_of(prefect_api, wave)["state"] for wave in ("wave-1", "wave-2")]
        assert [state["type"] for state in ended] == ["COMPLETED", "COMPLETED"], ended
        assert sorted(path.name for path in shared.iterdir()) == ["plan.wave-1.report.xlsx", "plan.wave-2.report.xlsx", "plan.xlsx"]
        arrived = [body["body"] for body in simulator.bodies()]
        assert ["src-0001" in body for body in arrived] == [True, False]
        crashed = [("RUNNING", "Running"), ("CRASHED", "Lifeless"), ("SCHEDULED", "AwaitingRetry")]
        wait_until(lambda: states_of(prefect_api, silent_run)[-3:] == crashed, instead=lambda: states_of(prefect_api, silent_run))
    finally:
        if worker is not None:
            worker.send_signal(signal.SIGINT)
            worker.wait(30)


def test_deploy_makes_everything_once(shell: WavesShell, prefect_api: PrefectApi) -> None:
    """A pool, a deployment of each flow, automations; asked for again nothing is made, and a double of an automation goes."""
    code, told = shell.run("deploy", "--pool", "waves")
    assert (code, told["deployments"]) == (0, [f"{flow.name}/pool" for flow in FLOWS])
    assert shell.run("deploy", "--pool", "waves")[1]["made"] == []
    names = [automation["name"] for automation in prefect_api.post("/automations/filter", {})]
    ours = [name for name in names if name.startswith("waves: ") and "(" not in name]
    assert sorted(set(ours)) == sorted(ours)
    again = next(each for each in prefect_api.post("/automations/filter", {}) if each["name"] == ours[0])
    prefect_api.post("/automations/", {name: again[name] for name in ("name", "description", "trigger", "actions")})
    assert shell.run("deploy", "--pool", "waves", "--dry-run")[1]["made"] == [f'automation "{ours[0]}", a double taken away']
    shell.run("deploy", "--pool", "waves")
    assert shell.run("deploy", "--pool", "waves")[1]["made"] == []


def test_a_late_run_is_told_to_the_webhook(tmp_path: Path, shell: WavesShell, prefect_api: PrefectApi) -> None:
    """One JSON object: which wave of which plan, when it was due, and what to look at."""
    heard: Queue[Any] = Queue()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the class above
            """Say nothing."""

    plan = night_plan(tmp_path / 'late "night".xlsx')
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        assert shell.run("deploy", "--webhook", f"http://127.0.0.1:{server.server_address[1]}/hook")[0] == 0
        shell.run("schedule", plan, "--wave", "wave-1")
        run = prefect_api.runs(plan)[0]
        late = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": run["expected_start_time"]}}
        prefect_api.post(f"/flow_runs/{run['id']}/set_state", {"state": late, "force": True})
        told = heard.get(timeout=60)
        server.shutdown()
        thread.join()
    assert (told["event"], told["plan"], told["wave"], told["flow_run_id"]) == ("late", str(plan), "wave-1", run["id"])
    assert told["due_at"][:16] == run["expected_start_time"].replace("T", " ")[:16]
    assert "No worker has taken wave-1" in told["message"]


def test_what_the_guide_sets_is_read() -> None:
    """Every variable of ours in it is one of the settings; its links lead somewhere."""
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    assert set(re.findall(r"\b((?:SMS|CLOUD_SDK|IAM|WAVES)_[A-Z_]+)\b", TEXT)) <= known
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in link]
    assert [link for link in links if not (FOLDER / link).exists()] == []
    anchors = {re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", TEXT)) <= anchors
