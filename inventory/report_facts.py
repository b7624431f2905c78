"""What a report says, whoever shows it: the verdict, the run, its window, totals, reasons, times and digests.

Decides words and figures, no looks: report_summary.py and its sheets show them in the workbook, report_html.py in the page. Pure.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from math import ceil, inf
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from inventory.outcomes import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from inventory.forecast import WaveForecast
    from inventory.plan import ServerRow
    from inventory.report import WaveReport
    from inventory.report_records import Attempt, DecisionTold, NightTold, StageTold, TaskTold

_MOST_STEPS = 30
_STEP_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it went, in one sentence, and the status whose colours say the same."""

    text: str
    tone: Status


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Servers that are not done for the same reason, by their labels; `todo` says what to do about them."""

    status: Status
    code: str
    todo: str
    servers: Sequence[str]

    def examples(self, most: int) -> str:
        """The first of the servers, and how many more there are."""
        named, more = ", ".join(self.servers[:most]), len(self.servers) - most
        return f"{named} and {more:,} more" if more > 0 else named


@dataclass(frozen=True, slots=True)
class Timing:
    """When the first request for a server left in this run, and when the last answer to one came; `place` is against the window.

    `starts_at` and `ends_at` are when its migration was to run by the forecast; None where there is none. `task` is how its task
    really got on, None where nobody followed it.
    """

    outcome: Outcome
    sent_at: datetime | None
    answered_at: datetime | None
    place: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    task: TaskTold | None = None

    @property
    def behind_minutes(self) -> float | None:
        """How much later its migration ended than it was to, in minutes; less than 0 where it was sooner, None where nobody knows.

        A server that still syncs has been moved once its disks were copied, and is held to the forecast by its cutover alone.
        """
        ended = self.task.finished_at if self.task is not None else None
        return (ended - self.ends_at).total_seconds() / 60 if ended is not None and self.ends_at is not None else None


def verdict(report: WaveReport) -> Verdict:
    """The one sentence for who reads no further."""
    whole, done = len(report.outcomes), report.done
    if not whole:
        return Verdict("The wave has no servers.", Status.SKIPPED)
    if told := night_text(report):
        is_done = done == whole and all(stage.state == "done" for stage in stages_told(report.night))
        return Verdict(f"{told} {done:,} of {whole:,} servers are moved.", Status.CREATED if is_done else Status.CONFLICT)
    if left := whole - done:
        text = f"{done:,} of {whole:,} servers are done; {left:,} {'needs' if left == 1 else 'need'} attention."
        return Verdict(text, Status.CONFLICT)
    return Verdict(f"All {done:,} servers of the wave are done." if done > 1 else "The server of the wave is done.", Status.CREATED)


def subject(report: WaveReport) -> str:
    """What the report is about."""
    return "The night of a wave in Huawei Cloud SMS" if report.night else "Creation of the migration tasks in Huawei Cloud SMS"


def night_text(report: WaveReport) -> str:
    """How the wave's night ended and who decided at its gate, in one or two sentences; "" where there was none."""
    stages, decided = stages_told(report.night), [each for each in report.night.decisions if each.decision] if report.night else []
    if not stages:
        return ""
    gate = f" The gate before {decided[-1].gate}: {decision_text(decided[-1])}." if decided else ""
    left = [stage for stage in stages if stage.state != "done"]
    if not left:
        return f"The night is done.{gate}"
    word = {"running": "was stopped", "held": "holds it"}.get(left[0].state, left[0].state)
    more = f" ({left[0].line.rstrip('.')})" if left[0].line and not (gate and left[0].state == "held") else ""
    return f"The night is not done: {left[0].stage} {word}{more}.{gate}"


def decision_text(decision: DecisionTold) -> str:
    """What was decided at a gate, by whom, and why."""
    by = f" by {decision.approver}" if decision.approver else ""
    said = f" ({decision.comment.rstrip('.')})" if decision.comment else ""
    return f"{decision.decision or 'open'}{by}{said}"


def stages_told(night: NightTold | None) -> list[StageTold]:
    """The stages of the night, but the report, which is being written."""
    return [stage for stage in night.stages if stage.stage != "report"] if night is not None else []


def done_count(outcomes: Iterable[Outcome]) -> int:
    """How many servers need nothing any more."""
    return sum(outcome.status.is_done for outcome in outcomes)


def run_facts(report: WaveReport) -> list[tuple[str, str]]:
    """Who did what, where and when, as names and values."""
    return [
        ("Plan", report.plan.name),
        ("SHA-256", report.plan.sha256),
        ("Wave", f"{report.wave}, {len(report.outcomes):,} server{'' if len(report.outcomes) == 1 else 's'}"),
        ("Window", window_text(report)),
        *([("Forecast", told)] if (told := forecast_text(report)) else []),
        ("Started", shown_time(report.started_at, zone_of(report))),
        ("Ended", f"{shown_time(report.ended_at, zone_of(report))}, after {lasting(report.ended_at - report.started_at)}"),
        ("Run by", report.author),
        ("Run", report.run_id),
        ("Endpoint", report.endpoint),
        ("Made with", versions()),
    ]


def versions() -> str:
    """What wrote the report."""
    try:
        own = version("migration-waves")
    except PackageNotFoundError:
        own = "of unknown version"
    return f"migration-waves {own}, Python {sys.version.split()[0]}"


def zone_of(report: WaveReport) -> tzinfo:
    """The zone in which the report's people read times: the wave's, else UTC."""
    wave = report.plan.waves.get(report.wave)
    name = wave.text("timezone") if wave else ""
    if name:
        return ZoneInfo(name)
    opens = wave.starts_at if wave else None
    return (opens.tzinfo if opens else None) or UTC


def shown_time(moment: datetime, zone: tzinfo) -> str:
    """A time to the second in `zone`, with its offset; UTC by its name."""
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} UTC" if zone is UTC else local.isoformat(sep=" ", timespec="seconds")


def lasting(span: timedelta) -> str:
    """A length of time as h:mm:ss."""
    seconds = max(int(span.total_seconds()), 0)
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def window_text(report: WaveReport) -> str:
    """When the wave was to be sent, by its row in `Waves`."""
    opens, closes = _window(report)
    zone = zone_of(report)
    words = [f"from {shown_time(opens, zone)}" if opens else "", f"until {shown_time(closes, zone)}" if closes else ""]
    return " ".join(word for word in words if word) or "none in the plan"


def forecast_text(report: WaveReport) -> str:
    """When the wave's migrations were to be over, by its sheet, started as planned; "" where nobody can tell."""
    forecast = report.forecast
    if forecast is None or forecast.ends_at is None:
        return ""
    least = "not before " if forecast.is_at_least else ""
    place = {True: ", inside the window", False: ", outside the window", None: ""}[forecast.fits]
    return f"migrations end {least}{shown_time(forecast.ends_at, zone_of(report))} if started as planned{place}"


def totals(outcomes: Iterable[Outcome]) -> Mapping[str, Counter[Status]]:
    """How many servers of each wave ended how, the waves in the order in which they come."""
    found: dict[str, Counter[Status]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.row.wave, Counter())[outcome.status] += 1
    return found


def problem_groups(outcomes: Iterable[Outcome]) -> list[ProblemGroup]:
    """What is not done, by reason, the most frequent first."""
    groups: dict[tuple[Status, str, str], list[str]] = defaultdict(list)
    for outcome in outcomes:
        if not outcome.status.is_done:
            groups[outcome.status, outcome.error_code, outcome.advice or outcome.status.meaning].append(outcome.row.label)
    return [ProblemGroup(*key, servers) for key, servers in sorted(groups.items(), key=lambda item: -len(item[1]))]


def all_notes(report: WaveReport) -> list[str]:
    """The run's own remarks, and how many findings the plan has."""
    severities = Counter(finding.severity.value for finding in report.findings)
    found = ", ".join(f"{count:,} {name}{'s' if count > 1 else ''}" for name, count in sorted(severities.items()))
    return [*report.notes, *([f"The plan has {found}: see Findings."] if found else [])]


def timings(report: WaveReport) -> Iterator[Timing]:
    """When each server was submitted in this run, in the report's order."""
    answered: dict[str, datetime] = {}
    for attempt in report.attempts:
        if attempt.run_id == report.run_id and attempt.answered_at is not None:
            answered[attempt.source_server_id] = attempt.answered_at
    opens, closes = _window(report)
    expected = _expected(report.forecast) if report.forecast else {}
    tasks = {task.source_server_id: task for task in report.night.tasks} if report.night is not None else {}
    for outcome in report.outcomes:
        sent_at = outcome.submitted_at
        came = answered.get(outcome.source_server_id) if sent_at else None
        place, task = _place(sent_at, opens, closes), tasks.get(outcome.source_server_id)
        yield Timing(outcome, sent_at, came, place, *expected.get(outcome.row.position, (None, None)), task)


def _expected(forecast: WaveForecast) -> dict[int, tuple[datetime | None, datetime | None]]:
    """When the migration of each server was to begin and to end, by its row's position; only of those whose speed is known."""
    case = forecast.case
    return {
        load.row.position: (case.moment(span.start), case.moment(span.end))
        for load, span in zip(case.loads, forecast.spans, strict=True)
        if case.is_known(load) and span.end < inf
    }


def steps(sent: Iterable[datetime]) -> list[tuple[datetime, int]]:
    """How many servers were submitted from one moment to the next, in steps of even length, so few that a chart can show them."""
    moments = sorted(sent)
    if not moments:
        return []
    span = (moments[-1] - moments[0]).total_seconds()
    step = next((each for each in _STEP_SECONDS if span / each < _MOST_STEPS - 1), ceil(span / (_MOST_STEPS - 1)))
    first = int(moments[0].timestamp()) // step
    tally = Counter(int(moment.timestamp()) // step - first for moment in moments)
    return [(datetime.fromtimestamp((first + place) * step, UTC), tally[place]) for place in range(max(tally) + 1)]


def last_attempts(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """The last request for each source server: its body and its answer are what the outcome goes by."""
    return {attempt.source_server_id: attempt for attempt in attempts}


def row_digest(row: ServerRow) -> str:
    """The SHA-256 of the row as written, in hex: of the compact JSON of its [header, text] pairs that are not empty, in ASCII."""
    pairs = [pair for pair in row.shown.items() if pair[1]]
    return hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()


def _window(report: WaveReport) -> tuple[datetime | None, datetime | None]:
    wave = report.plan.waves.get(report.wave)
    return (wave.starts_at, wave.ends_at) if wave else (None, None)


def _place(moment: datetime | None, opens: datetime | None, closes: datetime | None) -> str:
    if moment is None or (opens is None and closes is None):
        return ""
    if opens is not None and moment < opens:
        return "before"
    return "after" if closes is not None and moment > closes else "inside"
