"""`waves` commands one after the other in one process of their own, so that Prefect is imported once, and not into the tests'.

    with WavesShell(env, folder) as waves:
        code, told = waves.run("schedule", plan)      # `--json` is added

Run as `python -m tests.flows.scheduling.waves_shell`: a line of words (JSON) in, a line with exit code, output and errors out.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from tests.flows.cli.schemas import hold_to_schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class WavesShell:
    """The process; it ends with the block."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], env=env, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.err = ""

    def run(self, *words: object) -> tuple[int, Any]:
        """Exit code and the object of `--json`; what was said on standard error is in `err`. It is as its schema says."""
        code, out, self.err = self._ask([*map(str, words), "--json"])
        told = json.loads(out) if out else None
        if told is not None:
            hold_to_schema(str(words[0]), told)
        return code, told

    def show(self, *words: object) -> tuple[int, str]:
        """Exit code, and standard output as a pipe gets it."""
        code, out, self.err = self._ask([*map(str, words)])
        return code, out

    def _ask(self, words: list[str]) -> tuple[int, str, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process has ended"
        code, out, err = json.loads(line)
        return int(code), str(out), str(err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.communicate(timeout=60)


def main() -> None:
    """Run what comes in, until there is no more."""
    from flows.cli.main import main as waves

    answers = sys.stdout
    for line in sys.stdin:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = waves(json.loads(line))
        answers.write(json.dumps([code, out.getvalue(), err.getvalue()]) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
