"""A small night of real processes, from the sheet to the report: what `make night` plays with 200 servers, with 20 in one wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.night.__main__ import night
from tests.night.estate import SMALL

if TYPE_CHECKING:
    from pathlib import Path


def test_every_figure_that_a_night_told_is_so(tmp_path: Path) -> None:
    """Killed in mid-start and taken up by another process, stopped and restarted by hand, approved, cut over."""
    lines: list[str] = []
    found = night(tmp_path, SMALL, lines.append)
    assert not found.disagreements, "\n".join([*lines, *map(str, found.disagreements)])
    assert any("killed (SIGKILL)" in line for line in lines)
    assert found.compared["tasks a server"] == SMALL.gated + 1
    assert found.compared["actions performed"] > 2 * SMALL.gated - 1
    assert found.compared["approvals"]
