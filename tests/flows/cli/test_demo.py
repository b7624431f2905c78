"""`waves demo`: a wave from nothing to a true report, twice in a row, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from flows.cli.demo_truth import Reported, disagreements, tell_faults
from tests.flows.cli.command_line import NO_PREFECT, WAVES, clean_environment, run_process

if TYPE_CHECKING:
    from pathlib import Path


def reported(status: str = "CREATED", task_id: str = "t1", source: str = "s1") -> Reported:
    return Reported("web-01", source, status, task_id, 1, "", "")


def test_twice_in_a_row(tmp_path: Path) -> None:
    """Each time it starts afresh, some requests are broken, the report and the truth agree, and it says where the report is."""
    (tmp_path / ".env").write_text("SMS_AUTH_TOKEN=real\nSMS_ENDPOINT=https://sms.example.com\n")
    first = run_process("demo", folder=tmp_path, environment=NO_PREFECT)
    assert first.code == 0, first.err
    assert "requests were broken on purpose" in first.out
    assert "the report and the simulator's truth agree: 9 servers, 9 tasks, none of them twice" in first.out
    assert (tmp_path / "waves-demo" / "wave-plan.wave-1.report.xlsx").exists()
    second = run_process("demo", "--json", folder=tmp_path, environment=NO_PREFECT)
    shown: dict[str, Any] = json.loads(second.out)
    assert second.code == 0
    assert (shown["agrees"], shown["servers"]) == (True, 9)
    assert {each["status"] for each in shown["outcomes"]} == {"CREATED"}


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")  # noqa: PTH112
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_leaves_nothing_running(number: signal.Signals, tmp_path: Path) -> None:
    """Stopped in the middle it exits with 130, and neither the simulator nor the submission is left."""
    mark = f"waves-demo-{os.getpid()}-{number}"
    process = subprocess.Popen(
        [*WAVES, "demo"],
        cwd=tmp_path,
        env=clean_environment({**NO_PREFECT, "DEMO_MARK": mark}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    wait_until(lambda: len(marked(mark)) >= 3)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    assert process.wait(20) == 130
    process.stdout.close()
    wait_until(lambda: not marked(mark))


def wait_until(holds: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def marked(mark: str) -> list[str]:
    """The processes that have this text in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:  # noqa: PTH123
                if mark.encode() in environment.read():
                    found.append(pid)
        except OSError:
            continue
    return found


def test_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file in the place of the folder is told, not overwritten."""
    (tmp_path / "waves-demo").write_text("mine")
    ran = run_process("demo", folder=tmp_path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("error: waves-demo cannot be written")


def test_agreement() -> None:
    """A task that is there alone and as reported, and none where none is reported."""
    outcomes = [reported(), reported("REJECTED", "", "s2"), reported("UNCERTAIN", "", "s3")]
    assert disagreements(outcomes, {"tasks_by_source": {"s1": ["t1"], "s3": ["t3"]}}) == []


@pytest.mark.parametrize(
    ("outcome", "truth", "says"),
    [
        (reported(), {}, "web-01 is reported as CREATED with the task t1; it has none"),
        (reported(), {"s1": ["t2"]}, "web-01 is reported as CREATED with the task t1; it has t2"),
        (reported(), {"s1": ["t1", "t2"]}, "web-01 has 2 tasks: t1, t2"),
        (reported("REJECTED", ""), {"s1": ["t1"]}, "web-01 is reported as REJECTED, without a task; it has t1"),
        (reported(), {"s1": ["t1"], "s9": ["t9"]}, "s9 is in no row, and has t9"),
    ],
)
def test_disagreement(outcome: Reported, truth: dict[str, list[str]], says: str) -> None:
    """Whatever the truth does not bear out is told by server and task."""
    assert disagreements([outcome], {"tasks_by_source": truth}) == [says]


def test_faults_are_told_by_what_they_did() -> None:
    """One sentence whose counts add up."""
    faults = {"reset-after": 3, "504-after": 1, "429-retry-before": 2, "drop-before": 1, "late-before": 1, "read-503-before": 1}
    assert tell_faults(faults) == (
        "9 requests were broken on purpose: 4 lost the answer after the task was made, 1 performed long after an error was "
        "answered, 1 broke before anything was made, 2 turned away as too many, 1 only asked what is there"
    )
    assert tell_faults({}) == "no request was broken"
    assert tell_faults({"drop-before": 1}).startswith("1 request was broken on purpose: ")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_table_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal the outcomes are a drawn table."""
    from io import StringIO

    from flows.cli.demo_command import show_table

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    show_table([reported()], stream)
    assert "web-01" in stream.getvalue()
    assert "\u2500" in stream.getvalue() or "-" in stream.getvalue()
