"""All parts of one simulator together, and the way of a request through them: caller, rate, permission, rule.

Synchronous and without HTTP, so that a test can hand it requests in virtual time. Faults are drawn here and done by wire.py, which
alone has a connection to break. Made by app.py, or by a test.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from flows.simulator.answers import Answer, GatewayRefusal, Refusal
from flows.simulator.api_tasks import CREATE, make_task
from flows.simulator.auth import Authenticator
from flows.simulator.breakage import forbidden
from flows.simulator.core import Service
from flows.simulator.faults import FaultPlan, parse_faults
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

UNPUBLISHED = "unpublished"


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
        """Have a create performed some seconds from now, whatever it then comes to; its answer goes to nobody."""
        body = request.body

        def effect(due: float) -> None:
            try:
                make_task(self, body, due, made_by="late")
            except Refusal as refusal:
                self.ledger.refusals[refusal.code] += 1

        try:
            self._admit(request)
        except (Refusal, GatewayRefusal):
            return
        self.service.perform_later(self.options.late_seconds, effect)

    def reset(self) -> None:
        """Forget all tasks, counts and single faults still to come; sources, tokens and the fault plan stay."""
        self.service.reset()
        self.ledger.clear()
        self.faults.injected.clear()
        self.faults.ordered.clear()

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


def route_name(method: str, path: str) -> str:
    """The documented name of a request's route, for counting; `unpublished` when there is none."""
    found = find_route(method, path)
    return found[0].name if found else UNPUBLISHED


__all__ = ["CREATE", "Simulator", "route_name"]
