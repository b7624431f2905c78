"""A simulator without a socket, in virtual time: what tests of rules drive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flows.simulator.options import SimulatorOptions
from flows.simulator.request import Request
from flows.simulator.simulator import Simulator
from tests.flows.simulator.bodies import as_bytes, post_task

if TYPE_CHECKING:
    from flows.simulator.answers import Answer
    from flows.simulator.fleet import Fleet


class InMemory:
    """One simulator whose clock the test moves. Without authentication, and with any source, unless told otherwise."""

    def __init__(self, fleet: Fleet | None = None, *, now: float = 1_750_000_000.0, **options: Any) -> None:
        self.now = now
        options = {"any_source": True, "authentication": False, **options}
        self.simulator = Simulator(SimulatorOptions(**options), clock=lambda: self.now, fleet=fleet)

    def call(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        """Make one request; `body` is sent as JSON unless it is bytes."""
        path, _, query = path.partition("?")
        sent = body if isinstance(body, bytes) else b"" if body is None else as_bytes(body)
        return self.simulator.answer(Request(method, path, query, headers or {}, sent))

    def json(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON, which must be a 200."""
        answer = self.call(method, path, body)
        assert answer.status == 200, answer.body
        return json.loads(answer.body) if answer.body else None

    def code(self, method: str, path: str, body: object = None) -> str:
        """The error code of an answer, empty for a 200."""
        answer = self.call(method, path, body)
        return "" if answer.status == 200 else str(json.loads(answer.body)["error_code"])

    def create(self, source: str = "s-1", vm_id: str = "v-1", **changes: Any) -> str:
        """Make a task; its id."""
        return str(self.json("POST", "/v3/tasks", post_task(source, vm_id, **changes))["id"])

    def listed(self, query: str = "") -> list[str]:
        """The ids that one page of the listing shows."""
        return [task["id"] for task in self.json("GET", f"/v3/tasks?{query}")["tasks"]]

    def state(self, task_id: str) -> str:
        """The state on a task's own page."""
        return str(self.json("GET", f"/v3/tasks/{task_id}")["state"])
