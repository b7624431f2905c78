"""All parts of one simulator together, and the way of a request through them: caller, rate, permission, rule.

Synchronous and without HTTP: whoever is in the same process (a transport of httpx, a test in virtual time) hands
`Simulator.receive` a `Request` and gets a `Reply`, which says what became of it and what its caller hears. Faults are drawn here
and done by wire.py, which alone has a connection to break, or by that transport. `service.next_change_at()` tells a clock that
jumps where to jump to. Made by app.py, or by a test.
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from flows.simulator.answers import Answer, GatewayRefusal, Refusal
from flows.simulator.api_tasks import CREATE, make_task
from flows.simulator.auth import Authenticator
from flows.simulator.breakage import BREAKS_CONNECTION, forbidden, lying_answer
from flows.simulator.core import Service
from flows.simulator.faults import Fault, FaultPlan, Phase, group_of, parse_faults
from flows.simulator.fleet import Fleet, make_fleet
from flows.simulator.ledger import Ledger
from flows.simulator.routes import Route, find_route
from flows.simulator.store import Store, open_store
from flows.simulator.throttle import Throttle
from flows.simulator.validation import Validator

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.simulator.options import SimulatorOptions
    from flows.simulator.request import Request
    from flows.simulator.tasks import Task

UNPUBLISHED = "unpublished"
_TOLD = frozenset({"action", "speed", "delete"})
"""The groups of requests that tell a task something."""
_SOURCE = re.compile(rb'"source_server"\s*:\s*\{\s*"id"\s*:\s*"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Reply:
    """What becomes of a request. `true` is the answer to what was performed, None where nothing was (or not yet).

    `fault` is what strikes it, None for most. The caller hears `told`; None is no whole answer: the connection hangs, drops, is
    reset or breaks in the middle of `true`, by `fault.kind`. With the fault `slow` it comes `slow_seconds` late.
    """

    true: Answer | None
    told: Answer | None
    fault: Fault | None = None


class Simulator:
    """One simulated account. `clock` gives seconds since the epoch; times in signatures are judged by it too."""

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        clock: Callable[[], float] = time.time,
        fleet: Fleet | None = None,
        store: Store | None = None,
    ) -> None:
        # A restart on the same file must not give ids again, so the seed alone is not enough for them.
        self._rng = random.Random(f"{options.seed}:{clock() if options.state else ''}")  # noqa: S311 - an example's ids, no secrets
        self.options = options
        self.clock = clock
        self.store = open_store(options.state) if store is None else store
        fleet = make_fleet(options) if fleet is None else fleet
        self.service = Service(options, fleet, self.store, clock=clock, rng=self._rng)
        self.validator = Validator(options)
        self.authenticator = Authenticator(options, clock=clock, rng=self._rng)
        self.throttle = Throttle(options.rate, options.retry_after_seconds)
        self.faults = FaultPlan(options.seed, parse_faults(options.faults))
        self.denied_actions = set(options.denied_actions)
        self.ledger = Ledger()

    def new_request_id(self) -> str:
        """A request id: 32 hexadecimal digits."""
        return f"{self._rng.getrandbits(128):032x}"

    def receive(self, request: Request, request_id: str) -> Reply:
        """Take a request with all that the fault plan makes of it: performed or not, or later; its answer true, a lie, or lost."""
        name = route_name(request.method, request.path)
        self.ledger.requests[name] += 1
        fault = self.faults.draw(name, self.about(name, request)) if self.faults.active else None
        if fault is None or fault.kind == "slow":
            answer = self.answer(request, request_id)
            return Reply(answer, answer, fault)
        task = self._task_of(request)
        if fault.kind == "late":
            self.perform_late(request)
        good = self.answer(request, request_id) if fault.phase is Phase.AFTER else None
        if task is not None and group_of(name) in _TOLD and fault.kind != "late":
            self._tell_history(task, operation_of(name, request), fault)
        if fault.kind in BREAKS_CONNECTION:
            return Reply(good, None, fault)
        return Reply(good, lying_answer(fault.kind, good, request_id, self.options.retry_after_seconds), fault)

    def about(self, name: str, request: Request) -> str:
        """The source server that a request is about, by a glance at its body, query or path; empty when it names none."""
        if group_of(name) in _TOLD:
            task = self._task_of(request)
            return "" if task is None else task.source_server_id
        return source_of(name, request)

    def answer(self, request: Request, request_id: str = "") -> Answer:
        """The true answer to a request, its effect done; what the faults make of it is not in here."""
        try:
            route, ids = self._admit(request)
            return route.handler(self, request, *ids)
        except Refusal as refusal:
            self.ledger.refusals[refusal.code] += 1
            return refusal.answer()
        except GatewayRefusal as refusal:
            self.ledger.refusals[refusal.code] += 1
            return refusal.answer(request_id or self.new_request_id())

    def perform_late(self, request: Request) -> None:
        """Have a request performed some seconds from now, whatever it then comes to; its answer goes to nobody."""
        try:
            route, ids = self._admit(request)
        except (Refusal, GatewayRefusal):
            return

        def effect(due: float) -> None:
            try:
                if route.name == CREATE:
                    make_task(self, request.body, due, made_by="late")
                else:
                    self._perform_unheard(route, request, ids)
            except Refusal as refusal:
                self.ledger.refusals[refusal.code] += 1

        self.service.perform_later(self.options.late_seconds, effect)

    def reset(self) -> None:
        """Forget all tasks, counts and single faults still to come; sources, tokens and the fault plan stay."""
        self.service.reset()
        self.ledger.clear()
        self.faults.injected.clear()
        self.faults.ordered.clear()

    def _task_of(self, request: Request) -> Task | None:
        found = find_route(request.method, request.path)
        return None if found is None or not found[1] else self.service.any_task(found[1][0])

    def _perform_unheard(self, route: Route, request: Request, ids: tuple[str, ...]) -> None:
        """Do what a late request is for, and have the history of its task tell that nobody hears of it."""
        task = self._task_of(request)
        try:
            route.handler(self, request, *ids)
        finally:
            if task is not None and task.operations and group_of(route.name) in _TOLD:
                task.operations[-1]["answer"] = "late"

    def _tell_history(self, task: Task, operation: str, fault: Fault) -> None:
        """Have a task's history tell of an answer that was not heard, or of an operation that was not performed."""
        if fault.phase is Phase.AFTER and task.operations:
            task.operations[-1]["answer"] = fault.name
        else:
            note = {"operation": operation, "at": self.service.now(), "performed": False, "code": ""}
            task.operations.append(note | {"answer": fault.name})

    def _admit(self, request: Request) -> tuple[Route, tuple[str, ...]]:
        found = find_route(request.method, request.path)
        if found is None:
            raise GatewayRefusal(404, "APIGW.0101", "The API does not exist or has not been published in the environment")
        route = found[0]
        if not route.needs_caller:
            return found
        headers = request.headers
        key = self.authenticator.check(request.method, request.path, request.raw_query, headers, request.body)
        self.throttle.take(key, self.clock(), route.name)
        if route.action in self.denied_actions:
            raise forbidden(route.action)
        self.ledger.accounts[headers.get("x-project-id") or headers.get("x-domain-id") or ""] += 1
        return found


def source_of(name: str, request: Request) -> str:
    """The source server that a create or a read is about, by a glance at its body or query; empty when it names none."""
    if name == CREATE:
        match = _SOURCE.search(request.body)
        return match[1].decode(errors="replace") if match else ""
    return parse_qs(request.raw_query).get("source_server_id", [""])[-1]


def operation_of(name: str, request: Request) -> str:
    """What a task is told, in the words of its history: an action's operation, `speed` or `delete`."""
    if group_of(name) != "action":
        return group_of(name)
    try:
        return str(request.json_object().get("operation"))
    except Refusal:
        return ""


def route_name(method: str, path: str) -> str:
    """The documented name of a request's route, for counting; `unpublished` when there is none."""
    found = find_route(method, path)
    return found[0].name if found else UNPUBLISHED


__all__ = ["CREATE", "Reply", "Simulator", "route_name", "source_of"]
