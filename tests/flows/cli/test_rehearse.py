"""`waves rehearse`: what is said, what is written, and the exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from flows.cli import rehearse_command
from tests.flows.cli.command_line import run
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

WAVE = {"wave": "wave-1", "starts_at": "2030-03-02 20:00", "ends_at": "2030-03-03 06:00", "bandwidth_mbps": 1000}


def plan(folder: Path, **values: object) -> Path:
    return make_plan(folder / "plan.xlsx", [server(1), server(2)], disks=[disk(1), disk(2)], waves=[WAVE | values])


def test_a_programme_that_holds_is_told_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "rehearse", plan(tmp_path), "--faults", "none", "--html")
    assert ran.code == 0
    assert ran.out.splitlines()[0].startswith("wave-1: 2 servers, 2030-03-02 20:00 +00:00 to 2030-03-03 06:00 +00:00: held, ")
    assert ran.out.splitlines()[-1] == "The programme holds: 2 servers moved, the wave inside its window"
    assert "2 tasks made, none of them twice" in ran.out
    assert (tmp_path / "plan.rehearsal.xlsx").exists()
    assert "The programme holds" in (tmp_path / "plan.rehearsal.html").read_text(encoding="utf-8")


def test_one_that_does_not_hold_is_told_by_the_exit_code_and_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "rehearse", plan(tmp_path, ends_at="2030-03-02 20:05"), "--faults", "none")
    assert ran.code == 1
    assert "moved late: too much for its window: 2 servers: web-01 and web-02" in ran.out


def test_json_is_one_object_and_the_same_seed_gives_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("rehearse", plan(tmp_path), "--seed", 3, "--json")
    first, second = run(capsys, *words), run(capsys, *words)
    assert first.out == second.out
    told = json.loads(first.out)
    assert told["seed"] == 3
    assert told["duplicates"] == []
    assert [each["server"] for each in told["waves"][0]["servers"]] == ["web-01", "web-02"]


@pytest.mark.parametrize("words", [("--faults", "agents=9"), ("--efficiency", "2"), ("--report", "plan.txt")])
def test_a_wrong_call_is_told_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    ran = run(capsys, "rehearse", plan(tmp_path), *words)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert not list(tmp_path.glob("*rehearsal*"))


def test_a_plan_with_errors_is_mended_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_plan(tmp_path / "plan.xlsx", [server(1, type="MIGRATE_ALL")], waves=[WAVE])
    ran = run(capsys, "rehearse", path)
    assert ran.code == 2
    assert "has 1 error, such as" in ran.err


def test_interrupted_it_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearse_command, "rehearse", interrupt)
    ran = run(capsys, "rehearse", plan(tmp_path))
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "error: interrupted: no report was written\n"
    assert not list(tmp_path.glob("*rehearsal*"))
