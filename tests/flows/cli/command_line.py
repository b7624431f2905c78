"""The command line for tests: in this process, in a process of its own, or on a pseudo-terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli.main import main
from tests.flows.cli.schemas import hold_to_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

ROOT = Path(__file__).resolve().parents[3]
WAVES = [sys.executable, "-m", "flows.cli"]
NO_PREFECT = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
"""An API that is configured and does not answer: no server is started, the wave runs without it."""

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code and its words."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *words: object) -> Ran:
    """Run `waves` with these words in this process, its output a pipe; what `--json` prints is as its schema says."""
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    if words and "--json" in words:
        hold_to_schema(str(words[0]), json.loads(out))
    return Ran(code, out, err)


def run_process(*words: object, folder: Path, environment: Mapping[str, str] | None = None, timeout: float = 60) -> Ran:
    """Run `waves` with these words in a process of its own, its output a pipe."""
    ended = subprocess.run(
        [*WAVES, *map(str, words)],
        cwd=folder,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def run_on_terminal(*words: object, folder: Path, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `waves` on a terminal of 100 columns: its exit code, and all that it shows, with its colours. POSIX only."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    env = clean_environment({"TERM": "xterm-256color", **(environment or {})})
    process = subprocess.Popen([*WAVES, *map(str, words)], cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not more:
            break
        shown += more
    os.close(ours)
    return process.wait(30), shown.decode().replace("\r\n", "\n")


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without colour switches and settings of `waves`, found from any folder."""
    unwanted = ("SMS_", "CLOUD_SDK_", "IAM_", "WAVES_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PREFECT_API_URL"):
        kept.pop(name, None)
    return kept | {"PYTHONPATH": str(ROOT)} | dict(more or {})


def without_codes(text: str) -> str:
    """What a terminal was shown, without colours and cursor moves."""
    return _CODES.sub("", text)
