"""Find the task that each row of an order is about: by the journal, else by what SMS lists for its source server.

Reads SMS and the journal once for all rows; sends nothing. A row without a task, or with one that fills another target than the
sheet asks for, is told and left alone: nothing is guessed. Called by operate.py, and for a dry run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.operating.moves import DELETING
from flows.operating.operations import Ended
from flows.operating.orders import ServerResult
from flows.submission.identify import SourceDirectory, Unidentified
from flows.submission.life import RowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.operating.desk import ActDesk
    from flows.sms.task_sight import TaskSight
    from flows.submission.records import RowRecord
    from inventory.plan import ServerRow


@dataclass(frozen=True, slots=True)
class Subject:
    """A row and its task. `sight` is how the task was listed, None where only the journal knows it yet."""

    row: ServerRow
    source_server_id: str
    task_id: str
    sight: TaskSight | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The tasks of an order's rows, by the row's position; the results of rows that have none; and all tasks that SMS listed."""

    subjects: Mapping[int, Subject]
    left_out: Mapping[int, ServerResult]
    sights: Sequence[TaskSight]


async def find_tasks(desk: ActDesk) -> Found:
    """Look at SMS and the journal. Raises an SmsError where SMS cannot be asked, JournalUnavailableError."""
    order = desk.order
    records = await desk.journal.rows(order.account)
    sights = await desk.client.list_sights()
    kept = [row for row in order.rows if not row.skip]
    needs_names = any(not row.source_server_id for row in kept)
    directory = SourceDirectory(await desk.client.list_sources() if needs_names else ())
    by_source: dict[str, list[TaskSight]] = {}
    for sight in sights:
        by_source.setdefault(sight.source_server_id, []).append(sight)
    subjects: dict[int, Subject] = {}
    left_out = {
        row.position: ServerResult(row, row.source_server_id, Ended.SKIPPED, message="the sheet says to skip it")
        for row in order.rows
        if row.skip
    }
    for row in kept:
        source = row.source_server_id or directory.identify(row)
        if isinstance(source, Unidentified):
            left_out[row.position] = ServerResult(
                row, "", Ended.NO_TASK, code="WAVES.SOURCE", message=source.message, advice=source.advice
            )
            continue
        found = _task_of(row, source, records.get(source), by_source.get(source, []))
        if isinstance(found, Subject):
            subjects[row.position] = found
        else:
            left_out[row.position] = found
    _refuse_twins(subjects, left_out)
    return Found(subjects, left_out, sights)


def _task_of(row: ServerRow, source: str, record: RowRecord | None, listed: Sequence[TaskSight]) -> Subject | ServerResult:
    """The row's task: the one that the journal knows, else the only one of the source that fills what the sheet asks for."""
    if record is not None and record.state is RowState.BOUND:
        sight = next((task for task in listed if task.id == record.task_id), None)
        return Subject(row, source, record.task_id, sight)
    alive = [task for task in listed if task.state != DELETING]
    fitting = [task for task in alive if _fits(row, task)]
    if len(fitting) == 1:
        return Subject(row, source, fitting[0].id, fitting[0])
    if fitting:
        ids = ", ".join(task.id for task in fitting)
        return _no_task(row, source, f"the source has {len(fitting)} tasks: {ids}", "delete all but one in the SMS console")
    if alive:
        message = f"the source is bound to task {alive[0].id} with target {alive[0].target_vm_id}, not the sheet's"
        return _no_task(row, source, message, "correct target_vm_id in the sheet, or operate that task in the SMS console")
    if record is not None and record.state.is_in_flight:
        message = "a create of it is in doubt: whether it has a task is not known"
        return _no_task(row, source, message, "run `waves submit` again: it settles the row first")
    return _no_task(row, source, "it has no task", "submit it first: `waves submit`")


def _fits(row: ServerRow, task: TaskSight) -> bool:
    """Whether the task fills the row's existing target; a target made from a template is known by no id in the sheet."""
    wanted = row.text("target_vm_id")
    return not wanted or not task.target_vm_id or wanted == task.target_vm_id


def _no_task(row: ServerRow, source: str, message: str, advice: str) -> ServerResult:
    return ServerResult(row, source, Ended.NO_TASK, code="WAVES.NO_TASK", message=message, advice=advice)


def _refuse_twins(subjects: dict[int, Subject], left_out: dict[int, ServerResult]) -> None:
    """Two rows that turn out to name one source server: neither is operated."""
    rows_of: dict[str, list[ServerRow]] = {}
    for subject in subjects.values():
        rows_of.setdefault(subject.source_server_id, []).append(subject.row)
    for source, rows in rows_of.items():
        if len(rows) > 1:
            places = " and ".join(str(row.cell("wave")) for row in rows)
            for row in rows:
                del subjects[row.position]
                left_out[row.position] = _no_task(
                    row, source, f"{places} name the same source server {source}", "leave one of the rows"
                )
