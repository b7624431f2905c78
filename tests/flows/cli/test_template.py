"""`waves template`: an empty plan, made where none is, that can be checked and sent as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.flows.cli.command_line import NO_PREFECT, Ran, run
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_it_made_and_what_comes_next(capsys: Capture) -> None:
    """One line, and the hint apart, with the plan's own name, quoted where it must be."""
    assert run(capsys, "template", "my plan.xlsx") == Ran(
        0,
        "my plan.xlsx: a plan with 3 worked rows; its first sheet tells how it is filled in\n",
        'hint: fill it in, save, and run `waves check "my plan.xlsx"`\n',
    )


def test_json_is_one_object(capsys: Capture) -> None:
    """Where it is and what it holds; where it could not be made, why."""
    made = json.loads(run(capsys, "template", "plan.xlsx", "--json").out)
    assert (made["plan"], made["servers"], made["sheets"][:2]) == ("plan.xlsx", 3, ["Guide", "Servers"])
    refused = run(capsys, "template", "plan.xlsx", "--json")
    assert refused.code == 2
    assert "is there already" in json.loads(refused.out)["error"]


def test_a_plan_is_never_lost_by_it(folder: Path, capsys: Capture) -> None:
    """A file that is there is refused with exit code 2, and replaced by --force."""
    (folder / "plan.xlsx").write_bytes(b"months of work")
    assert run(capsys, "template", "plan.xlsx") == Ran(
        2, "", "error: plan.xlsx is there already: give another name, or --force to replace it\n"
    )
    assert (folder / "plan.xlsx").read_bytes() == b"months of work"
    assert run(capsys, "template", "plan.xlsx", "--force").code == 0


def test_the_worked_rows_pass_check_and_submit_as_they_are(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a finding; on a fleet that has these servers each of the three gets its task."""
    assert run(capsys, "template", "plan.xlsx").code == 0
    checked = run(capsys, "check", "plan.xlsx")
    assert (checked.code, checked.out) == (0, "plan.xlsx: 3 servers in 2 waves: 0 errors, 0 warnings\n")
    with SimulatorProcess(fleet=folder / "plan.xlsx") as simulator:
        journal = f"sqlite+aiosqlite:///{(folder / 'journal.sqlite').as_posix()}"
        for name, value in (simulator.environment | NO_PREFECT | {"WAVES_JOURNAL": journal}).items():
            monkeypatch.setenv(name, value)
        sent = [run(capsys, "submit", "plan.xlsx", "--wave", wave, "--json") for wave in ("wave-1", "wave-2")]
        truth = simulator.truth()
    assert [(ran.code, json.loads(ran.out)["counts"]) for ran in sent] == [(0, {"CREATED": 2}), (0, {"CREATED": 1})]
    assert [len(truth[name]) for name in ("tasks", "duplicates")] == [3, 0]
