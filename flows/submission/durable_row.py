"""Each durable step of a row: what the journal holds of one source server, and how that changes.

Decides nothing: submitter.py and settling.py say what happened, this writes it down before anything depends on it, by the moves
that life.py knows.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from flows.sms.errors import ErrorClass
from flows.submission.events import StopReason
from flows.submission.journal import JournalUnavailableError
from flows.submission.life import Move, RowState
from flows.submission.protocol import BOUND_CODE, Conclusion
from flows.submission.records import MADE, AttemptEnd, AttemptStart, Entry

if TYPE_CHECKING:
    from flows.sms.errors import SmsError
    from flows.sms.models import Created, TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.records import RowRecord
    from flows.submission.shipment import Shipment

_OUT_OF_DOUBT: dict[str, Any] = {"doubt_run_id": "", "bound_elsewhere": False, "prior_task_ids": ()}


class DurableRow:
    """One source server in the journal. `record` is always what is on disk, also after a cancellation.

    `holder_id` is the holder under whose lease it is written; "" before there is one: then it may only be read.
    """

    def __init__(self, desk: Desk, record: RowRecord, holder_id: str = "") -> None:
        self._desk = desk
        self.record = record
        self.holder_id = holder_id

    async def intend(self, shipment: Shipment) -> None:
        """Write down that a request is about to leave, and what was there before it."""
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
        await self._write(Entry(self.holder_id, before.state, row, start=start))

    async def made(self, answer: Created) -> None:
        """SMS answered with the id of the task."""
        end = AttemptEnd(self.record.attempts, self._desk.clock.wall(), MADE, 200, answer.request_id, task_id=answer.task_id)
        await self._move(Move.ANSWERED, end=end, task_id=answer.task_id, error_code="", error_message="", **_OUT_OF_DOUBT)

    async def failed(self, error: SmsError) -> None:
        """An attempt ended in `error`: the row is free, refused or in doubt, by what the error allows."""
        end = AttemptEnd(
            number=self.record.attempts,
            answered_at=self._desk.clock.wall(),
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
        elif error.code == BOUND_CODE:
            # By whom, only a look tells: a run that dies before it has looked must not leave a row that is sent again.
            await self._move(Move.DOUBT, end=end, bound_elsewhere=True, **said)
        elif error.error_class is ErrorClass.DEFINITE_NO:
            await self._move(Move.REFUSE, end=end, **_OUT_OF_DOUBT, **said)
        else:
            await self._move(Move.NOT_SENT, end=end, **_OUT_OF_DOUBT, **said)

    async def doubt_inherited(self) -> None:
        """The run that sent the row is gone, and nobody heard its answer."""
        if self.record.state is RowState.SENDING:
            await self._move(Move.DOUBT, doubt_run_id=self.record.run_id)

    async def write_off(self, *, is_on_wire: bool) -> None:
        """The run leaves a row whose intent is durable: not sent, or in doubt where the request may be on the wire."""
        if is_on_wire:
            await self._move(Move.DOUBT, doubt_run_id=self._desk.run_id)
            return
        answer, words = ErrorClass.NOT_SENT.value, "taken back before it left"
        end = AttemptEnd(self.record.attempts, self._desk.clock.wall(), answer, error_message=words)
        if self.record.is_in_doubt:
            await self._move(Move.DOUBT, end=end)
        else:
            await self._move(Move.NOT_SENT, end=end, **_OUT_OF_DOUBT)

    async def found(self, task: TaskSummary) -> None:
        """Bind the row to a task that was seen without any attempt of ours in doubt."""
        if self.record.state is not RowState.BOUND or self.record.task_id != task.id:
            await self._move(Move.FOUND, task_id=task.id, error_code="", error_message="")

    async def forget(self) -> None:
        """Let go of a task that is gone from SMS, so that another may be made."""
        await self._move(Move.FORGET, task_id="")

    async def close(self, conclusion: Conclusion, task: TaskSummary | None) -> None:
        """Write down what settling came to."""
        is_unsettled = self.record.state is RowState.UNSETTLED
        if task is not None:
            self._desk.known.add(task)
        match conclusion:
            case Conclusion.MADE_BY_US | Conclusion.ALREADY_THERE if task is not None and is_unsettled:
                await self._move(Move.ADOPT, task_id=task.id, error_code="", error_message="", **_OUT_OF_DOUBT)
            case Conclusion.MADE_BY_US | Conclusion.ALREADY_THERE if task is not None:
                await self.found(task)
            case Conclusion.BOUND_TO_ANOTHER if is_unsettled:
                # Not the code of the attempt in doubt: that was no refusal, and must not count as one once the other task is gone.
                await self._move(Move.CONFIRM_REFUSAL, error_code=BOUND_CODE, error_message="", **_OUT_OF_DOUBT)
            case Conclusion.REFUSED if is_unsettled:
                await self._move(Move.CONFIRM_REFUSAL, **_OUT_OF_DOUBT)
            case Conclusion.SEND_AGAIN | Conclusion.NOTHING_MADE if is_unsettled:
                await self._move(Move.CLEAR, **_OUT_OF_DOUBT)
            case _:
                pass

    async def _move(self, move: Move, *, end: AttemptEnd | None = None, **changes: Any) -> None:  # noqa: ANN401
        before = self.record
        await self._write(Entry(self.holder_id, before.state, before.moved(move, run_id=self._desk.run_id, **changes), end=end))

    async def _write(self, entry: Entry) -> None:
        """Make a step durable; a cancellation waits for the commit, so that `record` never lags behind the journal.

        Raises JournalUnavailableError, which stops the run, or LeaseLostError: the row has to be taken again.
        """
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
