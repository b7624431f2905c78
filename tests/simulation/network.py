"""The wire and the server in virtual time: the simulator's core behind an in-memory transport, with faults on the way.

What is on the wire belongs to the world: it arrives, and is performed, whatever becomes of the process that sent it. Keeps the
truth that the check compares with: which process made which task, and when.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import httpx

from flows.simulator.request import Request
from tests.simulation.faults import WireFault, broken, fault_of, refused, response_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from flows.simulator.answers import Answer
    from flows.simulator.simulator import Simulator
    from tests.simulation.loop import Actor, VirtualLoop
    from tests.simulation.trace import Trace


@dataclass(frozen=True, slots=True)
class MadeTask:
    """A task that a create of ours made: whose request it was, and when it was performed."""

    task_id: str
    source_server_id: str
    target_vm_id: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Weather:
    """How the wire behaves: shares of requests that fail, by kind, and how long things take."""

    create_faults: Mapping[str, float]
    read_faults: Mapping[str, float]
    latency_seconds: float
    late_seconds: float
    is_write_split: bool = False
    """A process may be paused between handing a create to the wire and its first byte (one of the cases nobody can exclude)."""


class _Chances:
    """Faults by their probability."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self._names = [*shares]
        self._bounds = list(accumulate(shares.values()))

    def pick(self, point: float) -> WireFault | None:
        index = bisect(self._bounds, point)
        return fault_of(self._names[index]) if index < len(self._names) else None


@dataclass
class _Exchange:
    actor: Actor
    request: Request
    future: asyncio.Future[httpx.Response]
    fault: WireFault | None
    number: int
    is_create: bool
    is_lost: bool = False


@dataclass
class Network:
    """All wires to the one server."""

    loop: VirtualLoop
    simulator: Simulator
    weather: Weather
    random: Random
    trace: Trace
    is_calm: bool = False
    made: list[MadeTask] = field(default_factory=list)
    twins: list[tuple[MadeTask, MadeTask]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"handed": 0, "sent": 0, "arrived": 0, "answered": 0})
    on_the_way: int = 0

    def __post_init__(self) -> None:
        self._create_faults = _Chances(self.weather.create_faults)
        self._read_faults = _Chances(self.weather.read_faults)
        self._number = 0
        self._known: set[str] = set()

    def seconds(self) -> float:
        """How long one way over the wire takes."""
        return self.weather.latency_seconds * (0.25 + 1.5 * self.random.random())

    async def carry(self, actor: Actor, sent: httpx.Request) -> httpx.Response:
        """A request of that process, from its first byte to the answer's head."""
        is_create = sent.method == "POST"
        fault = None if self.is_calm else (self._create_faults if is_create else self._read_faults).pick(self.random.random())
        self._number += 1
        raw_path, _, query = sent.url.raw_path.decode("ascii").partition("?")
        request = Request(sent.method, raw_path, query, dict(sent.headers.items()), sent.read())
        exchange = _Exchange(actor, request, self.loop.create_future(), fault, self._number, is_create)
        self._note(exchange, "sends", _about(request), *([f"!{fault.kind} {fault.performed}"] if fault else []))
        if fault is not None and fault.is_refused:
            await asyncio.sleep(self.seconds())
            raise refused()
        self.counts["handed"] += is_create
        if is_create and self.weather.is_write_split:
            await asyncio.sleep(self.seconds())
        self.counts["sent"] += is_create
        self.on_the_way += is_create
        self.loop.in_world(self.seconds(), self._arrive, exchange)
        try:
            return await exchange.future
        except asyncio.CancelledError:
            exchange.is_lost = self.random.random() < 0.3
            raise

    def settle(self) -> None:
        """Have the server do what is due."""
        self.simulator.service.settle()

    def _arrive(self, exchange: _Exchange) -> None:
        if exchange.is_lost:
            self._note(exchange, "is lost")
            self.on_the_way -= exchange.is_create
            return
        fault, answer = exchange.fault, None
        self.counts["arrived"] += exchange.is_create
        request_id = self.simulator.new_request_id()
        if fault is not None and fault.performed == "late":
            self.loop.in_world(self.weather.late_seconds * self.random.random(), self._perform, exchange, request_id)
        else:
            if fault is None or fault.performed == "after":
                answer = self._perform(exchange, request_id)
            else:
                self.on_the_way -= exchange.is_create
        self._answer(exchange, answer, request_id)

    def _answer(self, exchange: _Exchange, answer: Answer | None, request_id: str) -> None:
        fault, seconds = exchange.fault, self.seconds()
        result: httpx.Response | Exception | None = None
        if (fault is None or fault.kind == "slow") and answer is not None:
            result = response_of(answer, request_id)
            seconds += 45.0 * self.random.random() if fault else 0.0
        elif fault is not None:
            result = broken(fault.kind, answer, request_id)
            seconds += 30.0 if fault.kind == "hang" else 0.0
        if result is not None:
            self.loop.in_world(seconds, self._deliver, exchange, result)

    def _deliver(self, exchange: _Exchange, result: httpx.Response | Exception) -> None:
        self.counts["answered"] += exchange.is_create
        if exchange.future.done():
            return
        if isinstance(result, httpx.Response):
            self._note(exchange, "hears", result.status_code)
            exchange.future.set_result(result)
        else:
            self._note(exchange, "hears", type(result).__name__)
            exchange.future.set_exception(result)

    def _perform(self, exchange: _Exchange, request_id: str) -> Answer:
        answer = self.simulator.answer(exchange.request, request_id)
        if exchange.is_create:
            self.on_the_way -= 1
            self._take_note(exchange, answer)
        return answer

    def _take_note(self, exchange: _Exchange, answer: Answer) -> None:
        said: dict[str, Any] = json.loads(answer.body)
        if answer.status != 200:
            self._note(exchange, "refused", answer.status, said.get("error_code"))
            return
        task = self.simulator.service.any_task(said["id"])
        assert task is not None
        made = MadeTask(task.id, task.source_server_id, task.target_vm_id, exchange.actor.name, self.loop.now)
        self.twins.extend((made, other) for other in self.made if self._is_twin(made, other))
        self.made.append(made)
        self._note(exchange, "MAKES", task.id[:8], made.source_server_id, made.target_vm_id)

    def _is_twin(self, made: MadeTask, other: MadeTask) -> bool:
        """Whether both tasks are there, for one source or one existing target."""
        same_target = bool(made.target_vm_id) and made.target_vm_id == other.target_vm_id
        if not same_target and made.source_server_id != other.source_server_id:
            return False
        return self.simulator.service.any_task(other.task_id) is not None

    def _note(self, exchange: _Exchange, what: str, *details: object) -> None:
        self.trace.note(self.loop.now, exchange.actor.name, what, f"#{exchange.number}", *details)


class Wire(httpx.AsyncBaseTransport):
    """One process's connections."""

    def __init__(self, network: Network, actor: Actor) -> None:
        self._network = network
        self._actor = actor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._network.carry(self._actor, request)


def _about(request: Request) -> str:
    if request.method == "POST":
        return f"POST {json.loads(request.body)['source_server']['id']}"
    return f"GET {request.path}" + (f"?{request.raw_query}" if request.raw_query else "")
