"""What a scheduled run does before its wave: is the sheet still the one that was scheduled, is the window open, are others done?

Waits for the waves that this one depends on, as long as its window is open, and sends nothing. Knows no Prefect; called by the flow
that `waves schedule` starts.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flows.command_words import quoted
from flows.scheduling.timetable import closes_at
from flows.scheduling.wave_dependencies import unfinished, waves_before
from flows.scheduling.wave_pin import changed_sheets, pin_of
from flows.submission import history
from flows.submission.journal import JournalUnavailableError
from inventory.plan import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from flows.scheduling.wave_dependencies import Unfinished
    from flows.settings import Settings
    from flows.submission.clock import Clock
    from inventory.plan import Plan

LOOK_SECONDS = 10.0
"""How often the journal is asked whether the waves before are done."""
WAIT_WITHOUT_WINDOW = timedelta(hours=12)
"""How long a wave waits for others where the sheet gives it neither a start nor an end."""


class NotStartedError(Exception):
    """A scheduled wave that may not start; its text is one line. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A scheduled wave at its start. `pinned` is what its rows were when it was scheduled; "" takes them as they are."""

    plan: Path
    wave: str
    pinned: str = ""


async def await_start(awaited: Awaited, settings: Settings, clock: Clock, say: Callable[[str], None]) -> None:
    """Return when the wave may start. Raises NotStartedError, PlanError, or JournalUnavailableError."""
    plan = await _checked_plan(awaited)
    now = datetime.fromtimestamp(clock.wall(), UTC)
    until = (closes_at(plan.waves[awaited.wave]) or now + WAIT_WITHOUT_WINDOW).astimezone(UTC)
    if until <= now:
        raise NotStartedError(f"{awaited.wave} was to start in a window that closed at {_shown(until)}: {_remedy(awaited, plan)}")
    if await _wait_for_others(awaited, plan, until, _Others(settings, clock, say)):
        await _checked_plan(awaited)  # it may have been edited while we waited


async def _checked_plan(awaited: Awaited) -> Plan:
    plan = await asyncio.to_thread(read_plan, awaited.plan)
    if awaited.wave not in plan.waves:
        raise NotStartedError(f"{plan.name} has no wave {awaited.wave} any more: run `waves schedule` again")
    changed = changed_sheets(awaited.pinned, pin_of(plan, awaited.wave)) if awaited.pinned else []
    if changed:
        raise NotStartedError(
            f"{plan.name} was edited after {awaited.wave} was scheduled, what it has in {_and(changed)}: look at it, and run "
            "`waves schedule` again (with --follow a wave starts whatever the sheet then says)"
        )
    return plan


@dataclass(frozen=True, slots=True)
class _Others:
    """How the journal is asked about other waves, and whom to tell."""

    settings: Settings
    clock: Clock
    say: Callable[[str], None]

    async def unfinished(self, plan: Plan, waves: Sequence[str]) -> list[Unfinished]:
        account = self.settings.account

        try:
            return await history.read_history(
                self.settings.journal_url, self.clock, self.say, lambda connection: unfinished(connection, account, plan, waves)
            )
        except JournalUnavailableError as error:
            raise JournalUnavailableError(self.settings.journal_problem(error)) from error


async def _wait_for_others(awaited: Awaited, plan: Plan, until: datetime, others: _Others) -> bool:
    """Whether there was anything to wait for; what is waited for is said when it changes."""
    waves = waves_before(plan, awaited.wave)
    said = ""
    while waves and (left := await others.unfinished(plan, waves)):
        line = _and([each.line() for each in left])
        left_seconds = until.timestamp() - others.clock.wall()
        if left_seconds <= 0:
            raise NotStartedError(f"{awaited.wave} waited until its window closed, {_shown(until)}, for {line}")
        if line != said:
            others.say(f"{awaited.wave} waits for {line}, until {_shown(until)} at most")
            said = line
        await others.clock.sleep(min(LOOK_SECONDS, left_seconds))
    return bool(said)


def _remedy(awaited: Awaited, plan: Plan) -> str:
    return f"give it a new starts_at, or `waves submit {quoted(plan.name)} --wave {quoted(awaited.wave)}`"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
