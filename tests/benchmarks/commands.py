"""Whole commands, as a user waits for them: each against an interpreter that does the least that such a command must do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flows.cli.exits import Exit
from tests.benchmarks.measure import RUNS, Figure, paired, seconds_of
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WAVES = [sys.executable, "-m", "flows.cli"]
READS_WITH_PANDAS = "import pandas, sys; pandas.read_excel(sys.argv[1], sheet_name=None, engine='calamine', dtype=object)"
IMPORTS = "import pandas, sqlalchemy.ext.asyncio, httpx_aiohttp"
HELP_IMPORTS = "import typer, rich.console"


def figures() -> Iterator[Figure]:
    """The figures of the commands, one after another."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        yield _help()
        yield _check(folder)
        yield _report_of_ten_rows(folder)
        yield from _whole_command(folder)
        yield _prompt_after_interrupt(folder)


def _help() -> Figure:
    ours, other, ratio = paired(
        lambda: seconds_of([*WAVES, "--help"], os.environ), lambda: seconds_of([sys.executable, "-c", HELP_IMPORTS], os.environ)
    )
    return Figure("`waves --help`", f"{ours:.2f} s", f"importing typer and rich {other:.2f} s", ratio, 1.5, at_most=True)


def _check(folder: Path) -> Figure:
    numbers = range(1, 501)
    plan = str(make_plan(folder / "five-hundred.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers]))
    ours, other, ratio = paired(
        lambda: seconds_of([*WAVES, "check", plan], os.environ),
        lambda: seconds_of([sys.executable, "-c", READS_WITH_PANDAS, plan], os.environ),
        runs=5,
    )
    return Figure(
        "`waves check` of 500 rows", f"{ours:.2f} s", f"importing pandas and reading it {other:.2f} s", ratio, 1.5, at_most=True
    )


def _report_of_ten_rows(folder: Path) -> Figure:
    numbers = range(1, 11)
    plan = make_plan(folder / "ten.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])
    with SimulatorProcess(any_source=True, any_target=True) as simulator:

        def ours() -> float:
            simulator.reset()
            return _until_report(plan, folder, {**os.environ, **simulator.environment})

        mine, other, ratio = paired(ours, lambda: seconds_of([sys.executable, "-c", IMPORTS], os.environ), runs=5)
    return Figure(
        "`waves submit` of 10 rows, until the report is on disk",
        f"{mine:.2f} s",
        f"importing pandas, SQLAlchemy, httpx-aiohttp {other:.2f} s",
        ratio,
        2.0,
        at_most=True,
    )


def _whole_command(folder: Path) -> Iterator[Figure]:
    """The whole of `waves submit` of ten rows, Prefect's record of it included: without a Prefect server, and with one running."""
    numbers = range(1, 11)
    plan = make_plan(folder / "ten.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])
    # A home of its own: the figures are of a machine where nothing else of Prefect's runs.
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    with SimulatorProcess(any_source=True, any_target=True) as simulator:
        environment |= simulator.environment
        yield _against_empty_flow(plan, folder, environment, simulator, "no Prefect server running", 1.2)
        with _prefect_server(environment) as url:
            running = {**environment, "PREFECT_API_URL": url}
            yield _against_empty_flow(plan, folder, running, simulator, "one running", 1.5)


def _against_empty_flow(
    plan: Path, folder: Path, environment: Mapping[str, str], simulator: SimulatorProcess, case: str, bar: float
) -> Figure:
    def ours() -> float:
        simulator.reset()
        begun = time.perf_counter()
        _until_report(plan, folder, environment)
        return time.perf_counter() - begun

    mine, other, ratio = paired(ours, lambda: seconds_of([sys.executable, "-m", "tests.benchmarks.empty_flow"], environment))
    return Figure(
        f"`waves submit` of 10 rows, whole, {case}", f"{mine:.2f} s", f"an empty flow {other:.2f} s", ratio, bar, at_most=True
    )


def _prompt_after_interrupt(folder: Path) -> Figure:
    """How long Ctrl-C takes in the middle of a wave whose answers take two seconds: report written, in-flight rows journalled."""
    numbers = range(1, 301)
    plan = make_plan(folder / "three-hundred.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])
    seconds = []
    with SimulatorProcess(any_source=True, any_target=True, latency=2.0) as simulator:
        environment = {**os.environ, **simulator.environment, "PREFECT_HOME": str(folder / "prefect")}
        for run in range(RUNS):
            simulator.reset()
            environment["WAVES_JOURNAL"] = f"sqlite+aiosqlite:///{folder}/interrupted-{run}.sqlite"
            seconds.append(_interrupted(plan, environment, simulator))
    longest = max(seconds)
    return Figure(
        "Ctrl-C in mid-wave, until the prompt is back, the slowest of three",
        f"{longest:.2f} s",
        "three seconds",
        longest / 3,
        1.0,
        at_most=True,
    )


def _interrupted(plan: Path, environment: Mapping[str, str], simulator: SimulatorProcess) -> float:
    command = [*WAVES, "submit", str(plan), "--wave", "wave-1"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not simulator.truth()["requests"].get("POST /v3/tasks"):
        time.sleep(0.01)
    begun = time.perf_counter()
    process.send_signal(signal.SIGINT)
    if process.wait(60) != Exit.INTERRUPTED:
        raise RuntimeError("the command was not interrupted: the figure would be worthless")
    return time.perf_counter() - begun


@contextmanager
def _prefect_server(environment: Mapping[str, str]) -> Iterator[str]:
    """A Prefect server on a free port, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--log-level", "ERROR"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/api"
    try:
        _wait_until_answered(f"{url}/health", process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_answered(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the Prefect server did not start")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the Prefect server did not answer")


def _until_report(plan: Path, folder: Path, environment: Mapping[str, str]) -> float:
    """From the start of the command to the report's name on the disk; the command is waited for afterwards."""
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    report = folder / "ten.report.xlsx"
    report.unlink(missing_ok=True)
    environment = {**environment, "WAVES_JOURNAL": f"sqlite+aiosqlite:///{state}/journal.sqlite"}
    begun = time.perf_counter()
    command = [*WAVES, "submit", str(plan), "--wave", "wave-1", "--report", str(report)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not report.exists() and process.poll() is None:
        time.sleep(0.005)
    seconds = time.perf_counter() - begun
    process.wait(120)
    if not report.exists():
        raise RuntimeError("the command ended without a report: the figure would be worthless")
    return seconds
