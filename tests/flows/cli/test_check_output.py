"""What `waves check` writes beside its lines: the one object of --json, held against its schema, and the annotated copy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from tests.flows.cli.command_line import run
from tests.flows.cli.schemas import assert_told
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

BAD = [server(number, speed_limit="12O") for number in range(1, 301)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a plan of 300 rows with one mistake, a good plan, a workbook that is no plan, a file that is none."""
    monkeypatch.chdir(tmp_path)
    make_plan(tmp_path / "bad.xlsx", BAD)
    make_plan(tmp_path / "good.xlsx", [server(1)])
    make_plan(tmp_path / "other.xlsx", [{"colour": "red", "shape": "round"}])
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 and no more")
    return tmp_path


def shown(capsys: Capture, *words: str) -> tuple[int, dict[str, Any]]:
    ran = run(capsys, "check", *words, "--json")
    return ran.code, json.loads(ran.out)


@pytest.mark.parametrize("name", ["bad", "good", "other", "broken", "missing"])
def test_what_is_printed_is_as_the_schema_says(folder: Path, name: str, capsys: Capture) -> None:
    """Whatever the file: the keys of the schema, no others, each of its kind."""
    _, printed = shown(capsys, f"{name}.xlsx")
    assert_told("check", printed)
    assert ("error" in printed) == (name in {"other", "broken", "missing"})


def test_each_cell_is_a_finding_and_one_cause_is_a_group(folder: Path, capsys: Capture) -> None:
    """A script has every cell, a person one line."""
    code, printed = shown(capsys, "bad.xlsx")
    assert (code, printed["errors"], len(printed["findings"])) == (2, 300, 300)
    assert [(each["cells"], each["count"]) for each in printed["groups"]] == [("H2:H301", 300)]
    assert 'error: Servers!H2:H301 (300 cells)  speed_limit "12O" is not' in run(capsys, "check", "bad.xlsx").out


def test_the_copy_is_written_and_named(folder: Path, capsys: Capture) -> None:
    """In a line on standard error, and in --json; the exit code is the plan's."""
    ran = run(capsys, "check", "bad.xlsx", "--annotate", "copy.xlsx")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "note: copy.xlsx shows each finding at its cell")
    code, printed = shown(capsys, "good.xlsx", "--annotate", "fine.xlsx")
    assert (code, printed["annotated"]) == (0, "fine.xlsx")
    first = load_workbook("copy.xlsx").worksheets[0]
    assert [first["A1"].value, first["A2"].value] == ["Findings in bad.xlsx", "300 errors, 0 warnings in 300 servers in 1 wave."]


def test_a_workbook_that_is_no_plan_gets_a_copy_too(folder: Path, capsys: Capture) -> None:
    """Where the mistake is a sheet or a header, it can be shown; where nothing can be read, that is said."""
    ran = run(capsys, "check", "other.xlsx", "--annotate", "copy.xlsx")
    assert (ran.code, ran.err.splitlines()[-1]) == (2, "hint: copy.xlsx shows where")
    ran = run(capsys, "check", "broken.xlsx", "--annotate", "none.xlsx")
    assert (ran.code, ran.err.splitlines()[-1].startswith("note: no annotated copy was written")) == (2, True)
    assert not (folder / "none.xlsx").exists()


@pytest.mark.parametrize("name", ["good.xlsx", "bad.xlsx", "copy.ods", "nowhere/copy.xlsx"])
def test_a_name_that_cannot_be_written_is_told_first(folder: Path, name: str, capsys: Capture) -> None:
    """The plan itself, another workbook, another format, a folder that is not there: one line, and nothing is checked."""
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    ran = run(capsys, "check", "good.xlsx", "--annotate", name)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == held
