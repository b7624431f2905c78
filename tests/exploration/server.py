"""SMS as the exploration needs it: tasks that are made, now or later, listed at once or late, guarded against twins or not.

It answers each create as told, and keeps the truth: who made which task, and which were made although there was one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flows.sms.errors import Refused, SmsError
from flows.sms.models import Created, TaskSummary
from tests.exploration.answers import Effect

if TYPE_CHECKING:
    from tests.exploration.answers import Kind

LATE_SECONDS = 0.4
SLOW_SECONDS = 1.9
TOO_LATE_SECONDS = 12.0
DEADLINE_SECONDS = 2.0
THEM = "them"


@dataclass(frozen=True, slots=True)
class Made:
    """A task, who made it (`THEM`: nobody of ours), and when."""

    task: TaskSummary
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Twin:
    """A create of ours was performed although there was a task: `what` they share, a source or a target, and which.

    `is_theirs`: that other task is somebody else's, and was not there to be seen when the run that sent looked at SMS.
    """

    what: str
    key: str
    is_theirs: bool


@dataclass
class Server:
    """The state of SMS; `copy` makes another of the same past."""

    is_guarded: bool
    lag_seconds: float
    made: list[Made] = field(default_factory=list)
    twins: list[Twin] = field(default_factory=list)
    creates: int = 0
    looked: dict[str, float] = field(default_factory=dict)
    """When each run first listed all tasks."""
    _late: list[Made] = field(default_factory=list)

    def copy(self) -> Server:
        """The same server, to go another way from here."""
        return replace(self, made=[*self.made], twins=[*self.twins], looked={**self.looked}, _late=[*self._late])

    def create(self, body: bytes, kind: Kind, by: str, now: float) -> tuple[Created | SmsError | None, float]:
        """What comes of a create that gets an answer of that kind, and after how many seconds; None: ask `slow_answer` then."""
        self.settle(now)
        self.creates += 1
        task, error = _task_in(body), kind.error_anew()
        answer: Created | SmsError | None = error
        match kind.effect:
            case Effect.MADE | Effect.MADE_AT_FIRST:
                is_guarded = self.is_guarded or kind.effect is Effect.MADE_AT_FIRST
                task_id = self._perform(Made(task, by, now), is_guarded=is_guarded)
                answer = error or (Created(task_id) if task_id else Refused("SMS.7605", "bound", http_status=400))
            case Effect.SLOW:
                self._late.append(Made(task, by, now + SLOW_SECONDS))
                return None, SLOW_SECONDS
            case Effect.LATE:
                self._late.append(Made(task, by, now + LATE_SECONDS))
            case Effect.TOO_LATE:
                self._late.append(Made(task, by, now + TOO_LATE_SECONDS))
            case Effect.OF_ANOTHER:
                self._put_theirs(replace(task, name="theirs", target_vm_id=f"vm-of-theirs-{self.creates}"), now)
            case Effect.OF_TARGET:
                self._put_theirs(replace(task, name="theirs", source_server_id=f"src-of-theirs-{self.creates}"), now)
            case Effect.NOTHING:
                pass
        assert answer is not None
        return answer, 0.0 if kind.is_heard else DEADLINE_SECONDS

    def slow_answer(self, by: str, at: float, now: float) -> Created | SmsError:
        """The answer to the create of that run that was performed at `at`."""
        self.settle(now)
        found = next((made.task.id for made in self.made if (made.by, made.at) == (by, at)), "")
        return Created(found) if found else Refused("SMS.7605", "bound", http_status=400)

    def look(self, by: str, now: float) -> None:
        """A run lists all tasks."""
        self.looked.setdefault(by, now)

    def listed(self, now: float) -> list[TaskSummary]:
        """The tasks that a listing shows."""
        self.settle(now)
        return [made.task for made in self.made if now >= made.at + self.lag_seconds]

    def settle(self, now: float) -> None:
        """Do what is due."""
        if not self._late:
            return
        due = [made for made in self._late if made.at <= now]
        self._late = [made for made in self._late if made.at > now]
        for made in due:
            self._perform(made, is_guarded=self.is_guarded)

    def of(self, source: str, target: str = "") -> list[Made]:
        """The tasks that a source has, for that target or for any; those on their way to be made included."""
        found = [*self.made, *self._late]
        return [one for one in found if one.task.source_server_id == source and target in {"", one.task.target_vm_id}]

    def get(self, task_id: str) -> Made | None:
        """The task of that id."""
        return next((made for made in self.made if made.task.id == task_id), None)

    def _perform(self, made: Made, *, is_guarded: bool) -> str:
        """Make the task; "" where the guard forbids it."""
        twins = self._twins(made.task, self.looked.get(made.by, 0.0))
        if twins and is_guarded:
            return ""
        self.twins += twins
        return self._add(made)

    def _put_theirs(self, task: TaskSummary, now: float) -> None:
        """Somebody makes a task; not where that by itself would make two."""
        if not self._twins(task, now):
            self._add(Made(task, THEM, now))

    def _add(self, made: Made) -> str:
        task_id = f"t-{len(self.made) + 1}"
        self.made.append(replace(made, task=replace(made.task, id=task_id)))
        return task_id

    def _twins(self, task: TaskSummary, looked_at: float) -> list[Twin]:
        found = []
        for made in self.made:
            other, is_theirs = made.task, made.by == THEM and made.at + self.lag_seconds > looked_at
            if other.source_server_id == task.source_server_id:
                found.append(Twin("source", task.source_server_id, is_theirs))
            elif other.target_vm_id == task.target_vm_id:
                found.append(Twin("target", task.target_vm_id, is_theirs))
        return found


def _task_in(body: bytes) -> TaskSummary:
    said = json.loads(body)
    source, target = said["source_server"]["id"], said["target_server"]["vm_id"]
    return TaskSummary("", name=said["name"], source_server_id=source, target_vm_id=target)
