"""What a rehearsal is played in: a simulated SMS that holds the plan's servers, the way to it, a journal, a clock, and chance.

Decides where each chance comes from: one Random for each thing that draws, made of the seed and a name, so that one more draw here
changes nothing there. Called by programme.py.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from flows.rehearsal.clock import RehearsalClock
from flows.rehearsal.memory_journal import MemoryDatabase, Shelf
from flows.rehearsal.network import ENDPOINT, Network
from flows.rehearsal.poll_clock import News, PollClock
from flows.simulator.fleet import source_id_for
from flows.simulator.options import AccessKey, SimulatorOptions
from flows.simulator.simulator import Simulator
from flows.sms.auth import AkSkAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission.journal import Journal
from flows.submission.throttle import Throttle
from inventory.account_limits import MOST_RUNNING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from flows.rehearsal.network import Outage
    from flows.rehearsal.trouble import Trouble
    from inventory.forecast_terms import Terms
    from inventory.plan import Plan, ServerRow

ACCOUNT = ENDPOINT
"""Whose tasks they are: the account of a rehearsal is its own, in a journal of its own."""
_NO_BANDWIDTH_MBPS = 10_000.0
"""The line where the plan has none: as the forecast has it, it carries what the servers' own limits allow."""
_ORDINARY_MBPS = 100.0
_SLOW_PARTS = (0.3, 0.7)
_LAG_SECONDS = 1.0
"""How long SMS takes to list a task that it has made; what the real one takes is not known (facts 9)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is rehearsed. `begins_at` is the wall's time at the beginning, in seconds since 1970."""

    plan: Plan
    terms: Terms
    trouble: Trouble
    seed: int
    begins_at: float

    def chance(self, name: str) -> Random:
        """The Random of one thing that draws, named by it."""
        return Random(f"{self.seed} {name}")  # noqa: S311 - a rehearsal is no secret


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is there. `simulator` is the truth; the rest is what a night has, too. `slow` are sources on a slow line."""

    setting: Setting
    clock: RehearsalClock
    simulator: Simulator
    shelf: Shelf
    news: News
    slow: frozenset[str]

    @asynccontextmanager
    async def open_journal(self) -> AsyncIterator[Journal]:
        """The journal, for one run: each has its own, as each process does."""
        async with Journal(MemoryDatabase(self.shelf), self.clock) as journal:
            yield journal

    def party(self, name: str, outages: Sequence[Outage] = (), moments: Sequence[float] = ()) -> Party:
        """Somebody who works on one wave, as one process does: with a client, a bucket for reads and a clock of their own."""
        clock, key = self.clock, AccessKey()
        network = Network(self.simulator, self.setting.chance(f"network of {name}"), clock.wall, self.news, outages)
        reads = Throttle(clock)
        auth = AkSkAuth(key.access, key.secret, clock=clock.wall)
        client = SmsClient(ClientOptions(ENDPOINT), auth, transport=network, pace=reads, sleep=clock.sleep)
        poll_clock = PollClock(clock.loop, clock.begins_at, self.news, network.listed, tuple(sorted(moments)))
        return Party(client, network, reads, poll_clock)


@dataclass(frozen=True, slots=True)
class Party:
    """What somebody works with who works on one wave. `poll_clock` is for whoever looks at SMS again and again."""

    client: SmsClient
    network: Network
    reads: Throttle
    poll_clock: PollClock


@asynccontextmanager
async def open_world(setting: Setting) -> AsyncIterator[World]:
    """A world, in the running loop, which must be a VirtualLoop."""
    clock = RehearsalClock(asyncio.get_running_loop(), setting.begins_at)
    simulator = Simulator(_options(setting), clock=clock.wall)
    _lay_lines(setting, simulator)
    with _shared_chance(setting.seed), closing(Shelf()) as shelf:
        yield World(setting, clock, simulator, shelf, News(), _slow_down(setting, simulator))


def _options(setting: Setting) -> SimulatorOptions:
    terms = setting.terms
    half = terms.overhead_minutes * 60 / 2
    return SimulatorOptions(
        seed=setting.seed,
        fleet=setting.plan.path,
        lag=_LAG_SECONDS,
        faults=setting.trouble.of_requests,
        bandwidth=_NO_BANDWIDTH_MBPS,
        efficiency=terms.efficiency,
        preparation=half,
        configuration=half,
        change_per_day=terms.changes_per_day,
        fail=setting.trouble.of_agents,
    )


def _lay_lines(setting: Setting, simulator: Simulator) -> None:
    """Give each wave a line of its own, as the forecast does."""
    service, plan = simulator.service, setting.plan
    for wave in plan.waves.values():
        service.set_bandwidth(float(wave.decimal("bandwidth_mbps") or _NO_BANDWIDTH_MBPS), wave.name)
        for row in plan.rows(wave.name):
            source = service.fleet.find(source_of(row))
            if source is not None:
                service.fleet.put(replace(source, line=wave.name))


def _slow_down(setting: Setting, simulator: Simulator) -> frozenset[str]:
    """Put some sources on a line that carries a part of what they are due."""
    random, fleet, slow = setting.chance("slow lines"), simulator.service.fleet, set()
    due = {source_of(row): _due_mbps(setting.plan, row) for row in setting.plan.servers}
    for source in fleet.sources():
        if random.random() < setting.trouble.slow:
            part = random.uniform(*_SLOW_PARTS) * due.get(source.id, _ORDINARY_MBPS)
            fleet.put(replace(source, line_mbps=max(1.0, round(part / setting.terms.efficiency, 1))))
            slow.add(source.id)
    return frozenset(slow)


def source_of(row: ServerRow) -> str:
    """The id that the simulated SMS has for a row's server."""
    return row.source_server_id or source_id_for(row.source_name or row.source_ip)


def _due_mbps(plan: Plan, row: ServerRow) -> float:
    """What a server would have of the line if all that may run did."""
    wave = plan.waves.get(row.wave)
    said = row.integer("speed_limit")
    if said:
        return float(said)
    bandwidth = wave.decimal("bandwidth_mbps") if wave is not None else None
    most = min((wave.integer("max_running") if wave is not None else None) or MOST_RUNNING, len(plan.rows(row.wave)) or 1)
    return float(bandwidth) / most if bandwidth else _ORDINARY_MBPS


@contextmanager
def _shared_chance(seed: int) -> Iterator[None]:
    """Whatever draws from Python's shared generator (the waits between two reads) draws by the seed, too."""
    before = random.getstate()
    random.seed(f"{seed} shared")
    try:
        yield
    finally:
        random.setstate(before)
