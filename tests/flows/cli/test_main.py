"""The frame of the command: help, version, wrong calls, defects; and what none of them may load or cost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer

from flows.cli import check_command
from flows.cli.main import make_app
from tests.flows.cli.command_line import ROOT, run, run_process

if TYPE_CHECKING:
    from pathlib import Path


def _typer_reads_by_pydantic() -> bool:
    """Typer 0.29 reads the words of a command by pydantic (70 ms); none before does."""
    return tuple(map(int, typer.__version__.split(".")[:2])) >= (0, 29)


HEAVY = {"prefect", "pandas", "sqlalchemy", "httpx", "aiohttp", "openpyxl", "python_calamine", "starlette", "uvicorn"}
OF_COMMANDS = set() if _typer_reads_by_pydantic() else {"pydantic"}
COMMANDS = ("check", "demo", "simulate", "submit")


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has after this code."""
    script = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}}, file=sys.__stderr__)"
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return set(ended.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    """`waves --help` loads neither Prefect nor pandas, SQLAlchemy, httpx nor pydantic."""
    loaded = loaded_by("from flows.cli.main import main\nassert main(['--help']) == 0")
    assert loaded & (HEAVY | {"pydantic"}) == set()


def test_help_of_commands_loads_nothing_heavy() -> None:
    """So does the help of every command."""
    calls = "\n".join(f"assert main([{each!r}, '--help']) == 0" for each in COMMANDS)
    assert loaded_by(f"from flows.cli.main import main\n{calls}") & (HEAVY | OF_COMMANDS) == set()


def test_check_loads_no_prefect(tmp_path: Path) -> None:
    """`waves check` loads pandas and what reads workbooks, and nothing of Prefect, network, database or pydantic."""
    plan = ROOT / "inventory" / "examples" / "wave-plan.xlsx"
    loaded = loaded_by(f"from flows.cli.main import main\nassert main(['check', {str(plan)!r}]) == 0")
    assert "pandas" in loaded
    assert loaded & ((HEAVY | OF_COMMANDS | {"rich"}) - {"pandas", "python_calamine"}) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command's help has a line to copy, and says which options there are."""
    ran = run(capsys, command, "--help")
    assert ran.code == 0
    assert f"Example: waves {command}" in ran.out
    assert "--json" in ran.out
    assert ran.err == ""


def test_without_words_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """`waves` alone shows what there is, each command with a whole line."""
    ran = run(capsys)
    assert ran.code == 0
    assert all(f"  {command} " in ran.out for command in COMMANDS)
    assert "..." not in ran.out.partition("Commands:")[2]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`waves --version` is one line on standard output."""
    ran = run(capsys, "--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("waves ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["chek"], "error: no such command 'chek'. Did you mean 'check'?: see waves --help\n"),
        (["check"], "error: missing argument 'PLAN': see waves check --help\n"),
        (["check", "plan.xlsx", "--fast"], "error: no such option: --fast: see waves check --help\n"),
        (["submit", "plan.xlsx"], "error: missing option '--wave': see waves submit --help\n"),
        (["check", "plan.xlsx", "--wave"], "error: option '--wave' requires an argument: see waves check --help\n"),
        (
            ["simulate", "--rate", "x"],
            (
                "error: invalid value for '--rate': \"x\" is not a rate: write 50, 200/5m or limit:200,time:5 minute: "
                "see waves simulate --help\n"
            ),
        ),
    ],
)
def test_wrong_call_is_one_line(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong call exits with 2 and one line that says what is wrong and where to read on."""
    ran = run(capsys, *words)
    assert (ran.code, ran.out, ran.err) == (2, "", line)


@pytest.mark.parametrize("words", [["check"], ["submit", "plan.xlsx"], ["check", "absent.xlsx", "--wave", "w"], ["demo", "--fast"]])
def test_wrong_call_is_one_object_under_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A script that asked for JSON gets one object whatever was wrong, with the line that a person gets."""
    ran = run(capsys, *words, "--json")
    assert ran.code == 2
    assert f"error: {json.loads(ran.out)['error']}" in ran.err


def test_defect_is_one_line_without_debug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw is one line and exit code 1; with --debug its traceback comes first."""

    def fail(_call: object) -> int:
        raise KeyError("wave")

    monkeypatch.setattr(check_command, "main", fail)
    ran = run(capsys, "check", "plan.xlsx")
    assert (ran.code, ran.out, ran.err) == (1, "", "error: KeyError: 'wave': run again with --debug\n")
    debugged = run(capsys, "check", "plan.xlsx", "--debug")
    assert debugged.code == 1
    assert debugged.err.startswith("Traceback")
    assert debugged.err.endswith("error: KeyError: 'wave'\n")


def test_interrupted_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C in any command is one line and exit code 130."""

    def interrupt(_call: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "main", interrupt)
    assert run(capsys, "check", "plan.xlsx").code == 130


def test_runs_as_a_module(tmp_path: Path) -> None:
    """`python -m flows.cli` is the command where no script is installed, under its own name."""
    ran = run_process("--help", folder=tmp_path)
    assert ran.code == 0
    assert ran.out.startswith("Usage: waves ")


def test_every_command_has_help_for_each_option() -> None:
    """No option or argument is without a sentence."""
    group: Any = typer.main.get_command(make_app())
    missing = [(name, each.name) for name, command in group.commands.items() for each in command.params if not each.help]
    assert missing == []
