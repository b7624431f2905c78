"""What a rehearsal is played in: a simulated SMS that holds the plan's servers, the way to it, a journal, a clock, and chance.

Decides where each chance comes from: one Random for each thing that draws, made of the seed and a name, so that one more draw here
changes nothing there. Called by programme.py.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from flows.rehearsal.clock import RehearsalClock
from flows.rehearsal.network import ENDPOINT, Network
from flows.simulator.options import AccessKey, SimulatorOptions
from flows.simulator.simulator import Simulator
from flows.sms.auth import AkSkAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission.journal import open_journal
from flows.submission.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from flows.rehearsal.trouble import Trouble
    from flows.submission.journal import Journal
    from inventory.plan import Plan

ACCOUNT = ENDPOINT
"""Whose tasks they are: the account of a rehearsal is its own, in a journal of its own."""
_JOURNAL = "sqlite+aiosqlite://"
"""The journal itself, in memory: nothing of a rehearsal outlasts it."""
_LAG_SECONDS = 1.0
"""How long SMS takes to list a task that it has made; what the real one takes is not known (facts 9)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is rehearsed. `begins_at` is the wall's time at the beginning, in seconds since 1970."""

    plan: Plan
    trouble: Trouble
    seed: int
    begins_at: float

    def chance(self, name: str) -> Random:
        """The Random of one thing that draws, named by it."""
        return Random(f"{self.seed} {name}")  # noqa: S311 - a rehearsal is no secret


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is there. `simulator` is the truth; the rest is what a night has, too."""

    setting: Setting
    clock: RehearsalClock
    simulator: Simulator
    network: Network
    client: SmsClient
    journal: Journal


@asynccontextmanager
async def open_world(setting: Setting, say: Callable[[str], None]) -> AsyncIterator[World]:
    """A world, in the running loop, which must be a VirtualLoop; `say` gets what the journal has to say to people."""
    clock = RehearsalClock(asyncio.get_running_loop(), setting.begins_at)
    simulator = Simulator(_options(setting), clock=clock.wall)
    network = Network(simulator, setting.chance("network"), clock.wall)
    key = AccessKey()
    client = SmsClient(
        ClientOptions(ENDPOINT),
        AkSkAuth(key.access, key.secret, clock=clock.wall),
        transport=network,
        pace=Throttle(clock),
        sleep=clock.sleep,
    )
    with _shared_chance(setting.seed):
        async with open_journal(_JOURNAL, clock, say) as journal, client:
            yield World(setting, clock, simulator, network, client, journal)


def _options(setting: Setting) -> SimulatorOptions:
    return SimulatorOptions(
        seed=setting.seed, fleet=setting.plan.path, lag=_LAG_SECONDS, faults=setting.trouble.of_requests, authentication=True
    )


@contextmanager
def _shared_chance(seed: int) -> Iterator[None]:
    """Whatever draws from Python's shared generator (the waits between two reads) draws by the seed, too."""
    before = random.getstate()
    random.seed(f"{seed} shared")
    try:
        yield
    finally:
        random.setstate(before)
