"""`make rehearse`: a programme of 546 servers in 6 waves, rehearsed with the usual faults, and the time that it takes.

The real plan is taken where it lies beside the repository; else one of the same size is made, with waves of every kind.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from flows.cli.main import main as waves
from tests.plans import disk, make_plan, server

REAL = Path(__file__).resolve().parents[2] / "shared" / "real-inventory" / "wave_plan_546_servers.xlsx"
SERVERS, WAVES = 546, 6
_FIRST = datetime(2030, 3, 2, 20)  # noqa: DTZ001  (workbooks know no time zones)
_WINDOW = timedelta(hours=34)
_GIB = 1024**3


def write_programme(path: Path, servers: int = SERVERS, waves: int = WAVES, seed: int = 1) -> Path:
    """Write a plan of so many servers in so many waves, a week apart; the same each time. Returns its path.

    Every second wave stays in sync and asks for an approval. Some servers are made from a template, and some known by name alone.
    """
    random = Random(seed)
    rows: list[dict[str, Any]] = []
    disks: list[dict[str, Any]] = []
    for number in range(1, servers + 1):
        wave = (number - 1) * waves // servers + 1
        row = server(number, wave=f"wave-{wave}", speed_limit=random.choice([50, 100, 200]))
        if number % 5 == 0:
            row |= {"target_vm_id": None, "vm_template_id": "tpl-general-purpose"}
        used = round(random.lognormvariate(0.0, 1.0) * 60 * _GIB)
        disks.append(disk(number, size=2 * used // _GIB * _GIB + _GIB, used_size=used))
        if number % 11 == 0:
            row["source_server_id"] = None
            disks.pop()
        rows.append(row)
    return make_plan(path, rows, disks=disks, waves=[_wave(number) for number in range(1, waves + 1)])


def _wave(number: int) -> dict[str, Any]:
    starts_at = _FIRST + timedelta(weeks=number - 1)
    gated = {"syncing": "yes", "needs_approval": "yes", "failure_budget": "10%"} if number % 2 == 0 else {}
    return {
        "wave": f"wave-{number}",
        "starts_at": starts_at,
        "ends_at": starts_at + _WINDOW,
        "timezone": "Europe/Berlin",
        "bandwidth_mbps": 2000,
        "max_running": 40,
        "syncing": None,
        "needs_approval": None,
        "failure_budget": None,
        **gated,
    }


def main() -> int:
    """Rehearse it; 1 where a task was made twice or told wrongly. That waves do not hold is the plan's affair."""
    with tempfile.TemporaryDirectory() as folder:
        plan = REAL if REAL.exists() else write_programme(Path(folder) / "programme.xlsx")
        report = Path("waves-rehearsal.xlsx")
        began = time.monotonic()
        code = waves(["rehearse", str(plan), "--report", str(report), *sys.argv[1:]])
        print(f"{SERVERS} servers, {WAVES} waves: {time.monotonic() - began:.1f} s", file=sys.stderr)
    return 0 if code in {0, 1} else code


if __name__ == "__main__":
    sys.exit(main())
