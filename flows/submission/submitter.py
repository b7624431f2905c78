"""Take one row through its life: intent, request, answer, and where need be a look, until it has its one outcome.

Executes what protocol.py decides, writes down each step through the journal before anything depends on it, and holds a sending
slot only for a request that is on the wire, or goes out next. `RowRun` is the life of one source server in one run; reconcile.py
says where it starts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.sms.errors import ErrorClass, SmsError, StopRun, Throttled
from flows.sms.models import Created, TaskSummary
from flows.submission import endings
from flows.submission.events import Attempt, StopReason
from flows.submission.journal import JournalUnavailableError
from flows.submission.life import Move, RowState
from flows.submission.protocol import (
    BOUND_CODE,
    Aim,
    Conclusion,
    Sight,
    Sighting,
    Step,
    after_error,
    aim_of_inherited,
    conclude,
    recognise,
)
from flows.submission.records import AttemptEnd, AttemptStart, Entry, RowRecord
from flows.submission.retry_rules import RULES, look_pause_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.submission.desk import Desk
    from flows.submission.shipment import Shipment
    from inventory.findings import Finding
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow

_OUT_OF_DOUBT: dict[str, Any] = {"doubt_run_id": "", "bound_elsewhere": False, "prior_task_ids": ()}
_FAILED_LOOKS = 3
"""So many looks in a row that SMS does not answer, each with its own retries, and it counts as not to be asked."""


def _nothing() -> None:
    """What a row that nobody waits for does when it rests."""


class RowRun:
    """The life of one source server in one run. `record` is always what the journal durably holds.

    `sent` counts the requests that left, or may have left, this machine; `made_task_id` is the task that this run made, as soon as
    that is known, written down or not; `on_rest` is called when the row begins to wait for something else than its turn, so that
    another may be taken up meanwhile.
    """

    def __init__(self, desk: Desk, record: RowRecord) -> None:
        self._desk = desk
        self.record = record
        self.sent = 0
        self.first_sent_at: datetime | None = None
        self.last_error: SmsError | None = None
        self.on_rest: Callable[[], None] = _nothing
        self.made_task_id = ""
        self.is_on_wire = False
        self._inherited: asyncio.Future[Conclusion] | None = None
        self._inherited_sight: Sight | None = None
        self._closing = asyncio.Lock()

    async def submit(self, shipment: Shipment) -> Outcome:
        """Send the row until its task is there, or it is certain that there will be none, or nobody can say.

        The row must not be in flight from another run (see `settle_inherited`). Never raises for what SMS or the network does.
        """
        failures: Counter[ErrorClass] = Counter()
        while not self._desk.stop.is_set:
            answer = await self._attempt(shipment)
            if answer is None:
                break
            if isinstance(answer, Created):
                return endings.created(self, shipment)
            failures[answer.error_class] += 1
            ended = await self._after(shipment, answer, failures)
            if ended is not None:
                return ended
        return await self.cut_short(shipment.row)

    async def settle_inherited(self) -> Conclusion:
        """Settle what another run left in flight for this source server, once, whoever asks (design 5.6).

        `SEND_AGAIN` leaves the row in doubt: what it did may still be listed late, so the next attempt is judged with that in mind.
        """
        if self._inherited is None:
            self._inherited = asyncio.get_running_loop().create_future()
            try:
                conclusion = await self._settle_inherited_now()
            except Exception as error:
                # Whoever waits for the same must not take it for a cancellation of its own.
                self._inherited.set_exception(error)
                self._inherited.exception()
                raise
            except BaseException:
                self._inherited.cancel()
                raise
            self._inherited.set_result(conclusion)
        return await asyncio.shield(self._inherited)

    async def settle_for_good(self) -> Conclusion:
        """Settle what another run left in flight and write down what it came to, once, for a row that nobody sends in this run."""
        conclusion = await self.settle_inherited()
        async with self._closing:
            if self.record.state.is_in_flight:
                await self.close(conclusion, self._inherited_sight.task if self._inherited_sight else None)
        return conclusion

    @property
    def inherited_sight(self) -> Sight | None:
        """What settling the inherited attempt came upon."""
        return self._inherited_sight

    @property
    def seen_task(self) -> TaskSummary | None:
        """The task that the row is bound to, where this run has seen it, and not on its way out."""
        task = self._desk.known.get(self.record.task_id)
        return None if task is None or task.is_deleting else task

    async def cut_short(self, row: ServerRow, reason: StopReason | None = None) -> Outcome:
        """The outcome of a row that the run leaves where it is; what is on its way is journalled as in doubt.

        An intent of another run stays as it is: whether that request left, this run cannot know.
        """
        if self.record.state is RowState.SENDING and self.record.run_id == self._desk.run_id:
            await self._write_off()
        return endings.left(self, row, reason or self._desk.stop.reason or StopReason.interrupted())

    async def found(self, task: TaskSummary) -> None:
        """Bind the row to a task that was seen without any attempt of ours in doubt."""
        if self.record.state is not RowState.BOUND or self.record.task_id != task.id:
            await self._move(Move.FOUND, task_id=task.id, error_code="", error_message="")

    async def forget(self) -> None:
        """Let go of a task that is gone from SMS, so that another may be made."""
        await self._move(Move.FORGET, task_id="")

    def note_finding(self, finding: Finding) -> None:
        """Tell of something that the row's outcome does not say."""
        self._desk.findings.append(finding)

    async def _attempt(self, shipment: Shipment) -> Created | SmsError | None:
        """One request to create, from the durable intent to the durable answer; None where the run stopped before it was sent."""
        desk = self._desk
        async with desk.under_way:
            if desk.stop.is_set:
                return None
            await self._intend(shipment)
            answer = await self._send(shipment.body)
        if answer is not None:
            await self._note(answer)
        return answer

    async def _intend(self, shipment: Shipment) -> None:
        desk, before = self._desk, self.record
        prior = (
            before.prior_task_ids if before.is_in_doubt else desk.known.ids_around(shipment.source_server_id, shipment.target.vm_id)
        )
        row = before.moved(
            Move.INTEND,
            run_id=desk.run_id,
            attempts=before.attempts + 1,
            body_digest=shipment.body_digest,
            task_name=shipment.task_name,
            target=shipment.target,
            prior_task_ids=prior,
            task_id="",
        )
        start = AttemptStart(row.attempts, desk.run_id, shipment.body_digest, desk.clock.wall())
        await self._write(Entry(before.state, row, start=start))

    async def _send(self, body: bytes) -> Created | SmsError | None:
        """The request itself, once. The slot comes first: what the throttle lets through leaves now, not in a burst later."""
        desk = self._desk
        async with desk.slots:
            await desk.throttle.acquire()
            if desk.stop.is_set:
                return None
            self.is_on_wire = True
            self.first_sent_at = self.first_sent_at or datetime.fromtimestamp(desk.clock.wall(), UTC)
            try:
                return await desk.client.create_task(body)
            except SmsError as error:
                if isinstance(error, StopRun):
                    # Before anything is awaited: the next row must not take the slot and be refused too.
                    desk.stop.request(StopReason.refused(error))
                return error

    async def _note(self, answer: Created | SmsError) -> None:
        """Write down the answer to an attempt, and what it makes of the row."""
        desk, now = self._desk, self._desk.clock.wall()
        if isinstance(answer, Created):
            self.sent += 1
            self.made_task_id = answer.task_id
            end = AttemptEnd(self.record.attempts, now, "made", 200, answer.request_id, task_id=answer.task_id)
            await self._move(Move.ANSWERED, end=end, task_id=answer.task_id, error_code="", error_message="", **_OUT_OF_DOUBT)
            desk.known.add(self._made(answer.task_id))
            desk.watcher.attempt(Attempt(self.record.source_server_id, self.sent, None))
        else:
            self.sent += answer.error_class is not ErrorClass.NOT_SENT
            self.last_error = answer
            await self._note_error(answer, now)
            desk.watcher.attempt(Attempt(self.record.source_server_id, self.sent, answer))
        self.is_on_wire = False

    def _made(self, task_id: str) -> TaskSummary:
        record = self.record
        return TaskSummary(
            task_id,
            name=record.task_name,
            source_server_id=record.source_server_id,
            target_vm_id=record.target.vm_id,
            target_name=record.target.name,
        )

    async def _note_error(self, error: SmsError, now: float) -> None:
        end = AttemptEnd(
            number=self.record.attempts,
            answered_at=now,
            answer=error.error_class.value,
            http_status=error.http_status,
            request_id=error.request_id,
            error_code=error.code,
            error_message=error.message,
        )
        said: dict[str, Any] = {"error_code": error.code, "error_message": error.message}
        if error.may_exist:
            await self._move(Move.DOUBT, end=end, doubt_run_id=self._desk.run_id, **said)
        elif self.record.is_in_doubt:
            await self._move(Move.DOUBT, end=end, bound_elsewhere=self.record.bound_elsewhere or error.code == BOUND_CODE, **said)
        elif error.error_class is ErrorClass.DEFINITE_NO:
            await self._move(Move.REFUSE, end=end, **said)
        else:
            await self._move(Move.NOT_SENT, end=end, **said)

    async def _after(self, shipment: Shipment, error: SmsError, failures: Counter[ErrorClass]) -> Outcome | None:
        """What follows a failed attempt: the row's outcome, or None where it is to be sent again."""
        step, aim = after_error(self.record, error)
        gives_up = error.error_class in RULES and RULES[error.error_class].gives_up(failures[error.error_class])
        match step:
            case Step.SETTLE if aim is not None:
                conclusion, sight = await self._settle(aim, self._desk.clock.steady())
                if conclusion is Conclusion.SEND_AGAIN and not gives_up:
                    return None
                return await self.end(shipment, conclusion, sight)
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
            await self._pause(RULES[error.error_class].pause_seconds(failures[error.error_class], desk.random))
            return None
        if not self.record.is_in_doubt:
            return endings.gave_up(self, shipment, error)
        conclusion, sight = await self._settle(Aim.GIVE_UP, desk.clock.steady())
        return await self.end(shipment, conclusion, sight)

    async def end(self, shipment: Shipment, conclusion: Conclusion, sight: Sight | None) -> Outcome:
        """Write down what settling came to, and give the row its outcome."""
        task = sight.task if sight else None
        ours = conclusion is Conclusion.MADE_BY_US and self.record.doubt_run_id == self._desk.run_id
        if ours and task is not None:
            self.made_task_id = task.id
        await self.close(conclusion, task)
        match conclusion:
            case Conclusion.MADE_BY_US | Conclusion.ALREADY_THERE if task is not None:
                return endings.there(self, shipment, task, made_by_this_run=ours)
            case Conclusion.BOUND_TO_ANOTHER:
                return endings.conflict(self, shipment, sight)
            case Conclusion.REFUSED:
                return endings.rejected(self, shipment)
            case Conclusion.SEND_AGAIN | Conclusion.NOTHING_MADE:
                return endings.gave_up(self, shipment, self.last_error)
            case _:
                return await self._end_unknown(shipment)

    async def close(self, conclusion: Conclusion, task: TaskSummary | None) -> None:
        """Write down what settling came to."""
        in_doubt = self.record.is_in_doubt
        if task is not None:
            self._desk.known.add(task)
        match conclusion:
            case Conclusion.MADE_BY_US | Conclusion.ALREADY_THERE if task is not None and in_doubt:
                await self._move(Move.ADOPT, task_id=task.id, error_code="", error_message="", **_OUT_OF_DOUBT)
            case Conclusion.MADE_BY_US | Conclusion.ALREADY_THERE if task is not None:
                await self.found(task)
            case Conclusion.BOUND_TO_ANOTHER if in_doubt:
                # Not the code of the attempt in doubt: that was no refusal, and must not count as one once the other task is gone.
                await self._move(Move.CONFIRM_REFUSAL, error_code=BOUND_CODE, error_message="", **_OUT_OF_DOUBT)
            case Conclusion.REFUSED if in_doubt:
                await self._move(Move.CONFIRM_REFUSAL, **_OUT_OF_DOUBT)
            case Conclusion.SEND_AGAIN | Conclusion.NOTHING_MADE if in_doubt:
                await self._move(Move.CLEAR, **_OUT_OF_DOUBT)
            case _:
                pass

    async def _end_unknown(self, shipment: Shipment) -> Outcome:
        if self._desk.stop.is_set:
            return await self.cut_short(shipment.row)
        return endings.uncertain(self, shipment)

    async def _settle_inherited_now(self) -> Conclusion:
        if self.record.state is RowState.SENDING:
            doubt = self.record.doubt_run_id or self.record.run_id
            await self._move(Move.DOUBT, doubt_run_id=doubt)
        conclusion, sight = await self._settle(aim_of_inherited(self.record), self._desk.started)
        self._inherited_sight = sight
        return conclusion

    async def _settle(self, aim: Aim, since: float) -> tuple[Conclusion, Sight | None]:
        """Look until something is concluded. `since`: when the attempt ended, or when this run began (steady seconds)."""
        self.on_rest()
        desk, looks, failed = self._desk, 0, 0
        while not desk.stop.is_set:
            # The settle time must be over before the look begins, not when it ends.
            settled = desk.clock.steady() - since >= desk.options.settle_seconds
            sight = await self._look()
            looks += 1
            failed = 0 if sight else failed + 1
            if sight is not None:
                conclusion = conclude(self.record, aim, sight, settled=settled)
                if conclusion is not Conclusion.LOOK_AGAIN:
                    return conclusion, sight
            elif settled and failed >= _FAILED_LOOKS:
                break
            await self._pause(look_pause_seconds(looks, desk.random))
        return Conclusion.UNKNOWN, None

    async def _look(self) -> Sight | None:
        """What SMS shows of the tasks of the source, and of the target where the source has none; None where it cannot be asked."""
        desk, record = self._desk, self.record
        try:
            of_source = await desk.client.list_tasks(record.source_server_id)
            sight = recognise(record, of_source, ())
            if sight.kind is Sighting.NOTHING and record.target.vm_id and record.error_code == BOUND_CODE:
                of_target = await desk.client.list_tasks(vm_id=record.target.vm_id)
                sight = recognise(record, of_source, of_target)
        except StopRun as error:
            desk.stop.request(StopReason.refused(error))
            return None
        except SmsError as error:
            self.last_error = self.last_error or error
            return None
        else:
            return sight

    async def _write_off(self) -> None:
        """The run leaves a row whose intent is durable: not sent, or in doubt where the request may be on the wire."""
        if self.is_on_wire or self.record.is_in_doubt:
            doubt = self._desk.run_id if self.is_on_wire else self.record.doubt_run_id
            self.sent += self.is_on_wire
            await self._move(Move.DOUBT, doubt_run_id=doubt)
        else:
            await self._move(Move.NOT_SENT)
        self.is_on_wire = False

    async def _move(self, move: Move, *, end: AttemptEnd | None = None, **changes: Any) -> None:  # noqa: ANN401
        before = self.record
        await self._write(Entry(before.state, before.moved(move, run_id=self._desk.run_id, **changes), end=end))

    async def _write(self, entry: Entry) -> None:
        """Make a step durable; a cancellation waits for the commit, so that `record` never lags behind the journal."""
        written = self._desk.journal.record(entry)
        try:
            await written
        except asyncio.CancelledError:
            await written.after_all()
            self.record = entry.row
            raise
        except JournalUnavailableError as error:
            self._desk.stop.request(StopReason.journal(str(error)))
            raise
        self.record = entry.row

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the moment when the run is asked to stop."""
        await self._desk.stop.sleep(seconds, self._desk.clock)
