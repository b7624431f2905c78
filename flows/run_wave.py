"""The Prefect flow `run-wave`: the whole night of one wave, from the command line, a served deployment or a worker alike.

Thin: the night runs in another thread (night_session.py) and Prefect shows it (night_room.py); at the gate the run pauses for the
form. The flow's final state tells how the night ended in one line; the truth is the journal and the report. Run again, it does what
is not done. Called by `waves run` (`show`) and by Prefect.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.client.schemas.objects import State  # noqa: TC002 - Prefect reads the annotations
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Failed

from flows import night_session
from flows.credentials import settings_of
from flows.ending import TOLD_TO_END, beside, hears_its_end
from flows.night_job import NightRequest, prepare
from flows.night_room import NightRoom, report_shown
from flows.night_session import NightSession
from flows.places import PlaceError, name_of, wave_files
from flows.scheduling import reruns
from flows.scheduling.at_start import Awaited, NotStartedError, await_start
from flows.scheduling.sign_of_life import signs_of_life
from flows.settings import SettingsError
from flows.sms.errors import SmsError
from flows.submission.clock import SystemClock
from flows.submission.journal import JournalUnavailableError
from flows.wave_job import PlanRefusedError, WaveOrder
from flows.where import WhereError, parse_where
from inventory.plan import PlanError
from inventory.report import ReportError

if TYPE_CHECKING:
    from flows.night_job import NightEnd

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


@flow(name="run-wave", flow_run_name="run {wave}", persist_result=False)
async def run_wave(
    plan: str,
    wave: str,
    report: str = "",
    where: list[str] = [],  # noqa: B006 - a form's default; never changed
    allow_invalid: bool = False,
    canary: int = 0,
    gate_hours: float = 0.0,
    interval: float = 30.0,
    anew: bool = False,
    credentials: str = "",
    by_schedule: bool = False,
    pinned: str = "",
    html: str = "",
) -> State[Any]:
    """Run the whole night of one wave of a plan: submit, start, follow, ask at its gate, cut over, verify, and a report.

    Args:
        plan: The plan workbook: a path, as the machine that runs this sees it, or a URL (s3://..., https://...).
        wave: The wave to run, as its rows in the sheet `Servers` name it.
        report: Where the report goes (.xlsx), a path or a URL. Empty: beside the plan, as PLAN.WAVE.report.xlsx.
        where: Only rows that fit: COLUMN=PATTERN, with * and ?. All must hold.
        allow_invalid: Go on with the good rows even if others have errors; those are reported as INVALID.
        canary: Send the first so many rows alone, and the rest only if all of these are done. 0: all at once.
        gate_hours: How many hours a gate waits before it counts as not approved. 0: until the window ends, or 12 hours.
        interval: Seconds between two looks at SMS.
        anew: Walk the whole path again, also the stages that are done.
        credentials: The name of a block of SMS credentials. Empty: those of the machine that runs this.
        by_schedule: Begin only inside the wave's window, and after the waves that it depends on. `waves schedule` says so.
        pinned: What the wave's rows were when it was scheduled; where they have changed, nothing is sent. Empty: not looked at.
        html: Where the report goes as one page for a browser, too (.html), a path or a URL. Empty: no page is written.
    """
    session = night_session.STARTED.get()
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
            order = WaveOrder(
                here.plan,
                wave,
                here.report,
                parse_where(where),
                allow_invalid,
                canary=canary,
                html=here.html,
                report_url=here.report_url,
                html_url=here.html_url,
            )
            request = NightRequest(order, anew, gate_hours or None, interval)
            session = NightSession(await asyncio.to_thread(prepare, request), settings)
        except _REFUSALS as error:
            return Failed(message=_refusal(error))
        session.run_in_thread()
        return await _follow(session)


async def show(session: NightSession) -> bool:
    """Run the flow beside a night that runs already; whether Prefect holds its final state. Never stops the night."""
    request = session.prepared.request
    order = request.order
    token = night_session.STARTED.set(session)
    try:
        state = await run_wave(
            plan=str(order.plan.resolve()),
            wave=order.wave,
            report=str(order.report_path.resolve()),
            where=[f"{column}={pattern}" for column, pattern in order.where],
            allow_invalid=order.allow_invalid,
            canary=order.canary,
            gate_hours=request.gate_hours or 0.0,
            interval=request.interval,
            anew=request.is_anew,
            html=str(order.html.resolve()) if order.html is not None else "",
            return_state=True,
        )
    finally:
        night_session.STARTED.reset(token)
    return bool(state.is_final() and not state.is_crashed())


async def _follow(session: NightSession) -> State[Any]:
    with hears_its_end():
        return await _followed(session)


async def _followed(session: NightSession) -> State[Any]:
    room = NightRoom(session)
    watch = beside(room.follow())
    try:
        end = await session.ended()
    except TOLD_TO_END:
        # Cancelled in the UI, or told to end: 30 seconds from here the process is killed. The report comes first.
        session.interrupt()
        await room.close(await session.ended(), is_cancelled=True)
        raise
    except (JournalUnavailableError, SmsError) as error:
        return Failed(message=f"{session.prepared.request.order.wave}: the night cannot go on: {error}")
    finally:
        watch.cancel()
    await room.close(end)
    return final_state(end)


def final_state(end: NightEnd) -> State[Any]:
    """Completed where every stage is done, Cancelled where it was stopped, else Failed; each with one line."""
    story = end.story
    told = [f"{stage.value} {record.state.value}: {record.detail.get('line', '')}" for stage, record in story.stages.items()]
    last = next((line for stage, line in zip(story.stages, told, strict=True) if stage is story.ends_at), "")
    not_done = [line for line, record in zip(told, story.stages.values(), strict=True) if record.state != "done"]
    place = f"report: {report_shown(end)}" if end.report is not None else f"no report: {end.report_problem}"
    order = end.prepared.request.order
    if end.is_all_done:
        return Completed(message=f"{order.wave}: the night is done; {place}")
    if story.stop is not None:
        return Cancelled(message=f"{order.wave}: stopped at {story.ends_at}; {place}")
    return Failed(message=f"{order.wave}: {last or '; '.join(not_done)}; {place}")


def _refusal(error: Exception) -> str:
    """Why nothing was sent, in one line: the problem, and the first of the errors found."""
    errors = [finding.line() for finding in getattr(error, "findings", ()) if finding.severity == "error"]
    return f"nothing was sent: {error}" + (f"; first: {errors[0]}" if errors else "")
