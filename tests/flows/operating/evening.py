"""One wave whose tasks are made, against a real simulator: what the tests of operating share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flows import operate_job
from flows.operating import action_log
from flows.operating.operations import Operation
from flows.operating.orders import Unwatched
from flows.submission.clock import SystemClock
from flows.submission.events import StopSignal
from flows.submission.journal import open_journal
from tests.flows.submission.night import Night
from tests.plans import server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flows.operating.action_records import Action
    from flows.operating.orders import ActionResult, ActWatcher

ACTION = "POST /v3/tasks/{id}/action"
DELETE = "POST /v3/tasks/delete"
SPEED = "POST /v3/tasks/{id}/speed-limit"
LOOK = "GET /v3/tasks/{id}"


class Heard(Unwatched):
    """Keeps what was remarked, and the musters."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.musters: list[Any] = []

    def remark(self, text: str) -> None:
        self.remarks.append(text)

    def muster(self, muster: Any) -> None:
        self.musters.append(muster)


class Evening(Night):
    """A night whose wave is submitted; `order` gives an order as the command line does."""

    async def made(self, servers: int | list[dict[str, Any]] = 1, **sheets: Any) -> Path:
        """A plan whose rows have their tasks."""
        plan = self.plan(servers, **sheets)
        end = await self.submit(plan)
        assert end.is_all_done
        return plan

    async def order(
        self,
        plan: Path,
        operation: Operation | str,
        wave: str = "wave-1",
        *,
        watcher: ActWatcher | None = None,
        stop: StopSignal | None = None,
        poll_seconds: float = 0.1,
        offline_patience_seconds: float | None = None,
        **order: Any,
    ) -> ActionResult:
        """Carry out an order."""
        prepared = operate_job.prepare(operate_job.OperateOrder(plan, wave, Operation(operation), **order))
        return await operate_job.run(
            prepared,
            self.run_settings(),
            watcher or Unwatched(),
            stop or StopSignal(),
            poll_seconds=poll_seconds,
            offline_seconds=0.2,
            offline_patience_seconds=offline_patience_seconds,
        )

    async def actions(self, number: int = 1) -> Sequence[Action]:
        """What the journal holds of what was done to a server's tasks."""
        settings, source = self.run_settings(), server(number)["source_server_id"]
        async with open_journal(settings.journal_url, SystemClock(), print) as journal:
            found = await journal.read(lambda connection: action_log.of_sources(connection, settings.account, [source]))
        return found.get(source, [])

    def state(self, number: int = 1) -> str:
        """What state a server's task really is in."""
        (task,) = self.simulator.tasks_of(server(number)["source_server_id"])
        return str(task["state"])

    def task_id(self, number: int = 1) -> str:
        """The id of a server's task."""
        (task,) = self.simulator.tasks_of(server(number)["source_server_id"])
        return str(task["id"])

    def asked(self, route: str = ACTION) -> int:
        """How many requests to a route have arrived."""
        return len(self.simulator.arrivals(route))


def flat(result: ActionResult) -> list[str]:
    """The outcomes in the rows' order."""
    return [one.ended.value for one in result.results]


def tally(result: ActionResult) -> Counter[str]:
    """How many servers ended how."""
    return Counter(flat(result))
