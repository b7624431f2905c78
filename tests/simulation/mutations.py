"""Bugs put into the engine on purpose, each for as long as a `with` lasts: what proves that the check can fail.

Each is a mistake that somebody could make, in the smallest form that makes it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from flows.sms import verdict
from flows.sms.errors import ErrorClass, SmsError
from flows.submission import desk, durable_row, endings, holding, intake, leases, protocol, reconcile, settling, submitter, wave_run
from flows.submission.events import StopReason
from flows.submission.protocol import BOUND_CODE, Aim, Conclusion, Sight, Sighting, Step
from flows.submission.settling import Settled
from tests.simulation import database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from flows.submission.records import Entry


async def _skip_the_look(*_: Any) -> Settled:
    return Settled(Conclusion.SEND_AGAIN, Sight(Sighting.NOTHING))


def skip_the_look() -> AbstractContextManager[Any]:
    """What an ambiguous attempt left is never looked for: it is sent again."""
    return patch.object(submitter, "settle", _skip_the_look)


def send_before_the_intent_is_durable() -> AbstractContextManager[Any]:
    """The intent is on its way to the disk, and so is the request to SMS."""
    write = durable_row.DurableRow._write

    async def do(self: Any, entry: Entry) -> None:
        if entry.start is None:
            await write(self, entry)
        else:
            self._desk.journal.record(entry)._future.add_done_callback(lambda future: future.exception())
            self.record = entry.row

    return patch.object(durable_row.DurableRow, "_write", do)


def adopt_by_name_only() -> AbstractContextManager[Any]:
    """Any task of the source will do, whatever its target."""
    both = ExitStack()
    for module in (protocol, endings):
        both.enter_context(patch.object(module, "has_target", lambda *_: True))
    return both


def take_5xx_for_a_definite_no() -> AbstractContextManager[Any]:
    """An error of the server means that nothing was made."""
    return _class_for(lambda status: status >= 500, ErrorClass.DEFINITE_NO)


def take_408_for_not_sent() -> AbstractContextManager[Any]:
    """A request timeout means that the request never arrived."""
    return _class_for(lambda status: status == 408, ErrorClass.NOT_SENT)


def take_an_unreadable_200_for_a_definite_no() -> AbstractContextManager[Any]:
    """A success without an id is a failure."""
    return _class_for(lambda status: status == 200, ErrorClass.DEFINITE_NO)


def take_a_redirect_for_not_sent() -> AbstractContextManager[Any]:
    """A redirect did nothing."""
    return _class_for(lambda status: 300 <= status < 400, ErrorClass.NOT_SENT)


def _class_for(fits: Callable[[int], bool], error_class: ErrorClass) -> AbstractContextManager[Any]:
    judge = verdict._class_of

    def do(status: int, body: Any) -> ErrorClass:
        return error_class if fits(status) else judge(status, body)

    return patch.object(verdict, "_class_of", do)


def take_a_reset_for_not_sent() -> AbstractContextManager[Any]:
    """A connection that breaks carried nothing."""
    kinds = tuple((kind, code) for kind, code in verdict._SENT_CODES if code == "WAVES.BROKEN")
    return patch.object(verdict, "_CONNECTOR_CODES", (*verdict._CONNECTOR_CODES, *kinds))


def trust_7605_after_doubt() -> AbstractContextManager[Any]:
    """SMS.7605 is a definite no, also when our own first attempt bound it."""
    judge = protocol.after_error

    def do(row: Any, error: SmsError) -> tuple[Step, Aim | None]:
        return (Step.REFUSED, None) if error.code == BOUND_CODE else judge(row, error)

    return patch.object(submitter, "after_error", do)


def take_what_was_left_for_free() -> AbstractContextManager[Any]:
    """What a dead run left in flight is let go of after one look, however early."""
    conclude = protocol.conclude

    def do(row: Any, aim: Aim, sight: Sight, *, settled: bool) -> Conclusion:
        return conclude(row, aim, sight, settled=True)

    return patch.object(settling, "conclude", do)


@contextmanager
def settle_in_no_time() -> Iterator[None]:
    """The settle time is zero."""
    settle = settling.settle

    async def do(one: desk.Desk, *rest: Any) -> Settled:
        return await settle(replace(one, options=replace(one.options, settle_seconds=0.0)), *rest)

    with patch.object(submitter, "settle", do):
        yield


def take_no_answer_for_nothing_there() -> AbstractContextManager[Any]:
    """A look that SMS does not answer has seen nothing."""
    look = settling._look

    async def do(*told: Any) -> Any:
        seen = await look(*told)
        return Sight(Sighting.NOTHING) if isinstance(seen, SmsError) else seen

    return patch.object(settling, "_look", do)


def write_off_what_is_on_the_wire() -> AbstractContextManager[Any]:
    """A row that is stopped in mid-request is noted as not sent."""
    write_off = durable_row.DurableRow.write_off

    async def do(self: Any, *, is_on_wire: bool) -> None:
        await write_off(self, is_on_wire=False)

    return patch.object(durable_row.DurableRow, "write_off", do)


def leave_out_what_was_never_taken_up() -> AbstractContextManager[Any]:
    """A row that the run never took up is left out of the report."""
    run = wave_run._WaveRun.run

    async def do(self: Any) -> Any:
        result = await run(self)
        return replace(result, outcomes=[one for one in result.outcomes if one.error_code != StopReason.interrupted().code])

    return patch.object(wave_run._WaveRun, "run", do)


def call_the_earlier_runs_task_ours() -> AbstractContextManager[Any]:
    """A task that an earlier run made is told as made by this one."""
    there = endings.there

    def do(*told: Any, made_by_this_run: bool) -> Any:
        return there(*told, made_by_this_run=True)

    return patch.object(endings, "there", do)


def settle_the_source_only() -> AbstractContextManager[Any]:
    """What another source's dead attempt may have bound is no concern of a row with the same target."""

    async def do(*_: Any) -> None:
        return None

    return patch.object(reconcile, "_held_by_others", do)


def send_without_settling_what_was_left() -> AbstractContextManager[Any]:
    """What a dead run left in flight is taken for not sent."""

    async def do(run: Any, _shipment: Any) -> None:
        await run._row.doubt_inherited()
        await run.close(Settled(Conclusion.SEND_AGAIN, Sight(Sighting.NOTHING)))

    return patch.object(reconcile, "_end_inherited", do)


def call_a_missing_task_gone() -> AbstractContextManager[Any]:
    """A task that the first listing does not show is gone, and is made again."""
    known_task = reconcile._known_task

    async def do(one: Any, run: Any, shipment: Any) -> Any:
        if one.known.get(run.record.task_id) is not None:
            return await known_task(one, run, shipment)
        await run.forget()
        return None

    return patch.object(reconcile, "_known_task", do)


def answer_before_the_disk_does() -> AbstractContextManager[Any]:
    """A commit is told before it is synced (`synchronous=OFF`), and the power fails."""
    return patch.object(database.SimulatedDatabase, "is_sync_awaited", new=False)


def ignore_the_lease() -> AbstractContextManager[Any]:
    """What another run works on is granted all the same."""
    return patch.object(leases, "_held_by_others", lambda *_: {})


def write_without_a_fence() -> AbstractContextManager[Any]:
    """A run whose life another has ended goes on writing."""
    return patch.object(leases, "fence", lambda *_: leases.Fence.OPEN)


def send_without_proof_of_the_lease() -> AbstractContextManager[Any]:
    """Nobody asks whether the lease is still there before the bytes leave."""
    return patch.object(holding.Leases, "is_proven", lambda *_: True)


def trust_what_was_read_before_the_lease() -> AbstractContextManager[Any]:
    """The row is taken up as it stood when the run began."""
    take = submitter.RowRun.take

    def do(self: Any, grant: Any, _record: Any) -> None:
        take(self, grant, self._desk.records.get(self.record.source_server_id))

    return patch.object(submitter.RowRun, "take", do)


def settle_from_long_before_the_lease() -> AbstractContextManager[Any]:
    """What a dead run sent is settled as if its time had run from the beginning, not from the lease's end."""
    take = submitter.RowRun.take

    def do(self: Any, grant: Any, record: Any) -> None:
        take(self, replace(grant, taken_at=grant.taken_at - 1000.0), record)

    return patch.object(submitter.RowRun, "take", do)


def lease_no_target() -> AbstractContextManager[Any]:
    """Only the source is leased: two rows may work on one target at once."""
    return patch.object(intake.Intake, "_request", lambda self, row: leases.LeaseRequest(self._sources[row.position], ""))


MUTATIONS: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    mutation.__name__.replace("_", " "): mutation
    for mutation in (
        skip_the_look,
        send_before_the_intent_is_durable,
        adopt_by_name_only,
        take_5xx_for_a_definite_no,
        take_408_for_not_sent,
        take_an_unreadable_200_for_a_definite_no,
        take_a_redirect_for_not_sent,
        take_a_reset_for_not_sent,
        trust_7605_after_doubt,
        take_what_was_left_for_free,
        settle_in_no_time,
        take_no_answer_for_nothing_there,
        write_off_what_is_on_the_wire,
        send_without_settling_what_was_left,
        call_a_missing_task_gone,
        answer_before_the_disk_does,
        ignore_the_lease,
        write_without_a_fence,
        send_without_proof_of_the_lease,
        trust_what_was_read_before_the_lease,
        settle_from_long_before_the_lease,
        lease_no_target,
        leave_out_what_was_never_taken_up,
        call_the_earlier_runs_task_ours,
        settle_the_source_only,
    )
}
"""Every mutation by its name."""
