"""The scripted night, `make night`: played on the simulator, then every figure that was told is held against the truth.

    python -m tests.night [--small] [--seed N] [--keep FOLDER]

Prints what happens and a table of what was compared; exit 1 where anything does not agree, named line by line. Everything talks to
127.0.0.1 only, and ends what it started.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.night.estate import SMALL, WHOLE
from tests.night.script import Night, NotPlayedError, play
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.night.agreement import Agreement
    from tests.night.estate import Estate

_MOST_NAMED = 40


def night(folder: Path, estate: Estate, say: Callable[[str], None] = print) -> Agreement:
    """Play the night of an estate in a folder; `say` gets what happens, line by line. Raises NotPlayedError."""
    plan = estate.write_plan(folder / "night.xlsx", datetime.now(UTC))
    with SimulatorProcess(**estate.options(plan)) as simulator:
        played = Night(folder, plan, simulator, say)
        try:
            return play(played)
        finally:
            played.close()
            (folder / "history.json").write_text(json.dumps(simulator.history(), indent=1), encoding="utf-8")


def show(found: Agreement) -> None:
    """The table, and each figure that does not agree."""
    width = max(map(len, found.compared), default=0)
    print(f"\n{'figures told':{width}}  compared  not so")
    for topic, compared in found.compared.items():
        print(f"{topic:{width}}  {compared:8,}  {found.of(topic):6,}")
    print(f"{'all':{width}}  {found.compared.total():8,}  {len(found.disagreements):6,}")
    for each in found.disagreements[:_MOST_NAMED]:
        print(f"not so: {each}")
    if (more := len(found.disagreements) - _MOST_NAMED) > 0:
        print(f"and {more:,} more")


def main(words: list[str]) -> int:
    """Play and show; 0 where everything agrees."""
    parser = argparse.ArgumentParser(prog="python -m tests.night", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="one wave of 20 servers")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="which requests are lost, and which agents fail")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave plan, reports, journal and logs there")
    given = parser.parse_args(words)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="night-", ignore_cleanup_errors=True) as passing:
        folder = given.keep or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            found = night(folder, replace(SMALL if given.small else WHOLE, seed=given.seed))
        except NotPlayedError as error:
            print(f"not played to its end: {error}")
            return 1
    show(found)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if found.disagreements else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
