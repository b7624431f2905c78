"""`waves simulate`: says how to reach it, is what it was asked to be, and ends cleanly."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flows.cli import simulate_command
from flows.cli.main import make_app
from flows.simulator import arguments
from flows.simulator.options import SimulatorOptions
from tests.flows.cli.command_line import ROOT, WAVES, clean_environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    Capture = pytest.CaptureFixture[str]

EXAMPLE = ROOT / "inventory" / "examples" / "wave-plan.xlsx"
SCRIPTS_ONLY = {"host", "print_port", "until_stdin_eof", "retry_after", "lag_detail", "access_key", "user"}
"""What only tests and scripts tell a simulator: `python -m flows.simulator` has it."""


@contextmanager
def simulating(*words: str) -> Iterator[subprocess.Popen[str]]:
    """`waves simulate` in a process of its own, which is ended."""
    process = subprocess.Popen(
        [*WAVES, "simulate", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_is_reached_as_it_says_and_ends_on_ctrl_c() -> None:
    """--json: where it listens and the environment; it has the fleet of the plan; Ctrl-C ends it with 0 and no word."""
    with simulating("--port", "0", "--fleet", str(EXAMPLE), "--json") as process:
        told: dict[str, Any] = json.loads(first_line(process))
        with urllib.request.urlopen(f"{told['url']}/admin/truth", timeout=10) as answer:  # noqa: S310 - our own address
            assert json.loads(answer.read())["tasks"] == []
        assert told["environment"]["SMS_ENDPOINT"] == told["url"] == f"http://127.0.0.1:{told['port']}"
        process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_lines_to_paste() -> None:
    """A person gets the admin page, and the environment for a POSIX shell and for PowerShell."""
    pointer = simulate_command.point_at("http://127.0.0.1:9099", SimulatorOptions(state=Path("state.sqlite")))
    lines = pointer.lines()
    assert "http://127.0.0.1:9099/admin" in lines[0]
    assert lines[2].startswith("  export SMS_ENDPOINT=http://127.0.0.1:9099 CLOUD_SDK_AK=")
    assert lines[4].startswith('  $env:SMS_ENDPOINT="http://127.0.0.1:9099"; $env:CLOUD_SDK_AK="')


def test_a_forgetful_simulator_is_a_new_account() -> None:
    """Without a state file the journal must not take its tasks for deleted: the project differs each time; with one it stays."""

    def project(options: SimulatorOptions) -> str:
        return simulate_command.point_at("http://127.0.0.1:1", options).environment["SMS_PROJECT_ID"]

    assert project(SimulatorOptions()) != project(SimulatorOptions())
    kept = SimulatorOptions(state=Path("state.sqlite"))
    assert project(kept) == project(kept)


def test_cannot_start_is_one_line(capsys: Capture, tmp_path: Path) -> None:
    """A taken port, a fleet that is no plan, and a foreign state file are one line each, and exit code 2."""
    (tmp_path / "notes.txt").write_text("these are notes, and no database at all" * 20)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for words in (
            ["--port", port],
            ["--port", 0, "--fleet", tmp_path / "none.xlsx"],
            ["--port", 0, "--state", tmp_path / "notes.txt"],
        ):
            ran = run(capsys, "simulate", *words)
            assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
            assert ran.err.startswith("error: ")


def test_wrong_faults_are_told(capsys: Capture) -> None:
    """A fault that there is not is a wrong call that names those that there are."""
    ran = run(capsys, "simulate", "--faults", "boom=0.1")
    assert (ran.code, ran.out) == (2, "")
    assert "drop, reset, hang" in ran.err


def test_every_option_of_the_simulator_is_offered() -> None:
    """An option added to the simulator is added here, or named as one for scripts."""
    group: Any = typer.main.get_command(make_app())
    offered = {option.name for option in group.commands["simulate"].params}
    known = {action.dest for action in arguments._parser()._actions} - {"help"}
    assert known - offered == SCRIPTS_ONLY
