"""Several processes that share one journal's pace, in virtual time: wake-ups come late, machines sleep, the journal's clock steps.

The moments of all starts are told in true time, which nobody in this world can read wrongly: the machine's own, sleep included.
"""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, StaticPool, create_engine

from flows.submission import schema
from flows.submission.lease_clock import LeaseTime
from flows.submission.pace_shared import SharedPace
from flows.submission.throttle import Throttle
from tests.starts import most_in_a_second

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from flows.submission.pace_limits import PaceLimit

T = TypeVar("T")


class _NoWait(selectors.SelectSelector):
    """Waits for nothing: the time that a loop would wait passes at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while all wait."""

    def __init__(self) -> None:
        self._time = _NoWait()
        super().__init__(self._time)

    def time(self) -> float:
        return self._time.now


def in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


@dataclass
class World:
    """What all processes share: the journal, its clock, and the machine's sleep. `starts` are the moments of true time."""

    random: Random
    late_seconds: float = 0.005
    commit_seconds: float = 0.01
    clock_name: str = "boot-1"
    asleep: float = 0.0
    step: float = 0.0
    starts: list[float] = field(default_factory=list)
    reservations: int = 0

    def __post_init__(self) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        with self._engine.begin() as connection:
            schema.make_or_migrate(connection)

    def now(self) -> float:
        """True time."""
        return asyncio.get_running_loop().time() + self.asleep

    def read_time(self, _connection: Connection) -> LeaseTime:
        """The journal's clock."""
        return LeaseTime(1_000.0 + self.now() + self.step, self.clock_name)

    async def transact(self, operation: Callable[[Connection], T], /) -> T:
        """Run an operation, in no time; the way there and back takes some."""
        await asyncio.sleep(self.random.uniform(0, self.commit_seconds))
        self.reservations += 1
        result = self.in_transaction(operation)
        await asyncio.sleep(self.random.uniform(0, self.commit_seconds))
        return result

    def in_transaction(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation at once."""
        with self._engine.begin() as connection:
            return operation(connection)

    async def close(self) -> None:
        self._engine.dispose()

    def most_in_a_second(self, seconds: float = 1.0) -> int:
        """The most starts that any window of so many seconds holds, wherever it begins."""
        return most_in_a_second(self.starts, seconds)

    def per_second(self) -> float:
        """How many starts there were a second, from the first to the last."""
        return (len(self.starts) - 1) / (max(self.starts) - min(self.starts))


class WorldClock:
    """One process's clock: its sleeps end late, and now and then it stands still."""

    def __init__(self, world: World, seed: int, stall_chance: float = 0.0) -> None:
        self._world = world
        self._random = Random(seed)
        self._stall_chance = stall_chance

    boot_id = "boot-1"

    def wall(self) -> float:
        return 1_800_000_000.0 + self._world.now()

    def steady(self) -> float:
        return asyncio.get_running_loop().time()

    def boot(self) -> float:
        return self._world.now()

    async def sleep(self, seconds: float) -> None:
        late = self._random.uniform(0, self._world.late_seconds)
        if self._random.random() < self._stall_chance:
            late += self._random.uniform(0.05, 2.0)
        await asyncio.sleep(max(0.0, seconds) + late)


@dataclass(frozen=True)
class Process:
    """A run that starts as many requests as it may, `rows` at a time, from `begins` to `ends`."""

    limits: Sequence[PaceLimit]
    begins: float = 0.0
    ends: float = 5.0
    rows: int = 8
    answer_seconds: float = 0.02
    stall_chance: float = 0.0

    async def run(self, world: World, name: str) -> list[float]:
        """Its own starts."""
        clock = WorldClock(world, world.random.randrange(1_000_000), self.stall_chance)
        starts: list[float] = []
        await asyncio.sleep(self.begins)
        async with SharedPace("account", name, self.limits, clock, world.transact, world.read_time) as shared:
            throttle = Throttle(clock, shared=shared)

            async def row() -> None:
                while world.now() < self.ends:
                    await throttle.acquire()
                    starts.append(world.now())
                    await asyncio.sleep(self.answer_seconds)

            await asyncio.gather(*(row() for _ in range(self.rows)))
        world.starts += starts
        return starts


async def run_all(world: World, *processes: Process) -> list[list[float]]:
    """Run them all at once; the starts of each."""
    try:
        return await asyncio.gather(*(each.run(world, f"run-{number}") for number, each in enumerate(processes)))
    finally:
        await world.close()
