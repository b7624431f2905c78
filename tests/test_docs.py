"""README is what the code says, and every command in it works."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from flows.cli.demo_command import start_afresh
from flows.settings import Settings
from flows.submission import life
from flows.submission.life import Move, RowState
from inventory import reading_limits
from tests import docs, life_picture, picture
from tests.flows.cli.command_line import NO_PREFECT, ROOT, clean_environment
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SVG = "{http://www.w3.org/2000/svg}"
TEXT = docs.README.read_text(encoding="utf-8")
REFERENCE = docs.reference_path().read_text(encoding="utf-8")
FIRST = "waves submit plan.xlsx --wave wave-1"
"""Stands at the top of README, where nobody has a plan yet: it is run last."""


def commands() -> list[str]:
    """The commands of README's bash blocks, in order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_generated_parts_are_fresh() -> None:
    """Columns, commands, codes, statuses, settings and faults are those of the code."""
    stale = docs.difference()
    assert not stale, "\n".join([*stale, docs.STALE])


def test_a_stale_part_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check shows the difference and the command that mends it; writing mends it, and nothing else."""
    readme = tmp_path / "README.md"
    (tmp_path / ".docs").mkdir()
    (tmp_path / ".docs" / "reference.md").write_text(REFERENCE, encoding="utf-8")
    readme.write_text(TEXT.replace("| 130 |", "| 13 |"), encoding="utf-8")
    monkeypatch.setattr(docs, "README", readme)
    for drawer in (picture, life_picture):
        monkeypatch.setattr(drawer, "write", lambda: None)
    assert docs.main([]) == 1
    err = capsys.readouterr().err
    assert "-| 13 |" in err
    assert "make docs" in err
    assert docs.main(["--write"]) == 0
    assert readme.read_text(encoding="utf-8") == TEXT


def test_every_part_has_its_markers() -> None:
    """A part cannot get lost by an edit."""
    for text, names in ((TEXT, [*docs.PARTS, "figures"]), (REFERENCE, docs.REFERENCE_PARTS)):
        assert [name for name in names if f"<!-- {name} -->" not in text or f"<!-- /{name} -->" not in text] == []


def test_links_lead_somewhere() -> None:
    """Every relative link and picture is there, and the pictures can be drawn, with fonts that the reader has."""
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
    assert [link for link in re.findall(r"\]\(([^)#]+)\)", REFERENCE) if not (ROOT / ".docs" / link).exists()] == []
    anchors = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", REFERENCE, re.MULTILINE)
    }
    wanted = re.findall(r"reference\.md#([\w-]+)", TEXT) + re.findall(r"\]\(#([\w-]+)\)", REFERENCE)
    assert set(wanted) <= anchors
    for path in (picture.PICTURE, life_picture.PICTURE):
        assert f".docs/{path.name}" in links
        assert ET.parse(path).getroot().tag.endswith("svg")  # noqa: S314 - our own file
        assert "@font-face" not in path.read_text(encoding="utf-8")


def test_every_move_of_a_row_is_drawn() -> None:
    """The picture has one arrow for each move from each state, with its letter, and no other; and every state."""
    rules = [(move, source) for move in Move for source in move.rule.sources]
    assert set(life_picture.ROUTES) == set(rules)
    assert set(life_picture.STATES) == set(RowState)
    root = ET.fromstring(life_picture.drawn())  # noqa: S314 - our own text
    shown = {group.get("id"): [text.text for text in group.iter(f"{SVG}text")] for group in root.iter(f"{SVG}g")}
    assert set(shown) == {f"{letter}-{source.value}-{target.value}" for letter, _, source, target in life_picture.arrows()}
    assert len(shown) == len(rules)
    assert all(name and words[0] == name[0] for name, words in shown.items())


def test_the_letters_are_those_of_the_drawing_in_the_code() -> None:
    """life.py draws the same life in its docstring: a letter there is a letter here."""
    letters = {letter for letter, *_ in life_picture.arrows()}
    assert letters == set(re.findall(r"\b[A-L]\b", (life.__doc__ or "").partition("Pure names")[0]))


def test_an_arrow_ends_at_the_state_that_the_move_leads_to() -> None:
    """Both ends of an arrow lie on the borders of their boxes."""
    for _, move, source, target in life_picture.arrows():
        points = life_picture.ROUTES[move, source].points
        assert is_on_border(life_picture.STATES[source], points[0]), (move, source)
        assert is_on_border(life_picture.STATES[target], points[-1]), (move, target)


def is_on_border(box: life_picture.Box, point: tuple[int, int]) -> bool:
    """Whether a point lies on the border of a box."""
    x, y = point[0] - box.x, point[1] - box.y
    is_within = 0 <= x <= box.width and 0 <= y <= box.height
    return is_within and (x in {0, box.width} or y in {0, box.height})


def test_the_picture_of_a_life_is_fresh() -> None:
    """The file is what the code draws."""
    assert life_picture.PICTURE.read_text(encoding="utf-8") == life_picture.drawn(), docs.STALE


def test_a_terminal_is_followed() -> None:
    """The picture shows what stands there in the end: bars drawn over bars are the last one."""
    assert picture.final_lines("one\rtwo\n") == ["two", ""]
    assert picture.final_lines("one 1/2\n\x1b[1A\x1b[2K\x1b[32mone\x1b[0m 2/2\n") == ["\x1b[32mone\x1b[0m 2/2", ""]


def test_settings_that_are_exported_exist() -> None:
    """Every variable that README sets is one that is read."""
    known = {reading_limits.VARIABLE, *(str(field.validation_alias) for field in Settings.model_fields.values())}
    named = set(re.findall(r"(?<![.\w])((?:SMS|CLOUD_SDK|IAM|WAVES)_[A-Z_]+)\b", TEXT))
    assert named <= known


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The environment in which the simulator stands for the service."""
    plan = ROOT / "inventory" / "examples" / "wave-plan.xlsx"
    with SimulatorProcess(fleet=plan) as simulator:
        journal = f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite').as_posix()}"
        yield simulator.environment | NO_PREFECT | {"WAVES_JOURNAL": journal, "SMS_SETTLE_SECONDS": "1"}


@pytest.mark.skipif(sys.platform == "win32", reason="README's commands are for a POSIX shell")
def test_every_command_works(service: Mapping[str, str], tmp_path: Path) -> None:
    """README's commands, in its order, in an empty folder; `plan.xlsx` is there once README has made it."""
    scripts = str(Path(sys.executable).parent)
    environment = clean_environment({**service, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"})
    for line in sorted(commands(), key=FIRST.__eq__):
        verb = line.split()[0]
        if verb == "make":
            assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
        elif line.startswith("waves simulate"):
            check_simulator(line, tmp_path, environment)
        elif line == "waves demo":
            start_afresh(tmp_path / "waves-demo")  # test_demo.py runs it; here what it leaves is needed
        elif verb not in {"export", "."}:
            check_command(line, tmp_path, environment)
    assert (tmp_path / "plan.wave-1.report.xlsx").exists()


def check_command(line: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Have a shell run the line as it stands."""
    shell = ["bash", "-c", line]
    ended = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"


def check_simulator(line: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Start it as README says, on a free port, see what it prints, and end it by Ctrl-C."""
    words = [*line.split(), "--port", "0"]
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        shown = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "SMS_ENDPOINT=http://127.0.0.1:" in shown[2]
