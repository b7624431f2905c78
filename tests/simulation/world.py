"""Play one scenario from its first request to the quiet after it: lanes of processes, what breaks, and the runs that must mend it.

Nothing is decided by chance here but through the scenario's own generators. What is wrong is check.py's to say; it is asked at each
report and at the end.
"""

from __future__ import annotations

import asyncio
import logging
import random as global_random
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from flows.simulator.fleet import Fleet
from flows.simulator.options import Rate, SimulatorOptions
from flows.simulator.simulator import Simulator
from flows.simulator.tasks import Task
from flows.simulator.throttle import Throttle as GatewayThrottle
from flows.submission import schema
from flows.submission.events import StopReason
from tests.simulation.check import Checker
from tests.simulation.collector import collector_off
from tests.simulation.database import JournalFile, Shelf
from tests.simulation.loop import Actor, StuckError, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.pool import pool
from tests.simulation.process import BOOT_SECONDS, WALL_SECONDS, Machine, Process
from tests.simulation.scenario import Run, Scenario, Tag
from tests.simulation.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inventory.plan import ServerRow
    from tests.simulation.scenario import Breakage, Place

_MOST_CALM_PASSES = 4


@dataclass(frozen=True, slots=True)
class Story:
    """What came of a scenario: the violations of what the tool promises, and the trace of all that happened."""

    scenario: Scenario
    violations: tuple[str, ...]
    trace: Trace
    steps: int
    seconds: float


class Stage:
    """What one scenario after the other is played on: the journal's database, emptied for each."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.shelf.run(schema.make_or_migrate)
        self.made = self.shelf.raw.serialize()
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        pool()

    def play(self, scenario: Scenario) -> Story:
        """Play it whole."""
        self.shelf.put(self.shelf.empty if scenario.is_journal_new else self.made)
        with _own_randomness(scenario.seed), collector_off():
            return World(scenario, self.shelf).play()

    def close(self) -> None:
        """Let go of the database."""
        self.shelf.close()


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Whatever draws from Python's shared generator draws by the seed."""
    before = global_random.getstate()
    global_random.seed(seed)
    try:
        yield
    finally:
        global_random.setstate(before)


@dataclass
class World:
    """One scenario on its way."""

    scenario: Scenario
    shelf: Shelf
    trace: Trace = field(default_factory=Trace)

    def __post_init__(self) -> None:
        one = self.scenario
        self.loop = VirtualLoop(Random(f"loop {one.seed}"), is_shuffled=one.is_shuffled)
        self.machine = Machine(self.loop)
        options = SimulatorOptions(
            seed=one.seed,
            any_source=True,
            any_target=True,
            guard=one.guard,
            lag=one.lag_seconds,
            lag_detail=one.is_lag_on_page,
            list_order=one.list_order,
        )
        simulator = Simulator(options, clock=lambda: WALL_SECONDS + self.loop.now, fleet=Fleet(any_source=True))
        self.network = Network(self.loop, simulator, one.weather, Random(f"network {one.seed}"), self.trace)
        self.file = JournalFile(
            self.loop,
            self.shelf,
            self.trace,
            Random(f"journal {one.seed}").random,
            one.journal_seconds,
            is_power_at_risk=one.is_power_at_risk,
            is_run_twice=one.is_run_twice,
        )
        self.running: dict[int, Process] = {}
        self.checker = Checker(self)
        self._to_come = [breakage for breakage in one.breakages if breakage.count != "time"]
        self._processes = 0
        self._foreign = Random(f"foreign {one.seed}")

    def play(self) -> Story:
        """From the first process to the quiet after the last."""
        for breakage in self.scenario.breakages:
            if breakage.count == "time":
                self.loop.in_world(breakage.at, self._break, breakage)
        self.loop.after_step = self._look_for_breakages if self._to_come else None
        try:
            self.loop.run_until_complete(self._all())
        except StuckError as error:
            self.checker.violation(f"stuck: {error}")
        finally:
            asyncio.set_event_loop(None)
            for process in self.running.values():
                process.actor.is_dead = True
            self.loop.sweep()
            self.loop._ready.clear()
            self.loop.close()
        for defect in self.loop.defects:
            self.checker.violation(f"nobody caught: {defect}")
        return Story(self.scenario, tuple(self.checker.violations), self.trace, self.loop.steps, self.loop.now)

    async def _all(self) -> None:
        lanes = [self._lane(number, runs) for number, runs in enumerate(self.scenario.lanes)]
        await asyncio.gather(*lanes)
        self._calm_down()
        await asyncio.sleep(self.scenario.calm_after_seconds)
        await self._until_settled()
        self.checker.at_the_end()

    async def _lane(self, number: int, runs: Sequence[Run]) -> None:
        for run in runs:
            await asyncio.sleep(run.after_seconds)
            await self._process(number, run, self.scenario.waves[run.wave])

    async def _process(self, lane: int, run: Run, places: Sequence[Place]) -> Process:
        self._processes += 1
        name = f"{chr(ord('A') + lane)}{self._processes}"
        process = Process(
            Actor(name),
            self.loop,
            run,
            places,
            self.machine,
            self.file,
            self.network,
            self.scenario.settle_seconds,
            Random(f"{name} {self.scenario.seed}"),
        )
        self.running[lane] = process
        process.start()
        await process.over
        del self.running[lane]
        self.checker.at_report(process)
        return process

    def _calm_down(self) -> None:
        self.trace.note(self.loop.now, "world", "calms")
        self.loop.after_step = None
        self._to_come.clear()
        self.network.is_calm = True
        self.machine.wall_offset = 0.0
        self.file.locked_until = self.file.fails_until = 0.0
        self.network.simulator.throttle = GatewayThrottle(Rate())
        # Five refused signatures lock a key for five minutes; no process is there that would mind.
        self.network.simulator.authenticator._failures.clear()

    async def _until_settled(self) -> None:
        """Run after run without faults, as a person would, until a whole pass finds nothing to do."""
        for number in range(_MOST_CALM_PASSES):
            made, results = len(self.network.made), []
            for wave, places in enumerate(self.scenario.waves):
                if self.scenario.tag is not Tag.NONE:
                    await asyncio.sleep(self.scenario.lag_seconds + 2.0 * self.scenario.weather.late_seconds + 120.0)
                run = Run(wave, 0.0, retry_rejected=number > 0, recreate=number > 1)
                results.append(await self._process(23, run, places))
            self.checker.last_pass = results
            unsettled = any(Checker.is_unsettled(process) for process in results)
            if number > 0 and len(self.network.made) == made and not unsettled:
                return

    def _look_for_breakages(self) -> None:
        for breakage in self._to_come:
            if self._count(breakage) >= breakage.at:
                self._to_come.remove(breakage)
                self._break(breakage)
                if not self._to_come:
                    self.loop.after_step = None
                return

    def _count(self, breakage: Breakage) -> float:
        if breakage.count == "step":
            process = self.running.get(breakage.lane)
            return process.actor.steps if process else 0
        return self.network.counts[breakage.count] if breakage.count in self.network.counts else self.file.counts[breakage.count]

    def _break(self, breakage: Breakage) -> None:
        if self.network.is_calm:
            return
        process = self.running.get(breakage.lane)
        self.trace.note(
            self.loop.now, "world", "breaks", breakage.what, *([f"{breakage.seconds:.2f} s"] if breakage.seconds else [])
        )
        if breakage.what in _OF_ONE:
            if process is not None and not process.over.done():
                _OF_ONE[breakage.what](self, process, breakage.seconds)
        else:
            _OF_ALL[breakage.what](self, breakage.seconds)

    def _power(self, _seconds: float) -> None:
        self.file.lose_power()
        for process in [*self.running.values()]:
            process.kill()
        self.machine.boots += 1
        self.machine.boot_offset = 20.0 - BOOT_SECONDS - self.loop.now

    def _pause(self, process: Process, seconds: float) -> None:
        if not process.actor.is_paused:
            self.loop.pause(process.actor)
            self.loop.in_world(seconds, self._resume, process, 0.0)

    def _suspend(self, seconds: float) -> None:
        for process in self.running.values():
            if not process.actor.is_paused:
                self.loop.pause(process.actor)
                self.loop.in_world(seconds, self._resume, process, seconds)

    def _resume(self, process: Process, asleep_seconds: float) -> None:
        if not process.actor.is_dead:
            process.note("goes on")
            self.loop.resume(process.actor, asleep_seconds=asleep_seconds)

    def _jump(self, seconds: float) -> None:
        self.machine.wall_offset += seconds

    def _jump_leases(self, seconds: float) -> None:
        self.machine.boot_offset += seconds

    def _limit(self, seconds: float) -> None:
        self.network.simulator.throttle = GatewayThrottle(Rate(max(1, int(seconds * 10)), 1.0), int(seconds * 4))

    def _lock(self, seconds: float) -> None:
        self.file.locked_until = self.loop.now + seconds

    def _fail(self, seconds: float, *, is_after: bool) -> None:
        self.file.fails_until, self.file.fails_after_commit = self.loop.now + seconds, is_after

    def _cancel(self, process: Process, _seconds: float) -> None:
        process.cancel()

    def _stop(self, process: Process, _seconds: float) -> None:
        process.stop.request(StopReason.interrupted())

    def _stop_twice(self, process: Process, seconds: float) -> None:
        process.stop.request(StopReason.interrupted())
        self.loop.in_world(seconds, partial(process.stop.request, StopReason.interrupted(), at_once=True))

    def _kill(self, process: Process, _seconds: float) -> None:
        process.kill()

    def _lose_journal(self, _seconds: float) -> None:
        for process in [*self.running.values()]:
            process.kill()
        self.shelf.put(self.shelf.empty)

    def _add_foreign(self, _seconds: float) -> None:
        """Somebody else makes a task for one of our sources, in the console."""
        row = self._some_row()
        service, now = self.network.simulator.service, self.network.simulator.service.settle()
        source, target = row.source_server_id, row.text("target_vm_id")
        if self._foreign.random() < 0.5:
            target = "vm-of-theirs"
        if self.scenario.guard and (service.tasks_of(source) or any(task.target_vm_id == target for task in service.tasks())):
            return
        lag = self.scenario.lag_seconds
        service.add(Task(service.new_id(), "theirs", source, target, "of theirs", "", now, now + lag, b"{}", made_by="admin"))
        self.trace.note(self.loop.now, "world", "foreign", source, target)

    def _delete(self, _seconds: float) -> None:
        """Somebody deletes one of our tasks, in the console."""
        service = self.network.simulator.service
        service.settle()
        tasks = [task for task in service.tasks() if task.visible_at <= service.clock()]
        if tasks:
            task = self._foreign.choice(tasks)
            self.trace.note(self.loop.now, "world", "deletes", task.id[:8], task.source_server_id)
            self.checker.note_deleted(task.source_server_id)
            service.remove(task)

    def _some_row(self) -> ServerRow:
        places = [place for wave in self.scenario.waves for place in wave]
        return pool()[1][self._foreign.choice(places)]


_OF_ONE: dict[str, Callable[[World, Process, float], None]] = {
    "crash": World._kill,
    "pause": World._pause,
    "stop": World._stop,
    "stop twice": World._stop_twice,
    "cancel": World._cancel,
}
_OF_ALL: dict[str, Callable[[World, float], None]] = {
    "power": World._power,
    "suspend": World._suspend,
    "wall": World._jump,
    "lease clock": World._jump_leases,
    "rate": World._limit,
    "locked": World._lock,
    "fails": partial(World._fail, is_after=False),
    "fails after": partial(World._fail, is_after=True),
    "foreign": World._add_foreign,
    "deleted": World._delete,
    "lost journal": World._lose_journal,
}
