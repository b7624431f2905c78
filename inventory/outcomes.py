"""What became of each row of a wave: one status, one `Outcome` a row, never none and never two.

Shared by the engine (which decides), the journal (which keeps), the report and the command line (which show).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from inventory.plan import ServerRow


class Status(StrEnum):
    """The one status that every row of a wave ends with."""

    CREATED = "CREATED"
    EXISTS = "EXISTS"
    CONFLICT = "CONFLICT"
    REJECTED = "REJECTED"
    INVALID = "INVALID"
    UNCERTAIN = "UNCERTAIN"
    DEFERRED = "DEFERRED"
    SKIPPED = "SKIPPED"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do for the row: its task is there, or the planner asked for none."""
        return self in _DONE

    @property
    def meaning(self) -> str:
        """One sentence for the report's legend and the README."""
        return _MEANING[self]


_DONE = frozenset({Status.CREATED, Status.EXISTS, Status.SKIPPED})

_MEANING: dict[Status, str] = {
    Status.CREATED: "This run made the task.",
    Status.EXISTS: "The same task was already there, or another run beside this one made it.",
    Status.CONFLICT: "The source or the target server is bound to another task, which is named; nothing was deleted.",
    Status.REJECTED: "SMS said no; the code and the advice say why.",
    Status.INVALID: "The row never left this machine: the sheet, or what SMS knows of the source, rules it out.",
    Status.UNCERTAIN: "SMS may have made the task and cannot be asked; the next run settles it first.",
    Status.DEFERRED: "Nothing was made; the reason is given, and the next run takes the row up again.",
    Status.SKIPPED: "The planner said so.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row.

    `attempts` counts the requests to create that left, or may have left, this machine in this run. `submitted_at` is when the first
    of them did, in UTC; None where none did. `error_code` and `error_message` are SMS's, or ours (`WAVES.xxx`) where it said
    nothing.
    """

    row: ServerRow
    source_server_id: str
    status: Status
    task_id: str = ""
    error_code: str = ""
    error_message: str = ""
    advice: str = ""
    attempts: int = 0
    submitted_at: datetime | None = None
    request_id: str = ""

    def as_json(self) -> dict[str, str | int]:
        """The outcome as `waves submit --json` prints it."""
        return {
            "source_server_id": self.source_server_id,
            "status": self.status.value,
            "task_id": self.task_id,
            "error_code": self.error_code,
            "error_message": self.error_message,
            "advice": self.advice,
            "attempts": self.attempts,
            "row": str(self.row.cell("wave")),
        }


def counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many rows ended with each status, in the order of `Status`, without the statuses that none has."""
    tally = Counter(outcome.status for outcome in outcomes)
    return {status.value: tally[status] for status in Status if tally[status]}
