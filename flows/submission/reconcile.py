"""Say where a row stands before anything is sent for it: settle what another run left, know what is there (design 5.5, 5.6).

What a dead run left in flight has no road of its own: it is settled by the same `RowRun` that sends. Called by wave_run.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.sms.codes import may_be_cured
from flows.sms.errors import SmsError, StopRun
from flows.submission import endings
from flows.submission.events import StopReason
from flows.submission.life import RowState
from flows.submission.protocol import BOUND_CODE, Conclusion, Sight, Sighting, recognise
from flows.submission.records import RowRecord
from flows.submission.retry_rules import look_pause_seconds
from flows.submission.settling import Settled
from flows.submission.sightings import as_sent
from flows.submission.submitter import RowRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.sms.models import TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.holding import Grant
    from flows.submission.shipment import Shipment
    from inventory.outcomes import Outcome


class RowRuns:
    """The rows of one run by source server, those of other waves that hold a target of this one included.

    `sources_sent` are those whose rows this run is to send, and therefore brings to an end by themselves.
    """

    def __init__(self, desk: Desk, sources_sent: Iterable[str]) -> None:
        self._desk = desk
        self._runs: dict[str, RowRun] = {}
        self._sent = frozenset(sources_sent)
        self._users: Counter[str] = Counter()

    def of(self, source_server_id: str) -> RowRun:
        """The life of a source server in this run; one object for each, however often it is asked for."""
        if source_server_id not in self._runs:
            fresh = RowRecord(self._desk.account, source_server_id, self._desk.run_id)
            self._runs[source_server_id] = RowRun(self._desk, self._desk.records.get(source_server_id, fresh))
        return self._runs[source_server_id]

    def take(self, grant: Grant) -> None:
        """Begin with the row of a grant, and with those that were left in flight on its target.

        One that another row of this run works with already goes on as it is.
        """
        for source, record in _rows_of(grant):
            run = self.of(source)
            if not self._users[source] or run.holder_id != grant.holder_id:
                run.take(grant, record)
            self._users[source] += 1

    def see(self, source_server_id: str, record: RowRecord | None, held_by: str = "") -> None:
        """Note how a row stands that this run does not work on, and which run does; one that is worked on here knows better."""
        if not self._users[source_server_id]:
            self.of(source_server_id).see(record, held_by)
        if record is not None and (task := made_meanwhile(self._desk, record)) is not None:
            self._desk.known.add(task)

    def release(self, grant: Grant) -> None:
        """The row of the grant has ended."""
        for source, _ in _rows_of(grant):
            self._users[source] -= 1
        self._desk.leases.release(grant)

    async def settle_other(self, other: RowRun) -> Settled:
        """Settle another source's attempt; where that source is not sent in this wave, nobody else writes down what it came to."""
        is_sent = other.record.source_server_id in self._sent
        return await (other.settle_inherited() if is_sent else other.settle_for_good())


async def before_sending(desk: Desk, runs: RowRuns, shipment: Shipment, grant: Grant) -> Outcome | None:
    """The row's outcome where nothing is to be sent for it; None where it is to be sent."""
    run = runs.of(shipment.source_server_id)
    if run.record.state.is_in_flight:
        ended = await _end_inherited(run, shipment)
        if ended is not None:
            return ended
    is_bound = run.record.state is RowState.BOUND
    ended = await (_known_task(desk, run, shipment) if is_bound else _what_is_there(desk, run, shipment))
    # Last, since it is a reason against sending only: a row whose task is there has it, whoever else wanted the target.
    return ended or await _held_by_others(desk, runs, shipment, grant)


async def _end_inherited(run: RowRun, shipment: Shipment) -> Outcome | None:
    """Settle what an earlier run left in flight for the row; None where what is there is to be held against today's sheet."""
    settled = await run.settle_inherited()
    if settled.conclusion is Conclusion.BOUND_TO_ANOTHER and shipment.target != run.record.target:
        # Found for the target of the intent; the sheet has been edited since, and may ask for the very task that was in the way.
        await run.close(settled)
        return None
    return None if settled.conclusion is Conclusion.SEND_AGAIN else await run.end(shipment, settled)


async def _held_by_others(desk: Desk, runs: RowRuns, shipment: Shipment, grant: Grant) -> Outcome | None:
    """The row's outcome where another source's attempt, or task, has its target."""
    run = runs.of(shipment.source_server_id)
    for neighbour in grant.neighbours:
        if neighbour.state.is_in_flight:
            settled = await runs.settle_other(runs.of(neighbour.source_server_id))
            if settled.conclusion in {Conclusion.MADE_BY_US, Conclusion.ALREADY_THERE} and settled.sight is not None:
                return endings.conflict(run, shipment, replace(settled.sight, kind=Sighting.OTHER_TASK_OF_TARGET))
            if settled.conclusion is Conclusion.UNKNOWN:
                return endings.target_held(run, shipment, neighbour.source_server_id)
        elif (ended := await _task_of_neighbour(desk, run, shipment, neighbour)) is not None:
            return ended
    return None


async def _task_of_neighbour(desk: Desk, run: RowRun, shipment: Shipment, neighbour: RowRecord) -> Outcome | None:
    """The journal knows a task of another source on the target; one that no listing showed may have been made since."""
    try:
        task = desk.known.get(neighbour.task_id) or made_meanwhile(desk, neighbour)
        task = task or await _ask_for(desk, run, neighbour.task_id)
    except SmsError as error:
        if isinstance(error, StopRun):
            desk.stop.request(StopReason.refused(error))
        return endings.target_held(run, shipment, neighbour.source_server_id)
    if task is None or task.is_deleting or task.target_vm_id != shipment.target.vm_id:
        return None
    return endings.conflict(run, shipment, Sight(Sighting.OTHER_TASK_OF_TARGET, task))


def made_meanwhile(desk: Desk, record: RowRecord) -> TaskSummary | None:
    """The task that another run made for a row since this one looked at SMS, as the journal holds it; else None.

    An attempt that was in flight then counts too: its task may not be shown for a while.
    """
    before = desk.records.get(record.source_server_id)
    was_in_flight = before is not None and before.state.is_in_flight
    is_new = was_in_flight or record.attempts > (before.attempts if before is not None else 0)
    if record.state is not RowState.BOUND or not is_new:
        return None
    return as_sent(record, record.task_id)


async def _known_task(desk: Desk, run: RowRun, shipment: Shipment) -> Outcome | None:
    """The journal knows the row's task. Its absence from the listing proves nothing, so it is asked for by its id."""
    try:
        task = desk.known.get(run.record.task_id) or made_meanwhile(desk, run.record)
        task = task or await _ask_for(desk, run, run.record.task_id)
    except StopRun as error:
        desk.stop.request(StopReason.refused(error))
        return endings.cannot_ask(run, shipment, error)
    except SmsError as error:
        return endings.cannot_ask(run, shipment, error)
    if task is None and desk.stop.is_set:
        # Asked for too early, perhaps: a task that is listed late is not gone.
        return await run.cut_short(shipment.row)
    if task is not None and not task.is_deleting:
        return endings.there(run, shipment, task, made_by_this_run=task.id == run.made_task_id)
    successor = what_stands_there(desk, run.record, shipment)
    if successor.kind is not Sighting.NOTHING:
        return await _stands_in_the_way(run, shipment, successor)
    if task is not None:
        return endings.being_deleted(run, shipment, task)
    if not desk.options.recreate:
        return endings.gone(run, shipment)
    await run.forget()
    return None


async def _ask_for(desk: Desk, run: RowRun, task_id: str) -> TaskSummary | None:
    """The row's own task, or one on its target, by its id.

    One that an earlier run made a moment ago may not be shown until the settle time is over.
    """
    looks = 0
    while True:
        settled = desk.clock.steady() - desk.started >= desk.options.settle_seconds
        task = await desk.client.show_task(task_id)
        if task is not None or settled or desk.stop.is_set:
            return task
        looks += 1
        run.on_rest()
        await desk.stop.sleep(look_pause_seconds(looks, desk.random), desk.clock)


async def _what_is_there(desk: Desk, run: RowRun, shipment: Shipment) -> Outcome | None:
    sight = what_stands_there(desk, run.record, shipment)
    if sight.kind is not Sighting.NOTHING:
        return await _stands_in_the_way(run, shipment, sight)
    return endings.rejected(run, shipment) if is_still_refused(desk, run.record, shipment) else None


async def _stands_in_the_way(run: RowRun, shipment: Shipment, sight: Sight) -> Outcome:
    same = sight.kind in {Sighting.OURS, Sighting.SAME}
    return await run.end(shipment, Settled(Conclusion.ALREADY_THERE if same else Conclusion.BOUND_TO_ANOTHER, sight))


def what_stands_there(desk: Desk, record: RowRecord, shipment: Shipment) -> Sight:
    """What is known to be there, held against what today's sheet asks for."""
    of_source = [task for task in desk.known.of_source(shipment.source_server_id) if task.id != record.task_id]
    of_target = desk.known.of_target(shipment.target.vm_id)
    if not of_source and not of_target:
        return Sight(Sighting.NOTHING)
    return recognise(replace(record, target=shipment.target, task_name=shipment.task_name), of_source, of_target)


def is_still_refused(desk: Desk, record: RowRecord, shipment: Shipment) -> bool:
    """Whether SMS has refused this very body before; a corrected row is sent without being asked for.

    Asked for (`--retry-rejected`), a row is sent again unless nothing but another body will do.
    """
    refused = record.state is RowState.REFUSED and record.error_code != BOUND_CODE
    is_asked_for = desk.options.retry_rejected and may_be_cured(record.error_code)
    return refused and record.body_digest == shipment.body_digest and not is_asked_for


def _rows_of(grant: Grant) -> list[tuple[str, RowRecord | None]]:
    """The row of a grant and those that are leased with it, by source server."""
    left = [(record.source_server_id, record) for record in grant.neighbours if record.state.is_in_flight]
    return [(grant.request.source_server_id, grant.record), *left]
