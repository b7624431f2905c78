"""One night in virtual time: runs of the real engine over the real journal's statements, one of them broken at one of its steps.

A step is whatever the outside of a run can tell apart: a transaction of the journal begins, or is durable and nobody has heard of
it; a request leaves, or its answer arrives. Between two steps nothing else can happen, so an event at each is an event everywhere.
A night can be put aside and gone on with from there, as often as one likes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from flows.sms.errors import SmsError
from flows.submission import schema
from flows.submission.desk import Desk, Options
from flows.submission.events import Silent, StopReason, StopSignal
from flows.submission.journal import Journal, JournalUnavailableError
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_run import submit_wave
from tests.exploration.answers import kinds
from tests.exploration.rows import plan_and_rows
from tests.exploration.schedule import OVERLAPPING, WRITE
from tests.exploration.server import DEADLINE_SECONDS, Server
from tests.simulation.database import Shelf
from tests.simulation.loop import Actor, VirtualLoop
from tests.simulation.process import ACCOUNT, Machine, ProcessClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from flows.sms.models import Created, TaskSummary
    from flows.submission.wave_run import WaveResult
    from inventory.plan import ServerRow
    from tests.exploration.answers import Kind

T = TypeVar("T")

SETTLE_SECONDS = 1.0
SHORT_LAG_SECONDS = 0.3
LONG_LAG_SECONDS = 8.0
OPTIONS = Options(settle_seconds=SETTLE_SECONDS, deadline_seconds=DEADLINE_SECONDS, lease_slack_seconds=3.0)
"""A dead run's rows are free five seconds later; what is listed eight seconds late is missed by whoever takes them up then."""

PAUSES = {"pause-short": 2.0, "pause-into": 5.5, "pause-long": 40.0}
_WIRE_SECONDS = 0.01
_QUIET_SECONDS = 60.0
_JUMP_SECONDS = 1000.0


_ROWS_STAND = (
    "SELECT source_server_id, state, task_id, doubt_run_id != '', bound_elsewhere, body_digest, task_name, target_vm_id, "
    "target_name, prior_task_ids, error_code FROM row ORDER BY source_server_id"
)


@dataclass(frozen=True, slots=True)
class Aside:
    """A night that was put aside: the journal, the server and the time."""

    journal: bytes
    server: Server
    now: float
    boot_offset: float
    runs: int


@dataclass
class Run:
    """One run of the engine. `result` is None where it was killed, cancelled or could not open the journal."""

    night: Night
    name: str
    rows: Sequence[ServerRow]
    answers: list[Kind]
    event: str = ""
    at: int = -1
    meanwhile: Callable[[], None] | None = None
    actor: Actor = field(init=False)
    stop: StopSignal = field(default_factory=StopSignal)
    steps: list[str] = field(default_factory=list)
    result: WaveResult | None = None
    defect: str = ""
    creates: int = 0
    is_journal_failing: bool = False

    def __post_init__(self) -> None:
        self.actor = Actor(self.name)
        self.over: asyncio.Future[None] = self.night.loop.create_future()

    @property
    def step_of_event(self) -> str:
        """The name of the step at which the event happened; "" where the run ended before it."""
        return self.steps[self.at] if 0 <= self.at < len(self.steps) else ""

    def start(self) -> None:
        """Begin."""
        self.task = self.night.loop.in_actor(self.actor, self._main(), self.name)

    async def step(self, name: str) -> None:
        """The run is at a step; the event happens where it is this one's turn."""
        self.steps.append(name)
        if self.night.trace is not None:
            self.night.trace.append(f"{self.night.loop.now:9.3f}  {self.name}  {len(self.steps) - 1:>3} {name}")
        if len(self.steps) - 1 == self.at:
            self._happen()
        await asyncio.sleep(0)

    def end(self) -> None:
        """The process is gone."""
        self.actor.is_dead = True
        if not self.over.done():
            self.over.set_result(None)

    def _happen(self) -> None:
        night = self.night
        if night.trace is not None:
            night.trace.append(f"{night.loop.now:9.3f}  {self.name}      ** {self.event}")
        _HAPPENS[self.event](self)
        if self.event in OVERLAPPING and self.meanwhile is not None:
            self.meanwhile()

    def _stop(self) -> None:
        self.stop.request(StopReason.interrupted())

    def _stop_at_once(self) -> None:
        self.stop.request(StopReason.interrupted(), at_once=True)

    def _cancel(self) -> None:
        self.task.cancel()

    def _journal_fails(self) -> None:
        self.is_journal_failing = True

    def _lease_clock(self) -> None:
        self.night.machine.boot_offset += _JUMP_SECONDS

    def _lose_journal(self) -> None:
        self.end()
        self.night.shelf.put(self.night.stage.made)

    def _overlap(self) -> None:
        """The second run begins, and nothing else happens."""

    def _pause(self) -> None:
        self.night.loop.pause(self.actor)
        self.night.loop.in_world(PAUSES[self.event], self._go_on)

    def _go_on(self) -> None:
        if not self.actor.is_dead:
            self.night.loop.resume(self.actor)

    async def _main(self) -> None:
        night = self.night
        clock = ProcessClock(night.machine)
        plan, _ = plan_and_rows()
        try:
            async with Journal(SteppedDatabase(self), clock) as journal:
                request = WaveRequest(plan, self.rows[0].wave, self.rows, ACCOUNT, "me@here", {}, OPTIONS)
                desk = Desk.open(
                    request,
                    client=SteppedClient(self),  # type: ignore[arg-type]
                    journal=journal,
                    throttle=Throttle(clock),
                    clock=clock,
                    random=Random(self.name),
                    watcher=Silent(),
                    stop=self.stop,
                )
                self.result = await submit_wave(request, desk)
        except (asyncio.CancelledError, JournalUnavailableError):
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.defect = f"{type(error).__name__}: {error}"
        self.end()


_HAPPENS: Mapping[str, Callable[[Run], None]] = {
    "kill": Run.end,
    "stop": Run._stop,
    "stop-at-once": Run._stop_at_once,
    "cancel": Run._cancel,
    "journal-fails": Run._journal_fails,
    "overlap": Run._overlap,
    "lease-clock": Run._lease_clock,
    "journal-lost": Run._lose_journal,
    **dict.fromkeys(PAUSES, Run._pause),
}


class SteppedDatabase:
    """One run's connection to the journal: each transaction is two steps, before it begins and when it is durable."""

    dialect_name = "sqlite"

    def __init__(self, run: Run) -> None:
        self._run = run

    async def transact(self, operation: Callable[[Connection], T]) -> T:
        run, name = self._run, _name(operation)
        await run.step(f"journal: {name}")
        self._check()
        result = run.night.shelf.run(operation)
        await run.step(f"durable: {name}")
        self._check()
        return result

    async def read(self, operation: Callable[[Connection], T]) -> T:
        return await self.transact(operation)

    def hurry(self) -> None:
        """Nobody waits here."""

    async def close(self) -> None:
        """There is nothing to close."""

    def _check(self) -> None:
        if self._run.is_journal_failing:
            raise JournalUnavailableError("no space left on device")


def _name(operation: Any) -> str:
    """What a transaction is for: the states that rows reach by it, where it writes any."""
    keywords = getattr(operation, "keywords", None)
    if not keywords:
        return str(operation.__qualname__).split(".")[-3 if "<locals>" in operation.__qualname__ else -1]
    group = keywords["group"]
    parts = [str(written.entry.row.state.value) for written in group.entries]
    parts += ["lease"] * bool(group.asks and group.asks[0].requests) + ["release"] * bool(group.released)
    return "+".join(parts) or "sign of life"


class SteppedClient:
    """One run's way to SMS: each request is two steps, when it is about to leave and when its answer has arrived."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def create_task(self, body: bytes) -> Created:
        run, night = self._run, self._run.night
        await run.step(WRITE)
        run.creates += 1
        kind = run.answers.pop(0) if run.answers else night.stage.made_kind
        sent_at = night.loop.now
        answer, seconds = night.server.create(body, kind, run.name, sent_at)
        await asyncio.sleep(_WIRE_SECONDS + seconds)
        await run.step(f"create answered: {kind.name}")
        answer = answer or night.server.slow_answer(run.name, sent_at + seconds, night.loop.now)
        if isinstance(answer, SmsError):
            raise answer
        return answer

    async def list_tasks(self, source_server_id: str = "", *, vm_id: str = "") -> list[TaskSummary]:
        await self._run.step(f"list {source_server_id or vm_id or 'all'}")
        server, now = self._run.night.server, self._run.night.loop.now
        if not (source_server_id or vm_id):
            server.look(self._run.name, now)
        listed = server.listed(now)
        found = [task for task in listed if source_server_id in {"", task.source_server_id} and vm_id in {"", task.target_vm_id}]
        await asyncio.sleep(_WIRE_SECONDS)
        await self._run.step(f"listed {source_server_id or vm_id or 'all'}")
        return found

    async def show_task(self, task_id: str) -> TaskSummary | None:
        await self._run.step("show")
        listed = self._run.night.server.listed(self._run.night.loop.now)
        await asyncio.sleep(_WIRE_SECONDS)
        await self._run.step("shown")
        return next((task for task in listed if task.id == task_id), None)


class Stage:
    """What one night after the other is played on: a loop and a database, emptied for each."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.shelf.run(schema.make_or_migrate)
        self.made = self.shelf.raw.serialize()
        self.made_kind = kinds()["made"]
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        plan_and_rows()

    def close(self) -> None:
        """Let go of the database."""
        self.shelf.close()


class Night:
    """One night on a stage; begins as a fresh one, or where one was put aside."""

    def __init__(self, stage: Stage, begins: Aside) -> None:
        self.stage = stage
        self.shelf = stage.shelf
        self.shelf.put(begins.journal)
        self.server = begins.server.copy()
        self.loop = VirtualLoop(Random(0), is_shuffled=False)
        self.loop.now = begins.now
        self.machine = Machine(self.loop, boot_offset=begins.boot_offset)
        self.trace: list[str] | None = None
        self.runs = begins.runs

    @staticmethod
    def fresh(stage: Stage, *, is_listed_late: bool, is_guarded: bool) -> Aside:
        """Nothing has happened yet."""
        lag = LONG_LAG_SECONDS if is_listed_late else SHORT_LAG_SECONDS
        return Aside(stage.made, Server(is_guarded, lag), 0.0, 0.0, 0)

    def put_aside(self) -> Aside:
        """The night as it is now, with nobody running."""
        return Aside(self.shelf.raw.serialize(), self.server.copy(), self.loop.now, self.machine.boot_offset, self.runs)

    def new_run(self, rows: Sequence[str], answers: Sequence[str] = (), event: str = "", at: int = -1) -> Run:
        """A run of those rows, not begun yet."""
        self.runs += 1
        by_name = plan_and_rows()[1]
        return Run(self, f"run-{self.runs}", [by_name[row] for row in rows], [kinds()[one] for one in answers], event, at)

    def play(self, *runs: Run) -> None:
        """Begin the first run, the others as it says, and go on until all that have begun are over."""
        begun = [runs[0]]
        for later in runs[1:]:

            def begin(later: Run = later) -> None:
                begun.append(later)
                later.start()

            runs[0].meanwhile = begin

        async def all_over() -> None:
            runs[0].start()
            await runs[0].over
            for later in begun[1:]:
                await later.over

        self._run(all_over())

    def standing(self) -> object:
        """All that a run in peace goes by: the rows in the journal, without times and names of runs, and the tasks at SMS."""
        rows = self.shelf.raw.execute(_ROWS_STAND).fetchall()
        return tuple(rows), tuple(made.task for made in self.server.made), tuple(self.server.twins)

    def quiet(self) -> None:
        """Nothing happens until everything is performed and listed, and every lease is over."""
        self.loop.now += _QUIET_SECONDS
        self.server.settle(self.loop.now)

    def close(self) -> None:
        """The night is over."""
        self.loop.sweep()
        self.loop._ready.clear()
        self.loop.close()

    def _run(self, everything: Any) -> None:
        try:
            self.loop.run_until_complete(everything)
        finally:
            asyncio.set_event_loop(None)
            self.loop.sweep()
            self.loop._ready.clear()
            self.loop._scheduled.clear()
            self.loop.steps = 0


def occurrences(steps: Sequence[str]) -> list[int]:
    """The steps at which an event is worth while: of each name the first, the second and the last."""
    counted, seen, chosen = Counter(steps), Counter[str](), []
    for index, name in enumerate(steps):
        seen[name] += 1
        if seen[name] <= 2 or seen[name] == counted[name]:
            chosen.append(index)
    return chosen
