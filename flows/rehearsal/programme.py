"""Play a whole programme: each wave at its time, or when those that it depends on are over; all of them in one world.

Decides when a wave begins, and where the line to SMS is down. Returns when the last wave is over. Called by `waves rehearse`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.rehearsal import virtual_time
from flows.rehearsal.account import account_for
from flows.rehearsal.bystanders import Unshown
from flows.rehearsal.network import Outage
from flows.rehearsal.wave_night import WaveNight
from flows.rehearsal.world import Setting, open_world
from inventory.checks import check_plan, invalid_rows
from inventory.findings import Severity
from inventory.forecast import forecast_plan
from inventory.server_checks import split_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from flows.rehearsal.trouble import Trouble
    from flows.rehearsal.world import World
    from inventory.findings import Finding
    from inventory.forecast import WaveForecast
    from inventory.forecast_terms import Range
    from inventory.plan import Plan, Wave
    from inventory.rehearsal_records import Rehearsal

_BEFORE_SECONDS = 600.0
"""The rehearsal begins so long before the first wave does."""
_SHORTEST_OUTAGE_SECONDS, _LONGEST_OUTAGE_SECONDS = 60.0, 600.0
_FIRST_HOURS_SECONDS = 8 * 3600.0
"""The hours of a wave in which the line may be down: later there is less that it could disturb."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be rehearsed. `now` is when a programme begins whose waves have no time, in seconds since 1970."""

    plan: Plan
    terms: Range
    trouble: Trouble
    trouble_said: str
    seed: int
    now: float


def rehearse(order: Order, say: Callable[[str], None]) -> Rehearsal:
    """Play it, and tell how it went; `say` gets a line when a wave begins and ends."""
    return virtual_time.run(_Programme(order, say).play())


class _Programme:
    def __init__(self, order: Order, say: Callable[[str], None]) -> None:
        self._order = order
        self._say = say
        plan = order.plan
        self._waves = [wave for wave in plan.waves.values() if any(not row.skip for row in plan.rows(wave.name))]
        self._forecasts: Mapping[str, WaveForecast] = {
            each.wave: each for each in forecast_plan(plan, order.terms, is_advising=False)
        }
        self._over: dict[str, asyncio.Event] = {}

    async def play(self) -> Rehearsal:
        order = self._order
        starts = [wave.starts_at.timestamp() for wave in self._waves if wave.starts_at is not None]
        begins_at = min(starts, default=order.now) - _BEFORE_SECONDS
        setting = Setting(order.plan, order.terms.middle, order.trouble, order.seed, begins_at)
        self._over = {wave.name: asyncio.Event() for wave in self._waves}
        async with open_world(setting) as world:
            invalid = self._invalid()
            nights = [self._night(world, wave, invalid) for wave in self._waves]
            async with asyncio.TaskGroup() as group:
                for night in nights:
                    group.create_task(self._at_its_time(world, night))
            return account_for(world, nights, order.trouble_said)

    def _invalid(self) -> Mapping[int, Finding]:
        """The rows that the sheet rules out, each with its first error: they are told, and not sent."""
        plan = self._order.plan
        found: dict[int, Finding] = {}
        for error in check_plan(plan):
            if error.severity is Severity.ERROR:
                for position in invalid_rows(plan, (error,)):
                    found.setdefault(position, error)
        return found

    def _night(self, world: World, wave: Wave, invalid: Mapping[int, Finding]) -> WaveNight:
        moments = [each.ends_at.timestamp() for each in self._waves if each.ends_at is not None]
        outages = _outages(wave, world.setting.trouble, world.setting.chance(f"outage of {wave.name}"))
        party = world.party(wave.name, outages, moments)
        rows = self._order.plan.rows(wave.name)
        return WaveNight(world, party, wave, rows, self._forecasts.get(wave.name), invalid, Unshown(world.clock.wall))

    async def _at_its_time(self, world: World, night: WaveNight) -> None:
        wave, clock = night.wave, world.clock
        if wave.starts_at is not None:
            await clock.sleep(wave.starts_at.timestamp() - clock.wall())
        for name in split_names(wave.text("depends_on")):
            if name in self._over and name != wave.name:
                await self._over[name].wait()
        self._say(f"{_time(clock.wall(), wave)} {wave.name} begins")
        try:
            await night.play()
        finally:
            self._over[wave.name].set()
        self._say(f"{_time(clock.wall(), wave)} {wave.name} is over")


def _outages(wave: Wave, trouble: Trouble, random: Random) -> list[Outage]:
    """The time in which the line is down in a wave's window, in so many waves as the trouble says."""
    if wave.starts_at is None or random.random() >= trouble.outage:
        return []
    begins_at = wave.starts_at.timestamp() + random.random() * _FIRST_HOURS_SECONDS
    return [Outage(begins_at, begins_at + random.uniform(_SHORTEST_OUTAGE_SECONDS, _LONGEST_OUTAGE_SECONDS))]


def _time(wall: float, wave: Wave) -> str:
    zone = wave.starts_at.tzinfo if wave.starts_at is not None else UTC
    return f"{datetime.fromtimestamp(wall, zone):%Y-%m-%d %H:%M}"
