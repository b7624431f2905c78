"""Run a wave's night for `waves run`: as submit_command.py runs a submission, beside Prefect and never behind it.

Decides no stage: flows.night does, and night_job.py. Outcome and exit code come from the night alone.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli import failure, output, submit_command
from flows.cli import run_view as view
from flows.cli.control_thread import ControlThread
from flows.cli.exits import exit_of_error, exit_of_night
from flows.cli.submit_view import show_refusal, show_warnings

if TYPE_CHECKING:
    from pathlib import Path

    from flows.night_job import NightEnd, PreparedNight
    from flows.night_session import NightSession
    from flows.prefect_server.attach import Attachment
    from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves run`, as typed."""

    plan: Path
    wave: str
    where: tuple[str, ...] = ()
    report: Path | None = None
    html: Path | None = None
    allow_invalid: bool = False
    canary: int = 0
    gate_hours: float | None = None
    interval: float = 30.0
    is_anew: bool = False
    is_json: bool = False
    is_debug: bool = False


def main(call: Call) -> int:
    """Run the night and return the exit code; does not return where Prefect would hold up the exit."""
    signals = submit_command.Signals()
    submit_command.quiet(is_debug=call.is_debug)
    try:
        attachment = submit_command.have_api()
        prepared, settings = _prepare(call)
        return _run(call, prepared, settings, attachment, signals)
    except output.OutputLostError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _failed(error, call)
    finally:
        signals.restore()


def _prepare(call: Call) -> tuple[PreparedNight, Settings]:
    from flows.night_job import NightRequest, prepare
    from flows.settings import load_settings
    from flows.wave_job import WaveOrder
    from flows.where import parse_where

    where = parse_where(call.where)
    order = WaveOrder(call.plan, call.wave, call.report, where, call.allow_invalid, canary=call.canary, html=call.html)
    return prepare(NightRequest(order, call.is_anew, call.gate_hours, call.interval)), load_settings()


def _run(
    call: Call, prepared: PreparedNight, settings: Settings, attachment: Attachment | None, signals: submit_command.Signals
) -> int:
    from flows import event_loop
    from flows.night_session import NightSession

    show_warnings(prepared.wave.findings, sys.stderr)
    session = NightSession(prepared, settings)
    signals.stop(session)
    control = ControlThread(attachment, session, "flows.run_wave") if attachment is not None else None
    if control is not None:
        control.start()
    with view.progress(session, sys.stderr) as progress:
        end = event_loop.run(_night(session))
    code = exit_of_night(end)
    signals.leave_with(code)
    _show(call, end)
    submit_command.leave(code, control, progress.flush_lines)
    return code


async def _night(session: NightSession) -> NightEnd:
    for line in await _waves_before(session):
        session.remark(line)
    return await session.run()


async def _waves_before(session: NightSession) -> list[str]:
    """A warning for each wave that this one depends on and that is not done: by hand, it is run all the same."""
    from flows.scheduling.wave_dependencies import unfinished, waves_before
    from flows.submission.clock import SystemClock
    from flows.submission.history import read_history

    wave, settings = session.prepared.wave, session.settings
    before = waves_before(wave.plan, wave.order.wave)
    if not before:
        return []
    left = await read_history(
        settings.journal_url,
        SystemClock(),
        session.remark,
        lambda connection: unfinished(connection, settings.account, wave.plan, before),
    )
    cell = wave.plan.waves[wave.order.wave].cell("depends_on")
    return [f"warning: {cell} asks for {one.line()} to be done first: `waves run` does not wait for it" for one in left]


def _show(call: Call, end: NightEnd) -> None:
    # Neither a reader that has gone (`| head`) nor a full disk is a failure of the night.
    try:
        if call.is_json:
            output.write_json(view.as_json(end))
        with suppress(OSError) if call.is_json else output.to_output():
            view.show_end(end, sys.stderr if call.is_json else sys.stdout)
    except output.OutputLostError as error:
        output.error(str(error))


def _failed(error: Exception, call: Call) -> int:
    """Say in a few lines why the night did not begin, or that something is wrong with us."""
    findings = getattr(error, "findings", ())
    show_refusal(findings, sys.stderr)
    known, code = failure.told(error, exit_of_error(error), is_debug=call.is_debug)
    if call.is_json:
        output.write_json({"wave": call.wave, "error": known, "findings": [each.as_json() for each in findings]})
    return code
