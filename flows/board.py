"""What is known of a run while it runs: the watcher that terminal and control room read from, each at its own pace.

The engine writes, others read, from other threads too; nobody waits for anybody. Shows nothing itself.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.outcomes import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.submission.events import Attempt, Phase
    from inventory.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Glance:
    """A run at one moment. `done` counts rows that have an outcome, of `rows`; `counts` is by status, in the order of `Status`."""

    phase: str
    done: int
    rows: int
    counts: Mapping[str, int]
    attempts: int
    seconds: float

    def line(self) -> str:
        """The counts in one line, as a log wants them: `17/24 CREATED=16 REJECTED=1`."""
        return " ".join([f"{self.done}/{self.rows}", *(f"{status}={count}" for status, count in self.counts.items())])


class Board:
    """A `Watcher` that keeps the last status of each row, the phase, and what was remarked."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._statuses: dict[int, Status] = {}
        self._remarks: list[str] = []
        self._attempts = 0
        self._phase: Phase | None = None
        self._started = time.monotonic()

    def phase(self, phase: Phase, rows: int) -> None:  # noqa: ARG002 - the watcher's signature
        """A phase begins."""
        self._phase = phase

    def attempt(self, attempt: Attempt) -> None:  # noqa: ARG002 - the watcher's signature
        """A request to create has ended."""
        self._attempts += 1

    def outcome(self, outcome: Outcome) -> None:
        """A row has its outcome; the last one counts."""
        self._statuses[outcome.row.position] = outcome.status

    def remark(self, text: str) -> None:
        """Keep a line for those who show it."""
        self._remarks.append(text)

    @property
    def current_phase(self) -> Phase | None:
        """The phase that began last; None before the first."""
        return self._phase

    @property
    def done(self) -> int:
        """How many rows have an outcome."""
        return len(self._statuses)

    def remarks(self, start: int = 0) -> list[str]:
        """What was remarked, from number `start` on."""
        return self._remarks[start:]

    def glance(self) -> Glance:
        """The run now."""
        # dict.copy is one step of the interpreter: the engine's thread cannot write in the middle of it.
        tally = Counter(self._statuses.copy().values())
        counts = {status.value: tally[status] for status in Status if tally[status]}
        phase = self._phase.value if self._phase else "read the plan"
        return Glance(phase, sum(counts.values()), self._rows, counts, self._attempts, time.monotonic() - self._started)
