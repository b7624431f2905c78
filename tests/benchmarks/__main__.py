"""`make bench`: the README's figures, each a ratio within one run, as a Markdown table. Exit code 1 where a bar is missed.

`make bench ONLY="creating scale"` runs these parts only.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.benchmarks import annotating, checking, commands, creating, forecasting, pacing, reports, scale, tracking
from tests.benchmarks.measure import HEADER, Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "creating": creating.figures,
    "scale": scale.figures,
    "pacing": pacing.figures,
    "commands": commands.figures,
    "checking": checking.figures,
    "annotating": annotating.figures,
    "reports": reports.figures,
    "forecasting": forecasting.figures,
    "tracking": tracking.figures,
}


def main(chosen: Sequence[str]) -> int:
    """Print each figure as soon as it is there."""
    if unknown := [name for name in chosen if name not in PARTS]:
        print(f"error: there is no part {', '.join(unknown)}: give some of {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(HEADER, flush=True)
    missed: list[Figure] = []
    for part in chosen or PARTS:
        for figure in PARTS[part]():
            print(figure.line(), flush=True)
            if not figure.holds:
                missed.append(figure)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
