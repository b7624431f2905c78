"""`waves submit` as a real process, for tests: its environment is a folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulator_process import SimulatorProcess

ROOT = Path(__file__).resolve().parent.parent
NO_PREFECT = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
"""An API that is dead from the start."""


def environment(folder: Path, simulator: SimulatorProcess | None = None, **more: str) -> dict[str, str]:
    """The environment of a process that keeps journal and Prefect's home in `folder`; none of the caller's own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "SMS_", "CLOUD_SDK_", "IAM_", "WAVES_"))
    }
    ours = {
        "WAVES_JOURNAL": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite').as_posix()}",
        "PREFECT_HOME": str(folder / "prefect-home"),
        "PREFECT_SERVER_API_PORT": "9",  # no server that happens to run on this machine
        "PYTHONPATH": str(ROOT),
        "SMS_SETTLE_SECONDS": "1",
    }
    return {**kept, **ours, **(simulator.environment if simulator else {}), **more}


class Waves:
    """A running `waves` command."""

    def __init__(self, *words: str | Path, env: dict[str, str], cwd: Path) -> None:
        command = [sys.executable, "-m", "flows.cli", *map(str, words)]
        self.process = subprocess.Popen(
            command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = ""

    def wait_for(self, words: str) -> None:
        """Read standard error up to a line that holds `words`."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            if words in line:
                return
        raise AssertionError(f"it never said {words!r} but:\n{self.said}")

    def end(self) -> Any:
        """Wait for the end; exit code, standard output, and all of standard error."""
        output, errors = self.process.communicate(timeout=120)
        self.said += errors
        return self.process.returncode, output, self.said
