"""The annotated copy against what openpyxl needs to load and save the same workbook, each in a process of its own.

python -m tests.benchmarks.annotating ours|other PLAN COPY     prints the seconds, imports apart
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Figure, in_own_process, paired
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, COLUMNS, BAR = 5000, 20, 2.5


def figures() -> Iterator[Figure]:
    """5,000 rows of 20 columns, of which every other has a finding: reading, checking and the copy, against load and save."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        extra = {f"note {number}": f"text {number}" for number in range(COLUMNS - 8)}
        rows = [server(n, priority="12O" if n % 2 else 1, **extra) for n in range(1, ROWS + 1)]
        plan = make_plan(folder / "plan.xlsx", rows, disks=[disk(n) for n in range(1, ROWS + 1)])

        def seconds(who: str) -> float:
            return float(in_own_process("annotating", who, plan, folder / f"{who}.xlsx")["seconds"])

        ours, other, ratio = paired(partial(seconds, "ours"), partial(seconds, "other"))
    yield Figure(
        f"`waves check --annotate` of {ROWS:,} rows, {ROWS // 2:,} cells marked",
        f"{ours:.2f} s",
        f"openpyxl's load and save {other:.2f} s",
        ratio,
        BAR,
    )


def _ours(plan: Path, copy: Path) -> None:
    from inventory.annotate import Annotation, write_annotated
    from inventory.checks import check_plan
    from inventory.plan import read_plan

    read = read_plan(plan)
    write_annotated(copy, plan, Annotation(check_plan(read), read.sha256))


def _other(plan: Path, copy: Path) -> None:
    from openpyxl import load_workbook

    load_workbook(plan).save(copy)


def main() -> None:
    """Print the seconds of one of them, after everything that it needs is imported."""
    import openpyxl  # noqa: F401 - both need these, and neither's import is measured
    import pandas as pd  # noqa: F401

    who, plan, copy = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    begun = time.perf_counter()
    {"ours": _ours, "other": _other}[who](plan, copy)
    print(json.dumps({"seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
