"""Prefect as an operator has it: `prefect server start` with its UI, this project's flows served, and the simulator as SMS.

Processes of their own, which end with the block. The UI is the one that a browser gets that has never been here (V2).
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.prefect_server.attach import answers
from flows.prefect_server.database import put_database
from tests.conftest import PrefectApi, wait_until
from tests.simulator_process import SimulatorProcess
from tests.waves_process import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ENVIRONMENT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    "DO_NOT_TRACK": "1",
    "SMS_CONCURRENCY": "2",  # a wave that lasts as long as somebody wants to look at it
}
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class PrefectUi:
    """What runs: Prefect's address for a browser, its API, the simulator, and the journal's file."""

    address: str
    api: PrefectApi
    simulator: SimulatorProcess
    journal: Path

    def form(self, flow: str) -> str:
        """The address of the form that starts a run of a served flow."""
        return f"{self.address}/deployments/deployment/{self.deployment(flow)}/run"

    def run(self, run_id: str) -> str:
        """The address of a run."""
        return f"{self.address}/runs/flow-run/{run_id}"

    def deployment(self, flow: str) -> str:
        """The id of a flow's deployment; empty while it is not served."""
        found = self.api.post("/deployments/filter", {"flows": {"name": {"any_": [flow]}}})
        return str(found[0]["id"]) if found else ""


@contextmanager
def prefect_ui(folder: Path, *flows: str, **simulator: object) -> Iterator[PrefectUi]:
    """Start it all, its files in `folder`; returns once each of the flows can be run. Keywords are options of the simulator."""
    port = _free_port()
    with SimulatorProcess(any_source=True, **simulator) as sms:
        api = PrefectApi(f"http://127.0.0.1:{port}/api", folder / "prefect-home")
        # The page asks the API at the port that is configured, which `--port` would not change.
        ours = {**_ENVIRONMENT, "PREFECT_SERVER_API_PORT": str(port)}
        env = environment(folder, sms, **{**api.environment, **ours})
        put_database(api.home / "prefect.db")
        found = PrefectUi(f"http://127.0.0.1:{port}/v2", api, sms, folder / "journal.sqlite")
        with _process(["-m", "prefect", "server", "start"], env, folder):
            wait_until(lambda: answers(api.url, 1.0))
            with _process(["-m", "deployments.serve"], env, ROOT):
                wait_until(lambda: all(map(found.deployment, flows)))
                yield found


@contextmanager
def _process(words: list[str], env: Mapping[str, str], folder: Path) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, *words], env=env, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    """A port that nobody has at this moment: the server has to be told one, and cannot tell it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
