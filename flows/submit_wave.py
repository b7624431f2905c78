"""The Prefect flow `submit-wave`: one wave of a plan, from the command line, a served deployment or a worker alike.

Thin: the wave runs in another thread (wave_session.py) and Prefect shows it (control_room.py). The flow's final state tells how the
wave ended in one line; the truth is the journal and the report. Called by `waves submit` (`show`) and by Prefect.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.client.schemas.objects import State  # noqa: TC002 - Prefect reads the annotations
from prefect.states import Cancelled, Completed, Failed

from flows import wave_session
from flows.control_room import ControlRoom
from flows.settings import SettingsError, load_settings
from flows.submission.events import StopKind
from flows.submission.journal import JournalUnavailableError
from flows.wave_job import PlanRefusedError, WaveOrder, prepare
from flows.wave_session import WaveSession
from flows.where import WhereError, parse_where
from inventory.plan import PlanError
from inventory.report import ReportError

if TYPE_CHECKING:
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
) -> State[Any]:
    """Create the SMS migration tasks of one wave of a plan: exactly one for each server, and a report of every row.

    Args:
        plan: The plan workbook's path, as the machine that runs this sees it.
        wave: The wave to submit, as its rows in the sheet `Servers` name it.
        report: Where the report goes (.xlsx). Empty: beside the plan, as PLAN.WAVE.report.xlsx.
        where: Only rows that fit: COLUMN=PATTERN, with * and ?. All must hold.
        allow_invalid: Send the good rows even if others have errors; those are reported as INVALID.
        retry_rejected: Send rows again that SMS rejected for a cause that may be cured by now.
        recreate: Send rows again whose task was deleted at SMS.
        canary: Send the first so many rows alone, and the rest only if all of these are done. 0: all at once.
    """
    session = wave_session.STARTED.get()
    if session is None:
        try:
            order = _order(plan, wave, report, where, allow_invalid, retry_rejected, recreate, canary)
            session = WaveSession(await asyncio.to_thread(prepare, order), load_settings())
        except (PlanError, PlanRefusedError, WhereError, ReportError, SettingsError) as error:
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
            return_state=True,
        )
    finally:
        wave_session.STARTED.reset(token)
    return bool(state.is_final() and not state.is_crashed())


async def _follow(session: WaveSession) -> State[Any]:
    room = ControlRoom(session)
    watch = asyncio.create_task(room.follow())
    try:
        end = await session.ended()
    except asyncio.CancelledError:
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
    place = f"report: {end.report.resolve()}" if end.report is not None else f"no report: {end.report_problem}"
    line = f"{end.prepared.order.wave}: {tally}; {place}"
    stop = end.result.stop
    if stop is not None and stop.kind is StopKind.INTERRUPTED:
        return Cancelled(message=f"stopped; {line}")
    if stop is not None:
        return Failed(message=f"{stop.message}; {line}")
    return Completed(message=line) if end.is_all_done else Failed(message=line)


def _order(
    plan: str,
    wave: str,
    report: str,
    where: list[str],
    allow_invalid: bool,
    retry_rejected: bool,
    recreate: bool,
    canary: int,
) -> WaveOrder:
    return WaveOrder(
        Path(plan), wave, Path(report) if report else None, parse_where(where), allow_invalid, retry_rejected, recreate, canary
    )


def _refusal(error: Exception) -> str:
    """Why nothing was sent, in one line: the problem, and the first of the errors found."""
    errors = [finding.line() for finding in getattr(error, "findings", ()) if finding.severity == "error"]
    return f"nothing was sent: {error}" + (f"; first: {errors[0]}" if errors else "")
