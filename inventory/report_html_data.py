"""The report's rows as JSON for the page's script: each text that comes again stands there once.

Decides what the page knows of a row. The JSON stands inside a script element that is never run: every `<`, `>` and `&` in it is an
escape, so that no text can end the element. Called by report_html.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from inventory.report_facts import row_digest, shown_time, timings, zone_of
from inventory.report_html_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from inventory.findings import Finding
    from inventory.report import WaveReport
    from inventory.report_facts import Timing
    from inventory.report_records import ActionTold, Attempt, TaskTold

SERVER_COLUMNS = (
    ("server", "Server"),
    ("status", "Status"),
    ("todo", "What to do"),
    ("code", "Code"),
    ("said", "What SMS said"),
    ("task", "Task"),
    ("source", "Source server id"),
    ("attempts", "Requests"),
    ("submitted", "Submitted"),
)
"""The columns of the list, by their key for the script and their title; the planner's own come with each row's details."""
_ATTEMPT_TITLES = ("#", "Sent", "Answered", "Answer", "Decision", "Result", "Request", "Body SHA-256", "Run")
_TRACE_TITLES = (
    "Cell",
    "Row SHA-256",
    "Body SHA-256",
    "Request id",
    "Forecast start",
    "Forecast end",
    "Started",
    "Copied",
    "Ended",
    "Behind forecast",
)
FINDING_COLUMNS = (
    ("severity", "Severity"),
    ("code", "Code"),
    ("place", "Place"),
    ("value", "Value"),
    ("problem", "Problem"),
    ("remedy", "What to do"),
)
TASK_COLUMNS = (
    ("server", "Server"),
    ("state", "State"),
    ("started", "Started"),
    ("copied", "Copied"),
    ("finished", "Finished"),
    ("speed", "Mbit/s"),
    ("late", "Late, min"),
    ("error", "Error"),
    ("todo", "What to do"),
    ("task", "Task"),
)
ACTION_COLUMNS = (
    ("server", "Server"),
    ("operation", "Operation"),
    ("before", "State before"),
    ("by", "Ordered by"),
    ("sent", "Sent"),
    ("answered", "Answered"),
    ("answer", "Answer"),
    ("performed", "Performed"),
    ("task", "Task"),
    ("run", "Run"),
)
_PIECE = 500


class _Texts:
    """Texts by number: one that was told before is told by its number, a new one by itself, which gives it the next number.

    The script reads them in the same order, and so needs no table.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def told(self, text: str) -> str | int:
        """The text, or its number where it has been told before."""
        number = self._numbers.get(text)
        if number is not None:
            return number
        self._numbers[text] = len(self._numbers)
        return visible(text)


def packed_servers(report: WaveReport) -> Iterator[str]:
    """The list of servers, piece by piece: titles, the planner's headers, then a row for each outcome.

    A row: the values of SERVER_COLUMNS, the planner's cells, those of _TRACE_TITLES, and those of each attempt.
    """
    headers = [visible(header) for header in report.plan.headers]
    titles = {"columns": SERVER_COLUMNS, "headers": headers, "trace": _TRACE_TITLES, "attempts": _ATTEMPT_TITLES}
    yield f'{_json(titles)[:-1]},"rows":['
    attempts: dict[str, list[Attempt]] = {}
    for attempt in report.attempts:
        attempts.setdefault(attempt.source_server_id, []).append(attempt)
    row = _ServerRows(report.plan.headers, attempts, zone_of(report), _Texts().told)
    yield from _listed(row.packed(timing) for timing in timings(report))
    yield "]}"


def packed_findings(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings in the same form, without details."""
    rows = ((one.severity.value, one.code, one.place, one.value, one.problem, one.remedy) for one in findings)
    yield from _packed(FINDING_COLUMNS, rows)


def packed_tasks(tasks: Iterable[TaskTold], zone: tzinfo) -> Iterator[str]:
    """How each server's task stood at the end of the night, in the same form."""
    yield from _packed(
        TASK_COLUMNS,
        (
            (
                task.server,
                task.state,
                *(shown_time(at, zone) if at else "" for at in (task.started_at, task.copied_at, task.finished_at)),
                "" if task.speed_mbps is None else f"{task.speed_mbps:.{0 if task.speed_mbps >= 100 else 1}f}",
                f"{task.late_seconds / 60:.0f}" if task.late_seconds else "",
                task.error,
                task.advice,
                task.task_id,
            )
            for task in tasks
        ),
    )


def packed_actions(actions: Iterable[ActionTold], zone: tzinfo) -> Iterator[str]:
    """Every operation that was sent, in the same form."""
    yield from _packed(
        ACTION_COLUMNS,
        (
            (
                action.server,
                action.operation,
                action.state_before,
                action.ordered_by,
                shown_time(action.sent_at, zone),
                shown_time(action.answered_at, zone) if action.answered_at else "",
                action.answer,
                action.verdict,
                action.task_id,
                action.run_id,
            )
            for action in actions
        ),
    )


def _packed(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f'{_json({"columns": columns})[:-1]},"rows":['
    told = _Texts().told
    yield from _listed([told(text) for text in row] for row in rows)
    yield "]}"


@dataclass(frozen=True, slots=True)
class _ServerRows:
    headers: Sequence[str]
    attempts: Mapping[str, Sequence[Attempt]]
    zone: tzinfo
    told: Callable[[str], str | int]

    def packed(self, timing: Timing) -> list[object]:
        """All texts of a row, told in the order in which the script reads them."""
        outcome, told = timing.outcome, self.told
        shown = outcome.row.shown
        requests = self.attempts.get(outcome.source_server_id, ())
        own = (
            outcome.row.label,
            outcome.status.value,
            "" if outcome.status.is_done else outcome.advice or outcome.status.meaning,
            outcome.error_code,
            outcome.error_message,
            outcome.task_id,
            outcome.source_server_id,
            str(outcome.attempts),
            self._time(outcome.submitted_at),
        )
        trace = (
            str(outcome.row.cell("wave")),
            row_digest(outcome.row),
            requests[-1].body_digest if requests else "",
            requests[-1].request_id if requests else outcome.request_id,
            self._time(timing.starts_at),
            self._time(timing.ends_at),
            *self._moved(timing),
        )
        return [
            *[told(text) for text in own],
            [told(shown.get(header, "")) for header in self.headers],
            [told(text) for text in trace],
            [[told(text) for text in self._attempt(request)] for request in requests],
        ]

    def _moved(self, timing: Timing) -> tuple[str, ...]:
        task, behind = timing.task, timing.behind_minutes
        times = (task.started_at, task.copied_at, task.finished_at) if task is not None else (None, None, None)
        return (*map(self._time, times), "" if behind is None else f"{behind:+.0f} min")

    def _attempt(self, attempt: Attempt) -> tuple[str, ...]:
        status = "" if attempt.http_status is None else f"HTTP {attempt.http_status}, "
        return (
            str(attempt.number),
            self._time(attempt.sent_at),
            self._time(attempt.answered_at),
            f"{status}{attempt.answer}",
            f"{attempt.decided}: {attempt.reason}" if attempt.reason else attempt.decided,
            attempt.result,
            attempt.request_id,
            attempt.body_digest,
            attempt.run_id,
        )

    def _time(self, moment: datetime | None) -> str:
        return shown_time(moment, self.zone) if moment else ""


def _listed(rows: Iterator[list[object]]) -> Iterator[str]:
    """The rows between an array's brackets, some hundred at a time."""
    comma = ""
    while piece := list(islice(rows, _PIECE)):
        yield comma + _json(piece)[1:-1]
        comma = ","


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
