"""The report of a night: the submission's report, and what came after it: stages, gates, tasks, operations.

What the submission of this night did not leave in memory (it was done by a run before) comes from the journal. Called by
night_job.py when the night ends, however it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from flows import places, track_job, wave_attempts
from flows.night.path import Stage
from flows.night.stages import StageState
from flows.operating import action_log
from flows.sms.codes import advice_for
from flows.submission import history
from flows.submission.lease_clock import lease_time
from flows.submission.wave_run import WaveResult
from flows.tracking.sights import traces
from flows.wave_job import author
from inventory.outcomes import Outcome, Status
from inventory.report import ReportError, WaveReport, write_page, write_report
from inventory.report_records import ActionTold, DecisionTold, NightTold, StageTold, TaskTold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from flows.night.walk import NightStory
    from flows.operating.action_records import Action
    from flows.settings import Settings
    from flows.submission.clock import Clock
    from flows.submission.history import RowStory
    from flows.submission.journal import Journal
    from flows.tracking.picture import Picture, ServerView
    from flows.tracking.trace import Trace
    from flows.wave_job import PreparedWave, WaveEnd
    from inventory.plan import ServerRow

_NOT_SENT = "it was not submitted this night"


@dataclass(frozen=True, slots=True)
class NightReport:
    """What a report is made of.

    `submitted` is the submission of this very run, None where there was none; `next_command` is what to type where something is
    left to do.
    """

    wave: PreparedWave
    story: NightStory
    settings: Settings
    submitted: WaveEnd | None
    picture: Picture | None
    next_command: str


@dataclass(frozen=True, slots=True)
class Written:
    """Where the report lies, and its page where one was wanted; `problem` says why one of them could not be written."""

    report: Path | None = None
    page: Path | None = None
    problem: str = ""


async def write_night_report(night: NightReport, journal: Journal, clock: Clock) -> Written:
    """Write the report; one that cannot be written is said, not raised. Raises JournalUnavailableError."""
    return _write(night, await _report_of(night, journal, clock))


async def _report_of(night: NightReport, journal: Journal, clock: Clock) -> WaveReport:
    plan, account = night.wave.plan, night.settings.account
    stories = await _stories(night, journal, clock)
    result = night.submitted.result if night.submitted is not None else _result(night, stories, clock)
    attempts = await wave_attempts.read_attempts(journal, account, result, clock)
    seen = await journal.read(partial(traces, account=account, plan_name=plan.name, wave=night.wave.order.wave))
    actions = await journal.read(partial(action_log.of_sources, account=account, sources=list(_labels(result))))
    learned = track_job.forecast_of(plan, night.wave.order.wave)
    began = min((record.began_at for record in night.story.stages.values()), default=clock.wall())
    notes = [*result.notes, *([attempts.problem] if attempts.problem else [])]
    if night.story.ends_at is not None:
        notes.insert(0, f"The night ended at its stage {night.story.ends_at.value}; `{night.next_command}` goes on from there.")
    return WaveReport(
        plan=plan,
        wave=night.wave.order.wave,
        run_id=result.run_id,
        author=author(),
        started_at=_utc(began),
        ended_at=_utc(clock.wall()),
        outcomes=result.outcomes,
        findings=[*night.wave.findings, *result.findings],
        notes=notes,
        endpoint=night.settings.endpoint,
        next_command="" if _is_done(night.story) else night.next_command,
        attempts=attempts.attempts,
        forecast=learned if learned is not None and learned.starts_at is not None else None,
        night=_told(night, result, seen, actions),
    )


def _is_done(story: NightStory) -> bool:
    """Whether nothing is left to do, once the report is written that is being written."""
    return story.ends_at is None and all(
        record.state is StageState.DONE for stage, record in story.stages.items() if stage is not Stage.REPORT
    )


def _labels(result: WaveResult) -> dict[str, str]:
    return {outcome.source_server_id: outcome.row.label for outcome in result.outcomes if outcome.source_server_id}


async def _stories(night: NightReport, journal: Journal, clock: Clock) -> Mapping[int, tuple[str, RowStory | None]]:
    """For each row, by its position, its source server and what the journal tells of it."""
    plan, account = night.wave.plan, night.settings.account

    def read(connection: Connection) -> Mapping[int, tuple[str, RowStory | None]]:
        placed = history.placed(connection, account, plan.sha256)
        sources = {row.position: row.source_server_id or placed.get(row.position, "") for row in night.wave.rows}
        wanted = {source for source in sources.values() if source}
        told = history.stories(connection, account, wanted, lease_time(connection, clock))
        return {position: (source, told.get(source)) for position, source in sources.items()}

    return await journal.read(read)


def _result(night: NightReport, stories: Mapping[int, tuple[str, RowStory | None]], clock: Clock) -> WaveResult:
    """The submission as the journal tells it: the last outcome of each row."""
    outcomes = [_outcome(row, *stories[row.position]) for row in night.wave.rows]
    now = _utc(clock.wall())
    return WaveResult("", outcomes, (), (), None, now, now)


def _outcome(row: ServerRow, source: str, story: RowStory | None) -> Outcome:
    if row.skip:
        return Outcome(row, source, Status.SKIPPED)
    submitted = [each for each in story.outcomes if each.kind == history.SUBMIT] if story is not None else []
    if story is None or not submitted:
        return Outcome(
            row, source, Status.DEFERRED, error_code="WAVES.NIGHT", error_message=_NOT_SENT, advice="run the night again"
        )
    last = submitted[-1]
    first = story.attempts[0].start.intent_at if story.attempts else None
    return Outcome(
        row,
        source,
        Status(last.status),
        last.task_id,
        last.error_code,
        last.error_message,
        advice_for(last.error_code) if last.error_code else "",
        len(story.attempts),
        _utc(first) if first is not None else None,
    )


def _told(night: NightReport, result: WaveResult, seen: Mapping[str, Trace], actions: Mapping[str, Sequence[Action]]) -> NightTold:
    labels = _labels(result)
    return NightTold(
        stages=tuple(
            StageTold(
                stage.value,
                stage.meaning,
                record.state.value,
                _utc(record.began_at),
                _utc(record.ended_at) if record.ended_at is not None else None,
                str(record.detail.get("line", "")),
            )
            for stage, record in night.story.stages.items()
        ),
        decisions=tuple(
            DecisionTold(
                asked.gate,
                _utc(asked.asked_at),
                tuple(each.line() for each in asked.criteria),
                asked.decision.value if asked.decision else "",
                asked.approver,
                asked.comment,
                _utc(asked.decided_at) if asked.decided_at is not None else None,
            )
            for asked in night.story.approvals
        ),
        actions=tuple(
            _action(action, labels[source]) for source in labels for action in sorted(actions.get(source, ()), key=_when)
        ),
        tasks=tuple(_task(view, seen.get(view.task_id)) for view in night.picture.servers) if night.picture is not None else (),
    )


def _when(action: Action) -> float:
    return action.intent_at


def _action(action: Action, label: str) -> ActionTold:
    said = " ".join(part for part in (action.error_code, action.error_message) if part)
    return ActionTold(
        server=label,
        source_server_id=action.source_server_id,
        task_id=action.key.task_id,
        number=action.key.number,
        operation=action.operation.value,
        state_before=action.before.state,
        ordered_by="by itself" if action.is_automatic else "a person",
        sent_at=_utc(action.intent_at),
        answered_at=_utc(action.answered_at) if action.answered_at is not None else None,
        answer=f"{action.answer}: {said}" if said else action.answer or "no answer was written down",
        verdict=action.verdict.value if action.verdict is not None else "nobody knows",
        request_id=action.request_id,
        run_id=action.run_id,
    )


def _task(view: ServerView, trace: Trace | None) -> TaskTold:
    return TaskTold(
        server=view.label,
        source_server_id=view.source_server_id,
        task_id=view.task_id,
        state=view.state,
        started_at=_utc(view.started_at) if view.started_at is not None else None,
        copied_at=_utc(trace.copied_at) if trace is not None and trace.copied_at is not None else None,
        finished_at=_utc(view.finished_at) if view.finished_at is not None else None,
        speed_mbps=trace.speed_mbps if trace is not None else view.speed_mbps,
        error=" ".join(part for part in (view.error_code, view.error_message) if part),
        advice=view.advice,
        late_seconds=view.late_seconds,
    )


def _write(night: NightReport, found: WaveReport) -> Written:
    order, problems = night.wave.order, []
    report: Path | None = None
    page: Path | None = None
    try:
        write_report(order.report_path, found)
        problems += [places.deliver(order.report_path, order.report_url)] if order.report_url else []
        report = order.report_path
        if order.html is not None:
            write_page(order.html, found)
            problems += [places.deliver(order.html, order.html_url)] if order.html_url else []
            page = order.html
    except ReportError as error:
        problems.append(str(error))
    return Written(report, page, "; ".join(filter(None, problems)))


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
