"""The commands of deployments/README.md, in its order: those that a test runs (`sh`), and those that need Docker (`console`)."""

from __future__ import annotations

import re

from tests.waves_process import ROOT

FOLDER = ROOT / "deployments"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")


def _lines(kind: str) -> list[str]:
    blocks = re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


COMMANDS = _lines("sh")
DOCKER = [line.removeprefix("$ ") for line in _lines("console")]
