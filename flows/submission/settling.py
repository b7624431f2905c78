"""Look at SMS until it is certain what became of an attempt, or certain that nobody can say (design, exactly once: 5).

What a look means is protocol.py's to decide; what follows is submitter.py's. A row that settles holds no sending slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.sms.errors import SmsError, StopRun
from flows.submission.events import StopReason
from flows.submission.protocol import BOUND_CODE, Aim, Conclusion, Sight, Sighting, conclude, recognise
from flows.submission.retry_rules import look_pause_seconds

if TYPE_CHECKING:
    from flows.sms.models import TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.records import RowRecord

_FAILED_LOOKS = 3
"""So many looks in a row that SMS does not answer, each with its own retries, and it counts as not to be asked."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling came to: the conclusion, the sight that it rests on, and the last failure to look, where there was one."""

    conclusion: Conclusion
    sight: Sight | None = None
    error: SmsError | None = None

    @property
    def task(self) -> TaskSummary | None:
        """The task that was come upon."""
        return self.sight.task if self.sight else None


async def settle(desk: Desk, record: RowRecord, aim: Aim, since: float) -> Settled:
    """Look until something is concluded about what `record` intends.

    `since` is when the attempt ended or, for another run's, when the row was leased (steady seconds). Concludes UNKNOWN when SMS
    cannot be asked, or the run is asked to stop.
    """
    looks, failed, error = 0, 0, None
    while not desk.stop.is_set:
        # The settle time must be over before the look begins, not when it ends.
        settled = desk.clock.steady() - since >= desk.options.settle_seconds
        sight = await _look(desk, record)
        looks += 1
        if isinstance(sight, Sight):
            failed = 0
            conclusion = conclude(record, aim, sight, settled=settled)
            if conclusion is not Conclusion.LOOK_AGAIN:
                return Settled(conclusion, sight, error)
        else:
            failed, error = failed + 1, sight
            if settled and failed >= _FAILED_LOOKS:
                break
        await desk.stop.sleep(look_pause_seconds(looks, desk.random), desk.clock)
    return Settled(Conclusion.UNKNOWN, None, error)


async def _look(desk: Desk, record: RowRecord) -> Sight | SmsError:
    """What SMS shows of the tasks of the source, and of the target where the source has none; or why it cannot be asked."""
    try:
        of_source = await desk.client.list_tasks(record.source_server_id)
        sight = recognise(record, of_source, ())
        if sight.kind is Sighting.NOTHING and record.target.vm_id and record.error_code == BOUND_CODE:
            sight = recognise(record, of_source, await desk.client.list_tasks(vm_id=record.target.vm_id))
    except StopRun as error:
        desk.stop.request(StopReason.refused(error))
        return error
    except SmsError as error:
        return error
    else:
        return sight
