"""One wave from a plan's file to a report on disk: what `waves submit`, the Prefect flow and a test all run.

Plain asyncio and no Prefect. `prepare` reads and checks the plan and sends nothing; `run` opens client and journal, submits, and
writes the report when the engine ends, however it ended. What is shown of it, and who may stop it, is the caller's.
"""

from __future__ import annotations

import getpass
import socket
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING

from flows import places, wave_attempts
from flows.command_words import quoted
from flows.sms.auth import make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.codes import may_be_cured
from flows.submission.clock import SystemClock
from flows.submission.desk import Desk, Options
from flows.submission.events import StopSignal
from flows.submission.journal import JournalUnavailableError, open_journal
from flows.submission.lease_clock import lease_time
from flows.submission.pace_limits import CREATES, PaceLimit, wave_kind
from flows.submission.pace_shared import SharedPace
from flows.submission.preview import preview_wave
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_run import submit_wave
from flows.where import rows_that_fit
from inventory.checks import check_plan, invalid_rows
from inventory.findings import Finding, Severity
from inventory.forecast import forecast_plan
from inventory.forecast_terms import terms_of
from inventory.outcomes import Status, counts
from inventory.plan import read_plan
from inventory.report import ReportError, WaveReport, check_page_path, check_report_path, write_page, write_report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from flows.settings import Settings
    from flows.submission.clock import Clock
    from flows.submission.events import Watcher
    from flows.submission.journal import Journal
    from flows.submission.preview import Preview
    from flows.submission.wave_run import WaveResult
    from flows.wave_attempts import WaveAttempts
    from flows.where import Where
    from inventory.forecast import WaveForecast
    from inventory.forecast_terms import Observation
    from inventory.plan import Plan, ServerRow


@dataclass(frozen=True, slots=True)
class WaveOrder:
    """What is asked for. `where` holds (column, pattern) pairs that must all hold; `report` None means beside the plan.

    Where `report_url` is not empty, the report goes there once it is written, and leaves this machine; `html_url` is the page's.
    `html` None means that no page is wanted. The first `canary` rows go alone; the rest follows where all of them are done.
    """

    plan: Path
    wave: str
    report: Path | None = None
    where: Sequence[Where] = ()
    allow_invalid: bool = False
    retry_rejected: bool = False
    recreate: bool = False
    canary: int = 0
    html: Path | None = None
    report_url: str = ""
    html_url: str = ""
    has_waited: bool = False
    """Whether the waves that this one depends on are known to be done."""

    @property
    def report_path(self) -> Path:
        """Where the report goes: `<plan>.<wave>.report.xlsx` in the plan's folder unless said otherwise."""
        if self.report is not None:
            return self.report
        safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in self.wave)
        return self.plan.with_name(f"{self.plan.stem}.{safe}.report.xlsx")

    def command(self, *extra: str) -> str:
        """The command line that does this order again, with `extra` words."""
        words = ["waves", "submit", quoted(str(self.plan)), "--wave", quoted(self.wave)]
        if self.report is not None:
            words += ["--report", quoted(str(self.report))]
        if self.html is not None:
            words += ["--html", quoted(str(self.html))]
        for column, pattern in self.where:
            words += ["--where", quoted(f"{column}={pattern}")]
        if self.allow_invalid:
            words.append("--allow-invalid")
        if self.canary:
            words += ["--canary", str(self.canary)]
        return " ".join([*words, *extra])


class PlanRefusedError(Exception):
    """The plan has errors, or no row fits: nothing was sent. `findings` are all that was found, warnings too."""

    def __init__(self, problem: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(problem)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class PreparedWave:
    """A wave that may be sent: its rows, and for each row that an error rules out, by its position, that error."""

    order: WaveOrder
    plan: Plan
    rows: tuple[ServerRow, ...]
    findings: tuple[Finding, ...]
    invalid: Mapping[int, Finding]


@dataclass(frozen=True, slots=True, repr=False)
class WaveEnd:
    """How it ended. `report` is where the report lies, None where it could not be written; `report_problem` then says why.

    `page` is where the page lies; None where none was asked for, or, with `page_problem`, where it could not be written.

    Without a repr of its fields, for the reason that WaveResult has none.
    """

    prepared: PreparedWave
    result: WaveResult
    report: Path | None
    report_problem: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    page: Path | None = None
    page_problem: str = ""

    @property
    def report_shown(self) -> str:
        """Where the report lies, as a person is told; "" where there is none."""
        return _shown(self.report, self.prepared.order.report_url)

    @property
    def page_shown(self) -> str:
        """Where the page lies, as a person is told; "" where there is none."""
        return _shown(self.page, self.prepared.order.html_url)

    @property
    def is_all_done(self) -> bool:
        """Whether every row is done, and the report, and the page if one was asked for, say so on disk."""
        is_told = self.report is not None and not self.page_problem
        return is_told and all(outcome.status.is_done for outcome in self.result.outcomes)


def _shown(path: Path | None, url: str) -> str:
    if path is None:
        return ""
    return places.shown(url) if url else str(path.resolve())


def prepare(order: WaveOrder) -> PreparedWave:
    """Read and check the plan.

    Raises PlanError (no plan), PlanRefusedError (errors in it, or no row), WhereError (no such column), ReportError (nowhere to
    report to).
    """
    if order.canary < 0:
        raise PlanRefusedError(f"there cannot be {order.canary} canaries")
    plan = read_plan(order.plan)
    findings = tuple(check_plan(plan, order.wave))
    if order.wave not in plan.waves:
        raise PlanRefusedError(f"{plan.name} has no wave that can be sent by that name", findings)
    rows = rows_that_fit(plan, plan.rows(order.wave), order.where)
    if not rows:
        raise PlanRefusedError(f"no row of Servers is in the wave {order.wave}", findings)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors and not order.allow_invalid:
        raise PlanRefusedError(
            f"{plan.name} has {len(errors)} error{'s' if len(errors) > 1 else ''} in wave {order.wave}", findings
        )
    check_report_path(order.report_path, order.plan)
    if order.html is not None:
        check_page_path(order.html, order.plan)
    return PreparedWave(order, plan, rows, findings, _ruled_out(plan, errors))


async def run(
    prepared: PreparedWave,
    settings: Settings,
    watcher: Watcher,
    stop: StopSignal,
    *,
    clock: Clock | None = None,
    is_alone: bool = True,
) -> WaveEnd:
    """Submit the wave and write its report. Not `is_alone`: it is a stage of a night, which holds what submitting does not.

    Raises JournalUnavailableError where the journal cannot even be opened: nothing was sent.
    """
    clock = clock or SystemClock()
    for line in not_held(prepared) if is_alone else ():
        watcher.remark(line)
    reads = Throttle(clock)
    async with (
        _service(settings, clock, watcher, reads) as (client, journal),
        _shared_pace(prepared, settings, clock, journal) as shared,
    ):
        request = _request(prepared, settings)
        desk = Desk.open(
            request,
            client=client,
            journal=journal,
            throttle=Throttle(clock, shared=shared),
            clock=clock,
            random=SystemRandom(),
            watcher=watcher,
            stop=stop,
        )
        result = await submit_wave(request, desk)
        attempts = await wave_attempts.read_attempts(journal, settings.account, result, clock)
    result = replace(result, notes=[*result.notes, *reads.story.lines("reads")])
    return report(prepared, result, settings.endpoint, attempts)


def not_held(prepared: PreparedWave) -> list[str]:
    """What the sheet says of the wave's order that submitting it does not hold, one line each: whoever sends it has to."""
    wave = prepared.plan.waves[prepared.order.wave]
    before = "" if prepared.order.has_waited else wave.text("depends_on")
    said = {
        "depends_on": f"asks for {before} to be done first" if before else "",
        "needs_approval": "asks for an approval" if wave.flag("needs_approval") else "",
    }
    return [f"warning: {wave.cell(name)} {what}: `waves submit` does not wait for it" for name, what in said.items() if what]


async def preview(prepared: PreparedWave, settings: Settings, watcher: Watcher) -> list[Preview]:
    """Say what `run` would begin with for each row; sends no create and writes nothing down.

    Raises an SmsError where SMS cannot be asked, JournalUnavailableError where the journal cannot be opened.
    """
    clock, request = SystemClock(), _request(prepared, settings)
    async with _service(settings, clock, watcher, Throttle(clock)) as (client, journal):
        desk = Desk.open(
            request,
            client=client,
            journal=journal,
            throttle=Throttle(clock),
            clock=clock,
            random=SystemRandom(),
            watcher=watcher,
            stop=StopSignal(),
        )
        return await preview_wave(request, desk.with_records(await journal.rows(request.account)))


def _request(prepared: PreparedWave, settings: Settings) -> WaveRequest:
    options = Options(
        settle_seconds=settings.settle_seconds,
        deadline_seconds=ClientOptions.of(settings).deadline_seconds,
        lease_slack_seconds=settings.lease_slack_seconds,
        concurrency=settings.concurrency,
        retry_rejected=prepared.order.retry_rejected,
        recreate=prepared.order.recreate,
        canaries=prepared.order.canary,
    )
    return WaveRequest(prepared.plan, prepared.order.wave, prepared.rows, settings.account, author(), prepared.invalid, options)


@asynccontextmanager
async def _service(settings: Settings, clock: Clock, watcher: Watcher, reads: Throttle) -> AsyncIterator[tuple[SmsClient, Journal]]:
    """SMS and the journal, open; reads of SMS go by a bucket of their own."""
    client = SmsClient(ClientOptions.of(settings), make_auth(settings, clock.wall), pace=reads, sleep=clock.sleep)
    try:
        async with open_journal(settings.journal_url, clock, watcher.remark) as journal, client:
            yield client, journal
    except JournalUnavailableError as error:
        raise JournalUnavailableError(settings.journal_problem(error)) from error


def report(prepared: PreparedWave, result: WaveResult, endpoint: str, attempts: WaveAttempts) -> WaveEnd:
    """Write the report of a run that has ended, and its page where one is wanted.

    One that cannot be written is said, not raised: the outcomes are what counts.
    """
    order = prepared.order
    forecast, problem = _forecast(prepared, attempts.learned)
    problems = [text for text in (attempts.problem, problem) if text]
    found = WaveReport(
        plan=prepared.plan,
        wave=order.wave,
        run_id=result.run_id,
        author=author(),
        started_at=result.started_at,
        ended_at=result.ended_at,
        outcomes=result.outcomes,
        findings=[*prepared.findings, *result.findings],
        notes=[*result.notes, *problems],
        endpoint=endpoint,
        next_command=next_command(order, result),
        attempts=attempts.attempts,
        forecast=forecast,
    )
    end = WaveEnd(prepared, result, None, counts=counts(result.outcomes))
    try:
        write_report(order.report_path, found)
        problem = places.deliver(order.report_path, order.report_url) if order.report_url else ""
        end = replace(end, report=None if problem else order.report_path, report_problem=problem)
    except ReportError as error:
        end = replace(end, report_problem=str(error))
    return end if order.html is None else _with_page(end, order.html, found)


def _forecast(prepared: PreparedWave, learned: Sequence[Observation]) -> tuple[WaveForecast | None, str]:
    """What was to be expected of the wave, where its sheet says when it starts, or why that cannot be told."""
    wave = prepared.plan.waves[prepared.order.wave]
    if wave.starts_at is None:
        return None, ""
    try:
        return next(iter(forecast_plan(prepared.plan, terms_of(observations=learned), wave=wave.name, is_advising=False)), None), ""
    except Exception as error:  # noqa: BLE001 - no defect of a forecast may cost the report of a wave
        return None, f"The wave could not be forecast: {type(error).__name__}: {error}"


def _with_page(end: WaveEnd, path: Path, found: WaveReport) -> WaveEnd:
    try:
        write_page(path, found)
    except ReportError as error:
        return replace(end, page_problem=str(error))
    url = end.prepared.order.html_url
    problem = places.deliver(path, url) if url else ""
    return replace(end, page=None if problem else path, page_problem=problem)


def next_command(order: WaveOrder, result: WaveResult) -> str:
    """What to type next, where something is left to do; empty where nothing is."""
    codes = {outcome.error_code for outcome in result.outcomes}
    may_be_retried = any(one.status is Status.REJECTED and may_be_cured(one.error_code) for one in result.outcomes)
    statuses = {outcome.status.value for outcome in result.outcomes if not outcome.status.is_done}
    if not statuses:
        return ""
    if "WAVES.GONE" in codes:
        return order.command("--recreate")
    return order.command("--retry-rejected") if may_be_retried else order.command()


def author() -> str:
    """Who runs this, for report and journal: user@host."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _shared_pace(prepared: PreparedWave, settings: Settings, clock: Clock, journal: Journal) -> SharedPace:
    """What this run shares of the account's pace, and of the wave's, with other runs."""
    return SharedPace(
        account=settings.account,
        holder=uuid.uuid4().hex,
        limits=_limits(prepared, settings),
        clock=clock,
        transact=journal.transact,
        read_time=partial(lease_time, clock=clock),
    )


def _limits(prepared: PreparedWave, settings: Settings) -> list[PaceLimit]:
    """The account's limit and the wave's own (`Waves.rate_per_second`), in creates a second; both hold."""
    wave = prepared.order.wave
    of_wave = prepared.plan.waves[wave].decimal("rate_per_second")
    limits = []
    if settings.rate_per_second:
        limits.append(PaceLimit(settings.rate_per_second, CREATES, "SMS_RATE_PER_SECOND"))
    if of_wave:
        limits.append(PaceLimit(float(of_wave), wave_kind(prepared.plan.name, wave), f"rate_per_second of {wave} in Waves"))
    return limits


def _ruled_out(plan: Plan, errors: Sequence[Finding]) -> Mapping[int, Finding]:
    """The rows that an error concerns, by their position, each with the first error that does."""
    found: dict[int, Finding] = {}
    for error in errors:
        for position in invalid_rows(plan, (error,)):
            found.setdefault(position, error)
    return found
