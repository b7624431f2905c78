from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from tests.conftest import processes_with, wait_until
from tests.flows.cli.schemas import assert_told
from tests.inventory.test_report_html import Seen
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import NO_PREFECT, Waves, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import PrefectApi

posix = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")


def plan_of(folder: Path, rows: int) -> Path:
    numbers = range(1, rows + 1)
    return make_plan(folder / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])


def statuses(report: Path) -> list[str]:
    with closing(load_workbook(report, read_only=True)) as book:
        rows = book["Outcomes"].iter_rows(values_only=True)
        header = list(next(rows))
        return [str(row[header.index("status")]) for row in rows]


def test_a_wave_is_submitted_and_recorded(tmp_path: Path, prefect_api: PrefectApi) -> None:
    """One object on standard output, the report on disk, and the same in Prefect: run, timeline, artifacts."""
    plan = plan_of(tmp_path, 12)
    with SimulatorProcess(any_source=True) as simulator:
        simulator.fault_once("SMS.6526-before", source_server_id="src-0003-a1b2")
        waves = Waves(
            "submit",
            plan,
            "--wave",
            "wave-1",
            "--json",
            env=environment(tmp_path, simulator, **prefect_api.environment),
            cwd=tmp_path,
        )
        code, output, errors = waves.end()
    shown = json.loads(output)
    assert_told("submit", shown)
    assert (code, shown["counts"]) == (1, {"CREATED": 11, "REJECTED": 1}), errors
    assert "Servers!A4" in errors
    assert "--retry-rejected" in errors
    assert sorted(statuses(tmp_path / "plan.wave-1.report.xlsx")) == ["CREATED"] * 11 + ["REJECTED"]
    (run,) = prefect_api.runs(plan)
    assert (run["state"]["type"], "1 REJECTED" in run["state"]["message"]) == ("FAILED", True)
    artifacts = prefect_api.artifacts(run)
    assert sorted(artifacts) == ["markdown", "progress", "table"]
    assert [row["code"] for row in json.loads(artifacts["table"]["data"])] == ["SMS.6526"]
    assert "submit rows 11-12 of 12" in prefect_api.task_runs(run)


def test_the_page_tells_what_became_of_each_row(tmp_path: Path) -> None:
    """`--html`: it lies where it was asked for, is named beside the report, and holds the outcomes and their requests as data."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(n, Owner=f"team-{n}") for n in (1, 2)], disks=[disk(1), disk(2)])
    with SimulatorProcess(any_source=True) as simulator:
        simulator.fault_once("SMS.6526-before", source_server_id="src-0002-a1b2")
        words = ("submit", plan, "--wave", "wave-1", "--html", "night.html", "--json")
        code, output, errors = Waves(*words, env=environment(tmp_path, simulator, **NO_PREFECT), cwd=tmp_path).end()
        (task,) = simulator.tasks_of("src-0001-a1b2")
    assert (code, json.loads(output)["html"], "page: night.html" in errors) == (1, "night.html", True), errors
    data = Seen((tmp_path / "night.html").read_text(encoding="utf-8")).data("servers")
    places = [[key for key, _ in data["columns"]].index(key) for key in ("server", "status", "code", "task")]
    assert [tuple(row[place] for place in places) for row in data["rows"]] == [
        ("web-01", "CREATED", "", task["id"]),
        ("web-02", "REJECTED", "SMS.6526", ""),
    ]
    cells, _, attempts = data["rows"][1][len(data["columns"]) :]
    assert dict(zip(data["headers"], cells, strict=True))["Owner"] == "team-2"
    assert len(attempts) == 1
    assert "SMS.6526" in " ".join(map(str, attempts[0]))


def test_a_dead_prefect_costs_one_line(tmp_path: Path) -> None:
    """Configured and dead from the start: the wave, its report and its exit code are as ever."""
    with SimulatorProcess(any_source=True) as simulator:
        waves = Waves(
            "submit", plan_of(tmp_path, 3), "--wave", "wave-1", env=environment(tmp_path, simulator, **NO_PREFECT), cwd=tmp_path
        )
        code, output, errors = waves.end()
    assert (code, errors.count("Prefect")) == (0, 1), errors
    assert "3 CREATED" in output
    assert f"report: {tmp_path / 'plan.wave-1.report.xlsx'}" in output


@posix
def test_a_prefect_lost_in_the_middle_costs_one_line(tmp_path: Path) -> None:
    """Its own server is killed under a running wave: every row has its task, the report is there, one line says what is missing."""
    with SimulatorProcess(any_source=True, latency=0.5) as simulator:
        env = environment(tmp_path, simulator, SMS_CONCURRENCY="4")
        waves = Waves("submit", plan_of(tmp_path, 60), "--wave", "wave-1", env=env, cwd=tmp_path)
        home = str(tmp_path / "prefect-home")
        wait_until((tmp_path / "prefect-home" / "prefect.db").exists)
        waves.wait_for("CREATED")
        for pid in processes_with(home):
            os.kill(pid, signal.SIGKILL)
        code, output, errors = waves.end()
    assert (code, errors.count("warning: Prefect")) == (0, 1), errors
    assert "60 CREATED" in output
    assert "Traceback" not in errors


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_wave_reports_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """Exit 130, a report with every row, and the next run waits for nobody and finishes what was on the wire: one task a server."""
    plan = plan_of(tmp_path, 40)
    with SimulatorProcess(any_source=True, latency=1.0) as simulator:
        env = environment(tmp_path, simulator)
        waves = Waves("submit", plan, "--wave", "wave-1", env=env, cwd=tmp_path)
        waves.wait_for("submit: 0/40")
        waves.process.send_signal(number)
        code, _, errors = waves.end()
        assert (code, "Traceback" in errors) == (130, False), errors
        assert len(statuses(tmp_path / "plan.wave-1.report.xlsx")) == 40
        wait_until(lambda: not processes_with(str(tmp_path / "prefect-home")))
        again = Waves("submit", plan, "--wave", "wave-1", env=env | NO_PREFECT, cwd=tmp_path)
        code, _, errors = again.end()
        assert (code, "waiting for them" in errors) == (0, False), errors
        assert (len(simulator.truth()["tasks"]), simulator.truth()["duplicates"]) == (40, [])


@posix
def test_a_killed_command_leaves_no_process(tmp_path: Path) -> None:
    """SIGKILL: the server of its own ends by the end of its input."""
    with SimulatorProcess(any_source=True, latency=1.0) as simulator:
        waves = Waves("submit", plan_of(tmp_path, 40), "--wave", "wave-1", env=environment(tmp_path, simulator), cwd=tmp_path)
        waves.wait_for("submit: 0/40")
        assert processes_with(str(tmp_path / "prefect-home"))
        waves.process.kill()
        waves.end()
        wait_until(lambda: not processes_with(str(tmp_path / "prefect-home")))


@pytest.mark.parametrize(
    ("words", "settings", "code", "said"),
    [
        (["absent.xlsx", "--wave", "wave-1"], {}, 2, "absent.xlsx"),
        (["plan.xlsx", "--wave", "wave-9"], {}, 2, "wave-9"),
        (["plan.xlsx", "--wave", "wave-1", "--where", "wave"], {}, 2, "COLUMN=PATTERN"),
        (["plan.xlsx", "--wave", "wave-1"], {"SMS_ENDPOINT": "http://127.0.0.1:9"}, 3, "no credentials"),
    ],
)
def test_what_keeps_a_wave_from_starting_is_one_line(
    tmp_path: Path, words: list[str], settings: dict[str, str], code: int, said: str
) -> None:
    """The plan or the call: 2. The credentials: 3. Nothing was sent, and no traceback."""
    plan_of(tmp_path, 1)
    waves = Waves("submit", *words, env=environment(tmp_path, None, **NO_PREFECT, **settings), cwd=tmp_path)
    ended, output, errors = waves.end()
    assert (ended, output) == (code, ""), errors
    assert said in errors
    assert "nothing was sent" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(("fields", "code"), [({}, 0), ({"priority": "high"}, 1)])
def test_a_dry_run_tells_by_its_exit_code_whether_a_row_is_in_the_way(tmp_path: Path, fields: dict[str, str], code: int) -> None:
    """0 where every row would be sent or is there, 1 where one would not be; nothing is sent either way."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1), server(2, **fields)], disks=[disk(1), disk(2)])
    with SimulatorProcess(any_source=True) as simulator:
        words = ("submit", plan, "--wave", "wave-1", "--allow-invalid", "--dry-run", "--json")
        ended, output, _ = Waves(*words, env=environment(tmp_path, simulator), cwd=tmp_path).end()
        assert simulator.truth()["tasks"] == []
    assert ended == code, output
    assert_told("submit", json.loads(output))
