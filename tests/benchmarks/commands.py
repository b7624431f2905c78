"""Whole commands, as a user waits for them: each against an interpreter that does the least that such a command must do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Figure, paired, seconds_of
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
