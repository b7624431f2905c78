"""The Prefect flow `submit-wave`: one wave of a plan, from the command line, a served deployment or a worker alike.

Thin: the wave runs in another thread (wave_session.py) and Prefect shows it (control_room.py). The flow's final state tells how the
wave ended in one line; the truth is the journal and the report. Called by `waves submit` (`show`) and by Prefect.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.client.schemas.objects import State  # noqa: TC002 - Prefect reads the annotations
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Failed

from flows import wave_session
from flows.control_room import ControlRoom
from flows.credentials import settings_of
from flows.ending import TOLD_TO_END, beside, hears_its_end
from flows.places import PlaceError, name_of, wave_files
from flows.scheduling import reruns
from flows.scheduling.at_start import Awaited, NotStartedError, await_start
from flows.scheduling.sign_of_life import signs_of_life
from flows.settings import SettingsError
from flows.submission.clock import SystemClock
from flows.submission.events import StopKind
from flows.submission.journal import JournalUnavailableError
from flows.wave_job import PlanRefusedError, WaveOrder, prepare
from flows.wave_session import WaveSession
from flows.where import WhereError, parse_where
from inventory.plan import PlanError
from inventory.report import ReportError

if TYPE_CHECKING:
    from flows.places import WaveFiles
    from flows.wave_job import WaveEnd


@flow(name="submit-wave", flow_run_name="submit {wave}", persist_result=False)
async def submit_wave(
    plan: str,
    wave: str,
    report: str = "",
    where: list[str] = [],  # noqa: B006 - a form's default; never changed
    allow_invalid: bool = False,
    retry_rejected: bool = False,
    recreate: bool = False,
    canary: int = 0,
    credentials: str = "",
    by_schedule: bool = False,
    pinned: str = "",
    html: str = "",
) -> State[Any]:
    """Create the SMS migration tasks of one wave of a plan: exactly one for each server, and a report of every row.

    Args:
        plan: The plan workbook: a path, as the machine that runs this sees it, or a URL (s3://..., https://...).
        wave: The wave to submit, as its rows in the sheet `Servers` name it.
        report: Where the report goes (.xlsx), a path or a URL. Empty: beside the plan, as PLAN.WAVE.report.xlsx.
        where: Only rows that fit: COLUMN=PATTERN, with * and ?. All must hold.
        allow_invalid: Send the good rows even if others have errors; those are reported as INVALID.
        retry_rejected: Send rows again that SMS rejected for a cause that may be cured by now.
        recreate: Send rows again whose task was deleted at SMS.
        canary: Send the first so many rows alone, and the rest only if all of these are done. 0: all at once.
        credentials: The name of a block of SMS credentials. Empty: those of the machine that runs this.
        by_schedule: Begin only inside the wave's window, and after the waves that it depends on. `waves schedule` says so.
        pinned: What the wave's rows were when it was scheduled; where they have changed, nothing is sent. Empty: not looked at.
        html: Where the report goes as one page for a browser, too (.html), a path or a URL. Empty: no page is written.
    """
    session = wave_session.STARTED.get()
    if session is not None:
        return await _follow(session)
    if worn_out := reruns.too_many():
        return Failed(message=f"nothing was sent: {worn_out}")
    async with signs_of_life(), AsyncExitStack() as files:
        try:
            settings = await settings_of(credentials)
            report_name = WaveOrder(Path(name_of(plan)), wave).report_path.name
            here = await asyncio.to_thread(files.enter_context, wave_files(plan, report, html, report_name))
            if by_schedule:
                await await_start(Awaited(here.plan, wave, pinned), settings, SystemClock(), get_run_logger().warning)
            order = _order(here, wave, where, allow_invalid, retry_rejected, recreate, canary)
            order = replace(order, has_waited=by_schedule)
            session = WaveSession(await asyncio.to_thread(prepare, order), settings)
        except _REFUSALS as error:
            return Failed(message=_refusal(error))
        session.run_in_thread()
        return await _follow(session)


async def show(session: WaveSession) -> bool:
    """Run the flow beside a session that runs already; whether Prefect holds its final state. Never stops the session."""
    order = session.prepared.order
    token = wave_session.STARTED.set(session)
    try:
        state = await submit_wave(
            plan=str(order.plan.resolve()),
            wave=order.wave,
            report=str(order.report_path.resolve()),
            where=[f"{column}={pattern}" for column, pattern in order.where],
            allow_invalid=order.allow_invalid,
            retry_rejected=order.retry_rejected,
            recreate=order.recreate,
            canary=order.canary,
            html=str(order.html.resolve()) if order.html is not None else "",
            return_state=True,
        )
    finally:
        wave_session.STARTED.reset(token)
    return bool(state.is_final() and not state.is_crashed())


async def _follow(session: WaveSession) -> State[Any]:
    with hears_its_end():
        return await _followed(session)


async def _followed(session: WaveSession) -> State[Any]:
    room = ControlRoom(session)
    watch = beside(room.follow())
    try:
        end = await session.ended()
    except TOLD_TO_END:
        # Cancelled in the UI, or told to end: 30 seconds from here the process is killed. The report comes first.
        session.interrupt()
        await room.close(await session.ended())
        raise
    except JournalUnavailableError as error:
        return Failed(message=f"nothing was sent: {error}")
    finally:
        watch.cancel()
    await room.close(end)
    return final_state(end)


def final_state(end: WaveEnd) -> State[Any]:
    """The run's state: Completed when every row is done, Cancelled when it was stopped, else Failed; each with one line."""
    tally = ", ".join(f"{count} {status}" for status, count in end.counts.items())
    place = f"report: {end.report_shown}" if end.report is not None else f"no report: {end.report_problem}"
    page = f"; page: {end.page_shown}" if end.page is not None else f"; no page: {end.page_problem}" if end.page_problem else ""
    line = f"{end.prepared.order.wave}: {tally}; {place}{page}"
    stop = end.result.stop
    if stop is not None and stop.kind is StopKind.INTERRUPTED:
        return Cancelled(message=f"stopped; {line}")
    if stop is not None:
        return Failed(message=f"{stop.message}; {line}")
    return Completed(message=line) if end.is_all_done else Failed(message=line)


_REFUSALS = (
    PlanError,
    PlanRefusedError,
    WhereError,
    ReportError,
    SettingsError,
    PlaceError,
    NotStartedError,
    JournalUnavailableError,
)


def _order(
    files: WaveFiles, wave: str, where: list[str], allow_invalid: bool, retry_rejected: bool, recreate: bool, canary: int
) -> WaveOrder:
    return WaveOrder(
        files.plan,
        wave,
        files.report,
        parse_where(where),
        allow_invalid,
        retry_rejected,
        recreate,
        canary,
        html=files.html,
        report_url=files.report_url,
        html_url=files.html_url,
    )


def _refusal(error: Exception) -> str:
    """Why nothing was sent, in one line: the problem, and the first of the errors found."""
    errors = [finding.line() for finding in getattr(error, "findings", ()) if finding.severity == "error"]
    return f"nothing was sent: {error}" + (f"; first: {errors[0]}" if errors else "")
