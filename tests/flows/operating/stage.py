"""Orders in virtual time: real engine, real statements, the simulator's core, a wire that breaks, processes that die at any step.

The loop, the journal's file and the processes' clock are those of tests/simulation; the wire is this module's own, since
there every POST is a create. The truth is the simulator's history of each task.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

import httpx

from flows.operating.desk import ActDesk
from flows.operating.operate import operate
from flows.operating.orders import ActionOrder, ActOptions, Unwatched
from flows.simulator.fleet import Fleet
from flows.simulator.options import AccessKey, SimulatorOptions
from flows.simulator.request import Request
from flows.simulator.simulator import Simulator
from flows.simulator.tasks import Task
from flows.sms.auth import AkSkAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission import schema
from flows.submission.events import StopSignal
from flows.submission.journal import Journal
from flows.submission.throttle import Throttle
from tests.simulation.database import JournalFile, Shelf, SimulatedDatabase
from tests.simulation.faults import broken, fault_of, refused, response_of
from tests.simulation.loop import Actor, VirtualLoop
from tests.simulation.process import ACCOUNT, WALL_SECONDS, Machine, ProcessClock
from tests.simulation.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from flows.operating.operations import Operation
    from flows.operating.orders import ActionResult
    from flows.simulator.answers import Answer
    from inventory.plan import Plan
    from tests.simulation.faults import WireFault

ACTION_FAULTS = (
    *(f"{kind}-{when}" for kind in ("reset", "drop", "hang", "500", "504", "408", "html", "302") for when in ("before", "after")),
    "refused",
    "429",
)
"""What may happen to an action. None is performed late, which nobody can exclude; an empty answer is a yes."""


class ActionWire(httpx.AsyncBaseTransport):
    """One process's way to the one server; what is on the wire is performed whatever becomes of the process."""

    def __init__(self, stage: Stage, actor: Actor) -> None:
        self._stage = stage
        self._actor = actor

    async def handle_async_request(self, sent: httpx.Request) -> httpx.Response:
        stage, loop = self._stage, self._stage.loop
        is_action = sent.method == "POST"
        name = stage.next_fault() if is_action else ""
        fault = fault_of(name) if name else None
        raw_path, _, query = sent.url.raw_path.decode("ascii").partition("?")
        request = Request(sent.method, raw_path, query, dict(sent.headers.items()), sent.read())
        stage.trace.note(loop.now, self._actor.name, "sends", sent.method, raw_path, name)
        if fault is not None and fault.is_refused:
            raise refused()
        heard: asyncio.Future[httpx.Response] = loop.create_future()
        loop.in_world(stage.way(), self._arrive, request, fault, heard)
        return await heard

    def _arrive(self, request: Request, fault: WireFault | None, heard: asyncio.Future[httpx.Response]) -> None:
        stage = self._stage
        request_id = stage.simulator.new_request_id()
        answer: Answer | None = None
        if fault is None or fault.performed == "after":
            answer = stage.answer(request, request_id)
        result: httpx.Response | Exception | None
        if fault is None and answer is not None:
            result = response_of(answer, request_id)
        else:
            result = broken(fault.kind if fault else "", answer, request_id)
        pause = 30.0 if fault is not None and fault.kind == "hang" else 0.0
        if result is not None:
            stage.loop.in_world(stage.way() + pause, _deliver, heard, result)


def _deliver(heard: asyncio.Future[httpx.Response], result: httpx.Response | Exception) -> None:
    if heard.done():
        return
    if isinstance(result, Exception):
        heard.set_exception(result)
    else:
        heard.set_result(result)


class Journals:
    """One database for stage after stage, emptied for each."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.shelf.run(schema.make_or_migrate)
        self.made = self.shelf.raw.serialize()

    def close(self) -> None:
        self.shelf.close()


@dataclass
class Stage:
    """One night: a plan whose rows have their tasks, and processes that are given orders.

    `faults` are what happens to the actions, in the order in which they are sent; "" for nothing. SMS shows what was
    done up to `stale_seconds` late. Each process sends `per_second` actions at most.
    """

    journals: Journals
    plan: Plan
    seed: int = 0
    faults: Sequence[str] = ()
    migration_seconds: float = 10_000.0
    is_shuffled: bool = False
    stale_seconds: float = 0.0
    per_second: float | None = None
    trace: Trace = field(default_factory=Trace)

    def __post_init__(self) -> None:
        self.journals.shelf.put(self.journals.made)
        self.loop = VirtualLoop(Random(f"loop {self.seed}"), is_shuffled=self.is_shuffled)
        self.machine = Machine(self.loop)
        options = SimulatorOptions(any_source=True, any_target=True, migration_seconds=self.migration_seconds)
        self.simulator = Simulator(options, clock=self.clock, fleet=Fleet(any_source=True))
        self.random = Random(f"wire {self.seed}")
        self.file = JournalFile(self.loop, self.journals.shelf, self.trace, self.random.random, 0.002)
        self._faults = list(self.faults)
        self._number = 0
        self._shown: dict[str, tuple[float, Answer]] = {}
        for row in self.plan.servers:
            self.simulator.service.add(_task(row.source_server_id, row.text("target_vm_id"), self.clock()))

    def clock(self) -> float:
        return WALL_SECONDS + self.loop.now

    def way(self) -> float:
        """How long one way over the wire takes."""
        return 0.01 * (0.25 + 1.5 * self.random.random())

    def answer(self, request: Request, request_id: str) -> Answer:
        """The server's answer; to a question that was asked a moment ago the same as then."""
        place = f"{request.path}?{request.raw_query}"
        if request.method == "GET" and place in self._shown and self.loop.now - self._shown[place][0] < self.stale_seconds:
            return self._shown[place][1]
        answer = self.simulator.answer(request, request_id)
        self._shown[place] = (self.loop.now, answer)
        return answer

    def next_fault(self) -> str:
        return self._faults.pop(0) if self._faults else ""

    def play(self, night: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What a night comes to, from its first step to its last."""
        try:
            return self.loop.run_until_complete(night())
        finally:
            asyncio.set_event_loop(None)
            self.loop.sweep()
            self.loop._ready.clear()
            self.loop.close()

    async def give(
        self, operation: Operation, wave: str = "wave-1", *, die_at: int = 0, max_running: int = 100, stop: StopSignal | None = None
    ) -> tuple[ActionResult | None, int]:
        """A process that is given an order: its result, None where it died at that step of its own; and the steps that it took."""
        self._number += 1
        actor = Actor(f"P{self._number}")
        over: asyncio.Future[ActionResult | None] = self.loop.create_future()

        async def main() -> None:
            result = await self._operate(actor, operation, wave, max_running, stop or StopSignal())
            self.loop.in_world(0.0, _end, over, result)

        self.loop.in_actor(actor, main(), actor.name)
        if die_at:
            self._kill_at(actor, die_at, over)
        result = await over
        actor.is_dead = True
        self.file.forget(actor)
        return result, actor.steps

    def _kill_at(self, actor: Actor, step: int, over: asyncio.Future[ActionResult | None]) -> None:
        before = self.loop.after_step

        def look() -> None:
            if before is not None:
                before()
            if actor.steps >= step and not actor.is_dead:
                actor.is_dead = True
                self.file.forget(actor)
                self.loop.in_world(0.0, _end, over, None)

        self.loop.after_step = look

    async def _operate(self, actor: Actor, operation: Operation, wave: str, max_running: int, stop: StopSignal) -> ActionResult:
        clock, key = ProcessClock(self.machine), AccessKey()
        client = SmsClient(
            ClientOptions("https://sms.example"),
            AkSkAuth(key.access, key.secret, project_id="p-1", clock=clock.wall),
            transport=ActionWire(self, actor),
            pace=Throttle(clock),
            sleep=clock.sleep,
        )
        options = replace(ActOptions(), account_running=max_running)
        async with Journal(SimulatedDatabase(self.file, actor), clock) as journal, client:
            order = ActionOrder(self.plan, wave, self.plan.rows(wave), operation, ACCOUNT, "me@here", options=options)
            desk = ActDesk.open(
                order,
                client=client,
                journal=journal,
                throttle=Throttle(clock, self.per_second),
                clock=clock,
                random=Random(f"{actor.name} {self.seed}"),
                watcher=Unwatched(),
                stop=stop,
            )
            return await operate(desk)

    def histories(self) -> list[dict[str, Any]]:
        """What really happened to each task."""
        return [dict(task) for task in self.simulator.service.history()["tasks"]]

    def actions(self) -> Sequence[Mapping[str, Any]]:
        """What the journal holds of what was done."""
        chosen = schema.action.select().order_by(schema.action.c.intent_at)
        return [dict(row) for row in self.journals.shelf.run(lambda connection: connection.execute(chosen).mappings().all())]


def _end(over: asyncio.Future[ActionResult | None], result: ActionResult | None) -> None:
    if not over.done():
        over.set_result(result)


def _task(source: str, vm_id: str, now: float) -> Task:
    body = b'{"type": "MIGRATE_FILE", "os_type": "LINUX"}'
    return Task(f"task-of-{source}", source, source, vm_id, "", "", now, now, body, made_by="admin")
