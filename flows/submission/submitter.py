"""Take one row through its life: intent, request, answer, and where need be a look, until it has its one outcome.

Executes what protocol.py decides, writes down each step through the journal before anything depends on it, and holds a sending
slot only for a request that is on the wire, or goes out next. `RowRun` is the life of one source server in one run; reconcile.py
says where it starts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.sms.errors import ErrorClass, SmsError, StopRun, Throttled
from flows.sms.models import Created
from flows.submission import endings
from flows.submission.durable_row import DurableRow
from flows.submission.events import Attempt, StopReason
from flows.submission.journal import LeaseLostError
from flows.submission.life import RowState
from flows.submission.protocol import Aim, Conclusion, Sight, Sighting, Step, after_error, aim_of_inherited
from flows.submission.records import RowRecord
from flows.submission.retry_rules import RULES
from flows.submission.settling import Settled, settle
from flows.submission.sightings import as_sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.sms.models import TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.holding import Grant
    from flows.submission.shipment import Shipment
    from inventory.findings import Finding
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow


def _nothing() -> None:
    """What a row that nobody waits for does when it rests."""


class RowRun:
    """The life of one source server in one run. `record` is always what the journal durably holds.

    `sent` counts the requests that left, or may have left, this machine; `made_task_id` is the task that this run made, as soon as
    that is known, written down or not; `on_rest` is called when the row begins to wait for something else than its turn, so that
    another may be taken up meanwhile; `held_by` names the other run that works on the row, "" where none does.
    """

    def __init__(self, desk: Desk, record: RowRecord) -> None:
        self._desk = desk
        self._row = DurableRow(desk, record)
        self.sent = 0
        self.first_sent_at: datetime | None = None
        self.last_error: SmsError | None = None
        self.on_rest: Callable[[], None] = _nothing
        self.made_task_id = ""
        self.held_by = ""
        self.is_on_wire = False
        self._grant: Grant | None = None
        self._is_own_intent = False
        self._found_nothing: Settled | None = None
        self._inherited: asyncio.Future[Settled] | None = None
        self._closing = asyncio.Lock()

    @property
    def record(self) -> RowRecord:
        """What the journal durably holds of the row."""
        return self._row.record

    @property
    def holder_id(self) -> str:
        """The holder under whose lease the row is worked on."""
        return self._row.holder_id

    def take(self, grant: Grant, record: RowRecord | None) -> None:
        """Begin, or begin again, with what the journal holds now, under the lease of `grant`."""
        record = record or RowRecord(self._desk.account, grant.request.source_server_id, self._desk.run_id)
        self._row = DurableRow(self._desk, record, grant.holder_id)
        self._grant, self.held_by = grant, ""
        self._is_own_intent = self.is_on_wire = False
        self._inherited = self._found_nothing = None

    def see(self, record: RowRecord | None, held_by: str) -> None:
        """Note how the row stands, for one that this run does not work on."""
        self._row = DurableRow(self._desk, record or self.record)
        self.held_by = held_by

    async def submit(self, shipment: Shipment, grant: Grant) -> Outcome:
        """Send the row, under its own grant, until its task is there, or it is certain that there will be none, or nobody can say.

        The row must not be in flight from another run (see `settle_inherited`). Never raises for what SMS or the network does.
        """
        failures: Counter[ErrorClass] = Counter()
        gate = self._desk.gate
        while await gate.lets_in(self):
            try:
                answer = await self._attempt(shipment, grant)
            finally:
                gate.let_go(self)
            if answer is None:
                await self._take_back()
                continue
            if isinstance(answer, Created):
                return endings.created(self, shipment)
            failures[answer.error_class] += 1
            ended = await self._after(shipment, answer, failures)
            if ended is not None:
                return ended
        return await self._leave(shipment.row)

    async def settle_inherited(self) -> Settled:
        """Settle what another run left in flight for this source server, once, whoever asks (design 5.6).

        `SEND_AGAIN` leaves the row in doubt: what it did may still be listed late, so the next attempt is judged with that in mind.
        """
        if self._inherited is None:
            inherited = self._inherited = asyncio.get_running_loop().create_future()
            try:
                settled = await self._settle_inherited_now()
            except Exception as error:
                # Whoever waits for the same must not take it for a cancellation of its own.
                inherited.set_exception(error)
                inherited.exception()
                raise
            except BaseException:
                inherited.cancel()
                raise
            inherited.set_result(settled)
        inherited = self._inherited
        settled = await asyncio.shield(inherited)
        if self._inherited is not inherited:
            raise LeaseLostError  # taken anew meanwhile: what was seen is about a row that has moved on
        return settled

    async def settle_for_good(self) -> Settled:
        """Settle what another run left in flight and write down what it came to, once, for a row that nobody sends in this run."""
        settled = await self.settle_inherited()
        async with self._closing:
            if self.record.state.is_in_flight:
                await self.close(settled)
        return settled

    async def close(self, settled: Settled) -> None:
        """Write down what settling came to."""
        await self._row.close(settled.conclusion, settled.task)

    async def forget(self) -> None:
        """Let go of a task that is gone from SMS, so that another may be made."""
        await self._row.forget()

    @property
    def seen_task(self) -> TaskSummary | None:
        """The task that the row is bound to, or any of its source, where this run has seen it, and not on its way out."""
        known, record = self._desk.known, self.record
        seen = [known.get(record.task_id)] if record.state is RowState.BOUND else known.of_source(record.source_server_id)
        return next((task for task in seen if task is not None and not task.is_deleting), None)

    async def cut_short(self, row: ServerRow, reason: StopReason | None = None) -> Outcome:
        """The outcome of a row that the run leaves where it is; what is on its way is journalled as in doubt.

        An intent of another run stays as it is: whether that request left, this run cannot know.
        """
        await self._take_back()
        return endings.left(self, row, reason or self._desk.why_unsent)

    async def _take_back(self) -> None:
        """Write off an intent of this run's that nothing was heard of."""
        if self.record.state is RowState.SENDING and self._is_own_intent:
            self.sent += self.is_on_wire
            await self._row.write_off(is_on_wire=self.is_on_wire)
            self.is_on_wire = False

    async def _leave(self, row: ServerRow) -> Outcome:
        """The outcome of a row that was about to be sent, or sent again, when nothing new was to be sent any more.

        One whose last attempt was looked for, and is not there, is free: nothing was made.
        """
        if self._found_nothing is not None and self.record.state is RowState.UNSETTLED:
            await self.close(self._found_nothing)
        return await self.cut_short(row)

    def note_finding(self, finding: Finding) -> None:
        """Tell of something that the row's outcome does not say."""
        self._desk.findings.append(finding)

    async def _attempt(self, shipment: Shipment, grant: Grant) -> Created | SmsError | None:
        """One request to create, from the durable intent to the durable answer; None where it was not to leave any more."""
        desk = self._desk
        async with desk.under_way:
            if not desk.gate.lets_out(self):
                return None
            if self.holder_id != grant.holder_id:
                raise LeaseLostError  # taken anew meanwhile for another row, which settles it: the target is not held
            self._is_own_intent = True
            await self._row.intend(shipment)
            answer = await self._send(shipment.body)
        if answer is not None:
            await self._note(answer)
        return answer

    async def _send(self, body: bytes) -> Created | SmsError | None:
        """The request itself, once. The slot comes first: what the throttle lets through leaves now, not in a burst later."""
        desk = self._desk
        async with desk.slots:
            started = await self._may_leave()
            if started is None or not desk.gate.lets_out(self):
                return None
            self.is_on_wire, self._found_nothing = True, None
            self.first_sent_at = self.first_sent_at or datetime.fromtimestamp(desk.clock.wall(), UTC)
            try:
                answer: Created | SmsError = await desk.client.create_task(body)
            except SmsError as error:
                if isinstance(error, StopRun):
                    # Before anything is awaited: the next row must not take the slot and be refused too.
                    desk.stop.request(StopReason.refused(error))
                answer = error
            finally:
                desk.throttle.answered(started)
            desk.gate.answered(self, self.record.source_server_id, started, answer)
            return answer

    async def _may_leave(self) -> float | None:
        """Return when the pace lets one more request out, and the lease is certain to outlive it: that moment.

        None as soon as the request is not to leave any more.
        """
        desk, grant = self._desk, self._grant
        started = await self._paced()
        while started is not None and grant is not None and desk.gate.lets_out(self) and not desk.leases.is_proven(grant):
            await desk.leases.prove(grant)
            started = await self._paced()
        return started

    async def _paced(self) -> float | None:
        """The moment at which the pace lets one more request out; None where the gate shuts before it comes."""
        throttle = self._desk.throttle
        started = throttle.take_if_free()
        return started if started is not None else await self._desk.gate.unless_shut(self, throttle.acquire())

    async def _note(self, answer: Created | SmsError) -> None:
        """Write down the answer to an attempt, and what it makes of the row."""
        desk = self._desk
        if isinstance(answer, Created):
            self.sent += 1
            self.made_task_id = answer.task_id
            desk.known.add(as_sent(self.record, answer.task_id))  # whether it can be written down or not
            await self._row.made(answer)
            desk.watcher.attempt(Attempt(self.record.source_server_id, self.sent, None))
        else:
            self.sent += answer.error_class is not ErrorClass.NOT_SENT
            self.last_error = answer
            await self._row.failed(answer)
            desk.watcher.attempt(Attempt(self.record.source_server_id, self.sent, answer))
        self.is_on_wire = False

    async def _after(self, shipment: Shipment, error: SmsError, failures: Counter[ErrorClass]) -> Outcome | None:
        """What follows a failed attempt: the row's outcome, or None where it is to be sent again."""
        step, aim = after_error(self.record, error)
        gives_up = error.error_class in RULES and RULES[error.error_class].gives_up(failures[error.error_class])
        match step:
            case Step.SETTLE if aim is not None:
                settled = await self._settle(aim, self._desk.clock.steady())
                if settled.conclusion is Conclusion.SEND_AGAIN and not gives_up:
                    self._found_nothing = settled
                    return None
                return await self.end(shipment, settled)
            case Step.AGAIN:
                return await self._again(shipment, error, failures, gives_up=gives_up)
            case Step.STOP | Step.STOP_IN_DOUBT:
                return await self.cut_short(shipment.row)
            case _:
                return endings.rejected(self, shipment)

    async def _again(self, shipment: Shipment, error: SmsError, failures: Counter[ErrorClass], *, gives_up: bool) -> Outcome | None:
        desk = self._desk
        if isinstance(error, Throttled):
            desk.throttle.on_throttled(error)
        if not gives_up:
            self.on_rest()
            await desk.stop.sleep(RULES[error.error_class].pause_seconds(failures[error.error_class], desk.random), desk.clock)
            return None
        if not self.record.is_in_doubt:
            return endings.gave_up(self, shipment, error)
        return await self.end(shipment, await self._settle(Aim.GIVE_UP, desk.clock.steady()))

    async def end(self, shipment: Shipment, settled: Settled) -> Outcome:
        """Write down what settling came to, and give the row its outcome."""
        task = settled.task
        ours = settled.conclusion is Conclusion.MADE_BY_US and self.record.doubt_run_id == self._desk.run_id
        known_before = self.made_task_id
        if ours and task is not None:
            self.made_task_id = task.id
        try:
            await self.close(settled)
        except LeaseLostError:
            # Another run took the row over while this one looked: whose task it is must be found out anew.
            self.made_task_id = known_before
            raise
        match settled.conclusion:
            case Conclusion.MADE_BY_US | Conclusion.ALREADY_THERE if task is not None:
                return endings.there(self, shipment, task, made_by_this_run=ours)
            case Conclusion.BOUND_TO_ANOTHER:
                return endings.conflict(self, shipment, settled.sight)
            case Conclusion.REFUSED:
                return endings.rejected(self, shipment)
            case Conclusion.SEND_AGAIN | Conclusion.NOTHING_MADE:
                return endings.gave_up(self, shipment, self.last_error)
            case _:
                return await self._end_unknown(shipment)

    async def _end_unknown(self, shipment: Shipment) -> Outcome:
        if self._desk.stop.is_set:
            return await self.cut_short(shipment.row)
        return endings.uncertain(self, shipment)

    async def _settle_inherited_now(self) -> Settled:
        await self._row.doubt_inherited()
        if self.made_task_id and self.record.is_in_doubt:
            # This run had the answer, and lost the lease before it could be written down.
            return Settled(Conclusion.MADE_BY_US, Sight(Sighting.OURS, as_sent(self.record, self.made_task_id)))
        since = self._grant.taken_at if self._grant is not None else self._desk.clock.steady()
        settled = await self._settle(aim_of_inherited(self.record, recreate=self._desk.options.recreate), since)
        self._found_nothing = settled if settled.conclusion is Conclusion.SEND_AGAIN else None
        return settled

    async def _settle(self, aim: Aim, since: float) -> Settled:
        self.on_rest()
        settled = await settle(self._desk, self.record, aim, since)
        self.last_error = self.last_error or settled.error
        return settled
