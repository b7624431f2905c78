"""What tests of several parts share: one Prefect server for all of them, made when the first of them asks."""

from __future__ import annotations

import http
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from flows.cli import submit_command
from flows.prefect_server.attach import OwnServer, answers
from flows.prefect_server.configured import Configured

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes is the machine's affair: nothing here is timed.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A shell that starts the tests with `&` has them ignore Ctrl-C, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST = (
    "flows/cli/test_run.py",
    "ui/test_prefect_ui.py",
    "deployments/test_guide.py",
    "flows/cli/test_submit.py",
    "flows/submission/test_kills.py",
    "deployments/test_serve.py",
    "flows/submission/test_two_runs.py",
    "test_docs.py",
)
"""Below tests/, the files that last longest: `make test` begins with them, for the whole is as long as the file that ends last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files begin; the order of all others, and of the tests within a file, stays."""
    here = Path(__file__).parent
    place = {here / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(autouse=True)
def _stay_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that `waves submit` sees to its end, within seconds, is that of the tests where they call it in their own."""
    monkeypatch.setattr(submit_command, "_exit_in_time", lambda _code: None)


class PrefectApi:
    """A real Prefect server, asked over HTTP: no Prefect in the tests' process."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.home = home

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that is to use this server."""
        return {"PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

    def post(self, path: str, value: object) -> Any:
        """POST a JSON value; the answer's JSON. A 503 (its SQLite is busy) is asked again, as Prefect's own client does."""
        request = urllib.request.Request(  # noqa: S310 - our own server
            self.url + path, json.dumps(value).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        for last in (*[False] * 9, True):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                with error:
                    if last or error.code != http.HTTPStatus.SERVICE_UNAVAILABLE:
                        raise
                    time.sleep(float(error.headers.get("Retry-After") or 1))
        raise AssertionError("unreachable")

    def runs(self, plan: Path) -> list[dict[str, Any]]:
        """The flow runs of a plan's file, the newest first."""
        found = self.post("/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 200})
        return [run for run in found if run["parameters"].get("plan") == str(plan)]

    def artifacts(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The artifacts of a run, by type."""
        found = self.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
        return {artifact["type"]: artifact for artifact in found}

    def task_runs(self, run: dict[str, Any]) -> list[str]:
        """The names of a run's task runs."""
        found = self.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
        return sorted(task_run["name"] for task_run in found)


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[PrefectApi]:
    """The one server of this run of the tests: the worker that asks first starts it, and ends it after the last that uses it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    home, users = shared / "prefect-home", shared / "prefect-users"
    users.mkdir(exist_ok=True)
    user = users / worker_id
    user.touch()
    server = None
    try:
        (shared / "prefect-server").mkdir()
        server = OwnServer(Configured("", home, 0, has_database=False))
        (shared / "prefect-url.new").write_text(server.url)
        (shared / "prefect-url.new").rename(shared / "prefect-url")
    except FileExistsError:
        wait_until((shared / "prefect-url").exists)
    url = (shared / "prefect-url").read_text()
    wait_until(lambda: answers(url, 1.0))
    yield PrefectApi(url, home)
    user.unlink()
    if server is not None:
        wait_until(lambda: not any(users.iterdir()), 120)
        (shared / "prefect-server").rmdir()  # who comes after this starts another
        (shared / "prefect-url").unlink()
        server.stop()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker's name, `master` where there are no workers."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "master"))


def wait_until(is_so: Any, seconds: float = 60.0, instead: Any = lambda: "") -> None:
    """Return when `is_so()` is true; fail after `seconds`, which no working machine needs, with what `instead()` says there is."""
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, f"it did not come to be: {instead()}"
        time.sleep(0.02)


def processes_with(mark: str) -> list[int]:
    """The processes whose command line holds `mark`; none where the system does not tell."""
    found = []
    for entry in os.scandir("/proc") if sys.platform == "linux" else ():
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/cmdline", "rb") as file:  # noqa: PTH123 - gone at any moment
                    if mark.encode() in file.read():
                        found.append(int(entry.name))
            except OSError:
                continue
    return found
