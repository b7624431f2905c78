"""`make explore`: one row through every schedule, and two that share a target by pairs. Exit code 1 where a promise is broken."""

from __future__ import annotations

import argparse
import sys

from tests.exploration import explore


def main() -> int:
    """Play every schedule, or one by its name."""
    parser = argparse.ArgumentParser(prog="python -m tests.exploration", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="replay exactly this schedule and print all that happens")
    parser.add_argument("--workers", type=int, help="how many cores to use (all)")
    asked = parser.parse_args()
    return explore.replay(asked.only) if asked.only else explore.explore(workers=asked.workers)


if __name__ == "__main__":
    sys.exit(main())
