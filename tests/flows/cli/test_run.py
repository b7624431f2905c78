"""`waves run`: the whole night on the command line, stopped, killed and taken up again; and `waves approve` at its gate."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.flows.cli.command_line import run, run_on_terminal, without_codes
from tests.flows.programme.test_webhook import Receiver, receiver
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.waves_process import NO_PREFECT, Waves, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

__all__ = ["receiver"]
SERVERS = 3
HOSTILE = "web [red]<b>|&'"
APPROVE = ("approve", "plan.xlsx", "--wave", "wave-1")


def night_plan(folder: Path, *, has_gate: bool = True) -> Path:
    """Servers of which the last is launched as soon as it is copied; the others stay in sync, behind a gate."""
    rows = [server(n, syncing=has_gate and n < SERVERS) for n in range(1, SERVERS + 1)]
    rows[0]["source_name"] = HOSTILE
    disks = [disk(n) for n in range(1, SERVERS + 1)]
    return make_plan(folder / "plan.xlsx", rows, disks=disks, waves=[{"wave": "wave-1", "needs_approval": has_gate}])


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with SimulatorProcess(fleet=night_plan(tmp_path_factory.mktemp("fleet")), migration_seconds=0.2) as simulator:
        yield simulator


@pytest.fixture
def env(tmp_path: Path, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a night; this process has the same, for what a test does in it."""
    simulator.reset()
    env = environment(tmp_path, simulator, **NO_PREFECT)
    for name, value in env.items():
        if name.startswith(("SMS_", "CLOUD_SDK_", "WAVES_", "PREFECT_API")):
            monkeypatch.setenv(name, value)
    return env


def night(folder: Path, env: dict[str, str], *words: str) -> Waves:
    return Waves("run", folder / "plan.xlsx", "--wave", "wave-1", "--interval", "1", *words, env=env, cwd=folder)


def kill_at(words: str, running: Waves) -> None:
    """End it as a power cut would, as soon as it says so."""
    running.wait_for(words)
    running.process.kill()
    running.end()


def operations(simulator: SimulatorProcess) -> list[list[str]]:
    """What was really done to each task there ever was."""
    return [[one["operation"] for one in task["operations"]] for task in simulator.history()["tasks"]]


def test_a_night_killed_and_stopped_and_taken_up_does_nothing_twice(
    tmp_path: Path,
    env: dict[str, str],
    simulator: SimulatorProcess,
    receiver: Receiver,
    capsys: Capture,
) -> None:
    """Killed in each stage, stopped at the gate (130, with a report), then approved: each task made, started, cut over once.

    Whoever listens at the webhook hears of each thing once, or once more under the same id from one killed before it noted that.
    """
    plan = night_plan(tmp_path)
    env["WAVES_WEBHOOK"] = receiver.url
    for words in ("submit: one task is made", "start: the tasks are started", "` decides, until "):
        kill_at(words, night(tmp_path, env))
    stopped = night(tmp_path, env)
    stopped.wait_for("` decides, until ")
    stopped.process.send_signal(signal.SIGINT)
    code, out, _ = stopped.end()
    assert (code, "the night was stopped at approve" in out) == (130, True), out
    assert f"hint: `waves run {plan} --wave wave-1` goes on from there" in out
    assert (tmp_path / "plan.wave-1.report.xlsx").exists()
    cut_over = night(tmp_path, env)
    cut_over.wait_for("` decides, until ")
    assert run(capsys, *APPROVE, "--decision", "approved", "--by", "Ann", "--comment", "go").code == 0
    kill_at("cutover: the servers in sync", cut_over)
    code, out, said = night(tmp_path, env, "--json", "--html", str(tmp_path / "night.html")).end()
    told = json.loads(out)
    assert (code, told["done"], told["ends_at"], told["next"]) == (0, True, "", ""), said
    assert [one["stage"] for one in told["stages"]] == [
        "preflight",
        "submit",
        "start",
        "synced",
        "approve",
        "cutover",
        "verify",
        "report",
    ]
    assert [(one["decision"], one["approver"], one["comment"]) for one in told["approvals"]] == [("approved", "Ann", "go")]
    assert (tmp_path / "night.html").exists()
    assert sorted(operations(simulator)) == sorted([["start", "cutover"]] * (SERVERS - 1) + [["start"]])
    heard = {each["id"]: (each["event"], each["servers"]) for each in receiver.taken}
    assert sorted(heard.values()) == [("done", []), ("gate", []), ("started", [])]
    assert simulator.truth()["duplicates"] == []
    assert [len(simulator.tasks_of(server(n)["source_server_id"])) for n in range(1, SERVERS + 1)] == [1] * SERVERS


def test_a_night_without_a_gate_goes_through(tmp_path: Path, env: dict[str, str], capsys: Capture) -> None:
    """Lines with their time on standard error, a block of stages on standard output; run again, all is done already."""
    plan = night_plan(tmp_path, has_gate=False)
    ran = run(capsys, "run", plan, "--wave", "wave-1", "--interval", "1")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "wave-1: the night is done"), ran
    assert f"report: {tmp_path / 'plan.wave-1.report.xlsx'}" in ran.out
    assert "submit done: 3 CREATED" in ran.err
    again = run(capsys, "run", plan, "--wave", "wave-1", "--interval", "1")
    assert (again.code, "start done: done before" in again.err) == (0, True), again


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX")
def test_a_terminal_has_the_stages_and_the_picture(tmp_path: Path) -> None:
    """Names are shown as they are, whatever markup they look like; the migration lasts for several looks, so there is a picture."""
    plan = night_plan(tmp_path, has_gate=False)
    with SimulatorProcess(fleet=plan, migration_seconds=4) as simulator:
        env = environment(tmp_path, simulator, **NO_PREFECT)
        code, shown = run_on_terminal("run", plan, "--wave", "wave-1", "--interval", "1", folder=tmp_path, environment=env)
    plain = without_codes(shown)
    assert code == 0, plain
    assert "preflight  done" in plain
    assert "3/3 synced" in plain
    assert HOSTILE in plain


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--wave", "wave-9"), "no wave"),
        (("--wave", "wave-1", "--where", "nothing=x"), 'no column "nothing"'),
    ],
)
def test_a_wrong_call_begins_no_night(
    words: tuple[str, ...], said: str, tmp_path: Path, env: dict[str, str], simulator: SimulatorProcess, capsys: Capture
) -> None:
    ran = run(capsys, "run", night_plan(tmp_path), *words, "--json")
    assert (ran.code, said in ran.err, said in json.loads(ran.out)["error"]) == (2, True, True), ran
    assert simulator.truth()["requests"] == {}


def test_without_credentials_or_with_wrong_ones_the_run_is_refused(
    tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Exit code 3 either way; with wrong ones, the report says so."""
    monkeypatch.setenv("CLOUD_SDK_SK", "wrong")
    ran = run(capsys, "run", night_plan(tmp_path), "--wave", "wave-1")
    assert (ran.code, "SMS could not be asked" in ran.out) == (3, True), ran
    monkeypatch.delenv("CLOUD_SDK_SK")
    assert run(capsys, "run", tmp_path / "plan.xlsx", "--wave", "wave-1").code == 3


def test_a_gate_that_comes_too_late_is_told_before_anything_is_sent(
    tmp_path: Path, env: dict[str, str], simulator: SimulatorProcess
) -> None:
    """A server that starts by itself once it is submitted would be moved before anybody is asked."""
    rows = [server(1, auto_start="yes"), server(2)]
    make_plan(tmp_path / "plan.xlsx", rows, disks=[disk(1), disk(2)], waves=[{"wave": "wave-1", "needs_approval": "yes"}])
    code, out, said = night(tmp_path, env).end()
    assert code == 1, said
    assert "preflight failed: web-01 would be moved before the gate is asked: set auto_start to no, or syncing to yes" in out + said
    assert not simulator.truth()["tasks"]
