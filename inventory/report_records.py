"""What a report tells of the past of a row, as plain records: the inventory knows no journal and no engine.

Filled by the flow (flows/wave_attempts.py), shown by report_journal.py and report_html.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


MOVED = frozenset({"MIGRATE_SUCCESS", "SYNC_SUCCESS"})
"""The states of a task whose server runs in the cloud."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to create the task of a server, of this run or an earlier one. Times are UTC.

    `number` counts over all runs. `answered_at` is None, and `answer` says so, where no answer was written down. `body_digest` is
    the SHA-256 of the request's body, in hex. `decided`, `reason` and `result` tell what the engine made of the answer, in words.
    """

    source_server_id: str
    server: str
    number: int
    run_id: str
    sent_at: datetime
    answered_at: datetime | None
    body_digest: str
    answer: str
    http_status: int | None = None
    request_id: str = ""
    decided: str = ""
    reason: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class StageTold:
    """One stage of a wave's night: what it was to do, how it stands, what came of it. `ended_at` None: it was left, or waits."""

    stage: str
    meaning: str
    state: str
    began_at: datetime
    ended_at: datetime | None
    line: str


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """One question at a gate: the figures that it was put with, and who decided what. `decision` empty: nobody has."""

    gate: str
    asked_at: datetime
    criteria: tuple[str, ...]
    decision: str
    approver: str
    comment: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ActionTold:
    """One operation on a server's task, of this night or an earlier one. `verdict` says whether SMS performed it."""

    server: str
    source_server_id: str
    task_id: str
    number: int
    operation: str
    state_before: str
    ordered_by: str
    sent_at: datetime
    answered_at: datetime | None
    answer: str
    verdict: str
    request_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class TaskTold:
    """How a server's task stood at the end. Times are UTC, None where nobody saw; `speed_mbps` is the mean of its copy."""

    server: str
    source_server_id: str
    task_id: str
    state: str
    started_at: datetime | None
    copied_at: datetime | None
    finished_at: datetime | None
    speed_mbps: float | None
    error: str
    advice: str
    late_seconds: float = 0.0

    @property
    def is_moved(self) -> bool:
        """Whether nothing is left to do for the server."""
        return self.state in MOVED


@dataclass(frozen=True, slots=True)
class NightTold:
    """What a report tells of the night after the submission."""

    stages: tuple[StageTold, ...] = ()
    decisions: tuple[DecisionTold, ...] = ()
    actions: tuple[ActionTold, ...] = ()
    tasks: tuple[TaskTold, ...] = ()
