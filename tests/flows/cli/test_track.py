"""`waves track`: in a pipe, on a terminal, as JSON; its exit codes, and the calls that are wrong."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.flows.cli.command_line import run, run_on_terminal, without_codes
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import NO_PREFECT, Waves, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

HOSTILE = "web <b>\x9b31m\u202e&\"'"


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, migration_seconds=2) as simulator:
        yield simulator


@pytest.fixture
def plan(tmp_path: Path, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three servers, the first of them done, the second failed, the third to be put wherever a test wants it."""
    simulator.reset()
    for name, value in environment(tmp_path, simulator, **NO_PREFECT).items():
        if name.startswith(("SMS_", "CLOUD_SDK_", "WAVES_")):
            monkeypatch.setenv(name, value)
    numbers = (1, 2, 3)
    return make_plan(tmp_path / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])


def put(simulator: SimulatorProcess, *states: str) -> None:
    """Have tasks of others in these states, for the first servers."""
    for number, state in enumerate(states, 1):
        simulator.add_task(server(number)["source_server_id"], state=state)


def test_all_done_is_one_object_and_0(plan: Path, simulator: SimulatorProcess, capsys: Capture) -> None:
    """What scripts may rely on: wave, states, late, done, and each server's task, state and progress."""
    put(simulator, "MIGRATE_SUCCESS", "MIGRATE_SUCCESS", "SYNC_SUCCESS")
    ran = run(capsys, "track", plan, "--wave", "wave-1", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["wave"], told["states"], told["late"], told["done"]) == (
        0,
        "wave-1",
        {"MIGRATE_SUCCESS": 2, "SYNC_SUCCESS": 1},
        [],
        True,
    )
    assert [(one["source_server_id"], one["state"], one["progress"]) for one in told["servers"]] == [
        (server(1)["source_server_id"], "MIGRATE_SUCCESS", 100.0),
        (server(2)["source_server_id"], "MIGRATE_SUCCESS", 100.0),
        (server(3)["source_server_id"], "SYNC_SUCCESS", 100.0),
    ]
    assert len(told["servers"][0]["task_id"]) == 36


def test_what_failed_and_what_has_no_task_is_told_and_1(plan: Path, simulator: SimulatorProcess, capsys: Capture) -> None:
    """Each by its cell, with what to do and the next command."""
    put(simulator, "MIGRATE_SUCCESS", "MIGRATE_FAIL")
    ran = run(capsys, "track", plan, "--wave", "wave-1")
    assert ran.code == 1
    assert "Servers!A3  web-02  MIGRATE_FAIL" in ran.out
    assert "no task: web-03" in ran.out
    assert f"`waves submit {plan} --wave wave-1` makes the tasks that are missing" in ran.out


def test_changes_are_lines_in_a_pipe(plan: Path, simulator: SimulatorProcess, tmp_path: Path) -> None:
    """A server that others start is told when it runs and when it is done; Ctrl-C is 130, with what is known."""
    put(simulator, "MIGRATE_SUCCESS", "MIGRATE_SUCCESS", "READY")
    env = environment(tmp_path, simulator, **NO_PREFECT)
    waves = Waves("track", plan, "--wave", "wave-1", "--interval", "1", "--json", env=env, cwd=tmp_path)
    waves.wait_for("1 waiting for us")
    simulator.set_state(next(task["id"] for task in simulator.tasks_of(server(3)["source_server_id"])), "SYNCING")
    waves.wait_for("web-03 (task")
    if os.name == "posix":
        waves.process.send_signal(signal.SIGINT)
        code, output, _ = waves.end()
        assert (code, json.loads(output)["states"]) == (130, {"MIGRATE_SUCCESS": 2, "SYNCING": 1})
    else:
        waves.process.kill()
        waves.end()


@pytest.mark.skipif(os.name == "nt", reason="a terminal as POSIX has it")
def test_on_a_terminal_it_is_drawn(plan: Path, simulator: SimulatorProcess, tmp_path: Path) -> None:
    """The wave as a bar with its figures, who needs somebody below it, and the final block when it is over."""
    put(simulator, "MIGRATE_SUCCESS", "MIGRATE_FAIL")
    env = environment(tmp_path, simulator, **NO_PREFECT)
    code, shown = run_on_terminal("track", plan, "--wave", "wave-1", folder=tmp_path, environment=env)
    lines = without_codes(shown)
    assert code == 1
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in lines
    assert "1/3 done  1 no task  1 failed" in lines
    assert "hint: `waves submit" in lines


def test_nothing_hostile_reaches_terminal_or_page(tmp_path: Path, plan: Path, simulator: SimulatorProcess, capsys: Capture) -> None:
    """A name with an escape sequence, markup and a change of direction is a text like any other."""
    hostile = make_plan(plan, [server(1, source_name=HOSTILE)], disks=[disk(1)])
    put(simulator, "MIGRATE_FAIL")
    page = tmp_path / "wall.html"
    ran = run(capsys, "track", hostile, "--wave", "wave-1", "--html", page)
    assert ran.code == 1
    shown = page.read_text(encoding="utf-8")
    assert "<b>" not in shown.partition('id="data"')[2]
    assert not set("\x9b\u202e") & set(ran.out + shown)
    assert "web &lt;b&gt;" not in ran.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--wave", "wave-9"], 2, "has no wave of the name wave-9: its waves are wave-1"),
        (["--wave", "wave-1", "--where", "source_name=zzz*"], 2, "no row fits"),
        (["--wave", "wave-1", "--until", "soon"], 2, "until"),
        (["--wave", "wave-1", "--html", "wall.xlsx"], 2, "give --html a name that ends in .html"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(plan: Path, capsys: Capture, words: list[str], code: int, said: str) -> None:
    """In one line, and nothing is looked at."""
    ran = run(capsys, "track", plan, *words)
    assert ran.code == code
    assert said in ran.err


def test_an_sms_that_refuses_is_3(
    plan: Path, simulator: SimulatorProcess, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong credentials are told at once."""
    monkeypatch.setenv("CLOUD_SDK_SK", "wrong")
    before = simulator.truth()["requests"]
    ran = run(capsys, "track", plan, "--wave", "wave-1", "--json")
    assert (ran.code, "error" in json.loads(ran.out)) == (3, True)
    assert simulator.truth()["requests"]["GET /v3/tasks"] == before.get("GET /v3/tasks", 0) + 1
