"""The process: it says where it listens, ends when told, comes back with its truth, and says in one line why it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from flows.simulator.arguments import parse_arguments
from flows.simulator.options import AccessKey, Rate, SimulatorOptions, User
from tests.flows.simulator.bodies import as_bytes, post_task
from tests.simulator_process import SimulatorProcess, command_line

if TYPE_CHECKING:
    from pathlib import Path


def post(simulator: SimulatorProcess, path: str, value: object) -> Any:
    """POST over real HTTP, the answer's JSON."""
    request = urllib.request.Request(simulator.url + path, data=as_bytes(value), method="POST")  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
        return json.loads(answer.read())


def start(*arguments: str) -> subprocess.Popen[str]:
    """A simulator process by its command line."""
    command = [sys.executable, "-m", "flows.simulator", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_it_ends_when_its_input_closes() -> None:
    """Nobody has to send a signal, and nothing is said on the way."""
    process = start("--until-stdin-eof")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["port"] > 0
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of this kind")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_it_ends_on_a_signal_without_a_word(name: str) -> None:
    """Exit code 0, no traceback."""
    process = start()
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, getattr(signal, name))
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_although_a_client_waits() -> None:
    """A request that is left hanging holds nothing up, and nothing is said of it."""
    process = start("--until-stdin-eof", "--auth", "off", "--faults", "read-hang=1")
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["port"]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /v3/tasks HTTP/1.1\r\nhost: x\r\n\r\n")
        urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/truth", timeout=10).close()
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_killed_simulator_comes_back_with_its_truth(tmp_path: Path) -> None:
    """Tasks that it answered for are there after a kill, and the guard knows them."""
    with SimulatorProcess(any_source=True, authentication=False, state=tmp_path / "state.db") as first:
        ids = [post(first, "/v3/tasks", post_task(f"s-{number}", f"v-{number}"))["id"] for number in range(20)]
        first.kill()
    with SimulatorProcess(any_source=True, authentication=False, state=tmp_path / "state.db") as second:
        assert [task["id"] for task in second.truth()["tasks"]] == ids


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fleet", "missing.xlsx"], "error: missing.xlsx"),
        (["--state", "README.md"], "is no state file"),
        (["--faults", "explode=1"], "is no fault"),
        (["--rate", "fast"], "is not a rate"),
        (["--access-key", "ak"], "AK:SK"),
        (["--user", "name:password"], "NAME:PASSWORD:DOMAIN"),
    ],
)
def test_what_it_cannot_start_with_it_says_in_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    """Exit code 2, nothing on stdout, no traceback."""
    (tmp_path / "README.md").write_text("no database\n" * 100)
    arguments = [str(tmp_path / each) if each == "README.md" else each for each in arguments]
    process = start(*arguments)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, words in err, "Traceback" in err) == (2, "", True, False)


def test_a_taken_port_is_said_in_one_line() -> None:
    """And nothing is started."""
    with SimulatorProcess() as first:
        process = start("--port", str(first.port))
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err.startswith(f"error: cannot listen on port {first.port}")) == (2, True)


def test_the_command_line_says_all_that_the_options_can() -> None:
    """Every option comes through the command line of the fixture unchanged."""
    said: dict[str, Any] = {
        "port": 9099, "seed": 7, "sources": 3, "any_source": True, "any_target": True, "guard": False, "lenient": True,
        "strict_names": True, "check_floating_ip": True, "lag": 1.5, "lag_detail": False, "faults": "14%,read-drop=0.1",
        "late_seconds": 2.5, "slow_seconds": 4.0, "latency": 0.25,
        "retry_after_seconds": 3, "rate": Rate(200, 300.0), "authentication": False,
        "access_keys": (AccessKey("a", "b"), AccessKey("c", "d", "e")), "users": (User("n", "p", "d"),), "token_seconds": 60.0,
        "denied_actions": frozenset({"sms:server:createTask"}), "list_order": "oldest", "migration_seconds": 5.0,
        "bandwidth": 500.0, "efficiency": 0.8, "source_line": 100.0, "preparation": 60.0, "configuration": 90.0,
        "change_per_day": 0.05, "sync_seconds": 600.0, "quirks": 0.1, "fail": "5%,away=0.1",
        "refused_operations": frozenset({"cutover"}), "max_running": 100,
        "inconsistent": 0.25,
        "delete_seconds": 1.0, "until_stdin_eof": True,
    }  # fmt: skip
    assert parse_arguments(command_line(**said)) == SimulatorOptions(**said)
    assert said.keys() | {"host", "fleet", "state"} == SimulatorOptions.__dataclass_fields__.keys()


RATES = [
    ("50", Rate(50)),
    ("200/5m", Rate(200, 300)),
    ("9/h", Rate(9, 3600)),
    ("100/60", Rate(100, 60)),
    ("limit:200,time:5 minute", Rate(200, 300, is_window=True)),
    ("limit:9,time:1 hour", Rate(9, 3600, is_window=True)),
]


@pytest.mark.parametrize(("text", "rate"), RATES)
def test_a_rate_is_a_number_and_a_window(text: str, rate: Rate) -> None:
    """A second when no window is said; the fixture's command line says the same."""
    assert parse_arguments(["--rate", text]).rate == rate
    assert parse_arguments(command_line(rate=rate)).rate == rate
