"""What the journal holds of a row, as frozen records: the row itself, the start and the end of an attempt, a run.

Pure. A `RowRecord` changes only by `moved`, so that no state is reached that `life.py` does not draw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flows.submission.life import Move, RowState


@dataclass(frozen=True, slots=True)
class Target:
    """What the task is to fill: an existing server by its `vm_id`, or one that SMS makes from a template, known by its name."""

    vm_id: str
    name: str
    vm_template_id: str = ""

    def __str__(self) -> str:
        return self.vm_id or f"{self.name} (from template {self.vm_template_id})"


@dataclass(frozen=True, slots=True)
class RowRecord:
    """One row's life in the journal. Identity: (account, source server id).

    `doubt_run_id` names the run whose attempt may have made a task that nobody has seen, empty where there is no such attempt;
    `bound_elsewhere` says that SMS has since answered "already bound" (SMS.7605), after which nothing is ever sent blindly.
    `prior_task_ids` are the tasks that the source and the target had before the first attempt in doubt. `attempts` counts over
    all runs.
    """

    account: str
    source_server_id: str
    run_id: str
    state: RowState = RowState.IDLE
    task_id: str = ""
    attempts: int = 0
    doubt_run_id: str = ""
    bound_elsewhere: bool = False
    body_digest: str = ""
    task_name: str = ""
    target: Target = Target("", "")
    prior_task_ids: tuple[str, ...] = ()
    error_code: str = ""
    error_message: str = ""

    @property
    def is_in_doubt(self) -> bool:
        """Whether an attempt may have made a task that no look has shown or excluded."""
        return bool(self.doubt_run_id)

    def moved(self, move: Move, **changes: Any) -> RowRecord:  # noqa: ANN401 - `replace` takes each field's own type
        """The row after `move`, with `changes` to its fields. Raises IllegalMoveError where the life of a row has no such move."""
        return replace(self, state=move.apply(self.state), **changes)


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """An attempt that is about to be made; durable before its first byte leaves."""

    number: int
    run_id: str
    body_digest: str
    intent_at: float


MADE = "made"
"""The answer of an attempt that brought the id of its task."""


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended. `answer` is `MADE`, or the error's class; the rest is what SMS or the transport said."""

    number: int
    answered_at: float
    answer: str
    http_status: int | None = None
    request_id: str = ""
    error_code: str = ""
    error_message: str = ""
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt as the journal holds it: its start, and its end where it had one that this machine saw."""

    start: AttemptStart
    end: AttemptEnd | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One durable step of a row: the row after it, the state before it, and the attempt that starts or ends with it.

    `holder_id` names the holder under whose lease the step is made; once that holder's time is over, the step is refused.
    """

    holder_id: str
    before: RowState
    row: RowRecord
    start: AttemptStart | None = None
    end: AttemptEnd | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of one wave, as the journal knows it. `started_at` in seconds since 1970, UTC; `kind` is what it is to do."""

    run_id: str
    account: str
    wave: str
    plan_name: str
    plan_sha256: str
    author: str
    started_at: float
    kind: str = "submit"
