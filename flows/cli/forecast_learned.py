"""What the journal teaches a forecast: speeds and overheads of tasks that were followed before (`waves track`).

A journal is not made by asking it; one that cannot be read costs the forecast nothing but a warning. The database is loaded only
where there is a journal. Called by forecast_command.py.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from flows.settings import Settings
    from inventory.forecast_terms import Observation


def learned() -> Sequence[Observation]:
    """What tasks of the account that the settings name, else of all accounts of the journal, have taught; nothing without one."""
    from flows.settings import SettingsError, load_settings

    try:
        settings = load_settings(credentials=False)
    except SettingsError as error:
        output.say(output.Word.WARNING, f"the forecast learns nothing of earlier waves: {error}")
        return ()
    return _asked(settings) if _is_there(settings.journal_url) else ()


def _is_there(url: str) -> bool:
    scheme, _, place = url.partition("://")
    return not scheme.startswith("sqlite") or Path(place[1:].partition("?")[0]).expanduser().exists()


def _asked(settings: Settings) -> Sequence[Observation]:
    from flows.submission import history
    from flows.submission.clock import SystemClock
    from flows.submission.database import JournalUnavailableError
    from flows.tracking.observations import observed

    clock = SystemClock()

    def ask(connection: Connection) -> list[Observation]:
        return observed(connection, settings.account if settings.endpoint else None, clock.wall())

    try:
        return asyncio.run(history.read_history(settings.journal_url, clock, lambda text: output.say(output.Word.NOTE, text), ask))
    except JournalUnavailableError as error:
        output.say(output.Word.WARNING, f"the forecast learns nothing of earlier waves: {settings.journal_problem(error)}")
        return ()
