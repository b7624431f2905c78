"""`make bench`: the README's figures, each a ratio within one run, as a Markdown table. Exit code 1 where a bar is missed."""

from __future__ import annotations

import sys
from itertools import chain

from tests.benchmarks import commands, creating
from tests.benchmarks.measure import HEADER, Figure


def main() -> int:
    """Print each figure as soon as it is there."""
    print(HEADER, flush=True)
    missed: list[Figure] = []
    for figure in chain([creating.figure()], commands.figures()):
        print(figure.line(), flush=True)
        if not figure.holds:
            missed.append(figure)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
