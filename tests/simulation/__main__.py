"""`make soak`: thousands of broken waves in virtual time. Exit code 1 where one shows a violation, or a mutation is not caught."""

from __future__ import annotations

import argparse
import sys

from tests.simulation import soak


def main() -> int:
    """Play seeds, or one seed, or show that bugs put in on purpose are caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many seeds to play")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="replay exactly this one")
    parser.add_argument("--trace", action="store_true", help="with --seed: print all that happens, in virtual time")
    parser.add_argument("--mutations", action="store_true", help="put bugs in on purpose, and print the seed that catches each")
    parser.add_argument("--workers", type=int, help="how many cores to use (all)")
    asked = parser.parse_args()
    if asked.seed is not None:
        return soak.replay(asked.seed, with_trace=asked.trace)
    if asked.mutations:
        return soak.catch_mutations(workers=asked.workers)
    return soak.soak(asked.first, asked.seeds, asked.workers)


if __name__ == "__main__":
    sys.exit(main())
