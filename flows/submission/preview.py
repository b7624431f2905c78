"""What a run would do with each row, without doing it: `waves submit --dry-run`.

Reads the plan, SMS and the journal; sends no create and writes nothing down. What it says holds for the moment of its look.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from flows.sms.codes import advice_for, may_be_cured
from flows.submission.drift import differences
from flows.submission.life import RowState
from flows.submission.protocol import Sighting, has_target
from flows.submission.reconcile import is_still_refused, what_stands_there
from flows.submission.records import RowRecord
from flows.submission.stop_rules import first_rows
from flows.submission.survey import NoBody, Survey, WaveRequest
from inventory.outcomes import Status

if TYPE_CHECKING:
    from flows.sms.models import TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.shipment import Shipment
    from inventory.plan import ServerRow


class Decision(StrEnum):
    """What a run would begin with for a row."""

    CREATE = "create"
    EXISTS = "exists"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    """Nothing would be sent: the sheet, SMS's knowledge of the source, or an earlier run rules it out."""
    SETTLE = "settle"
    """An earlier attempt is in doubt: a run looks first, and sends only where nothing was made."""
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Preview:
    """One row's decision; `detail` says why where it is not `create`, `task_id` names the task that is there.

    `is_canary`: a run would bring it to its end before the rest.
    """

    row: ServerRow
    source_server_id: str
    decision: Decision
    detail: str = ""
    task_id: str = ""
    is_canary: bool = False

    def as_json(self) -> dict[str, str | bool]:
        """The preview as `waves submit --dry-run --json` prints it."""
        return {
            "source_server_id": self.source_server_id,
            "decision": self.decision.value,
            "detail": self.detail,
            "task_id": self.task_id,
            "row": str(self.row.cell("wave")),
            "canary": self.is_canary,
        }


async def preview_wave(request: WaveRequest, desk: Desk) -> list[Preview]:
    """One preview for each row of the request, in its order. Raises an SmsError where SMS cannot be asked."""
    survey = Survey(request, desk)
    await survey.look()
    canaries = {row.position for row in first_rows(survey.rows_to_send, desk.options.canaries)[0]}
    previews = await asyncio.gather(*(_preview_in_turn(survey, desk, row) for row in request.rows))
    return [replace(preview, is_canary=preview.row.position in canaries) for preview in previews]


async def _preview_in_turn(survey: Survey, desk: Desk, row: ServerRow) -> Preview:
    """A row may need SMS's word on its source: as many at once as there are slots."""
    async with desk.slots:
        return await _preview(survey, desk, row)


async def _preview(survey: Survey, desk: Desk, row: ServerRow) -> Preview:
    source_id = survey.ids[row.position]
    ruled_out = survey.ruled_out.get(row.position)
    if ruled_out is not None:
        decision = Decision.SKIP if ruled_out.status is Status.SKIPPED else Decision.BLOCKED
        return Preview(row, source_id, decision, ruled_out.error_message)
    record = desk.records.get(source_id, RowRecord(desk.account, source_id, desk.run_id))
    if record.state.is_in_flight:
        return Preview(row, source_id, Decision.SETTLE, "an earlier attempt is in doubt: it is settled before anything is sent")
    shipment = await survey.prepare(row)
    if isinstance(shipment, NoBody):
        is_there = record.state is RowState.BOUND
        return Preview(row, source_id, Decision.EXISTS if is_there else Decision.BLOCKED, shipment.message, record.task_id)
    seen = await (_known if record.state is RowState.BOUND else _seen)(desk, record, shipment)
    return _held_by_others(desk, seen, shipment) if seen.decision is Decision.CREATE else seen


async def _known(desk: Desk, record: RowRecord, shipment: Shipment) -> Preview:
    task = desk.known.get(record.task_id) or await desk.client.show_task(record.task_id)
    if task is not None and not task.is_deleting:
        return _there(shipment, task)
    seen = await _seen(desk, record, shipment)
    if seen.decision is not Decision.CREATE:
        return seen
    if task is not None:
        return replace(seen, decision=Decision.BLOCKED, detail=f"task {task.id} is being deleted")
    if desk.options.recreate:
        return seen
    return replace(
        seen, decision=Decision.BLOCKED, detail=f"task {record.task_id} was made before and is gone: --recreate makes another"
    )


async def _seen(desk: Desk, record: RowRecord, shipment: Shipment) -> Preview:
    sight = what_stands_there(desk, record, shipment)
    if sight.task is None:
        return _absent(desk, record, shipment)
    if sight.kind is Sighting.OTHER_TASK_OF_TARGET:
        detail = f"target {shipment.target} is bound to task {sight.task.id} of source {sight.task.source_server_id}"
        return Preview(shipment.row, shipment.source_server_id, Decision.CONFLICT, detail, sight.task.id)
    return _there(shipment, sight.task)


def _held_by_others(desk: Desk, seen: Preview, shipment: Shipment) -> Preview:
    """What an earlier run left in flight on the row's target is settled first, too."""
    for other in desk.records.values():
        is_other = other.source_server_id != shipment.source_server_id and other.state.is_in_flight
        if is_other and shipment.target.vm_id and other.target.vm_id == shipment.target.vm_id:
            detail = f"an earlier attempt for source {other.source_server_id} on this target is in doubt: it is settled first"
            return replace(seen, decision=Decision.SETTLE, detail=detail)
    return seen


def _there(shipment: Shipment, task: TaskSummary) -> Preview:
    row, source_id = shipment.row, shipment.source_server_id
    if not has_target(task, shipment.target):
        detail = f"the source is bound to task {task.id} with target {task.target_vm_id or task.target_name}"
        return Preview(row, source_id, Decision.CONFLICT, detail, task.id)
    detail = "; ".join(f"{found.column} is {found.task} at SMS, not {found.sheet}" for found in differences(shipment, task))
    return Preview(row, source_id, Decision.EXISTS, detail, task.id)


def _absent(desk: Desk, record: RowRecord, shipment: Shipment) -> Preview:
    if is_still_refused(desk, record, shipment):
        will_do = "--retry-rejected sends it again" if may_be_cured(record.error_code) else advice_for(record.error_code)
        detail = f"SMS rejected it before ({record.error_code}): {will_do}"
        return Preview(shipment.row, shipment.source_server_id, Decision.BLOCKED, detail)
    return Preview(shipment.row, shipment.source_server_id, Decision.CREATE)
