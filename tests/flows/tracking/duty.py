"""A night on duty, in virtual time: a plan, its tasks on the simulator without a socket, a real journal, and who watches."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import insert

from flows import track_job
from flows.simulator.options import SimulatorOptions
from flows.simulator.request import Request
from flows.simulator.simulator import Simulator
from flows.simulator.states import State
from flows.sms.client import ClientOptions, SmsClient
from flows.submission import schema
from flows.submission.events import StopReason, StopSignal
from flows.submission.journal import open_journal
from flows.submission.throttle import Throttle
from flows.track_job import TrackRequest
from flows.tracking.standing import Goal
from flows.tracking.tracker import TrackDesk, Tracker, TrackResult, track
from tests.flows.simulator.bodies import as_bytes, post_task
from tests.flows.submission.clocks import MovedClock
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from flows.submission.journal import Journal
    from flows.tracking.events import Change
    from flows.tracking.picture import Picture

ACCOUNT = "https://sms.example"
WAVE = {"wave": "wave-1", "starts_at": "2027-01-10 20:00", "ends_at": "2027-01-11 02:00", "timezone": "UTC"}
STARTS_AT = 1_799_611_200.0
GIB = 1024**3


class Duty(httpx.AsyncBaseTransport):
    """One wave on one simulator, at the moment at which its window opens; a watcher that keeps what it is told."""

    def __init__(
        self, folder: Path, rows: Sequence[dict[str, Any]], wave: dict[str, Any], sizes: Sequence[int], **options: Any
    ) -> None:
        self.clock = MovedClock(STARTS_AT)
        self.journal_url = f"sqlite+aiosqlite:///{folder / 'journal.sqlite'}"
        disks = [disk(number, size=size, used_size=size) for number, size in enumerate(sizes, 1)]
        self.plan = make_plan(folder / "plan.xlsx", rows, disks=disks, waves=[wave])
        chosen = SimulatorOptions(**{"any_source": True, "any_target": True, "authentication": False, **options})
        self.simulator = Simulator(chosen, clock=self.clock.wall)
        self.calls: list[str] = []
        self.broken: list[Exception] = []
        self.renamed: tuple[bytes, bytes] = (b"", b"")
        self.pictures: list[Picture] = []
        self.changes: list[str] = []
        self.remarks: list[str] = []
        self.stop = StopSignal()
        self.reads = Throttle(self.clock)
        self.ends_after: float | None = None

    # -- the other side of the wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if self.broken:
            raise self.broken.pop(0)
        headers = dict(request.headers)
        sent = Request(request.method, request.url.path, request.url.query.decode(), headers, request.content)
        answer = self.simulator.answer(sent)
        body = answer.body.replace(*self.renamed) if self.renamed[0] else answer.body
        return httpx.Response(answer.status, content=body, request=request)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request of somebody else's."""
        return self.simulator.answer(Request(method, path, "", {}, b"" if body is None else as_bytes(body)))

    def make(self, number: int = 1, **changes: Any) -> str:
        """The task of the `number`-th server, with a disk of its size; its id."""
        size = changes.pop("size", 5 * GIB)
        body = post_task(server(number)["source_server_id"], server(number)["target_vm_id"], **changes)
        for each in body["target_server"]["disks"]:
            each.update(size=size, used_size=size)
            each["physical_volumes"] = [{**volume, "size": size, "used_size": size} for volume in each["physical_volumes"][:1]]
        answer = self.ask("POST", "/v3/tasks", body)
        assert answer.status == 200, answer.body
        return str(httpx.Response(200, content=answer.body).json()["id"])

    def operate(self, task_id: str, operation: str) -> None:
        """What somebody does to a task."""
        answer = self.ask("POST", f"/v3/tasks/{task_id}/action", {"operation": operation})
        assert answer.status == 200, answer.body

    def put(self, task_id: str, state: str) -> None:
        """Have a task in a state, by hand."""
        task = self.simulator.service.any_task(task_id)
        assert task is not None
        self.simulator.service.set_state(task, State(state))

    def delete(self, task_id: str) -> None:
        """Have a task gone, by hand."""
        task = self.simulator.service.any_task(task_id)
        assert task is not None
        self.simulator.service.remove(task)

    async def know(self, *task_ids: str) -> None:
        """Have the journal know these as made by this tool, for the first servers."""
        made = {"account": ACCOUNT, "state": "CREATED", "run_id": "r-1", "updated_at": 0.0}
        sources = [server(number)["source_server_id"] for number in range(1, len(task_ids) + 1)]
        rows = [{**made, "source_server_id": source, "task_id": task} for source, task in zip(sources, task_ids, strict=True)]
        async with self.journal() as journal:
            await journal.transact(lambda connection: connection.execute(insert(schema.row), rows))

    # -- who watches

    def picture(self, picture: Picture) -> None:
        self.pictures.append(picture)
        if self.ends_after is not None and self.clock.now >= self.ends_after:
            self.stop.request(StopReason.interrupted())

    def change(self, change: Change) -> None:
        self.changes.append(f"{change.server.label}: {change.was} -> {change.server.state}")

    def remark(self, text: str) -> None:
        self.remarks.append(text)

    # -- the duty itself

    @asynccontextmanager
    async def tracker(self, **asked: Any) -> AsyncIterator[Tracker]:
        """A tracker, its journal open."""
        async with self.journal() as journal, self._client() as client:
            prepared = track_job.prepare(TrackRequest(self.plan, "wave-1", **asked))
            order = await track_job.order_of(prepared, ACCOUNT, journal, self.clock)
            yield Tracker(order, TrackDesk(client, journal, self.clock, self, self.stop, self.reads))

    async def track(self, goal: Goal = Goal.DONE, **asked: Any) -> TrackResult:
        """Follow the wave to its goal."""
        async with self.journal() as journal, self._client() as client:
            prepared = track_job.prepare(TrackRequest(self.plan, "wave-1", goal=goal, **asked))
            order = await track_job.order_of(prepared, ACCOUNT, journal, self.clock)
            return await track(order, TrackDesk(client, journal, self.clock, self, self.stop, self.reads))

    def journal(self) -> Journal:
        """The journal, to be entered."""
        return open_journal(self.journal_url, self.clock, self.remark)

    def _client(self) -> SmsClient:
        return SmsClient(ClientOptions(ACCOUNT), httpx.Auth(), transport=self, pace=self.reads, sleep=self.clock.sleep)
