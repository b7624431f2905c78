"""The JSON Schemas in the docs: those of the code, true of what is printed, and no looser than they look.

Every `--json` that any test here has `run` print is held against its schema, too.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from flows.cli.json_schema import schema_text
from tests import docs
from tests.flows.cli.command_line import NO_PREFECT, run
from tests.flows.cli.schemas import SCHEMAS, assert_told
from tests.inventory.importers.samples import text
from tests.inventory.test_forecast import hours, window
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a plan with a late wave and two that nobody can tell of, an inventory, a workbook that is no plan."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("SMS_", "CLOUD_SDK_", "IAM_"))]:
        monkeypatch.delenv(name)
    for name, value in {**NO_PREFECT, "WAVES_JOURNAL": f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite').as_posix()}"}.items():
        monkeypatch.setenv(name, value)
    servers = [server(1), server(2), server(3, wave="wave-2"), server(4, wave="wave-3", priority="high")]
    make_plan(tmp_path / "plan.xlsx", servers, disks=[hours(1, 5), hours(2, 6)], waves=[window("wave-1")])
    make_plan(tmp_path / "other.xlsx", [{"colour": "red"}])
    text(tmp_path / "list.csv", "Server name,IP,Disk (GB),Mood\nweb-01,10.0.0.1,40,good\n")
    return tmp_path


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_in_the_docs_is_that_of_the_code(name: str) -> None:
    """And it is a schema of the draft that it names."""
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    assert docs.schema_path(name).read_text(encoding="utf-8") == schema_text(schema), docs.STALE


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("forecast plan.xlsx", 0),
        ("forecast plan.xlsx --wave wave-9", 2),
        ("forecast other.xlsx", 2),
        ("import list.csv --out new.xlsx", 0),
        ("import other.xlsx --out new.xlsx", 2),
        ("import list.csv --suggest", 0),
        ("import gone.csv --suggest", 2),
        ("submit plan.xlsx --wave wave-3", 2),
        ("submit other.xlsx --wave wave-1", 2),
        ("submit plan.xlsx --wave wave-1", 3),
        ("plan plan.xlsx --waves 2", 2),
        ("diff plan.xlsx plan.xlsx", 0),
        ("diff plan.xlsx other.xlsx", 2),
        ("explain", 0),
        ("explain plan112", 0),
        ("explain PLAN-1l2x", 2),
        ("journal plan.xlsx", 2),
        ("status other.xlsx", 3),
        ("start plan.xlsx --wave wave-9", 2),
        ("speed plan.xlsx --wave wave-9 --limit 100", 2),
        ("run plan.xlsx --wave wave-9", 2),
        ("approve plan.xlsx --wave wave-1 --decision approved", 2),
        ("schedule other.xlsx", 2),
        ("push other.xlsx", 2),
    ],
)
def test_what_is_printed_is_as_the_schema_says(folder: Path, words: str, code: int, capsys: Capture) -> None:
    """Whatever the file and the end: the keys of the schema, each of its kind, and no others."""
    command, *more = words.split()
    ran = run(capsys, command, *more, "--json")
    assert ran.code == code, ran.err
    assert_told(command, json.loads(ran.out))


def test_a_schema_takes_nothing_else(folder: Path, capsys: Capture) -> None:
    """A key less, a key more, or a value of another kind, and it says so."""
    printed = json.loads(run(capsys, "forecast", "plan.xlsx", "--json").out)
    wave = printed["waves"][0]
    spoilt: list[dict[str, Any]] = [{key: value for key, value in wave.items() if key != left_out} for left_out in wave]
    spoilt += [wave | {"mood": "good"}, wave | {"servers": "2"}, wave | {"servers": -1}, wave | {"starts_at": 5}]
    for each in spoilt:
        with pytest.raises(AssertionError):
            assert_told("forecast", printed | {"waves": [each]})
