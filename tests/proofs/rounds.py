"""Waves with their journal on PostgreSQL, broken at random, with real processes.

A round is a wave of 60 to 200 rows with 14 % of its creates broken, run by one or two processes, through which things happen: a run
is killed and begun anew, a run is stopped (SIGSTOP) for longer than its leases live, PostgreSQL is killed and started, all its
connections are ended. No report of a run that ended may contradict what SMS holds, nothing may have reached SMS without an intent
in the journal, and a last run, without faults, must find one task for each server. A seed chooses what happens; when exactly is the
machine's affair. The first round that fails ends it all, with its seed.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.flows.submission.real_runs import Runs, kill, sent_without_intent
from tests.postgres_server import PostgresServer
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from tests.flows.submission.real_runs import Run

_LONGER_THAN_A_LEASE_SECONDS = 6.0
_EVENTS = ("kill", "restart", "end connections", "stop")


class Round:
    """One wave, and what is done to it."""

    def __init__(self, seed: int, postgres: PostgresServer, folder: Path) -> None:
        self._random = Random(seed)
        self._postgres = postgres
        self._folder = folder
        self._rows = self._random.randrange(60, 200)
        self._events = self._random.choices(_EVENTS, k=self._random.randrange(1, 5))
        self._processes = self._random.choice((1, 2))
        # Nobody can exclude a second task without SMS's guard where a run is stopped between its last check and its write.
        self._guard = "stop" in self._events or self._random.random() < 0.5
        self._lag = self._random.choice((0.0, 1.0))

    def __str__(self) -> str:
        guard = "on" if self._guard else "off"
        return f"{self._rows} rows, {self._processes} at once, guard {guard}, lag {self._lag:g} s: {', '.join(self._events)}"

    def play(self) -> None:
        """Run the wave to its end; AssertionError where something is not as it must be."""
        name = self._postgres.fresh_database()
        options = {"faults": "14%", "guard": self._guard, "lag": self._lag, "seed": self._random.randrange(10**6)}
        with SimulatorProcess(any_source=True, any_target=True, **options) as simulator:
            runs = Runs(self._folder, self._rows, simulator, self._postgres.url(name))
            processes = [runs.start(200) for _ in range(self._processes)]
            try:
                for event in self._events:
                    some_more = len(simulator.truth()["tasks"]) + self._random.randrange(5, 50)
                    runs.wait_for_tasks(some_more, *processes)
                    self._happen(event, processes, runs)
                for process in processes:
                    runs.end(process)
                simulator.set_faults("")
                runs.end_done(runs.start(400))
                assert not sent_without_intent(simulator, self._postgres, name)
            finally:
                for process in processes:
                    kill(process)

    def _happen(self, event: str, processes: list[Run], runs: Runs) -> None:
        chosen = self._random.randrange(len(processes))
        match event:
            case "kill":
                kill(processes[chosen])
                processes[chosen] = runs.start(200)
            case "restart":
                self._postgres.stop_at_once()
                time.sleep(self._random.random())
                self._postgres.start()
            case "end connections":
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migration-waves'"
                self._postgres.sql(ended, database="postgres")
            case _:
                if processes[chosen].poll() is None:
                    os.kill(processes[chosen].pid, signal.SIGSTOP)
                    time.sleep(_LONGER_THAN_A_LEASE_SECONDS)
                    os.kill(processes[chosen].pid, signal.SIGCONT)


def play_rounds(rounds: int, first_seed: int) -> str:
    """Play so many rounds; what was not as it must be, with the round's seed, or "" where all was."""
    with PostgresServer() as postgres:
        for seed in range(first_seed, first_seed + rounds):
            with tempfile.TemporaryDirectory() as folder:
                one = Round(seed, postgres, Path(folder))
                try:
                    one.play()
                except AssertionError as error:
                    return f"seed {seed} ({one}): {error}"
    return ""
