"""A wave's night as it really goes, played on the simulator by real processes over real HTTP: `play` is the script.

Two waves run at once. Creates, operations and speed rules lose a share of their answers; agents fail; sources go offline; the
process that runs the gated wave is killed in mid-start and another takes the wave up; servers are stopped, restarted, started and
slowed down by hand; somebody approves the cutover. What each of them told is gathered for agreement.py.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from flows.night import approvals
from flows.operating import action_log
from flows.settings import load_settings
from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal
from flows.submission.wave_key import WaveKey
from inventory.plan import Plan, read_plan
from tests.night.agreement import DONE, Agreement, Truth, check
from tests.night.told import Decided, Report, WaveTold
from tests.waves_process import NO_PREFECT, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from flows.settings import Settings
    from tests.simulator_process import SimulatorProcess

Found = TypeVar("Found")

GATED, UNGATED = "wave-1", "wave-2"
APPROVER, COMMENT = "Ann Example", "the last round is small, go on"
_PATIENCE_SECONDS = 90.0
_LOOK_SECONDS = 0.2
_MOST_ORDERS = 10
_WANTED_FIRST, _AWAY = 2, 3
_SETTINGS = {"SMS_SETTLE_SECONDS": "1.5", "SMS_READ_TIMEOUT": "1.5", "SMS_CONNECT_TIMEOUT": "1", "WAVES_LEASE_SECONDS": "1"}


class NotPlayedError(Exception):
    """The night did not come to where the script wanted it: a process ended that was to go on, or nothing happened for minutes."""


@dataclass
class Process:
    """A process of the night: what it says on standard error is in `log`, the object that it prints in `said`."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    said: Path

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.popen.poll() is not None

    def all_words(self) -> str:
        """All that it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def printed(self) -> Mapping[str, Any]:
        """The object that it printed. Raises NotPlayedError where it printed none."""
        try:
            told: dict[str, Any] = json.loads(self.said.read_text(encoding="utf-8"))
        except ValueError:
            raise NotPlayedError(f"{self.name} ended with {self.popen.returncode} and printed no object:\n{self.words()}") from None
        return told

    def words(self) -> str:
        """What it said last."""
        return "\n".join(self.all_words().splitlines()[-12:])


@dataclass
class Night:
    """The stage: the plan, the simulator, the journal, and the processes; `say` gets a line for each thing that happens."""

    folder: Path
    plan_path: Path
    simulator: SimulatorProcess
    say: Callable[[str], None] = print
    processes: list[Process] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    exits: dict[str, int] = field(default_factory=dict)
    ran: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan: Plan = read_plan(self.plan_path)
        self.env = environment(self.folder, self.simulator, **_SETTINGS, **NO_PREFECT, SMS_MAX_RUNNING="200")
        self.began = time.monotonic()

    # -- what people do

    def run(self, wave: str) -> Process:
        """Begin a wave's night in a process of its own."""
        return self._start(f"run {wave}", "run", str(self.plan_path), "--wave", wave, "--interval", "1", "--json")

    def kill(self, process: Process) -> None:
        """End a process as a power cut would."""
        process.popen.kill()
        process.popen.wait(30)

    def waves(self, *words: str) -> Mapping[str, Any]:
        """Give a command as a person does, with `--json`; the object that it prints."""
        command, name = [sys.executable, "-m", "flows.cli", *words, "--json"], " ".join(words[:1])
        done = subprocess.run(command, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        try:
            said: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise NotPlayedError(f"waves {' '.join(words)}: exit {done.returncode}: {done.stderr[-1000:]}") from None
        said["exit"] = done.returncode
        self.tell(f"waves {name}: exit {done.returncode}" + (f": {_counted(said)}" if "servers" in said else ""))
        return said

    def order(self, operation: str, where: str, *more: str) -> None:
        """Order something for some servers of the gated wave, again where that is the advice. Raises NotPlayedError."""
        for _ in range(_MOST_ORDERS):
            said = self.waves(operation, str(self.plan_path), "--wave", GATED, "--where", f"source_name={where}", *more)
            if said["exit"] == 0:
                return
            time.sleep(1.0)
        raise NotPlayedError(f"waves {operation} {where}: not done after {_MOST_ORDERS} orders: {said['servers']}")

    # -- what is seen

    def histories(self, wave: str) -> dict[str, Mapping[str, Any]]:
        """What happened to the tasks of a wave, by source."""
        sources = set(self.sources(wave))
        return {each["source_server_id"]: each for each in self.simulator.history()["tasks"] if each["source_server_id"] in sources}

    def started(self, wave: str) -> int:
        """How many of a wave's servers were ever started."""
        return sum(each["runs"] > 0 for each in self.histories(wave).values())

    def states(self, wave: str) -> dict[str, str]:
        """The state of each source's task."""
        return {source: each["state"] for source, each in self.histories(wave).items()}

    def sources(self, wave: str) -> list[str]:
        """The sources of a wave, in the sheet's order."""
        return [row.source_server_id for row in self.plan.rows(wave)]

    def open_gate(self, wave: str) -> bool:
        """Whether somebody is asked."""
        asked = self.of_journal(partial(approvals.history, wave=self._key(wave)))
        return any(each.decision is None for each in asked)

    def wait_for(self, is_so: Callable[[], bool], what: str, *processes: Process) -> None:
        """Wait until something is so, as long as the processes live. Raises NotPlayedError."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        while not is_so():
            if processes and all(process.is_over for process in processes) and not is_so():
                raise NotPlayedError(f"{what}: {processes[0].name} has ended before:\n{processes[0].words()}")
            if time.monotonic() > ends:
                raise NotPlayedError(f"{what}: not after {_PATIENCE_SECONDS:.0f} s")
            time.sleep(_LOOK_SECONDS)

    def tell(self, line: str) -> None:
        """One short line, with the second of the night."""
        self.say(f"{time.monotonic() - self.began:5.1f} s  {line}")

    # -- the gate

    def approve(self) -> None:
        """Approve the cutover of the gated wave, and remember how the wave stood."""
        states, after = self.states(GATED), time.time()
        status = self.waves("status", str(self.plan_path))
        said = ("--decision", "approved", "--by", APPROVER, "--comment", COMMENT, "--yes")
        decided = self.waves("approve", str(self.plan_path), "--wave", GATED, *said)
        self.exits["approve"] = decided["exit"]
        self.decided.append(Decided("cutover", APPROVER, COMMENT, "approved", after, time.time(), states, _line_of(status, GATED)))

    # -- the end

    def gathered(self) -> Agreement:
        """Gather what was told, and hold it against the truth."""
        status = self.waves("status", str(self.plan_path))
        self.exits["status"] = status["exit"]
        waves = [self._wave_told(name, status) for name in self.plan.waves]
        creates = Counter(json.loads(each["body"])["source_server"]["id"] for each in self.simulator.bodies())
        truth = Truth(self.simulator.history(), creates)
        found = check(truth, waves)
        for wave in waves:
            is_moved = all(truth.state(source) in DONE for source in wave.sources)
            is_late = bool(wave.track["late"])
            found.same("exit codes", f"waves track {wave.name}", wave.track["exit"], 0 if is_moved and not is_late else 1)
            found.same("exit codes", f"the run of {wave.name}", self.exits[wave.name], 0 if is_moved else 1)
        needs = any(wave.track["exit"] for wave in waves)
        found.same("exit codes", "waves status", self.exits["status"], int(needs))
        found.same("exit codes", "waves approve", self.exits["approve"], 0)
        return found

    def _wave_told(self, name: str, status: Mapping[str, Any]) -> WaveTold:
        track = self.waves("track", str(self.plan_path), "--wave", name)
        settings, sources = self.settings, self.sources(name)
        kept = self.of_journal(partial(action_log.of_sources, account=settings.account, sources=sources))
        ends_at = self.plan.waves[name].ends_at
        return WaveTold(
            name=name,
            sources=sources,
            report=Report.read(self.plan_path.with_name(f"{self.plan_path.stem}.{name}.report.xlsx")),
            track=track,
            status=_line_of(status, name),
            run=self.ran[name],
            actions=[action for actions in kept.values() for action in actions],
            approvals=self.of_journal(partial(approvals.history, wave=self._key(name))),
            decided=self.decided if name == GATED else (),
            checked=frozenset(row.source_server_id for row in self.plan.rows(name) if row.flag("is_need_consistency_check")),
            window_ends_at=ends_at.timestamp() if ends_at is not None else None,
        )

    @property
    def settings(self) -> Settings:
        """The settings of every process of the night."""
        env = self.env
        return load_settings(
            endpoint=env["SMS_ENDPOINT"],
            ak=env["CLOUD_SDK_AK"],
            sk=env["CLOUD_SDK_SK"],
            project_id=env["SMS_PROJECT_ID"],
            journal=env["WAVES_JOURNAL"],
        )

    def of_journal(self, read: Callable[[Connection], Found]) -> Found:
        """What the journal says."""

        async def asked() -> Found:
            async with open_journal(self.settings.journal_url, SystemClock(), lambda _text: None) as journal:
                return await journal.read(read)

        return asyncio.run(asked())

    def close(self) -> None:
        """End every process that was started here."""
        for process in self.processes:
            with suppress(OSError):
                process.popen.kill()
            process.popen.wait(30)

    def _key(self, wave: str) -> WaveKey:
        return WaveKey(self.settings.account, self.plan.name, wave)

    def _start(self, name: str, *words: str) -> Process:
        base = self.folder / f"{name.replace(' ', '-')}.{len(self.processes)}"
        log, said = base.with_suffix(f"{base.suffix}.log"), base.with_suffix(f"{base.suffix}.json")
        with log.open("wb") as errors, said.open("wb") as output:
            command = [sys.executable, "-m", "flows.cli", *words]
            popen = subprocess.Popen(command, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        process = Process(name, popen, log, said)
        self.processes.append(process)
        return process


def play(night: Night) -> Agreement:
    """Play the night to its end; what was told of it, held against what was. Raises NotPlayedError."""
    other = night.run(UNGATED) if UNGATED in night.plan.waves else None
    rows = len(night.sources(GATED))
    first = night.run(GATED)
    night.tell(f"{len(night.plan.servers)} servers in {len(night.plan.waves)} waves, each in a process of its own")
    night.wait_for(lambda: len(night.histories(GATED)) == rows, "all tasks of the gated wave are made", first)
    away = _go_offline(night) if other is not None else ()
    night.wait_for(lambda: night.started(GATED) >= rows // 5, "a fifth of the gated wave is started", first)
    night.kill(first)
    before = night.started(GATED)
    night.tell(f"{GATED}: its process is killed (SIGKILL) with {before} of {rows} started")
    second = night.run(GATED)
    night.wait_for(lambda: night.started(GATED) > before, "another process starts servers", second)
    night.tell(f"{GATED}: another process has taken it up")
    if other is not None:
        _come_back(night, away, second)
        _break_agents(night)
        _by_hand(night)
    else:
        night.order("stop", "web-00*")
        night.order("restart", "web-00*")
    night.wait_for(lambda: night.open_gate(GATED), "the gate opens", second)
    night.tell(f"{GATED}: at its gate: {_tally(night.states(GATED).values())}")
    night.approve()
    night.tell(f"{GATED}: approved by {APPROVER}")
    for wave, process in ((GATED, second), (UNGATED, other)):
        if process is not None:
            night.wait_for(partial(_is_over, process), f"the night of {wave} ends")
            night.exits[wave] = process.popen.returncode
            night.ran[wave] = process.printed()
            night.tell(f"{wave}: exit {process.popen.returncode}: {_tally(night.states(wave).values())}")
    return night.gathered()


def _is_over(process: Process) -> bool:
    return process.is_over


def _go_offline(night: Night) -> Sequence[str]:
    """A few sources that are wanted early lose their agent."""
    away = [row.source_server_id for row in night.plan.rows(GATED) if row.integer("priority") == _WANTED_FIRST][:_AWAY]
    for source in away:
        night.simulator.set_connection(source, connected=False)
    night.tell(f"{GATED}: all tasks are made; {len(away)} sources go offline")
    return away


def _come_back(night: Night, away: Sequence[str], run: Process) -> None:
    """The sources come back once the process that starts servers was told of them."""
    night.wait_for(lambda: run.all_words().count("its source server is offline") == len(away), "sources are offline", run)
    for source in away:
        night.simulator.set_connection(source, connected=True)
    night.tell(f"{GATED}: it waits for {len(away)} sources that are offline; they come back")


def _break_agents(night: Night) -> None:
    """Two servers of the other wave fail for good, and one source is away for some seconds in mid-copy."""
    running = [source for source, state in night.states(UNGATED).items() if state == "RUNNING"]
    tasks = night.histories(UNGATED)
    for source in running[:2]:
        night.simulator.fail(tasks[source]["id"], "SMS.6564")
    for source in running[-1:]:
        night.simulator.set_connection(source, connected=False, seconds=4)
    night.tell(f"{UNGATED}: {len(running[:2])} agents fail with SMS.6564, one source is away for 4 s")


def _by_hand(night: Night) -> None:
    """Some servers are slowed down, some stopped, which go on by a restart and by a start; then the limit is lifted."""
    night.order("speed", "web-01*", "--limit", "30")
    night.order("stop", "web-00*")
    night.order("stop", "web-02*")
    night.order("restart", "web-00*")
    night.order("start", "web-02*")
    night.order("speed", "web-01*", "--limit", "0")


def _line_of(status: Mapping[str, Any], wave: str) -> Mapping[str, Any]:
    """A wave's part of `waves status --json`."""
    return next(each for each in status["waves"] if each["wave"] == wave)


def _counted(said: Mapping[str, Any]) -> str:
    return _tally(str(each.get("outcome") or each.get("state")) for each in said["servers"])


def _tally(words: Any) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())
