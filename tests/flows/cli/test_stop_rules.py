"""`waves submit` that sends nothing new, or is interrupted, as a person meets it: words, exit code, report, the run after it."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from tests.conftest import wait_until
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import NO_PREFECT, Waves, environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

posix = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")


def plan_of(folder: Path, rows: int) -> Path:
    numbers = range(1, rows + 1)
    return make_plan(folder / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])


def submit(plan: Path, simulator: SimulatorProcess, *words: str) -> Waves:
    """The command, without Prefect."""
    env = environment(plan.parent, simulator, **NO_PREFECT)
    return Waves("submit", plan, "--wave", "wave-1", *words, env=env, cwd=plan.parent)


def cells(folder: Path, sheet: str) -> Sequence[Sequence[object]]:
    with closing(load_workbook(folder / "plan.wave-1.report.xlsx", read_only=True)) as book:
        return list(book[sheet].iter_rows(values_only=True))


def statuses(folder: Path) -> list[str]:
    header, *rows = cells(folder, "Outcomes")
    return [str(row[list(header).index("status")]) for row in rows]


def summary(folder: Path) -> str:
    return "\n".join(str(cell) for row in cells(folder, "Summary") for cell in row if cell is not None)


def test_a_canary_that_fails_is_told_everywhere(tmp_path: Path) -> None:
    """One warning, exit code 1, why in the object and in the report's Summary, and a next command that has canaries too."""
    with SimulatorProcess(any_source=True) as simulator:
        simulator.fault_once("SMS.6526-before", source_server_id="src-0001-a1b2")
        code, output, errors = submit(plan_of(tmp_path, 5), simulator, "--canary", "1", "--json").end()
        assert len(simulator.truth()["tasks"]) == 0
    shown = json.loads(output)
    message = "a canary is not done, so the rest is held back: web-01 (Servers!A2) is REJECTED SMS.6526"
    assert (code, shown["counts"]) == (1, {"REJECTED": 1, "DEFERRED": 4}), errors
    assert shown["stop"] == {"kind": "canary", "code": "WAVES.CANARY", "message": message}
    assert errors.count(f"warning: {message}") == 1
    assert message in summary(tmp_path)
    assert "--wave wave-1 --canary 1 --retry-rejected" in summary(tmp_path)


@posix
def test_interrupted_once_what_answers_soon_is_finished(tmp_path: Path) -> None:
    """The requests on the wire are answered after half a second and count; the rest is DEFERRED."""
    with SimulatorProcess(any_source=True, latency=0.5) as simulator:
        waves = submit(plan_of(tmp_path, 60), simulator)
        wait_until(simulator.arrivals)
        waves.process.send_signal(signal.SIGINT)
        code, _, errors = waves.end()
        made = len(simulator.truth()["tasks"])
    assert code == 130, errors
    assert 0 < made < 60
    assert sorted(statuses(tmp_path)) == ["CREATED"] * made + ["DEFERRED"] * (60 - made)


@posix
def test_interrupted_twice_all_is_journalled_and_the_next_run_waits_for_nobody(tmp_path: Path) -> None:
    """No answer ever comes. The second Ctrl-C gives up what is on the wire: UNCERTAIN, and settled by the run right after it."""
    with SimulatorProcess(any_source=True, faults="hang-after=1") as simulator:
        plan = plan_of(tmp_path, 60)
        waves = submit(plan, simulator)
        wait_until(simulator.arrivals)
        waves.process.send_signal(signal.SIGINT)
        waves.wait_for("rows on the wire have 2 s")
        waves.process.send_signal(signal.SIGINT)
        code, _, errors = waves.end()
        assert (code, "giving up what is on the wire" in errors) == (130, True), errors
        assert set(statuses(tmp_path)) == {"UNCERTAIN", "DEFERRED"}
        simulator.set_faults("")
        code, output, errors = submit(plan, simulator).end()
        assert (code, "waiting for them" in errors) == (0, False), errors
        assert "EXISTS" in output
        assert (len(simulator.truth()["tasks"]), simulator.truth()["duplicates"]) == (60, [])
