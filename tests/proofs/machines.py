"""Two machines and a wave: Prefect's server and the journal on Debian's PostgreSQL, a worker on each, and one of them goes away.

A machine is a worker and all that it starts, known by a variable in their environment, so that a machine can be lost whole. What
must be true afterwards: one task for each server, a report that names it, a run that is Completed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineWorkbook

from flows.prefect_server.attach import answers
from tests.conftest import PrefectApi, wait_until
from tests.plans import disk, make_plan, server
from tests.postgres_server import PostgresServer
from tests.proofs.wave import Verdict
from tests.simulator_process import SimulatorProcess
from tests.waves_process import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROWS = 400
_RATE = 20
_MACHINES = ("a", "b")
_MARK = "WAVES_TEST_MACHINE"
_PATIENCE_SECONDS = 240.0


def debian_postgres() -> Path | None:
    """The newest PostgreSQL of Debian's packages: Prefect needs its pg_trgm, which no wheel has."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return max(
        (folder for folder in folders if (folder / "initdb").exists()), default=None, key=lambda folder: int(folder.parent.name)
    )


class Machines:
    """The databases, Prefect's server, the simulator and the workers; and one wave after the other."""

    def __init__(self, folder: Path, postgres: PostgresServer, simulator: SimulatorProcess) -> None:
        self.folder, self.postgres, self.simulator = folder, postgres, simulator
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.api = PrefectApi(f"http://127.0.0.1:{self._port}/api", folder / "prefect-home")
        self._database = postgres.fresh_database()
        self.env = environment(
            folder,
            simulator,
            **self.api.environment,
            WAVES_JOURNAL=postgres.url(postgres.fresh_database()),
            PREFECT_SERVER_DATABASE_CONNECTION_URL=postgres.url(self._database),
            PREFECT_WORKER_QUERY_SECONDS="2",
            SMS_RATE_PER_SECOND=str(_RATE),
            SMS_READ_TIMEOUT="5",
            SMS_CONNECT_TIMEOUT="5",
            WAVES_LEASE_SECONDS="5",
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._next = 1

    def start_prefect(self) -> None:
        """Prefect's server, on its own port; returns when it answers."""
        words = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port), "--no-ui"]
        self._start("prefect", words, self.env)
        wait_until(lambda: answers(self.api.url, 1.0), _PATIENCE_SECONDS, self._log)

    def stop_prefect(self) -> None:
        """`kill -9`."""
        self._processes["prefect"].kill()
        self._processes["prefect"].wait(30)

    def start_worker(self, machine: str) -> None:
        """A worker that takes one wave at a time."""
        words = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "waves", "--type", "process", "--limit", "1"]
        self._start(machine, words, self.env | {_MARK: machine})

    def lose(self, machine: str) -> None:
        """Everything of a machine gets `kill -9`."""
        for pid in _of(machine):
            os.kill(pid, signal.SIGKILL)
        self._processes[machine].wait(30)

    def deploy(self) -> None:
        """What the guide's first command for both machines does."""
        subprocess.run(
            [sys.executable, "-m", "flows.cli", "deploy"], env=self.env, cwd=self.folder, check=True, capture_output=True
        )

    def start_wave(self) -> tuple[Path, str]:
        """A run of a plan of servers that no other wave has; the plan, and the run's id."""
        numbers = range(self._next, self._next + ROWS)
        self._next += ROWS
        folder = self.folder / f"wave-{numbers[0]}"
        folder.mkdir()
        plan = make_plan(folder / "plan.xlsx", [server(n) for n in numbers], disks=[disk(n) for n in numbers])
        deployment = self.api.post(
            "/deployments/filter", {"deployments": {"name": {"any_": ["pool"]}}, "flows": {"name": {"any_": ["submit-wave"]}}}
        )[0]["id"]
        made = self.api.post(f"/deployments/{deployment}/create_flow_run", {"parameters": {"plan": str(plan), "wave": "wave-1"}})
        return plan, str(made["id"])

    def tasks(self) -> int:
        """How many tasks there are at the simulator."""
        return len(self.simulator.truth()["tasks"])

    def wait_for_tasks(self, count: int) -> None:
        """Return when there are so many."""
        wait_until(lambda: self.tasks() >= count, _PATIENCE_SECONDS, self._log)

    def busy(self) -> str:
        """The machine that works: beside its worker it has a process for the run."""
        return max(_MACHINES, key=lambda machine: len(_of(machine)))

    def wait_ended(self, plan: Path) -> dict[str, Any]:
        """The run, once it is Completed, or has ended and nothing runs it again."""
        wait_until(lambda: self._state(plan) in {"COMPLETED", "FAILED", "CANCELLED"}, _PATIENCE_SECONDS, self._log)
        return self.api.runs(plan)[0]

    def judge(self, verdict: Verdict, plan: Path, tasks: int) -> Verdict:
        """Hold what is there against what was promised."""
        run, truth = self.wait_ended(plan), self.simulator.truth()
        state = run["state"]
        if state["type"] != "COMPLETED":
            verdict.violations.append(f"the run ended {state['name']}: {state['message']}")
        if truth["duplicates"]:
            verdict.violations.append(f"servers with two tasks: {truth['duplicates'][:3]}")
        if len(truth["tasks"]) != tasks + ROWS:
            verdict.violations.append(f"{len(truth['tasks']) - tasks} tasks for {ROWS} servers")
        outcomes = _reported(plan.with_name("plan.wave-1.report.xlsx"))
        wrong = [source for source, task in outcomes.items() if truth["tasks_by_source"].get(source) != [task]]
        if wrong or len(outcomes) != ROWS:
            verdict.violations.append(f"the report has {len(outcomes)} of {ROWS} rows, {len(wrong)} of them not as SMS has them")
        verdict.tasks, verdict.outcomes = ROWS, len(outcomes) - len(wrong)
        return verdict

    def close(self) -> None:
        """End everything."""
        for machine in _MACHINES:
            for pid in _of(machine):
                os.kill(pid, signal.SIGKILL)
        for process in self._processes.values():
            process.kill()
            process.wait(30)

    def _state(self, plan: Path) -> str:
        try:
            return str(self.api.runs(plan)[0]["state_type"])
        except (OSError, IndexError):  # the server is away
            return ""

    def _start(self, name: str, words: list[str], env: Mapping[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                words, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _log(self) -> str:
        return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(self.folder.glob("*.log")))


def _reported(report: Path) -> dict[str, str]:
    """The task that the report names for each source server; nothing where there is no report."""
    if not report.exists():
        return {}
    header, *rows = CalamineWorkbook.from_path(report).get_sheet_by_name("Outcomes").to_python()
    source, task = header.index("source_server_id"), header.index("task_id")
    return {str(row[source]): str(row[task]) for row in rows if row[source]}


def _of(machine: str) -> list[int]:
    """The processes of a machine."""
    mark, found = f"{_MARK}={machine}\0".encode(), []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/environ", "rb") as file:  # noqa: PTH123 - gone at any moment
                    if mark in file.read():
                        found.append(int(entry.name))
            except OSError:
                continue
    return found


@contextmanager
def two_machines(programs: Path) -> Iterator[Machines]:
    """Everything up, both workers waiting."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="machines-", ignore_cleanup_errors=True)))
        postgres = stack.enter_context(PostgresServer(programs))
        simulator = stack.enter_context(SimulatorProcess(any_source=True, faults="5%", guard=False))
        machines = Machines(folder, postgres, simulator)
        stack.callback(machines.close)
        machines.start_prefect()
        machines.deploy()
        for machine in _MACHINES:
            machines.start_worker(machine)
        yield machines


def lost_worker(machines: Machines) -> Verdict:
    """The machine that runs the wave is lost; the other one takes the wave over."""
    before = machines.tasks()
    plan, _ = machines.start_wave()
    machines.wait_for_tasks(before + ROWS // 4)
    machine = machines.busy()
    machines.lose(machine)
    lost_at, there = time.monotonic(), machines.tasks()
    machines.wait_for_tasks(there + 1)
    taken_over = time.monotonic() - lost_at
    machines.wait_ended(plan)
    ended = time.monotonic() - lost_at
    verdict = Verdict(
        "machines", f"one of two lost with {there - before} of {ROWS} sent, taken over in {taken_over:.0f} s, done in {ended:.0f} s"
    )
    verdict = machines.judge(verdict, plan, before)
    machines.start_worker(machine)
    return verdict


def lost_prefect(machines: Machines) -> Verdict:
    """Prefect's server is killed in mid-wave, and comes back."""
    before = machines.tasks()
    plan, _ = machines.start_wave()
    machines.wait_for_tasks(before + ROWS // 4)
    machines.stop_prefect()
    time.sleep(5)
    machines.start_prefect()
    return machines.judge(Verdict("machines", "Prefect's server killed in mid-wave, back after 5 s"), plan, before)


def lost_database(machines: Machines) -> Verdict:
    """The PostgreSQL under both, the journal and Prefect's server, is stopped without a word, and comes back."""
    before = machines.tasks()
    plan, _ = machines.start_wave()
    machines.wait_for_tasks(before + ROWS // 4)
    machines.postgres.stop_at_once()
    time.sleep(2)
    machines.postgres.start()
    return machines.judge(Verdict("machines", "the database of both restarted in mid-wave"), plan, before)


PARTS: tuple[Callable[[Machines], Verdict], ...] = (lost_worker, lost_prefect, lost_database)
