"""One wave of 600 servers that is broken in real life, over and over, and what must be true when it is through.

14 % of the creates are faults of every kind, listings show a task 3 s late, and the server's own guard against a second task is
off: nothing but this tool stands between a server and its second task.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory.outcomes import Status
from tests.flows.submission.real_runs import Run, Runs
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROWS = 600
LIST_LAG_SECONDS = 3.0
SETTLE_SECONDS = 5.0
_PATIENCE_SECONDS = 400.0


@dataclass
class Verdict:
    """What a proof found: how often the wave was broken, and every way in which a promise was not kept."""

    name: str
    broken: str
    violations: list[str] = field(default_factory=list)
    tasks: int = 0
    outcomes: int = 0
    left_out: str = ""
    """Why it could not be tried here, where it could not."""

    def __str__(self) -> str:
        if self.left_out:
            return f"{self.name}: left out: {self.left_out}"
        kept = "kept" if not self.violations else f"BROKEN: {'; '.join(self.violations[:5])}"
        counted = f": {self.tasks} tasks, {self.outcomes} true outcomes" if self.tasks else ""
        return f"{self.name}: {self.broken}{counted}: {kept}"


class Wave:
    """The plan, the simulator that it is sent to, and the processes that send it."""

    def __init__(self, folder: Path, simulator: SimulatorProcess, journal: str = "") -> None:
        self.folder = folder
        self.simulator = simulator
        self._runs = Runs(folder, ROWS, simulator, journal)
        self.plan = self._runs.plan
        self._processes: list[Run] = []

    def start(self, rate: float = 400, *, before: Callable[[], None] | None = None) -> Run:
        """One run in a process of its own; `before` is called in it before it begins."""
        process = self._runs.start(rate, SETTLE_SECONDS, stderr=subprocess.PIPE, preexec_fn=before)
        self._processes.append(process)
        return process

    def made(self) -> int:
        """How many tasks there are."""
        return len(self.simulator.truth()["tasks"])

    def wait_for(self, tasks: int, *processes: Run) -> None:
        """Return when there are so many tasks, or none of the processes runs any more."""
        self._runs.wait_for_tasks(tasks, *processes)

    def kill_all(self) -> None:
        """Leave nothing behind."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def judge(self, verdict: Verdict, *last: Run) -> Verdict:
        """Let the last runs end by themselves, and hold what each says against what there is."""
        reports = []
        for process in last:
            printed, errors = process.communicate(timeout=_PATIENCE_SECONDS)
            if process.returncode:
                verdict.violations.append(f"a run ended with {process.returncode}: {errors.strip().splitlines()[-1:]}")
            else:
                reports.append(json.loads(printed.splitlines()[-1]))
        return self.judge_reports(verdict, reports)

    def judge_reports(self, verdict: Verdict, reports: Sequence[Sequence[Sequence[str]]]) -> Verdict:
        """Hold each report, rows of source, status and task, against what there is."""
        truth = self.simulator.truth()
        verdict.tasks = len(truth["tasks"])
        verdict.violations += [f"{source} has two tasks" for source in truth["duplicates"]]
        if verdict.tasks != ROWS:
            verdict.violations.append(f"{verdict.tasks} tasks for {ROWS} servers")
        for report in reports:
            verdict.violations += _contradictions(report, truth["tasks_by_source"])
            verdict.outcomes = max(verdict.outcomes, len({source for source, _, _ in report}))
        if verdict.outcomes != ROWS:
            verdict.violations.append(f"{verdict.outcomes} outcomes for {ROWS} rows")
        return verdict


def _contradictions(report: Sequence[Sequence[str]], has: Mapping[str, Any]) -> list[str]:
    """What the last report of a wave says that is not so: by then every row must be done, with the one task that it has."""
    return [
        f"{source} is {status} {task} and has {has.get(source)}"
        for source, status, task in report
        if not Status(status).is_done or has.get(source) != [task]
    ]


@contextmanager
def broken_wave(journal: str = "", **more: Any) -> Iterator[Wave]:
    """A wave in a folder of its own, with a simulator that is as hostile as it gets."""
    options = {"any_source": True, "any_target": True, "faults": "14%", "guard": False, "lag": LIST_LAG_SECONDS, "seed": 5, **more}
    with tempfile.TemporaryDirectory() as folder, SimulatorProcess(**options) as simulator:
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - a database server of another user may have to look in
        wave = Wave(Path(folder), simulator, journal)
        try:
            yield wave
        finally:
            wave.kill_all()
