"""`waves start`, `stop`, `speed`, `cutover`, `delete` ...: what they say, what they ask, and how they end."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import wait_until
from tests.flows.cli.command_line import WAVES, Ran, run
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import NO_PREFECT, Waves, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix = pytest.mark.skipif(os.name == "nt", reason="a terminal and signals as POSIX has them")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, migration_seconds=1000.0) as simulator:
        yield simulator


class Desk:
    """A folder with a plan whose tasks are made, and a journal; `give` gives an order there."""

    def __init__(self, folder: Path, simulator: SimulatorProcess, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.simulator, self._capsys = folder, simulator, capsys
        self.plan = make_plan(folder / "plan.xlsx", [server(n) for n in (1, 2, 3)], disks=[disk(n) for n in (1, 2, 3)])

    def give(self, command: str, *words: object) -> Ran:
        return run(self._capsys, command, self.plan, "--wave", "wave-1", *words)

    def states(self) -> list[str]:
        return sorted(str(task["state"]) for task in self.simulator.truth()["tasks"])


@pytest.fixture
def desk(tmp_path: Path, simulator: SimulatorProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    simulator.reset()
    simulator.set_faults("")
    for name, value in environment(tmp_path, simulator, SMS_SETTLE_SECONDS="0.3", **NO_PREFECT).items():
        monkeypatch.setenv(name, value)
    made = Desk(tmp_path, simulator, capsys)
    for number in (1, 2, 3):
        simulator.add_task(f"src-{number:04}-a1b2", target_vm_id=f"vm-{number:04}-c3d4", name=f"web-{number:02}")
    return made


def test_a_wave_is_started_and_each_server_is_told(desk: Desk) -> None:
    """One object on standard output; exit 0; given again, all is so already."""
    ran = desk.give("start", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["operation"], told["counts"]) == (0, "start", {"DONE": 3})
    assert [one["outcome"] for one in told["servers"]] == ["DONE"] * 3
    assert desk.states() == ["RUNNING"] * 3
    again = desk.give("start")
    assert (again.code, again.out) == (0, "3 ALREADY\n")


def test_a_dry_run_says_what_would_be_done_and_sends_nothing(desk: Desk) -> None:
    """Rows of which the same is said stand in one line."""
    ran = desk.give("start", "--dry-run")
    assert ran.code == 0
    assert ran.out == "Servers!A2  web-01  (and 2 more)  READY  would be started at once\n3 of 3 servers; nothing was sent\n"
    assert desk.states() == ["READY"] * 3
    assert "cannot" not in ran.out
    told = json.loads(desk.give("cutover", "--dry-run", "--json").out)
    assert [one["would"] for one in told["servers"]] == [False] * 3


def test_what_is_not_done_is_told_by_cell_with_what_to_do(desk: Desk) -> None:
    """Exit 1, and the command to give again."""
    ran = desk.give("cutover", "--where", "source_name=db-*")
    assert ran.code == 2
    assert "no row fits" in ran.err
    ran = desk.give("cutover", "--where", "source_name=*-01")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "1 ILLEGAL",
        "Servers!A2  web-01  ILLEGAL  WAVES.STATE it cannot be cut over: it was never started: start it first: `waves start`",
        f'hint: once that is seen to: waves cutover {desk.plan} --wave wave-1 --where "source_name=*-01"',
    ]


def test_a_speed_limit_says_what_it_replaces(desk: Desk) -> None:
    """Each server once; rows alike in one line."""
    assert desk.give("speed", "--limit", "500").out == "3 DONE\n"
    ran = desk.give("speed", "--limit", "200", "--from", "22:00", "--to", "06:00")
    assert ran.out.splitlines()[1] == "Servers!A2  web-01  (and 2 more)  DONE  replaced 00:00-23:59 500 Mbit/s"
    wrong = desk.give("speed", "--limit", "200", "--from", "8 o'clock")
    assert (wrong.code, wrong.out) == (2, "")
    assert "write it as 08:00: nothing was sent" in wrong.err


def test_a_deletion_wants_a_terminal_or_yes(desk: Desk) -> None:
    """In a pipe nothing is deleted without it, and never what somebody else made."""
    ran = desk.give("delete")
    assert ran.code == 2
    assert "--yes" in ran.err
    ran = desk.give("delete", "--yes")
    assert (ran.code, ran.out.splitlines()[0]) == (1, "3 ILLEGAL")
    assert "WAVES.NOT_OURS" in ran.out
    assert desk.states() == ["READY"] * 3


@posix
@pytest.mark.parametrize(("typed", "code", "left"), [("3", 0, 0), ("2", 2, 3), ("yes", 2, 3)])
def test_a_deletion_is_confirmed_by_typing_the_count(desk: Desk, typed: str, code: int, left: int) -> None:
    """On a terminal; any other word deletes nothing."""
    desk.simulator.reset()
    assert run(desk._capsys, "submit", desk.plan, "--wave", "wave-1").code == 0
    ours, theirs = pty.openpty()
    words = [*WAVES, "delete", str(desk.plan), "--wave", "wave-1"]
    process = subprocess.Popen(words, cwd=desk.folder, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"type 3 to delete 3 tasks: " not in shown:
        shown += os.read(ours, 4096)
    os.write(ours, f"{typed}\n".encode())
    assert process.wait(30) == code
    os.close(ours)
    assert len(desk.states()) == left


def test_refused_credentials_end_with_their_own_code(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, and nothing was sent."""
    monkeypatch.setenv("CLOUD_SDK_SK", "wrong")
    ran = desk.give("start", "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["counts"] == {"DEFERRED": 3}
    assert desk.states() == ["READY"] * 3


@posix
def test_ctrl_c_ends_an_order_that_waits(tmp_path: Path, simulator: SimulatorProcess) -> None:
    """A `start` that waits for places: 130, and what waited is told."""
    simulator.reset()
    rows = [server(1), server(2)]
    plan = make_plan(tmp_path / "plan.xlsx", rows, waves=[{"wave": "wave-1", "max_running": 1}])
    for number in (1, 2):
        simulator.add_task(f"src-{number:04}-a1b2", target_vm_id=f"vm-{number:04}-c3d4")
    waves = Waves("start", plan, "--wave", "wave-1", "--json", env=environment(tmp_path, simulator), cwd=tmp_path)
    wait_until(lambda: "RUNNING" in [task["state"] for task in simulator.truth()["tasks"]])
    waves.process.send_signal(2)
    code, out, errors = waves.end()
    assert (code, json.loads(out)["counts"]) == (130, {"DONE": 1, "DEFERRED": 1}), errors


def test_the_journal_tells_what_was_done(desk: Desk) -> None:
    """The run by its kind, and for each row its actions."""
    desk.give("start")
    desk.give("stop", "--where", "source_name=web-01")
    ran = run(desk._capsys, "journal", desk.plan, "--wave", "wave-1", "--json")
    told = json.loads(ran.out)
    assert [one["kind"] for one in told["runs"]] == ["start", "stop"]
    actions = [(one["operation"], one["state_before"], one["verdict"]) for one in told["rows"][0]["actions"]]
    assert actions == [("start", "READY", "done"), ("stop", "RUNNING", "done")]
    lines = run(desk._capsys, "journal", desk.plan, "--wave", "wave-1").out
    assert "stop of task" in lines
    assert "HTTP 200, yes" in lines
