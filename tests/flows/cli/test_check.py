"""`waves check`: every problem at once, by cell and with its remedy, in a pipe, on a terminal and as JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.cli.command_line import Ran, run, run_on_terminal, without_codes
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

NO_IP = server(3, wave="wave-2", migration_ip=None)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan with two errors in wave-1 and a warning in wave-2, in the working folder."""
    monkeypatch.chdir(tmp_path)
    make_plan(tmp_path / "plan.xlsx", [server(1, priority="12O"), server(2, os_type="OS/2"), NO_IP])
    return tmp_path / "plan.xlsx"


def test_every_problem_at_once(plan: Path, capsys: Capture) -> None:
    """Errors first, then warnings, each with cell, remedy and code; then the counts; the hint apart, on standard error."""
    ran = run(capsys, "check", "plan.xlsx")
    assert ran == Ran(
        2,
        'error: Servers!H2  priority "12O" is not a number: give 0-65535, or leave it empty for 1  [PLAN-112]\n'
        'error: Servers!I3  os_type "OS/2" is not a choice: give WINDOWS or LINUX, or leave it empty  [PLAN-119]\n'
        "warning: Servers!G4  web-03 has an existing target and no migration_ip: "
        "give the target's address that the source reaches it at  [PLAN-501]\n"
        "plan.xlsx: 3 servers in 2 waves: 2 errors, 1 warning\n",
        "hint: mend these cells, save, and run `waves check plan.xlsx` again\n",
    )


def test_warnings_refuse_nothing(plan: Path, capsys: Capture) -> None:
    """A wave with warnings only is exit code 0, and the hint is the next command with the user's file and wave in it."""
    ran = run(capsys, "check", "plan.xlsx", "--wave", "wave-2")
    assert ran.code == 0
    assert ran.out.count("\n") == 2
    assert ran.out.endswith("plan.xlsx: 1 server in wave wave-2: 0 errors, 1 warning\n")
    assert ran.err == "hint: `waves submit plan.xlsx --wave wave-2` sends it\n"


def test_where_narrows_to_rows(plan: Path, capsys: Capture) -> None:
    """--where shows what concerns the rows that fit, in known columns by any alias."""
    ran = run(capsys, "check", "plan.xlsx", "--where", "Server Name=WEB-0[1]", "--where", "source_server_id=src-*")
    assert "Servers!H2" in ran.out
    assert ran.out.endswith("plan.xlsx: 1 server in 1 wave: 1 error, 0 warnings\n")
    assert "--where" in ran.err


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("web-01", 'error: --where "web-01" is not COLUMN=PATTERN: write for example --where source_name=web-*\n'),
        ("rack=r1", 'error: plan.xlsx has no column "rack" in Servers: its columns are wave, '),
    ],
)
def test_wrong_where_is_one_line(plan: Path, where: str, line: str, capsys: Capture) -> None:
    """A --where that cannot hold is a wrong call."""
    ran = run(capsys, "check", "plan.xlsx", "--where", where)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(line)


def test_json_is_one_object(plan: Path, capsys: Capture) -> None:
    """--json: the keys that scripts may rely on, and nothing else on standard output."""
    ran = run(capsys, "check", "plan.xlsx", "--json")
    shown: dict[str, Any] = json.loads(ran.out)
    assert ran.code == 2
    assert (shown["plan"], shown["servers"], shown["errors"], shown["warnings"]) == ("plan.xlsx", 3, 2, 1)
    assert shown["findings"][0] == {
        "code": "PLAN-112",
        "severity": "error",
        "sheet": "Servers",
        "cell": "H2",
        "value": "12O",
        "problem": 'priority "12O" is not a number',
        "remedy": "give 0-65535, or leave it empty for 1",
    }


def test_json_of_an_unreadable_plan(tmp_path: Path, capsys: Capture) -> None:
    """A file that is no plan is a finding too, so that a script needs one road only."""
    ran = run(capsys, "check", tmp_path / "nope.xlsx", "--json")
    shown = json.loads(ran.out)
    assert (ran.code, shown["servers"], shown["findings"][0]["code"]) == (2, 0, "PLAN-001")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal(plan: Path) -> None:
    """A terminal gets colour beside the word, columns, and no line wider than it is."""
    code, shown = run_on_terminal("check", "plan.xlsx", folder=plan.parent)
    lines = without_codes(shown).splitlines()
    assert code == 2
    assert "\x1b[1;31merror" in shown
    assert lines[0].startswith('error    Servers!H2  priority "12O" is not a number')
    assert any(line.startswith("warning  Servers!G4  ") for line in lines)
    assert "plan.xlsx: 3 servers in 2 waves: 2 errors, 1 warning" in lines
    assert max(map(len, lines)) <= 100


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_without_colour(plan: Path) -> None:
    """NO_COLOR is heeded."""
    _, shown = run_on_terminal("check", "plan.xlsx", folder=plan.parent, environment={"NO_COLOR": "1"})
    assert "\x1b[31m" not in shown
    assert "\x1b[1;31m" not in shown
    assert "\x1b[33m" not in shown
