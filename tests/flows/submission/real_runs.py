"""Runs of a wave in processes of their own, over one journal, and what must be true of them when they end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from inventory.outcomes import Status
from tests.conftest import wait_until
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.postgres_server import PostgresServer
    from tests.simulator_process import SimulatorProcess

Run = subprocess.Popen[str]
Said = list[tuple[str, str, str]]
"""What a run said of its rows at its end: source, status and task of each."""

_PATIENCE_SECONDS = 300.0
"""No working machine needs them."""


def sent_without_intent(simulator: SimulatorProcess, postgres: PostgresServer, name: str) -> Counter[str]:
    """The creates that reached SMS more often than the journal holds an intent for that very body."""
    arrived = Counter(hashlib.sha256(each["body"].encode()).hexdigest() for each in simulator.bodies())
    intents = Counter(digest for (digest,) in postgres.sql("SELECT body_digest FROM attempt", database=name))
    return arrived - intents


class Runs:
    """Processes that submit one plan of so many rows to a simulator; their journal is in the folder unless its URL is given."""

    def __init__(self, folder: Path, rows: int, simulator: SimulatorProcess, journal: str = "") -> None:
        self._rows, self._simulator = rows, simulator
        self._folder, self._journal = folder, journal or f"sqlite+aiosqlite:///{folder / 'journal.sqlite'}"
        numbers = range(1, rows + 1)
        servers, disks = [server(number) for number in numbers], [disk(number) for number in numbers]
        self.plan = make_plan(folder / "plan.xlsx", servers, disks=disks)

    def start(self, rate: float = 400, settle_seconds: float = 2.0, **process: Any) -> Run:
        """Begin a run in another process; `process` are further arguments of its Popen."""
        words = [str(self.plan), str(self._folder), self._simulator.url, str(rate), self._journal, str(settle_seconds)]
        command = [sys.executable, "-m", "tests.flows.submission.one_run", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **process)

    def wait_for_tasks(self, tasks: int, *processes: Run) -> None:
        """Return when the simulator holds so many, or none of the processes, if they are given, runs any more."""

        def is_so() -> bool:
            is_over = bool(processes) and all(process.poll() is not None for process in processes)
            return is_over or len(self._simulator.truth()["tasks"]) >= tasks

        wait_until(is_so, _PATIENCE_SECONDS)

    def end(self, process: Run) -> Said:
        """Have the run end, with one outcome for each row and none that SMS contradicts."""
        said, truth = said_by(process), self._simulator.truth()
        assert truth["duplicates"] == []
        assert len({source for source, _, _ in said}) == len(said) == self._rows
        assert contradictions(said, truth["tasks_by_source"]) == []
        return said

    def end_done(self, process: Run) -> Said:
        """Have the run end, and every row be done."""
        said = self.end(process)
        assert {status for _, status, _ in said} <= {"CREATED", "EXISTS"}
        return said


def said_by(process: Run) -> Said:
    """Let the run end by itself; what it says."""
    printed, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 0
    return [(source, status, task) for source, status, task in json.loads(printed.splitlines()[-1])]


def contradictions(said: Said, has: Mapping[str, Any]) -> list[tuple[str, str, str, Any]]:
    """What a run said that is not so: done must mean one task, that one; anything else none of this source's."""
    return [
        (source, status, task, has.get(source))
        for source, status, task in said
        if Status(status).is_done != (has.get(source) == [task])
    ]


def kill(process: Run) -> None:
    """`kill -9`."""
    process.kill()
    process.communicate(timeout=30)


def stop_between_writes(process: Run, journal: Path) -> None:
    """SIGSTOP at a moment when the process does not hold the file's write lock, for which others would have to wait."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        # Until then a thread may still end the system call that it is in, and have the lock by it.
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        with closing(sqlite3.connect(journal, isolation_level=None, timeout=1.0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(process.pid, signal.SIGCONT)
            else:
                return
