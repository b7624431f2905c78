"""One simulated process: an engine with its own client, clock, pace and connection to the journal, from its start to its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.simulator.options import AccessKey
from flows.sms.auth import AkSkAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.submission.desk import Desk, Options
from flows.submission.events import Silent, StopSignal
from flows.submission.journal import Journal, JournalUnavailableError
from flows.submission.survey import WaveRequest
from flows.submission.throttle import Throttle
from flows.submission.wave_run import submit_wave
from tests.simulation.database import SimulatedDatabase
from tests.simulation.network import Wire
from tests.simulation.pool import pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from flows.submission.wave_run import WaveResult
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow
    from tests.simulation.database import JournalFile
    from tests.simulation.loop import Actor, VirtualLoop
    from tests.simulation.network import Network
    from tests.simulation.scenario import Place, Run

ACCOUNT = "https://sms.example project=p-1"
WALL_SECONDS = 1_800_000_000.0
BOOT_SECONDS = 5_000.0


@dataclass
class Machine:
    """The computer that all processes of a scenario run on: its wall clock, and its boot clock, as far off as they are."""

    loop: VirtualLoop
    wall_offset: float = 0.0
    boot_offset: float = 0.0
    boots: int = 1


@dataclass
class ProcessClock:
    """The engine's `Clock` in one process; steady time is the loop's, which stands while the machine is suspended."""

    machine: Machine

    def wall(self) -> float:
        return WALL_SECONDS + self.machine.loop.now + self.machine.wall_offset

    def steady(self) -> float:
        return self.machine.loop.time()

    def boot(self) -> float:
        return BOOT_SECONDS + self.machine.loop.now + self.machine.boot_offset

    @property
    def boot_id(self) -> str:
        return f"boot-{self.machine.boots}"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class _Told(Silent):
    """Keeps when each row got its outcome."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def outcome(self, outcome: Outcome) -> None:
        process = self._process
        process.told_at[outcome.row.position] = process.loop.now
        process.note("outcome", outcome.source_server_id, outcome.status.value, outcome.task_id[:8], outcome.error_code)


@dataclass
class Process:
    """One process; `start` begins it, `over` is done when it has ended or was killed.

    `result` is what it reported; None where it was killed, cancelled, or could not open the journal.
    """

    actor: Actor
    loop: VirtualLoop
    run: Run
    places: Sequence[Place]
    machine: Machine
    file: JournalFile
    network: Network
    settle_seconds: float
    random: Random
    stop: StopSignal = field(default_factory=StopSignal)
    result: WaveResult | None = None
    defect: str = ""
    has_begun: bool = False
    started_at: float = 0.0
    ended_at: float = 0.0
    told_at: dict[int, float] = field(default_factory=dict)

    @property
    def rows(self) -> Sequence[ServerRow]:
        """The rows that it was asked to submit."""
        rows = pool()[1]
        return [rows[place] for place in self.places]

    def start(self) -> None:
        """Begin."""
        self.over: asyncio.Future[None] = self.loop.create_future()
        self.started_at = self.loop.now
        self.note("starts", self.run)
        self.task = self.loop.in_actor(self.actor, self._main(), self.actor.name)

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more."""
        self.note("is killed")
        self.actor.is_dead = True
        self.file.forget(self.actor)
        self._end()

    def note(self, what: str, *details: object) -> None:
        """Tell the trace."""
        self.network.trace.note(self.loop.now, self.actor.name, what, *details)

    def _end(self) -> None:
        if not self.over.done():
            self.ended_at = self.loop.now
            self.over.set_result(None)

    def cancel(self) -> None:
        """Cancel the engine; a process that has not even begun, whose first step would never come, is gone."""
        if self.has_begun:
            self.task.cancel()
        else:
            self.kill()

    async def _main(self) -> None:
        self.has_begun = True
        try:
            self.result = await self._submit()
            self.note("reports", self.result.stop.code if self.result.stop else "")
        except asyncio.CancelledError:
            self.note("cancelled")
        except JournalUnavailableError as error:
            self.note("no journal", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.defect = f"{type(error).__name__}: {error}"
        self.actor.is_dead = True
        self.file.forget(self.actor)
        self._end()

    async def _submit(self) -> WaveResult:
        clock, run = ProcessClock(self.machine), self.run
        key = AccessKey()
        client = SmsClient(
            ClientOptions("https://sms.example"),
            AkSkAuth(key.access, key.secret, project_id="p-1", clock=clock.wall),
            transport=Wire(self.network, self.actor),
            pace=Throttle(clock),
            sleep=clock.sleep,
        )
        plan = pool()[0]
        options = Options(
            settle_seconds=self.settle_seconds,
            concurrency=run.concurrency,
            retry_rejected=run.retry_rejected,
            recreate=run.recreate,
        )
        async with Journal(SimulatedDatabase(self.file, self.actor), clock) as journal, client:
            request = WaveRequest(plan, f"wave-{run.wave}", self.rows, ACCOUNT, "me@here", {}, options)
            desk = Desk.open(
                request,
                client=client,
                journal=journal,
                throttle=Throttle(clock, run.rate),
                clock=clock,
                random=self.random,
                watcher=_Told(self),
                stop=self.stop,
            )
            return await submit_wave(request, desk)
