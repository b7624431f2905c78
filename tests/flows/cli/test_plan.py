"""`waves plan`: what it shows and writes, and the calls that are wrong."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from flows.cli.plan_command import length_of
from tests.flows.cli.command_line import run, run_on_terminal, without_codes
from tests.inventory.test_forecast import hours
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

TERMS = ("--overhead", "0", "--efficiency", "100%", "--bandwidth", "100")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three servers without a wave, in the working folder."""
    monkeypatch.chdir(tmp_path)
    servers = [server(number, wave=None) for number in (1, 2, 3)]
    return make_plan(tmp_path / "plan.xlsx", servers, disks=[hours(1, 1), hours(2, 2), hours(3, 3)])


def test_in_a_pipe(plan: Path, capsys: Capture) -> None:
    """A line for each wave, and the next step apart; nothing is written without --out."""
    ran = run(capsys, "plan", "plan.xlsx", "--per-wave", "2", "--window", "4h", *TERMS)
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "wave-1: 1 server, 126 GiB, 3 h 00 min of 4 h 00 min, fits",
            "wave-2: 2 servers, 126 GiB, 3 h 00 min of 4 h 00 min, fits",
            "90% of each window are planned, the rest is kept for what goes wrong",
            "3 servers proposed for 2 waves",
        ],
    )
    assert ran.err == "hint: --out COPY.xlsx writes it, with the reason for each server, beside Servers in a copy of the plan\n"
    assert [each.name for each in plan.parent.iterdir()] == ["plan.xlsx"]


def test_json_and_copy(plan: Path, capsys: Capture) -> None:
    """One object, each server with its wave and reason; a copy is not written over another file unless that is wanted."""
    words = ("plan", "plan.xlsx", "--waves", "2", *TERMS, "--out", "copy.xlsx", "--fill", "--json")
    shown = json.loads(run(capsys, *words).out)
    assert [(wave["wave"], wave["servers"], wave["seconds"]) for wave in shown["waves"]] == [
        ("wave-1", 1, pytest.approx(10800)),
        ("wave-2", 2, pytest.approx(10800)),
    ]
    assert [(each["source_server_id"], each["wave"]) for each in shown["servers"]] == [
        ("src-0003-a1b2", "wave-1"),
        ("src-0001-a1b2", "wave-2"),
        ("src-0002-a1b2", "wave-2"),
    ]
    again = run(capsys, *words)
    assert (again.code, "is there already" in json.loads(again.out)["error"]) == (2, True)
    assert run(capsys, *words, "--force").code == 0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "error: how many waves? give --waves N, or --per-wave N with --window 8h\n"),
        (("--waves", "2", "--per-wave", "5"), "error: --waves and --per-wave are two ways to say one thing: give one of them\n"),
        (("--window", "soon"), 'error: --window "soon" is not a length of time: give for example 8h, 90m or 7h30m\n'),
        (("--waves", "2", "--fill"), "error: --fill is about the copy: give it a name with --out COPY.xlsx\n"),
        (("--waves", "2", "--out", "plan.xlsx"), "error: plan.xlsx is the plan itself, which is never written: "),
        (("--waves", "2", "--out", "copy.csv"), "error: copy.csv is no name for a copy of the plan: "),
        (("--waves", "2", "--out", "nowhere/copy.xlsx"), "error: the folder nowhere does not exist: "),
    ],
)
def test_wrong_calls_are_one_line(plan: Path, words: tuple[str, ...], line: str, capsys: Capture) -> None:
    """What cannot be meant is told with what can."""
    ran = run(capsys, "plan", "plan.xlsx", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(line)


@pytest.mark.parametrize(
    ("text", "hours_long"), [("8h", 8), ("90m", 1.5), ("7h30m", 7.5), ("1d", 24), ("8", 8), ("7.5", 7.5), ("7h 30 min", 7.5)]
)
def test_lengths_of_time(text: str, hours_long: float) -> None:
    """As people type them."""
    assert length_of(text) == hours_long * 3600


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal(plan: Path) -> None:
    """A table, no line wider than the terminal."""
    code, shown = run_on_terminal("plan", "plan.xlsx", "--waves", "2", *TERMS, folder=plan.parent)
    lines = without_codes(shown).splitlines()
    assert code == 0
    assert lines[0].split() == ["wave", "servers", "bytes", "takes"]
    assert lines[1].split()[:3] == ["wave-1", "1", "126"]
