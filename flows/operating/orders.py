"""What is ordered, and what became of it: the two ends of `operate`, and what is told on the way.

Frozen records. Made by whoever orders (command line, flow, the night's path), read by whoever shows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from flows.operating.operations import Ended, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from flows.operating.speed import SpeedWish
    from flows.submission.events import StopReason
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class ActOptions:
    """How an order is carried out. Seconds are steady time.

    `settle_seconds` is how long after an operation SMS may still not show it. `deadline_seconds` is the longest that one request
    lasts; a lease outlives it by `lease_slack_seconds`. `concurrency` servers are worked on at once. `start` looks every
    `poll_seconds`, and at a source that is offline every `offline_seconds`; `account_running` servers of the account may run at
    once. Where all that is left to start is offline, or needs those, `start` stays for `offline_patience_seconds` (None: as long
    as the window is open). A request that ends in doubt, or is not sent, is tried `attempts` times.
    """

    settle_seconds: float = 10.0
    deadline_seconds: float = 40.0
    lease_slack_seconds: float = 30.0
    concurrency: int = 16
    poll_seconds: float = 5.0
    offline_seconds: float = 30.0
    offline_patience_seconds: float | None = None
    account_running: int = 100
    grace_seconds: float = 1.8
    attempts: int = 3

    @property
    def lease_seconds(self) -> float:
        """How long after its last sign of life a run counts as dead."""
        return self.deadline_seconds + self.lease_slack_seconds

    @property
    def renew_seconds(self) -> float:
        """How often a silent run gives a sign of life."""
        return min(10.0, self.lease_slack_seconds / 3)


@dataclass(frozen=True, slots=True)
class ActionOrder:
    """One operation for rows of one wave, on one account.

    `speed` is what SPEED sets. `restarts` is how often `start` restarts a task by itself after a failure that a restart cures, in
    all. `run_id` names a run that is alive in the journal already, under which this is done; "": the order is a run of its own.
    """

    plan: Plan
    wave: str
    rows: Sequence[ServerRow]
    operation: Operation
    account: str
    author: str
    speed: SpeedWish | None = None
    restarts: int = 2
    run_id: str = ""
    options: ActOptions = ActOptions()


@dataclass(frozen=True, slots=True)
class ServerResult:
    """How the order ended for one row. `state` is the task's as it was seen last; `sent` counts requests that may have left.

    `note` is what else a person wants to know, such as what was replaced.
    """

    row: ServerRow
    source_server_id: str
    ended: Ended
    task_id: str = ""
    state: str = ""
    code: str = ""
    message: str = ""
    advice: str = ""
    note: str = ""
    sent: int = 0

    def as_json(self) -> dict[str, Any]:
        """The result as scripts get it."""
        return {
            "row": str(self.row.cell("wave")),
            "server": self.row.label,
            "source_server_id": self.source_server_id,
            "task_id": self.task_id,
            "outcome": self.ended.value,
            "state": self.state,
            "error_code": self.code,
            "message": self.message,
            "advice": self.advice,
            "note": self.note,
            "sent": self.sent,
        }


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an order ended: one result for each of its rows, in their order. `stop` says why it ended early."""

    operation: Operation
    wave: str
    run_id: str
    results: Sequence[ServerResult]
    stop: StopReason | None
    started_at: datetime
    ended_at: datetime
    notes: Sequence[str] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many servers ended how, in the order of `Ended`."""
        tally = Counter(result.ended for result in self.results)
        return {ended.value: tally[ended] for ended in Ended if tally[ended]}

    @property
    def is_all_done(self) -> bool:
        """Whether nothing is left to do."""
        return all(result.ended.is_done for result in self.results)


@dataclass(frozen=True, slots=True)
class Muster:
    """How a `start` stands: servers that run, of the wave and of the account, and those that wait, by what they wait for."""

    running: int
    running_of_account: int
    waiting: Mapping[str, int] = field(default_factory=dict)

    def line(self) -> str:
        """One line for people."""
        waits = ", ".join(f"{count} {what}" for what, count in self.waiting.items() if count)
        return f"{self.running} running ({self.running_of_account} of the account)" + (f", waiting: {waits}" if waits else "")


class ActWatcher(Protocol):
    """What may be shown of an order. A watcher returns at once and never raises."""

    def result(self, result: ServerResult) -> None:
        """A server has its result; one that is restarted later is told again, and the last counts."""

    def muster(self, muster: Muster) -> None:
        """`start` has looked at who runs and who waits."""

    def remark(self, text: str) -> None:
        """Something a person wants to know now, in one line."""


class Unwatched:
    """A watcher that shows nothing."""

    def result(self, result: ServerResult) -> None:
        """Show nothing."""

    def muster(self, muster: Muster) -> None:
        """Show nothing."""

    def remark(self, text: str) -> None:
        """Show nothing."""
