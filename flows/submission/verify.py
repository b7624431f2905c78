"""After the last answer: one full listing, which names every server that has two tasks, and shows tasks that were listed late.

Called by wave_run.py.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from flows.sms.errors import SmsError
from flows.submission.holding import Grant
from flows.submission.journal import LeaseLostError
from flows.submission.leases import LeaseRequest
from flows.submission.protocol import Conclusion, Sighting, in_two_tasks, recognise, with_two_sources
from flows.submission.run_findings import twice
from flows.submission.settling import Settled
from flows.submission.sightings import KnownTasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flows.sms.models import TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.reconcile import RowRuns
    from flows.submission.shipment import Shipment
    from flows.submission.submitter import RowRun
    from inventory.findings import Finding
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow

    Finish = Callable[[ServerRow, Outcome], None]


def doubles(tasks: Sequence[TaskSummary]) -> list[Finding]:
    """A finding for every source server with two tasks, and for every target that tasks of two sources fill, whoever made them."""
    sources = [twice("source", source, ids) for source, ids in in_two_tasks(tasks).items()]
    return [*sources, *(twice("target", target, ids) for target, ids in with_two_sources(tasks).items())]


async def list_once_more(desk: Desk) -> Sequence[TaskSummary] | None:
    """Every task of the account; None where SMS does not say, or the run is asked to stop meanwhile."""
    try:
        return await desk.stop.unless_set(desk.client.list_tasks(), desk.clock)
    except SmsError as error:
        desk.watcher.remark(f"the listing at the end of the run failed, duplicates may be missed: {error.message}")
        return None


async def adopt_late(
    desk: Desk, runs: RowRuns, unsettled: Iterable[tuple[RowRun, Shipment]], listed: Sequence[TaskSummary], finish: Finish
) -> None:
    """Give the rows their task that gave up looking before it was listed; `finish` hears of each row's new outcome."""
    seen = KnownTasks(listed)
    wanted = [(run, shipment) for run, shipment in unsettled if _late_task(run, seen) is not None]
    requests = [LeaseRequest(run.record.source_server_id, "") for run, _ in wanted]
    with suppress(LeaseLostError):  # then they stay uncertain
        for (run, shipment), grant in zip(wanted, await desk.leases.take(requests) if wanted else (), strict=True):
            if isinstance(grant, Grant):
                await _adopt(runs, run, shipment, grant, seen, finish)


async def _adopt(runs: RowRuns, run: RowRun, shipment: Shipment, grant: Grant, seen: KnownTasks, finish: Finish) -> None:
    runs.take(grant)
    try:
        settled = _late_task(run, seen)
        if settled is not None:
            finish(shipment.row, await run.end(shipment, settled))
    finally:
        runs.release(grant)


def _late_task(run: RowRun, seen: KnownTasks) -> Settled | None:
    """The task of ours that an attempt in doubt has made, where it is seen."""
    if not run.record.is_in_doubt:
        return None
    sight = recognise(run.record, seen.of_source(run.record.source_server_id), ())
    return Settled(Conclusion.MADE_BY_US, sight) if sight.kind is Sighting.OURS else None
