"""Carry out one order for the tasks of a wave, from the look at SMS to a result for each row: the one door of this package.

Decides what is common to all operations: which rows have a task, how many are worked on at once, what a stop cuts short, and what
the journal keeps of the run. Never raises for what SMS, the network or the journal does: each row has a result that is true.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from flows.operating import action_log
from flows.operating.endings import INVALID_CODE
from flows.operating.moves import Rule, Ruling, rule
from flows.operating.operations import Ended, Operation
from flows.operating.orders import ActionResult, ServerResult
from flows.operating.places import Layout, choose
from flows.operating.starter import Starter
from flows.operating.task_life import TaskLife
from flows.operating.whose import find_tasks
from flows.sms.errors import SmsError
from flows.submission.events import StopKind, StopReason
from flows.submission.journal import JournalUnavailableError
from flows.submission.pace_limits import ACTIONS
from flows.submission.records import RunRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.operating.desk import ActDesk
    from flows.operating.whose import Found, Subject
    from inventory.plan import ServerRow

_LOG = logging.getLogger(__name__)


async def operate(desk: ActDesk) -> ActionResult:
    """Carry out the desk's order. Ends early, and as truly, when the desk's `stop` is set or the wave's window ends.

    Cancelled, it leaves what is on the wire in doubt in the journal and raises CancelledError.
    """
    watchdog = asyncio.create_task(desk.cut_short_after_grace())
    try:
        return await _OrderRun(desk).run()
    finally:
        watchdog.cancel()


class _OrderRun:
    """One order: its results as they come, by the row's position."""

    def __init__(self, desk: ActDesk) -> None:
        self._desk = desk
        self._order = desk.order
        self._results: dict[int, ServerResult] = {}

    async def run(self) -> ActionResult:
        desk, began = self._desk, self._desk.clock.wall()
        _ = desk.may_send  # where the window is over, that is said first
        try:
            await self._begin(began)
            found = await find_tasks(desk)
            for result in found.left_out.values():
                self._tell(result)
            subjects = await self._permitted(found)
            await self._carry_out(subjects)
        except asyncio.CancelledError:
            with suppress(JournalUnavailableError):  # then the leases lapse
                await self._let_go()
            raise
        except SmsError as error:
            desk.stop.request(StopReason.refused(error))
        except JournalUnavailableError as error:
            desk.stop.request(StopReason.journal(str(error)))
        except Exception as error:  # noqa: BLE001 - the servers that have their result must not lose it to a defect
            _LOG.debug("the order failed", exc_info=True)
            desk.stop.request(StopReason.defect(error))
        results = [self._results.get(row.position) or self._left(row) for row in self._order.rows]
        await self._end(results)
        story = desk.throttle.story.lines("actions")
        return ActionResult(
            operation=self._order.operation,
            wave=self._order.wave,
            run_id=desk.run_id,
            results=results,
            stop=self._why_early(results),
            started_at=datetime.fromtimestamp(began, UTC),
            ended_at=datetime.fromtimestamp(desk.clock.wall(), UTC),
            notes=story,
        )

    async def _begin(self, began: float) -> None:
        order, desk = self._order, self._desk
        if order.run_id:
            return
        plan = order.plan
        kind = order.operation.value
        record = RunRecord(desk.run_id, order.account, order.wave, plan.name, plan.sha256, order.author, began, kind)
        await desk.journal.start_run(record, desk.options.lease_seconds, desk.options.renew_seconds)

    async def _permitted(self, found: Found) -> Sequence[Subject]:
        """The tasks that may be worked on: of a deletion only those that this tool made."""
        subjects = list(found.subjects.values())
        if self._order.operation is not Operation.DELETE:
            return subjects
        ids = [subject.task_id for subject in subjects]
        ours = await self._desk.journal.read(partial(action_log.made_here, account=self._order.account, task_ids=ids))
        for subject in subjects:
            if subject.task_id not in ours:
                self._tell(not_ours(subject))
        return [subject for subject in subjects if subject.task_id in ours]

    async def _carry_out(self, subjects: Sequence[Subject]) -> None:
        if self._order.operation is Operation.START:
            await Starter(self._desk, subjects, self._tell).run()
        else:
            await asyncio.gather(*(self._one(subject) for subject in subjects))

    async def _one(self, subject: Subject) -> None:
        result = await self._desk.perform(TaskLife(self._desk, subject, self._order.operation))
        if result.ended is Ended.REFUSED and result.code == INVALID_CODE and self._order.operation is Operation.CUTOVER:
            # The word itself is refused: it would be for each of the others.
            self._desk.close(StopReason(StopKind.REFUSED, result.code, result.message, result.advice))
        self._tell(result)

    def _tell(self, result: ServerResult) -> None:
        self._results[result.row.position] = result
        self._desk.watcher.result(result)

    def _left(self, row: ServerRow) -> ServerResult:
        if row.skip:
            return ServerResult(row, row.source_server_id, Ended.SKIPPED)
        reason = self._desk.why_unsent
        return ServerResult(
            row, row.source_server_id, Ended.DEFERRED, code=reason.code, message=reason.message, advice=reason.advice
        )

    async def _let_go(self) -> None:
        if not self._order.run_id:
            await self._desk.journal.let_go()

    def _why_early(self, results: Sequence[ServerResult]) -> StopReason | None:
        """Why the order ended before its servers were done; a window that closed when nothing was left to do is no reason."""
        if self._desk.stop.reason is not None or all(result.ended.is_done for result in results):
            return self._desk.stop.reason
        return self._desk.closed

    async def _end(self, results: Sequence[ServerResult]) -> None:
        """Keep how the run ended, and what it came to for each row; a run that goes on after this order keeps its own.

        A journal that cannot be written is told, not raised.
        """
        desk, reason, story = self._desk, self._why_early(results), self._desk.throttle.story
        try:
            if story.throttled and story.window is not None:
                await desk.journal.remember_window(desk.order.account, ACTIONS, story.window)
            if not self._order.run_id:
                await desk.journal.end_run(desk.run_id, reason.kind.value if reason else "finished", [])
                keep = partial(action_log.write_results, run_id=desk.run_id, results=results, at=desk.clock.wall())
                await desk.journal.transact(keep)
        except JournalUnavailableError as error:
            desk.stop.request(StopReason.journal(str(error)))
        except Exception as error:  # noqa: BLE001 - the results must not be lost to a defect at the very end
            _LOG.debug("the end of the order could not be written", exc_info=True)
            desk.stop.request(StopReason.defect(error))


def not_ours(subject: Subject) -> ServerResult:
    """A task that the journal does not say this tool made: it is not deleted."""
    return ServerResult(
        subject.row,
        subject.source_server_id,
        Ended.ILLEGAL,
        subject.task_id,
        subject.sight.state if subject.sight else "",
        "WAVES.NOT_OURS",
        f"the journal does not say that this tool made task {subject.task_id}, so it is not deleted",
        "delete it in the SMS console if it is not wanted",
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do with a row: `would` is True where it would send something, now or when a place is free."""

    row: ServerRow
    source_server_id: str
    task_id: str
    state: str
    would: bool
    says: str
    advice: str = ""

    def as_json(self) -> dict[str, object]:
        """The preview as scripts get it."""
        return {
            "row": str(self.row.cell("wave")),
            "server": self.row.label,
            "source_server_id": self.source_server_id,
            "task_id": self.task_id,
            "state": self.state,
            "would": self.would,
            "says": self.says,
            "advice": self.advice,
        }


async def preview(desk: ActDesk) -> list[Preview]:
    """Say for each row what the order would do; sends and writes nothing.

    Raises an SmsError, JournalUnavailableError.
    """
    order = desk.order
    found = await find_tasks(desk)
    ids = [subject.task_id for subject in found.subjects.values()]
    is_deletion = order.operation is Operation.DELETE
    ours = await desk.journal.read(partial(action_log.made_here, account=order.account, task_ids=ids)) if is_deletion else set(ids)
    now = _first_to_start(desk, found) if order.operation is Operation.START else set()
    told = []
    for row in order.rows:
        subject = found.subjects.get(row.position)
        if subject is None:
            result = found.left_out[row.position]
            told.append(Preview(row, result.source_server_id, "", "", would=False, says=result.message, advice=result.advice))
        elif subject.task_id not in ours:
            refusal = not_ours(subject)
            told.append(_previewed(subject, would=False, says=refusal.message, advice=refusal.advice))
        else:
            told.append(await _preview_of(desk, subject, is_first=row.position in now))
    return told


async def _preview_of(desk: ActDesk, subject: Subject, *, is_first: bool) -> Preview:
    operation = desk.order.operation
    life = TaskLife(desk, subject, operation, sight=subject.sight)
    found: Rule | None = rule(operation, subject.sight) if subject.sight else None
    if found is None or operation is Operation.SPEED:
        found = await life.look()
    if found is None:
        return _previewed(subject, would=False, says="its task is gone from SMS", advice="submit the row again with --recreate")
    if found.ruling is not Ruling.SEND:
        return _previewed(subject, would=False, says=found.why, advice=found.advice)
    if operation is Operation.START:
        return _previewed(
            subject, would=True, says="would be started at once" if is_first else "would wait for a place, or for others"
        )
    if operation is Operation.SPEED:
        replaced = f", instead of {life.replaced}" if life.replaced else ""
        return _previewed(subject, would=True, says=f"would be limited to {desk.order.speed}{replaced}")
    return _previewed(subject, would=True, says=f"`{operation}` would be sent")


def _previewed(subject: Subject, *, would: bool, says: str, advice: str = "") -> Preview:
    state = subject.sight.state if subject.sight else ""
    return Preview(subject.row, subject.source_server_id, subject.task_id, state, would=would, says=says, advice=advice)


def _first_to_start(desk: ActDesk, found: Found) -> set[int]:
    """The rows for which there is a place now."""
    order = desk.order
    layout = Layout(order.plan, order.wave, desk.options.account_running)
    states: Mapping[int | None, str] = {layout.row_of(sight): sight.state for sight in found.sights}
    room = layout.room(layout.row_of(sight) for sight in found.sights if sight.state == "RUNNING")
    candidates = [
        layout.candidate(subject.row, is_free=layout.is_free(position, states))
        for position, subject in found.subjects.items()
        if subject.sight is not None and rule(Operation.START, subject.sight).ruling is Ruling.SEND
    ]
    return {candidate.position for candidate in choose(candidates, room)}
