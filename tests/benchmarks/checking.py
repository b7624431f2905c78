"""`waves check` of a large plan against what reads the same workbook and does nothing with it, each in a process of its own.

    python -m tests.benchmarks.checking check|calamine|pandas PLAN

Prints one measurement, of this process alone: seconds, imports apart, and its peak of memory.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.benchmarks.measure import Figure, in_own_process, in_turn, peak_megabytes, ratio_of
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, COLUMNS, MISTAKES = 50_000, 30, 500
MOST_OF_CALAMINE, MOST_OF_PANDAS, MOST_MEGABYTES = 3.0, 0.4, 900


def figures() -> Iterator[Figure]:
    """50,000 rows of 30 columns, of which 500 have a mistake: what the check takes, and its peak of memory."""
    with TemporaryDirectory() as name:
        plan = make_plan(Path(name) / "plan.xlsx", [_row(number) for number in range(1, ROWS + 1)])
        found: dict[str, list[dict[str, Any]]] = {"check": [], "calamine": [], "pandas": []}

        def measured(what: str) -> float:
            found[what].append(in_own_process("checking", what, plan))
            return float(found[what][-1]["seconds"])

        measured("check")
        times = in_turn({what: partial(measured, what) for what in ("check", "calamine")})
        slow = measured("pandas")  # once: it takes longer than all the others together
    what = f"`waves check` of {ROWS:,} rows of {COLUMNS} columns, {MISTAKES} mistakes"
    ours, bare, ratio = ratio_of(times["check"], times["calamine"])
    yield Figure(what, f"{ours:.1f} s", f"the bare calamine read {bare:.1f} s", ratio, MOST_OF_CALAMINE)
    yield Figure(what, f"{ours:.1f} s", f"`pandas.read_excel` on openpyxl {slow:.1f} s", ours / slow, MOST_OF_PANDAS)
    peak = max(one["megabytes"] for one in found["check"])
    yield Figure("peak memory of that check", f"{peak:.0f} MB", f"{MOST_MEGABYTES} MB", peak / MOST_MEGABYTES, 1.0)


def _row(number: int) -> dict[str, Any]:
    """A row of `Servers` of 30 columns, most of them of the plan, some the planner's own; every hundredth has a mistake."""
    row = server(
        number,
        wave=f"wave-{(number - 1) // 100 + 1}",
        source_ip=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        migration_ip=f"172.{number >> 16 & 15 | 16}.{number >> 8 & 255}.{number & 255}",
        name=f"web-{number:05}-hw",
        priority=number % 3,
        speed_limit="12O" if number % (ROWS // MISTAKES) == 0 else 500,
        type="MIGRATE_FILE",
        os_type="LINUX",
        region_id="ap-southeast-3",
        region_name="ap-southeast-3",
        project_id="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        project_name="ap-southeast-3",
        start_target_server="yes",
        auto_start="no",
        use_public_ip="no",
        syncing="no",
        start_network_check="no",
        need_migration_test="no",
        exist_server="yes",
        inventory_id=f"vm-{number:06}",
        note=f"moved with rack {number % 40}",
        Owner=f"team-{number % 90}",
        Application=f"shop-{number % 700}",
        esx_host=f"esx-{number % 400:03}.example.net",
        Rack=number % 40,
        Location=f"Hall {number % 7}, row {number % 31}",
    )
    if len(row) != COLUMNS:
        raise RuntimeError(f"{len(row)} columns: the figure would not be what its name says")
    return row


def _check(plan: Path) -> None:
    from flows.cli.check_command import Call, check
    from flows.cli.check_view import show

    checked = check(Call(plan, None, (), is_json=False))
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        show(checked, nowhere)
    if (checked.servers, len(checked.errors)) != (ROWS, MISTAKES):
        raise RuntimeError(f"{len(checked.errors)} errors in {checked.servers} rows: the figure would be worthless")


def _calamine(plan: Path) -> None:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(plan) as book:
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _pandas(plan: Path) -> None:
    import pandas as pd

    pd.read_excel(plan, sheet_name=None, engine="openpyxl")


_WORK: dict[str, Callable[[Path], None]] = {"check": _check, "calamine": _calamine, "pandas": _pandas}


def main(what: str, plan: Path) -> dict[str, float]:
    """One measurement, after everything that it needs is imported."""
    import openpyxl  # noqa: F401
    import pandas as pd  # noqa: F401
    import python_calamine  # noqa: F401

    import flows.cli.check_command  # noqa: F401

    begun = time.perf_counter()
    _WORK[what](plan)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "megabytes": peak_megabytes()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
