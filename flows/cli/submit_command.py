"""Run one wave for `waves submit`: start Prefect's server, read the plan, run the engine, show it, let Prefect record it, exit.

The order is by time: the server comes up beside the imports, the rows wait for nothing of Prefect's, the report is on disk before
Prefect gets the end, and Prefect has ten seconds for that. Outcome and exit code come from the engine alone (design 7).
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from flows.cli import failure, output
from flows.cli import submit_view as view
from flows.cli.control_thread import ControlThread
from flows.cli.exits import Exit, exit_of, exit_of_error
from flows.prefect_server.attach import CLIENT_ENVIRONMENT, attach

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from flows.prefect_server.attach import Attachment
    from flows.settings import Settings
    from flows.wave_job import PreparedWave, WaveEnd

_INTERRUPTED = "interrupted: nothing was sent"
_INTERRUPTED_SECONDS = 0.5
"""What Prefect has to record a run that a person has stopped: the prompt is back within 3 seconds."""
_PATIENCE = 3
"""The signal that ends the process whatever the engine does: what is on the wire is journalled, the report is not written."""
_EXIT_SECONDS = 10.0
"""How long an orderly exit may take: Prefect's threads send what they have, a server of ours stops."""


@dataclass(frozen=True, slots=True)
class Call:
    """The command line of `waves submit`, as typed."""

    plan: Path
    wave: str
    report: Path | None
    where: tuple[str, ...]
    is_dry_run: bool
    allow_invalid: bool
    retry_rejected: bool
    recreate: bool
    canary: int
    is_json: bool
    is_debug: bool
    html: Path | None = None


def main(call: Call) -> int:
    """Do what was called for and return the exit code; does not return where Prefect would hold up the exit."""
    signals = Signals(f"{json.dumps({'wave': call.wave, 'error': _INTERRUPTED, 'findings': []})}\n" if call.is_json else "")
    quiet(is_debug=call.is_debug)
    try:
        attachment = None if call.is_dry_run else have_api()
        prepared, settings = _prepare(call)
        if call.is_dry_run:
            return _preview(call, prepared, settings)
        return _submit(call, prepared, settings, attachment, signals)
    except output.OutputLostError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user who did not ask for it
        return _failed(error, call)
    finally:
        signals.restore()


def have_api() -> Attachment | None:
    """Have an API for the run, before anything heavy is imported."""
    attachment = attach()
    if attachment is None:
        return None
    os.environ["PREFECT_API_URL"] = attachment.url
    for name, value in CLIENT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # Registered before Prefect is imported, so that it runs after what Prefect registers: its threads need the server to end.
    atexit.register(attachment.close)
    return attachment


def _prepare(call: Call) -> tuple[PreparedWave, Settings]:
    """Read and check what is wanted, the plan first: it is what its writer is at."""
    from flows.settings import load_settings
    from flows.wave_job import WaveOrder, prepare
    from flows.where import parse_where

    where = parse_where(call.where)
    order = WaveOrder(
        call.plan,
        call.wave,
        call.report,
        where,
        call.allow_invalid,
        call.retry_rejected,
        call.recreate,
        call.canary,
        html=call.html,
    )
    return prepare(order), load_settings()


def _preview(call: Call, prepared: PreparedWave, settings: Settings) -> int:
    """Say for each row what a run would begin with; sends nothing, and Prefect does not hear of it."""
    from flows.submission.events import Silent
    from flows.submission.preview import Decision
    from flows.wave_job import preview

    previews = asyncio.run(preview(prepared, settings, Silent()))
    if call.is_json:
        output.write_json(view.previews_as_json(prepared.order.wave, previews))
    with suppress(OSError) if call.is_json else output.to_output():
        view.show_previews(previews, sys.stderr if call.is_json else sys.stdout)
    return Exit.NOT_DONE if any(seen.decision in {Decision.CONFLICT, Decision.BLOCKED} for seen in previews) else Exit.DONE


def _submit(call: Call, prepared: PreparedWave, settings: Settings, attachment: Attachment | None, signals: Signals) -> int:
    from flows import event_loop
    from flows.wave_session import WaveSession

    view.show_warnings(prepared.findings, sys.stderr)
    session = WaveSession(prepared, settings)
    signals.stop(session)
    control = ControlThread(attachment, session) if attachment is not None else None
    if control is not None:
        control.start()
    with view.Progress(prepared.order.wave, session.board, sys.stderr) as progress:
        end = event_loop.run(session.run())
    code = exit_of(end)
    signals.leave_with(code)
    _show(call, end)
    leave(code, control, progress.flush_remarks)
    return code


def leave(code: Exit, control: ControlThread | None, flush_remarks: Callable[[], None]) -> None:
    """Let Prefect record the end, for as long as it may; does not return where it would hold up the exit."""
    if control is None:
        return
    is_orderly = control.finish(_INTERRUPTED_SECONDS if code is Exit.INTERRUPTED else None)
    flush_remarks()
    if not is_orderly or code is Exit.INTERRUPTED:
        _exit_now(code)
    _exit_in_time(code)


def _show(call: Call, end: WaveEnd) -> None:
    """The end of the wave, at once: the prompt may have to wait for Prefect, the person does not."""
    from flows.wave_job import next_command

    # Neither a reader that has gone (`| head`) nor a full disk is a failure of the wave.
    try:
        if call.is_json:
            output.write_json(view.as_json(end))
        with suppress(OSError) if call.is_json else output.to_output():
            view.show_end(end, next_command(end.prepared.order, end.result), sys.stderr if call.is_json else sys.stdout)
    except output.OutputLostError as error:
        output.error(str(error))


def _failed(error: Exception, call: Call) -> int:
    """Say in a few lines why nothing was sent, or that something is wrong with us."""
    finding = getattr(error, "finding", None)
    findings = getattr(error, "findings", ())
    view.show_refusal(findings, sys.stderr)
    known, code = failure.told(error, exit_of_error(error), is_debug=call.is_debug, ending="nothing was sent")
    if call.is_json:
        shown = [each.as_json() for each in ([finding] if finding else findings)]
        output.write_json({"wave": call.wave, "error": known, "findings": shown})
    return code


def quiet(*, is_debug: bool) -> None:
    """Have libraries print nothing of their own in this process: no traceback of a thread, no log line, no warning."""
    if is_debug:
        return
    logging.raiseExceptions = False  # else Prefect's log thread prints a traceback when the API is gone
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None  # else a report that a full disk cuts off prints one as it is collected
    warnings.simplefilter("ignore")


def _exit_in_time(code: Exit) -> None:
    """Leave the exit to Python, which lets Prefect's threads send what they have, but not for long."""
    watchdog = threading.Timer(_EXIT_SECONDS, os._exit, (int(code),))
    watchdog.daemon = True
    watchdog.start()


def _exit_now(code: Exit) -> NoReturn:
    """End the process without waiting for Prefect's threads; a server of ours ends when its input does."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


class Interruptible(Protocol):
    """What a signal can stop."""

    def interrupt(self) -> None:
        """Send nothing new; asked again, give up what is on the wire."""


class Signals:
    """What Ctrl-C, SIGTERM and a closed terminal do: leave while nothing was sent, then stop the wave, then leave at once."""

    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

    def __init__(self, last_words: str = "") -> None:
        """Take the signals that are not ignored (`nohup`, a script's `&`); outside the main thread there are none to take.

        `last_words` go to standard output where a signal ends the process before anything was sent.
        """
        self._last_words = last_words.encode()
        self._session: Interruptible | None = None
        self._code = Exit.INTERRUPTED
        self._is_over = False
        self._times = 0
        self._before: dict[int, Any] = {}
        for name in self._NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                with suppress(ValueError):
                    self._before[number] = signal.signal(number, self._on_signal)

    def stop(self, session: Interruptible) -> None:
        """From now on a signal stops this session, and the next one gives up what is on the wire."""
        self._session = session

    def leave_with(self, code: Exit) -> None:
        """The wave is over: from now on a signal ends the process with its code."""
        self._is_over, self._code = True, code

    def restore(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        if self._session is None:
            with suppress(OSError):
                os.write(1, self._last_words)
                os.write(2, f"\n{_INTERRUPTED}\n".encode())
        self._times += 1
        if self._session is None or self._is_over or self._times >= _PATIENCE:
            os._exit(self._code)
        self._session.interrupt()
