"""The attempts of a wave's rows, from the journal, as the records that a report shows, and what its forecast learns.

Read once, when the engine has ended, in one transaction. Called by wave_job.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.submission import history
from flows.submission.decisions import decisions
from flows.submission.events import StopKind
from flows.submission.journal import JournalUnavailableError
from flows.submission.lease_clock import lease_time
from flows.submission.records import MADE
from flows.tracking.observations import observed
from inventory.report_records import Attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from flows.submission.clock import Clock
    from flows.submission.history import RowStory
    from flows.submission.journal import Journal
    from flows.submission.records import AttemptEnd
    from flows.submission.wave_run import WaveResult
    from inventory.forecast_terms import Observation


@dataclass(frozen=True, slots=True, repr=False)
class WaveAttempts:
    """The attempts, by the outcomes' order and each row's own; `problem` says in one line why there are none to show.

    `learned` is what tasks of earlier waves teach a forecast.
    """

    attempts: Sequence[Attempt] = ()
    problem: str = ""
    learned: Sequence[Observation] = ()


async def read_attempts(journal: Journal, account: str, result: WaveResult, clock: Clock) -> WaveAttempts:
    """What the journal holds of the servers of a wave that has ended; never raises for a journal that cannot be read.

    A run that ended because of its journal does not ask it again: it has waited for it long enough.
    """
    if result.stop is not None and result.stop.kind is StopKind.JOURNAL:
        return WaveAttempts(problem=f"The journal could not be read: {result.stop.message}")
    labels: dict[str, str] = {}
    for outcome in result.outcomes:
        if outcome.source_server_id:
            labels.setdefault(outcome.source_server_id, outcome.row.label)

    def read(connection: Connection) -> WaveAttempts:
        told = history.stories(connection, account, labels, lease_time(connection, clock))
        attempts = [found for source, label in labels.items() for found in _attempts(told.pop(source), label)]
        return WaveAttempts(attempts, learned=observed(connection, account, clock.wall()))

    try:
        return await journal.read(read)
    except JournalUnavailableError as error:
        return WaveAttempts(problem=f"The journal could not be read: {error}")


def _attempts(story: RowStory, label: str) -> Iterator[Attempt]:
    for attempt, decision in zip(story.attempts, decisions(story), strict=True):
        start, end = attempt.start, attempt.end
        yield Attempt(
            source_server_id=story.source_server_id,
            server=label,
            number=start.number,
            run_id=start.run_id,
            sent_at=datetime.fromtimestamp(start.intent_at, UTC),
            answered_at=datetime.fromtimestamp(end.answered_at, UTC) if end else None,
            body_digest=start.body_digest,
            answer=_answer(end),
            http_status=end.http_status if end else None,
            request_id=end.request_id if end else "",
            decided=decision.decided,
            reason=decision.reason,
            result=decision.result,
        )


def _answer(end: AttemptEnd | None) -> str:
    """What came back, in words: the task, or the kind of error and what was said with it."""
    if end is None:
        return "no answer was written down"
    if end.answer == MADE:
        return f"task {end.task_id}"
    said = " ".join(text for text in (end.error_code, end.error_message) if text)
    return f"{end.answer}: {said}" if said else end.answer
