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
from tests import docs, picture
from tests.flows.cli.command_line import NO_PREFECT, ROOT, clean_environment
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEXT = docs.README.read_text(encoding="utf-8")
FIRST = "waves submit plan.xlsx --wave wave-1"
"""Stands at the top of README, where nobody has a plan yet: it is run last."""


def commands() -> list[str]:
    """The commands of README's bash blocks, in order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_generated_parts_are_fresh() -> None:
    """Columns, commands, codes, statuses, settings and faults are those of the code."""
    stale = docs.difference(TEXT)
    assert not stale, "\n".join([*stale, docs.STALE])


def test_a_stale_part_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check shows the difference and the command that mends it; writing mends it, and nothing else."""
    readme = tmp_path / "README.md"
    readme.write_text(TEXT.replace("| 130 |", "| 13 |"), encoding="utf-8")
    monkeypatch.setattr(docs, "README", readme)
    monkeypatch.setattr(picture, "write", lambda: None)
    assert docs.main([]) == 1
    err = capsys.readouterr().err
    assert "-| 13 |" in err
    assert "make docs" in err
    assert docs.main(["--write"]) == 0
    assert readme.read_text(encoding="utf-8") == TEXT


def test_every_part_has_its_markers() -> None:
    """A part cannot get lost by an edit."""
    assert [name for name in [*docs.PARTS, "figures"] if f"<!-- {name} -->" not in TEXT or f"<!-- /{name} -->" not in TEXT] == []


def test_links_lead_somewhere() -> None:
    """Every relative link and picture is there, and the picture can be drawn."""
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
    assert ET.parse(picture.PICTURE).getroot().tag.endswith("svg")  # noqa: S314 - our own file
    assert "@font-face" not in picture.PICTURE.read_text(encoding="utf-8")


def test_a_terminal_is_followed() -> None:
    """The picture shows what stands there in the end: bars drawn over bars are the last one."""
    assert picture.final_lines("one\rtwo\n") == ["two", ""]
    assert picture.final_lines("one 1/2\n\x1b[1A\x1b[2K\x1b[32mone\x1b[0m 2/2\n") == ["\x1b[32mone\x1b[0m 2/2", ""]


def test_settings_that_are_exported_exist() -> None:
    """Every variable that README sets is one that is read."""
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    named = set(re.findall(r"\b((?:SMS|CLOUD_SDK|IAM|WAVES)_[A-Z_]+)\b", TEXT))
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
