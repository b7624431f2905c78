"""Run one wave: look at SMS, take up its rows, bring each to its outcome, verify, and say how it ended.

The only entry to the engine. Never raises for what SMS, the network or the journal do: it returns, with an outcome for every row.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.sms.errors import SmsError
from flows.submission import endings, verify
from flows.submission.events import Phase, StopKind, StopReason
from flows.submission.intake import Intake
from flows.submission.journal import JournalUnavailableError, LeaseLostError
from flows.submission.life import RowState
from flows.submission.pace_limits import CREATES
from flows.submission.reconcile import RowRuns, before_sending
from flows.submission.records import RunRecord
from flows.submission.stop_rules import first_rows
from flows.submission.survey import NoBody, Survey
from inventory.outcomes import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.sms.models import TaskSummary
    from flows.submission.desk import Desk
    from flows.submission.holding import Grant
    from flows.submission.intake import Turn
    from flows.submission.leases import Held
    from flows.submission.shipment import Shipment
    from flows.submission.submitter import RowRun
    from flows.submission.survey import WaveRequest
    from inventory.findings import Finding
    from inventory.plan import ServerRow

_TRUE_FOR_GOOD = frozenset({Status.CREATED, Status.EXISTS, Status.UNCERTAIN})
"""What may be said of a row that another run may be working on by now."""
_COLLECT_AFTER = (10_000, 20, 50)
"""New objects until the youngest are looked at, times of that until the middle ones are, times of that until all are."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class WaveResult:
    """How a run ended: one outcome for each row of the request, in its order. `stop` says why it ended early.

    Without a repr of its fields: `asyncio.run` asks for that of its result, twice, and 20,000 outcomes take a third of a second.
    """

    run_id: str
    outcomes: Sequence[Outcome]
    findings: Sequence[Finding]
    notes: Sequence[str]
    stop: StopReason | None
    started_at: datetime
    ended_at: datetime


async def submit_wave(request: WaveRequest, desk: Desk) -> WaveResult:
    """Bring every row of the request to its outcome, at a desk that was opened for it.

    Ends early, and as truly, when the desk's `stop` is set. Cancelled, it journals what is on its way and raises CancelledError.
    """
    watchdog = asyncio.create_task(_hurry_after_grace(desk))
    try:
        with _old_objects_at_rest():
            return await _WaveRun(request, desk).run()
    finally:
        watchdog.cancel()


@contextmanager
def _old_objects_at_rest() -> Iterator[None]:
    """Spare Python's collector what a run keeps: it went through all of it again and again, a sixth and more of a run's time.

    The plan and the libraries it does not look at; what comes to be, records and outcomes above all, only after many more rows.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


class _WaveRun:
    """One run: its phases in their order, and the outcomes as they come, by position in the sheet."""

    def __init__(self, request: WaveRequest, desk: Desk) -> None:
        self._request = request
        self._desk = desk
        self._outcomes: dict[int, Outcome] = {}
        self._survey = Survey(request, desk)
        self._runs = RowRuns(desk, ())
        self._unsettled: dict[int, tuple[RowRun, Shipment]] = {}
        self._is_rest_known = False
        self._is_verified = False
        self._sent_any = False

    async def run(self) -> WaveResult:
        desk, started = self._desk, self._desk.clock.wall()
        try:
            _ = desk.gate.is_open  # where the window is over, that is said first
            await self._begin(started)
            await self._look()
            await self._submit()
            await self._verify()
        except asyncio.CancelledError:
            with suppress(JournalUnavailableError):  # then the leases lapse
                await desk.journal.let_go()
            raise
        except JournalUnavailableError as error:
            desk.stop.request(StopReason.journal(str(error)))
        except Exception as error:  # noqa: BLE001 - the rows that have their outcome must not lose it to a defect
            _LOG.debug("the run failed", exc_info=True)
            desk.stop.request(StopReason.defect(error))
        if not self._is_verified:
            self._note_doubles(desk.known.all())
        await self._look_at_the_rest()
        outcomes = [self._outcomes.get(row.position) or self._never_taken_up(row) for row in self._request.rows]
        await self._end(outcomes)
        return WaveResult(
            run_id=desk.run_id,
            outcomes=outcomes,
            findings=desk.findings,
            notes=[*desk.gate.notes, *desk.throttle.story.lines(CREATES)],
            stop=self._why_early(outcomes),
            started_at=datetime.fromtimestamp(started, UTC),
            ended_at=datetime.fromtimestamp(desk.clock.wall(), UTC),
        )

    async def _begin(self, started: float) -> None:
        desk, request = self._desk, self._request
        record = RunRecord(
            desk.run_id, request.account, request.wave, request.plan.name, request.plan.sha256, request.author, started
        )
        # Read first: where nothing can be written any more, what earlier runs did is told all the same.
        self._desk = desk.with_records(await desk.journal.rows(request.account))
        self._survey = Survey(request, self._desk)
        self._runs = RowRuns(self._desk, ())
        if (window := (await desk.journal.known_windows(request.account)).get(CREATES)) is not None:
            desk.throttle.hold_to(window)
        await desk.journal.start_run(record, request.options.lease_seconds, request.options.renew_seconds)

    async def _look(self) -> None:
        desk, survey = self._desk, self._survey
        desk.watcher.phase(Phase.LOOK, len(self._request.rows))
        try:
            await survey.look()
        except SmsError as error:
            desk.stop.request(StopReason.refused(error))
        self._runs = RowRuns(desk, [survey.ids[row.position] for row in survey.rows_to_send])

    async def _submit(self) -> None:
        desk = self._desk
        desk.watcher.phase(Phase.SUBMIT, len(self._request.rows))
        for outcome in self._survey.ruled_out.values():
            self._finish(outcome.row, outcome)
        canaries, rest = first_rows(self._survey.rows_to_send, desk.options.canaries)
        desk.gate.rows = len(canaries) + len(rest)
        intake = Intake(desk, self._survey.ids, self)
        watch = asyncio.create_task(desk.gate.watch(desk.client))
        try:
            await intake.run(canaries)
            self._hold_back_after(canaries)
            await intake.run(rest)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    def _hold_back_after(self, canaries: Sequence[ServerRow]) -> None:
        """Send nothing new where a canary is not done."""
        ended = [self._outcomes.get(row.position) for row in canaries]
        failed = [outcome for outcome in ended if outcome is not None and not outcome.status.is_done]
        if failed and not self._desk.stop.is_set:
            first, more = failed[0], f", and {len(failed) - 1} more" if len(failed) > 1 else ""
            place = f"{first.row.label} ({first.row.cell('wave')})"
            self._desk.gate.close(StopReason.canary(f"{place} is {first.status.value} {first.error_code}".rstrip() + more))

    def has_history(self, row: ServerRow) -> bool:
        """Whether the journal or SMS knows of the row, so that it has an outcome of its own although nothing new is sent."""
        source = self._survey.ids[row.position]
        return self._runs.of(source).record.state is not RowState.IDLE or bool(self._desk.known.of_source(source))

    def see_held(self, row: ServerRow, held: Held) -> None:
        """Another run works on the row: what the journal says of it is what this run knows."""
        if held.by:
            self._runs.see(self._survey.ids[row.position], held.record, held.by)

    async def bring_to_end(self, row: ServerRow, grant: Grant, turn: Turn) -> bool:
        """Bring the row to its outcome, whatever happens on the way; False where it has to be taken up again."""
        self._runs.take(grant)
        try:
            return self._conclude(row, grant, await self._work_on(row, grant, turn))
        except asyncio.CancelledError:
            return self._conclude(row, grant, await self._cut_short(row), counts=False)
        except LeaseLostError:
            return self._desk.stop.is_set and self._conclude(row, grant, self._from_memory(row), counts=False)
        except JournalUnavailableError as error:
            self._desk.stop.request(StopReason.journal(str(error)))
            return self._conclude(row, grant, self._from_memory(row), counts=False)
        except Exception as error:  # noqa: BLE001 - a defect in one row must not cost the others their report
            _LOG.debug("row %s failed", row.cell("wave"), exc_info=True)
            return self._conclude(row, grant, await self._cut_short(row, StopReason.defect(error)))
        finally:
            self._runs.release(grant)

    async def _work_on(self, row: ServerRow, grant: Grant, turn: Turn) -> Outcome:
        run = self._run_of(row)
        run.on_rest = turn.pass_on
        shipment = await self._survey.prepare(row)
        if isinstance(shipment, NoBody):
            return await self._without_body(row, shipment)
        ended = await before_sending(self._desk, self._runs, shipment, grant) or await run.submit(shipment, grant)
        if ended.status is Status.UNCERTAIN:
            self._unsettled[row.position] = run, shipment
        return ended

    async def _without_body(self, row: ServerRow, why: NoBody) -> Outcome:
        """The outcome of a row of which nothing can be sent: what an earlier run made, or left in flight, is settled and told."""
        run = self._run_of(row)
        if run.record.state.is_in_flight:
            await run.settle_for_good()
        return endings.left(run, row, StopReason(StopKind.REFUSED, why.code, why.message, why.advice), why.status)

    def _run_of(self, row: ServerRow) -> RowRun:
        return self._runs.of(self._survey.ids[row.position])

    async def _cut_short(self, row: ServerRow, reason: StopReason | None = None) -> Outcome:
        try:
            return await self._run_of(row).cut_short(row, reason)
        except (JournalUnavailableError, LeaseLostError):
            return self._from_memory(row)

    def _from_memory(self, row: ServerRow) -> Outcome:
        """The outcome of a row whose last step could not be journalled: what this run saw of it, which the next run finds again."""
        run = self._run_of(row)
        return endings.unjournalled(run, row, self._desk.why_unsent)

    async def _look_at_the_rest(self) -> None:
        """How the rows stand that were not taken up: another run may have worked on them since this one began."""
        sources = [self._survey.ids[row.position] for row in self._survey.rows_to_send if row.position not in self._outcomes]
        if not sources:
            return
        try:
            found = await self._desk.journal.standing(self._request.account, [source for source in sources if source])
        except JournalUnavailableError as error:
            self._desk.stop.request(StopReason.journal(str(error)))
        except Exception as error:  # noqa: BLE001 - the report must not be lost to a defect
            _LOG.debug("the rest could not be looked at", exc_info=True)
            self._desk.stop.request(StopReason.defect(error))
        else:
            self._is_rest_known = True
            for source, (record, held_by) in found.items():
                self._runs.see(source, record, held_by)

    def _never_taken_up(self, row: ServerRow) -> Outcome:
        """A row that the run stopped before: what the sheet alone decides is told all the same."""
        ruled_out = self._survey.ruled_out.get(row.position)
        if ruled_out is not None:
            return ruled_out
        run = self._run_of(row)
        is_known = self._is_rest_known or run.record.state is RowState.BOUND
        return (endings.left if is_known else endings.unread)(run, row, self._desk.why_unsent)

    def _why_early(self, outcomes: Sequence[Outcome]) -> StopReason | None:
        """Why the run ended before its rows were done; a gate that closed when nothing was left to send is no reason."""
        stop, closed = self._desk.stop.reason, self._desk.gate.reason
        if stop is None and closed is not None and any(outcome.error_code == closed.code for outcome in outcomes):
            return closed
        return stop

    def _conclude(self, row: ServerRow, grant: Grant, outcome: Outcome, *, counts: bool = True) -> bool:
        """The row's end, which counts against the failure budget where it is a failure.

        False where its lease is over, or may be: that nothing was made may be no longer true, for another run may have taken it up.
        """
        if outcome.status not in _TRUE_FOR_GOOD and not self._desk.leases.is_held(grant):
            return False
        self._finish(row, outcome)
        if counts:
            self._desk.gate.count(outcome)
        return True

    def _finish(self, row: ServerRow, outcome: Outcome) -> None:
        self._outcomes[row.position] = outcome
        self._sent_any = self._sent_any or outcome.attempts > 0
        self._desk.watcher.outcome(outcome)

    async def _verify(self) -> None:
        """One full listing after the last answer: name every server that has two tasks, then settle what it can settle."""
        desk, listed = self._desk, None
        if not desk.stop.is_set and (self._sent_any or self._unsettled):
            desk.watcher.phase(Phase.VERIFY, len(self._request.rows))
            listed = await verify.list_once_more(desk)
        self._note_doubles(desk.known.all() if listed is None else listed)
        if listed is not None and self._unsettled:
            await verify.adopt_late(desk, self._runs, self._unsettled.values(), listed, self._finish)

    def _note_doubles(self, tasks: Sequence[TaskSummary]) -> None:
        self._is_verified = True
        self._desk.findings.extend(verify.doubles(tasks))

    async def _end(self, outcomes: Sequence[Outcome]) -> None:
        desk = self._desk
        reason, story = self._why_early(outcomes), desk.throttle.story
        ending = reason.kind.value if reason else "finished"
        try:
            await desk.journal.end_run(desk.run_id, ending, [(outcome.row.position, outcome) for outcome in outcomes])
            if story.throttled and story.window is not None:
                await desk.journal.remember_window(desk.account, CREATES, story.window)
        except JournalUnavailableError as error:
            desk.stop.request(StopReason.journal(str(error)))
        except Exception as error:  # noqa: BLE001 - the report must not be lost to a defect at the very end
            _LOG.debug("the end of the run could not be written", exc_info=True)
            desk.stop.request(StopReason.defect(error))


async def _hurry_after_grace(desk: Desk) -> None:
    """A journal that another process holds for minutes must not keep a run that was told to stop."""
    await desk.stop.grace_over(desk.options.grace_seconds, desk.clock)
    desk.journal.hurry()
