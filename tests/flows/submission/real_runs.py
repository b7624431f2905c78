"""Runs of a wave in processes of their own, with their journal on PostgreSQL, and what must be true of them when they end."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

from inventory.outcomes import Status
from tests.conftest import wait_until
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import PostgresServer
    from tests.simulator_process import SimulatorProcess


def sent_without_intent(simulator: SimulatorProcess, postgres: PostgresServer, name: str) -> Counter[str]:
    """The creates that reached SMS more often than the journal holds an intent for that very body."""
    arrived = Counter(hashlib.sha256(each["body"].encode()).hexdigest() for each in simulator.bodies())
    intents = Counter(digest for (digest,) in postgres.sql("SELECT body_digest FROM attempt", database=name))
    return arrived - intents


class Runs:
    """Processes that submit one plan of so many rows to a simulator, with their journal at one URL."""

    def __init__(self, folder: Path, rows: int, simulator: SimulatorProcess, journal: str) -> None:
        self._rows, self._simulator = rows, simulator
        servers = [server(number) for number in range(1, rows + 1)]
        self._folder, self._journal = folder, journal
        self._plan = make_plan(folder / "plan.xlsx", servers, disks=[disk(number) for number in range(1, rows + 1)])

    def start(self, rate: float = 400) -> subprocess.Popen[str]:
        """Begin a run in another process."""
        arguments = [str(self._plan), str(self._folder), self._simulator.url, str(rate), self._journal]
        command = [sys.executable, "-m", "tests.flows.submission.one_run", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def wait_for_tasks(self, tasks: int) -> None:
        """Return when the simulator holds so many."""
        wait_until(lambda: len(self._simulator.truth()["tasks"]) >= tasks)

    def end(self, process: subprocess.Popen[str]) -> list[str]:
        """Have the run end, with one outcome for each row and none that SMS contradicts; the outcomes' status words."""
        printed, _ = process.communicate(timeout=150)
        assert process.returncode == 0
        outcomes, truth = json.loads(printed.splitlines()[-1]), self._simulator.truth()
        assert truth["duplicates"] == []
        assert len({source for source, _, _ in outcomes}) == len(outcomes) == self._rows
        has = truth["tasks_by_source"]
        contradicted = [
            (source, status, task, has.get(source))
            for source, status, task in outcomes
            if Status(status).is_done != (has.get(source) == [task])
        ]
        assert contradicted == []
        return [status for _, status, _ in outcomes]

    def end_done(self, process: subprocess.Popen[str]) -> None:
        """Have the run end, and every row be done."""
        assert set(self.end(process)) <= {"CREATED", "EXISTS"}


def kill(process: subprocess.Popen[str]) -> None:
    """`kill -9`."""
    process.kill()
    process.communicate(timeout=30)
