"""Which waves of a plan start by themselves, when, and until when a late start is still one. Pure: reads the sheet and no clock.

Called by `waves schedule`; at_start.py asks `closes_at` again when a run begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flows.scheduling.wave_pin import pin_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.plan import Plan, Wave

OPEN_WITHOUT_END = timedelta(hours=1)
"""How long after its start a wave may still begin where the sheet gives its window no end."""


@dataclass(frozen=True, slots=True)
class Start:
    """One wave that is to start by itself. `starts_at` and `closes_at` have the offset of the wave's time zone.

    `pinned` is what its rows are now; "" where the run shall take them as they are then. `note` is what is odd about the time.
    """

    wave: str
    starts_at: datetime
    closes_at: datetime
    pinned: str = ""
    note: str = ""
    zone: str = ""

    @property
    def moment(self) -> datetime:
        """The start in UTC: two spellings of one moment are the same start."""
        return self.starts_at.astimezone(UTC)

    def is_past(self, now: datetime) -> bool:
        """Whether the start lies behind."""
        return self.moment < now

    def is_missed(self, now: datetime) -> bool:
        """Whether its window has closed, so that it may not start any more."""
        return self.closes_at.astimezone(UTC) <= now


@dataclass(frozen=True, slots=True)
class Unplanned:
    """A wave that does not start by itself, and why."""

    wave: str
    why: str


def starts(plan: Plan, waves: Iterable[str], *, follows_sheet: bool = False) -> tuple[list[Start], list[Unplanned]]:
    """The starts of these waves of the plan, in its order, and those of them that have none."""
    chosen = set(waves)
    planned: list[Start] = []
    unplanned: list[Unplanned] = []
    for wave in plan.waves.values():
        if wave.name in chosen:
            at = wave.starts_at
            if at is None or not plan.rows(wave.name):
                unplanned.append(Unplanned(wave.name, _why_not(wave)))
            else:
                pinned = "" if follows_sheet else pin_of(plan, wave.name)
                until = closes_at(wave) or at
                planned.append(Start(wave.name, at, until, pinned, _oddity(at), wave.text("timezone")))
    return planned, unplanned


def closes_at(wave: Wave) -> datetime | None:
    """Until when the wave may begin: its window's end, else a while after its start; None where neither is said."""
    if wave.ends_at is not None:
        return wave.ends_at
    return None if wave.starts_at is None else _after(wave.starts_at, OPEN_WITHOUT_END)


def _why_not(wave: Wave) -> str:
    if wave.starts_at is not None:
        return "no row of Servers is in it"
    return f"{wave.cell('starts_at')} says no start" if wave.index >= 0 else "Waves has no row for it"


def _after(moment: datetime, length: timedelta) -> datetime:
    """So much later in real time, whatever the clocks of the place do in between."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def _oddity(moment: datetime) -> str:
    """What a night on which the clocks change makes of a time that was typed without its offset; "" on all others."""
    real = moment.astimezone(UTC).astimezone(moment.tzinfo)
    if real.replace(tzinfo=None) != moment.replace(tzinfo=None):
        return f"{moment:%H:%M} is left out that night: it starts at {real:%H:%M}"
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        return f"{moment:%H:%M} comes twice that night: the first is meant"
    return ""
