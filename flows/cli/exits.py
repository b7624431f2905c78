"""Exit codes, decided in one place (design 3): by how a wave ended, or by what kept it from starting. Called by every command."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.night_job import NightEnd
    from flows.wave_job import WaveEnd


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    """Every row is done."""
    NOT_DONE = 1
    """It finished, and some rows are not done (of a dry run: could not be), or the report could not be written."""
    WRONG = 2
    """The plan or the call is wrong; nothing was sent."""
    REFUSED = 3
    """SMS or the credentials refused the whole run."""
    INTERRUPTED = 130
    """Interrupted, and resumable by the same command."""


def exit_of(end: WaveEnd) -> Exit:
    """The exit code of a wave that was run."""
    from flows.submission.events import StopKind

    if end.result.stop is not None:
        match end.result.stop.kind:
            case StopKind.INTERRUPTED:
                return Exit.INTERRUPTED
            case StopKind.REFUSED:
                return Exit.REFUSED
            case _:
                return Exit.NOT_DONE
    return Exit.DONE if end.is_all_done else Exit.NOT_DONE


def exit_of_night(end: NightEnd) -> Exit:
    """The exit code of a wave's night."""
    from flows.submission.events import StopKind

    if end.is_all_done:
        return Exit.DONE
    if end.story.stop is not None and end.story.stop.kind is StopKind.INTERRUPTED:
        return Exit.INTERRUPTED
    return Exit.REFUSED if end.story.is_refused else Exit.NOT_DONE


def exit_of_error(error: BaseException) -> Exit | None:
    """The exit code of an error that a person can mend, its text being the line to show; None for a defect of ours.

    Credentials that are missing or contradict each other, and an SMS that cannot be asked, are a refusal of the whole run; all else
    is a wrong plan or call.
    """
    from flows.settings import SettingsError
    from flows.sms.errors import SmsError
    from flows.submission.journal import JournalUnavailableError
    from flows.wave_job import PlanRefusedError
    from flows.where import WhereError
    from inventory.plan import PlanError
    from inventory.report import ReportError

    if isinstance(error, (SettingsError, SmsError)):
        return Exit.REFUSED
    if isinstance(error, (PlanError, PlanRefusedError, WhereError, ReportError, JournalUnavailableError)):
        return Exit.WRONG
    return Exit.INTERRUPTED if isinstance(error, KeyboardInterrupt) else None
