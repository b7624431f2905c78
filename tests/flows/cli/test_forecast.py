"""`waves forecast`: in a pipe, on a terminal, as JSON, as a chart; and the calls that are wrong."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.flows.cli.command_line import run, run_on_terminal, without_codes
from tests.inventory.test_forecast import hours, window
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

HOSTILE = "web <b>&\"'\x01=1+1 " + "\N{CJK UNIFIED IDEOGRAPH-670D}" * 3
PURE = ("--overhead", "0", "--efficiency", "1")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two waves, the first of them late, and a server without a wave, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAVES_JOURNAL", f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite').as_posix()}")
    servers = [server(1), server(2, note="x"), server(3, wave="wave-2", priority="12O"), server(4, wave=None)]
    waves = [window("wave-1", timezone="Europe/Berlin"), window("wave-2", "2027-01-16 20:00", timezone="Europe/Berlin")]
    return make_plan(tmp_path / "plan.xlsx", servers, disks=[hours(1, 5), hours(2, 6), hours(3, 1)], waves=waves)


def test_in_a_pipe(plan: Path, capsys: Capture) -> None:
    """A line for each wave and its verdict, what makes it late and what would help below it; the terms at the end."""
    ran = run(capsys, "forecast", "plan.xlsx", *PURE)
    assert ran.code == 0
    lines = ran.out.splitlines()
    times = "starts 2027-01-09 20:00 +01:00, ends 2027-01-10 07:00 +01:00 (11 h 00 min)"
    moved = "wave-1 then ends at 2027-01-10 01:00 +01:00, wave-2 at 2027-01-17 03:00 +01:00, inside its window"
    assert lines[:5] == [
        f"wave-1: 2 servers, 461 GiB, {times}: LATE by 3 h 00 min",
        "  late: web-02 and web-01 (2 servers)",
        "  would fit: start at 2027-01-09 17:00 +01:00, 3 h 00 min earlier",
        f"  would fit: move web-02 (251 GiB) to wave-2: {moved}",
        "  would fit: raise bandwidth_mbps from 100 to 140, if the line has it",
    ]
    assert (
        "wave-2: 1 server, 41.9 GiB, starts 2027-01-16 20:00 +01:00, ends 2027-01-16 21:00 +01:00 (1 h 00 min): fits, 7 h 00 min"
        in ran.out
    )
    assert lines[-2] == "plan.xlsx: 3 servers in 2 waves: 1 wave fits, 1 late"
    assert lines[-1] == "reckoned with 0 min a server and 100% of the line: overhead as given; efficiency as given"
    assert ran.err.splitlines() == [
        "warning: 1 error in the sheet counts as not said: `waves check plan.xlsx` tells more",
        "hint: 1 server has no wave: `waves plan plan.xlsx --waves N --out COPY.xlsx` proposes one",
        "hint: change the plan, save, and run `waves forecast plan.xlsx` again",
    ]


def test_json_is_one_object(plan: Path, capsys: Capture) -> None:
    """The keys that scripts may rely on; times are ISO 8601 with their offset, ids are those of the sheet."""
    shown = json.loads(run(capsys, "forecast", "plan.xlsx", "--wave", "wave-1", *PURE, "--json").out)
    (wave,) = shown["waves"]
    assert {
        name: wave[name] for name in ("wave", "servers", "bytes", "starts_at", "ends_at", "window_ends_at", "fits", "late")
    } == {
        "wave": "wave-1",
        "servers": 2,
        "bytes": 11 * 45_000_000_000,
        "starts_at": "2027-01-09T20:00:00+01:00",
        "ends_at": "2027-01-10T07:00:00+01:00",
        "window_ends_at": "2027-01-10T04:00:00+01:00",
        "fits": False,
        "late": ["src-0002-a1b2", "src-0001-a1b2"],
    }
    assert len(wave["suggestions"]) == 4
    assert datetime.fromisoformat(wave["ends_at"]).utcoffset() is not None


def test_where_is_as_if_these_were_all(plan: Path, capsys: Capture) -> None:
    """--where leaves the other rows out of the reckoning."""
    shown = json.loads(run(capsys, "forecast", "plan.xlsx", "--where", "source_name=web-01", *PURE, "--json").out)
    assert [(wave["wave"], wave["servers"], wave["fits"]) for wave in shown["waves"]] == [("wave-1", 1, True)]


def test_the_terms_are_said(plan: Path, capsys: Capture) -> None:
    """Defaults with their source; a share may be typed as one or as a percentage."""
    first = run(capsys, "forecast", "plan.xlsx").out.splitlines()[-1]
    assert first.startswith("reckoned with 15 min a server and 70% of the line: overhead by default (")
    second = run(capsys, "forecast", "plan.xlsx", "--efficiency", "80%").out.splitlines()[-1]
    assert second.startswith("reckoned with 15 min a server and 80% of the line: overhead by default (")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--efficiency", "0"), 'error: --efficiency "0" is not a share: give a number above 0, at most 1, such as 0.7 or 70%\n'),
        (("--efficiency", "nan"), 'error: --efficiency "nan" is not a share: '),
        (("--change", "-1%"), 'error: --change "-1%" is not a share: give a number from 0 to 1, such as 0.7 or 70%\n'),
        (("--wave", "wave-3"), "error: "),
        (("--chart", "out.pdf"), "error: out.pdf is no name for a chart: give a name that ends in .svg or .png\n"),
        (("--chart", "nowhere/out.svg"), "error: nowhere/out.svg cannot be written: "),
        (("--overhead", "-1"), "error: "),
        (("--where", "rack=r1"), 'error: plan.xlsx has no column "rack" in Servers'),
    ],
)
def test_wrong_calls_are_one_line(plan: Path, words: tuple[str, str], line: str, capsys: Capture) -> None:
    """What cannot be meant is told with what can, and nothing is forecast; under --json in the one object, too."""
    ran = run(capsys, "forecast", "plan.xlsx", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(line)
    assert "error" in json.loads(run(capsys, "forecast", "plan.xlsx", *words, "--json").out)


@pytest.mark.parametrize("name", ["out.svg", "out.png"])
def test_a_chart(tmp_path: Path, name: str, capsys: Capture) -> None:
    """A picture with a bar for each server; hostile text is text in it."""
    waves = [window("wave-1"), window("<wave-2>", "2027-01-16 20:00", bandwidth_mbps=None, starts_at=None)]
    servers = [server(1, source_name=HOSTILE.replace("\x01", "")), server(2, wave="<wave-2>")]
    path = make_plan(tmp_path / "plan.xlsx", servers, disks=[hours(1, 9), hours(2, 6)], waves=waves)
    ran = run(capsys, "forecast", path, "--chart", tmp_path / name)
    assert (ran.code, f"note: chart: {tmp_path / name}\n" in ran.err) == (0, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([name, "plan.xlsx"])
    if name.endswith(".svg"):
        texts = [element.text for element in ET.parse(tmp_path / name).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own file
        assert "<wave-2>" in texts
        assert any(text and text.startswith("web <b>&\"'=1+1") for text in texts)
    else:
        from PIL import Image

        with Image.open(tmp_path / name) as picture:
            assert (picture.width, picture.format) == (2560, "PNG")
            assert {colour for _, colour in picture.getcolors(100_000) or ()} >= {(0xC9, 0x3A, 0x3A), (0xEA, 0xF4, 0xEE)}


def test_a_chart_never_replaces_the_plan(plan: Path, capsys: Capture) -> None:
    """A plan is read and never written, whatever it is called."""
    (plan.parent / "plan.svg").hardlink_to(plan)
    ran = run(capsys, "forecast", "plan.xlsx", "--chart", "plan.svg")
    assert (ran.code, ran.err) == (2, "error: plan.svg is the plan itself, which is never written: give the chart another name\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal(plan: Path) -> None:
    """A table with a bar for each wave, red where it is over its window, no line wider than the terminal but the summary."""
    code, shown = run_on_terminal("forecast", "plan.xlsx", *PURE, folder=plan.parent)
    lines = without_codes(shown).splitlines()
    assert code == 0
    assert lines[0].split() == ["wave", "servers", "bytes", "starts", "ends", "window"]
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * 24 + " 138%" in lines[1]
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * 3 + "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * 21 + " 12%" in lines[2]
    assert max(map(len, lines)) <= 100
