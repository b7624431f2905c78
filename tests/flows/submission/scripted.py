"""SMS by script, and a night that can end at any step: what tests of exact interleavings share.

`Script` is the other side of the wire as the engine sees it: it makes tasks, binds them or does not, lists them late, and answers
as told. `Steps` counts every write to the journal and every call to SMS, and lets one event happen at one of them.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from flows.sms.errors import Ambiguous, NotSent, Refused, SmsError, StopRun, Throttled, ThrottleWindow
from flows.sms.models import Created, TaskSummary
from flows.submission.desk import Desk, Options
from flows.submission.events import Silent, StopReason, StopSignal
from flows.submission.journal import JournalUnavailableError, Lease, Written, open_journal
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_run import submit_wave
from inventory.plan import read_plan
from tests.flows.submission.clocks import MovedClock
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from flows.submission.events import Watcher
    from flows.submission.records import Entry, RowRecord
    from flows.submission.wave_run import WaveResult
    from inventory.plan import Plan

ACCOUNT = "https://sms.example project=p-1"
SOURCE = server(1)["source_server_id"]
SETTLE_SECONDS = 10.0
LATE_SECONDS = 3.0


class KilledError(BaseException):
    """The process is gone: nothing of it runs any more, whatever it catches."""


@dataclass
class Steps:
    """Counts the steps of a run; at step `at` (None: at none) `event` happens, and after a kill every step is one."""

    at: int | None = None
    event: Callable[[], Awaitable[None]] | None = None
    taken: list[str] = field(default_factory=list)
    is_killed: bool = False

    async def take(self, name: str) -> None:
        if self.is_killed:
            raise KilledError
        self.taken.append(name)
        if self.event is not None and len(self.taken) - 1 == self.at:
            await self.event()

    def kill(self) -> None:
        self.is_killed = True
        raise KilledError


@dataclass
class Script:
    """SMS v3 as a script. `answers` are consumed by creates, one each; when they are used up, a create is simply performed.

    made: performed and answered · lost: performed, no answer · never: not performed, no answer · late: performed 3 s later, no
    answer · 429 · 429 names a window (one a minute) · not-sent · 401 · no: a definite no · bound: SMS.7605 whatever there is ·
    defect: performed, and then no SmsError.
    `is_blind`: only the listing of all tasks is answered, nothing about one of them or one server.
    """

    clock: MovedClock
    guard: bool = True
    lag_seconds: float = 0.0
    answers: list[str] = field(default_factory=list)
    is_blind: bool = False
    steps: Steps = field(default_factory=Steps)
    tasks: dict[str, tuple[TaskSummary, float]] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    _late: list[tuple[float, TaskSummary]] = field(default_factory=list)
    _number: int = 0

    def put(self, source: str = SOURCE, vm_id: str = "", name: str = "web-01", **fields: Any) -> str:
        """Somebody makes a task; its id."""
        self._number += 1
        task = TaskSummary(f"t-{self._number}", name=name, source_server_id=source, target_vm_id=vm_id, **fields)
        self.tasks[task.id] = (task, self.clock.now)
        return task.id

    def of(self, source: str = SOURCE) -> list[str]:
        """The tasks that a source really has, those on their way to be made included."""
        self._catch_up(everything=True)
        return [task.id for task, _ in self.tasks.values() if task.source_server_id == source]

    async def create_task(self, body: bytes) -> Created:
        await self.steps.take("create")
        self._catch_up()
        self.bodies.append(body)
        answer = self.answers.pop(0) if self.answers else "made"
        try:
            created = self._answer(answer, _task_in(body))
        finally:
            await self.steps.take("answer")
        return created

    async def list_tasks(self, source_server_id: str = "", *, vm_id: str = "") -> list[TaskSummary]:
        await self.steps.take("list")
        self._look(is_of_one=bool(source_server_id or vm_id))
        self._catch_up()
        listed = [task for task, made_at in self.tasks.values() if self.clock.now >= made_at + self.lag_seconds]
        found = [task for task in listed if source_server_id in {"", task.source_server_id} and vm_id in {"", task.target_vm_id}]
        await self.steps.take("listed")
        return found

    async def show_task(self, task_id: str) -> TaskSummary | None:
        await self.steps.take("show")
        self._look(is_of_one=True)
        self._catch_up()
        task, made_at = self.tasks.get(task_id, (None, 0.0))
        return task if self.clock.now >= made_at + self.lag_seconds else None

    async def show_source(self, source_server_id: str) -> Any:
        await self.steps.take("source")
        self._look(is_of_one=True)

    def _answer(self, answer: str, task: TaskSummary) -> Created:
        match answer:
            case "made":
                return Created(self._perform(task))
            case "lost":
                if not self._is_bound(task):
                    self._perform(task)
                raise Ambiguous("WAVES.TIMEOUT", "no answer")
            case "late":
                self._late.append((self.clock.now + LATE_SECONDS, task))
                raise Ambiguous("WAVES.TIMEOUT", "no answer")
            case "defect":
                self._perform(task)
                raise RuntimeError("nobody foresaw this")
            case "no":
                raise Refused("SMS.6526", "quota")
            case "bound":
                raise Refused("SMS.7605", "bound")
        error = _ERRORS[answer]()
        raise error

    def _perform(self, task: TaskSummary) -> str:
        if self._is_bound(task):
            raise Refused("SMS.7605", "bound")
        return self.put(task.source_server_id, task.target_vm_id, task.name)

    def _is_bound(self, task: TaskSummary) -> bool:
        there = [other for other, _ in self.tasks.values()]
        same = [one for one in there if one.source_server_id == task.source_server_id or one.target_vm_id == task.target_vm_id]
        return self.guard and bool(same)

    def _catch_up(self, *, everything: bool = False) -> None:
        """Perform what was sent earlier and is done late."""
        due = [late for late in self._late if everything or late[0] <= self.clock.now]
        self._late = [late for late in self._late if late not in due]
        for made_at, task in due:
            if not self._is_bound(task):
                made = self._perform(task)
                self.tasks[made] = (self.tasks[made][0], made_at)

    def _look(self, *, is_of_one: bool) -> None:
        if self.is_blind and is_of_one:
            raise Ambiguous("HTTP.503", "away")


_ERRORS: dict[str, Callable[[], SmsError]] = {
    "never": lambda: Ambiguous("WAVES.BROKEN", "connection reset"),
    "429": lambda: Throttled("APIGW.0308", "slow down"),
    "429 names a window": lambda: Throttled("APIGW.0308", "slow down", window=ThrottleWindow(1, 60.0)),
    "not-sent": lambda: NotSent("WAVES.CONNECT", "refused"),
    "401": lambda: StopRun("APIGW.0301", "bad signature"),
}


def _task_in(body: bytes) -> TaskSummary:
    said = json.loads(body)
    return TaskSummary(
        "", name=said["name"], source_server_id=said["source_server"]["id"], target_vm_id=said["target_server"]["vm_id"]
    )


class SteppedJournal:
    """A journal whose every write is two steps: before it is begun, and when it is durable and nobody has heard of it."""

    def __init__(self, journal: Any, steps: Steps) -> None:
        self._journal = journal
        self._steps = steps
        self.is_broken = False
        self.is_unreadable = False

    def record(self, entry: Entry) -> Written:
        if self._steps.is_killed:
            raise KilledError
        written = Written(entry)
        asyncio.ensure_future(self._record(entry)).add_done_callback(lambda writing: written.end(_failure(writing)))
        return written

    async def _record(self, entry: Entry) -> None:
        await self._steps.take(f"write {entry.row.state.value}")
        self._check()
        await self._journal.record(entry)
        await self._steps.take(f"{entry.row.state.value} is durable")
        self._check()

    async def start_run(self, *told: Any) -> None:
        self._check()
        await self._journal.start_run(*told)

    async def lease(self, requests: Any) -> Lease:
        if self._steps.is_killed:
            raise KilledError
        self._check()
        found: Lease = await self._journal.lease(requests)
        return found

    async def let_go(self) -> None:
        if self._steps.is_killed:
            raise KilledError
        await self._journal.let_go()

    async def rows(self, account: str) -> dict[str, RowRecord]:
        if self.is_unreadable:
            raise JournalUnavailableError("no such host")
        found: dict[str, RowRecord] = await self._journal.rows(account)
        return found

    async def standing(self, *asked: Any) -> Any:
        if self.is_unreadable:
            raise JournalUnavailableError("no such host")
        return await self._journal.standing(*asked)

    async def end_run(self, *told: Any) -> None:
        if self._steps.is_killed:
            raise KilledError
        self._check()
        await self._journal.end_run(*told)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def _check(self) -> None:
        if self.is_broken:
            raise JournalUnavailableError("no space left on device")


def _failure(writing: asyncio.Future[None]) -> Any:
    return KilledError() if writing.cancelled() else writing.exception()


EVENTS = ("kill", "stop", "stop at once", "cancel", "journal fails")


@dataclass
class Scripted:
    """A script, a clock and a journal's file: `run` runs a wave of plan `plan` on them, as often as a test likes."""

    folder: Path
    plan: Plan
    sms: Script
    options: Options = field(
        default_factory=lambda: Options(settle_seconds=SETTLE_SECONDS, deadline_seconds=2.0, lease_slack_seconds=2.0)
    )
    runs: int = 0

    async def run(
        self,
        plan: Plan | None = None,
        *,
        event: str = "",
        at: int | None = None,
        watcher: Watcher | None = None,
        stop: StopSignal | None = None,
        throttle: Throttle | None = None,
        is_broken: bool = False,
        is_unreadable: bool = False,
        **options: Any,
    ) -> WaveResult | None:
        """One run; None where it was killed or cancelled. `event` happens at step number `at`."""
        self.runs += 1
        plan, stop, clock = plan or self.plan, stop or StopSignal(), self.sms.clock
        steps = self.sms.steps = Steps()
        async with open_journal(f"sqlite+aiosqlite:///{self.folder / 'journal.sqlite'}", clock, print) as journal:
            stepped = SteppedJournal(journal, steps)
            stepped.is_broken, stepped.is_unreadable = is_broken, is_unreadable
            request = WaveRequest(plan, "wave-1", plan.rows("wave-1"), ACCOUNT, "me@here", {}, replace(self.options, **options))
            desk = Desk.open(
                request,
                client=self.sms,  # type: ignore[arg-type]
                journal=stepped,  # type: ignore[arg-type]
                throttle=throttle or Throttle(clock),
                clock=clock,
                random=Random(self.runs),
                watcher=watcher or Silent(),
                stop=stop,
            )
            engine = asyncio.ensure_future(submit_wave(request, desk))
            if event:
                steps.at, steps.event = at, _event(event, steps, stop, stepped, engine)
            try:
                return await engine
            except (KilledError, asyncio.CancelledError):
                return None

    async def records(self) -> dict[str, RowRecord]:
        """What the journal holds."""
        async with open_journal(f"sqlite+aiosqlite:///{self.folder / 'journal.sqlite'}", self.sms.clock, print) as journal:
            return await journal.rows(ACCOUNT)


def scripted(folder: Path, servers: int | list[dict[str, Any]] = 1, **script: Any) -> Scripted:
    """A script and a plan of so many servers, each with its disk in the sheet, or of the given rows."""
    return Scripted(folder, plan_of(folder, servers), Script(MovedClock(), **script))


def plan_of(folder: Path, servers: int | list[dict[str, Any]], *, disks: bool = True, name: str = "plan.xlsx") -> Plan:
    rows = [server(number) for number in range(1, servers + 1)] if isinstance(servers, int) else servers
    given = [disk(source_server_id=row["source_server_id"]) for row in rows] if disks else []
    return read_plan(make_plan(folder / name, rows, disks=given))


def lies(result: WaveResult | None, sms: Script) -> list[str]:
    """Every outcome that the truth contradicts: done is one task, that one; a row that is not done, nor uncertain, has none."""
    found = []
    for outcome in result.outcomes if result else ():
        ids, status = sms.of(outcome.source_server_id), outcome.status.value
        expected = [outcome.task_id] if status in {"CREATED", "EXISTS"} else []
        if ids != expected and status not in {"UNCERTAIN", "SKIPPED"}:
            found.append(f"{outcome.source_server_id} is {status} {outcome.task_id} ({outcome.error_code}), and has {ids}")
    return found


def _event(
    name: str, steps: Steps, stop: StopSignal, journal: SteppedJournal, engine: asyncio.Future[Any]
) -> Callable[[], Awaitable[None]]:
    async def happen() -> None:
        match name:
            case "kill":
                steps.kill()
            case "stop":
                stop.request(StopReason.interrupted())
            case "stop at once":
                stop.request(StopReason.interrupted(), at_once=True)
            case "cancel":
                engine.cancel()
            case "journal fails":
                journal.is_broken = True
        for _ in range(8):  # long enough for whoever is to be cancelled
            await asyncio.sleep(0)

    return happen


def told(result: WaveResult | None, *fields: str) -> list[Any]:
    """The status of each row, or a tuple of the named fields."""
    assert result is not None
    if not fields:
        return [outcome.status.value for outcome in result.outcomes]
    return [tuple(str(getattr(outcome, name)) for name in fields) for outcome in result.outcomes]
