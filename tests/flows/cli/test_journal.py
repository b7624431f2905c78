"""`waves journal`: the whole history of a row, from the journal alone, without a network and without credentials."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from flows import wave_job
from flows.settings import load_settings
from flows.submission.events import Phase, Silent, StopSignal
from tests.flows.cli.command_line import run, run_on_terminal, without_codes
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.submission.events import Watcher
    from flows.wave_job import WaveEnd
    from tests.flows.cli.command_line import Ran


class Told:
    """A folder with a plan and a journal, in which runs were made; `ask` calls `waves journal` there, offline."""

    def __init__(self, folder: Path, simulator: SimulatorProcess, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._simulator = simulator
        self._capsys = capsys

    async def submit(self, plan: Path, project: str = "p-1", watcher: Watcher | None = None, **order: Any) -> WaveEnd:
        given: dict[str, Any] = {
            "endpoint": self._simulator.url,
            "ak": self._simulator.access_key,
            "sk": self._simulator.secret_key,
            "settle_seconds": 0.3,
            "journal": f"sqlite+aiosqlite:///{self.folder / 'journal.sqlite'}",
        }
        prepared = wave_job.prepare(wave_job.WaveOrder(plan, "wave-1", self.folder / "report.xlsx", **order))
        settings = load_settings(**given, project_id=project)
        return await wave_job.run(prepared, settings, watcher or Silent(), StopSignal())

    async def ask(self, *words: object) -> Ran:
        """The command, in a thread: it has a loop of its own."""
        return await asyncio.to_thread(run, self._capsys, "journal", *words)

    async def json(self, *words: object) -> Any:
        ran = await self.ask(*words, "--json")
        assert ran.code == 0, ran.err
        return json.loads(ran.out)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True, slow_seconds=1.5) as simulator:
        yield simulator


@pytest.fixture
def told(simulator: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    simulator.reset()
    for name in [name for name in os.environ if name.startswith(("SMS_", "CLOUD_SDK_", "IAM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WAVES_JOURNAL", f"sqlite+aiosqlite:///{tmp_path / 'journal.sqlite'}")
    monkeypatch.chdir(tmp_path)
    return Told(tmp_path, simulator, capsys)


def plan_of(folder: Path, rows: list[dict[str, Any]], name: str = "plan.xlsx") -> Path:
    return make_plan(folder / name, rows, disks=[disk(n) for n in range(1, 5)])


@pytest.fixture
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A planner's own time zone."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.skipif(os.name == "nt", reason="a zone by TZ is POSIX's")
@pytest.mark.usefixtures("shanghai")
async def test_each_attempt_is_told_with_answer_decision_and_reason(told: Told, simulator: SimulatorProcess) -> None:
    """Never heard, throttled, rejected and cured, never sent: time with offset, run, request id, digest, status, what followed."""
    sources = [server(n)["source_server_id"] for n in (1, 2, 3)]
    simulator.fault_once("drop-before", source_server_id=sources[0])
    simulator.fault_once("429-before", source_server_id=sources[1])
    simulator.fault_once("SMS.6526-before", source_server_id=sources[2])
    plan = plan_of(told.folder, [server(1), server(2), server(3), server(4, wave="wave-2")])
    await told.submit(plan)
    end = await told.submit(plan, retry_rejected=True)
    shown = await told.json(plan)
    assert [row["state"] for row in shown["rows"]] == ["bound", "bound", "bound", ""]
    assert shown["rows"][3]["standing"].startswith("never sent")
    answers = [[one["answer"] for one in row["attempts"]] for row in shown["rows"]]
    assert answers == [["ambiguous", "made"], ["throttled", "made"], ["definite no", "made"], []]
    assert [row["attempts"][0]["result"] for row in shown["rows"][:2]] == ["no task was found: sent again", "sent again"]
    refused, made = shown["rows"][2]["attempts"]
    assert (refused["http_status"], refused["error_code"], refused["decision"]) == (400, "SMS.6526", "rejected")
    assert "no earlier attempt" in refused["reason"]
    assert refused["request_id"]
    assert re.fullmatch(r"[0-9a-f]{64}", made["body_digest"])
    assert (made["task_id"], made["result"]) == (shown["rows"][2]["task_id"], f"task {shown['rows'][2]['task_id']}")
    assert datetime.fromisoformat(made["intent_at"]).utcoffset() is not None
    assert made["intent_at"].endswith("+08:00")
    runs = [(run["wave"], run["plan"], run["ending"], run["counts"]) for run in shown["runs"]]
    assert runs == [
        ("wave-1", "plan.xlsx", "finished", {"CREATED": 2, "REJECTED": 1}),
        ("wave-1", "plan.xlsx", "finished", {"CREATED": 1, "EXISTS": 2}),
    ]
    assert shown["runs"][1]["run_id"] == made["run_id"] == end.result.run_id


async def test_an_adopted_task_is_told_as_found(told: Told, simulator: SimulatorProcess) -> None:
    """The answer was lost after the task was made: one attempt, a look, and what it found."""
    simulator.fault_once("drop-after")
    plan = plan_of(told.folder, [server(1)])
    task_id = (await told.submit(plan)).result.outcomes[0].task_id
    [attempt] = (await told.json(plan))["rows"][0]["attempts"]
    assert attempt["decision"] == "look at SMS, and send again only where no task is found"
    assert attempt["result"] == f"CREATED: task {task_id} was found, made by this attempt or one before it"


async def test_in_a_pipe_it_is_plain_lines_by_cell(told: Told, simulator: SimulatorProcess) -> None:
    """One line a run and a row, one a request below it; `--wave` and `--source` choose, and a source may be named."""
    simulator.fault_once("SMS.6526-before", source_server_id=server(2)["source_server_id"])
    plan = plan_of(told.folder, [server(1), server(2)])
    await told.submit(plan)
    ran = await told.ask(plan, "--wave", "wave-1", "--source", "web-02")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err, len(lines)) == (0, "", 5)
    assert lines[2].startswith("Servers!A3  web-02  src-0002-a1b2  refused: SMS made nothing, and said why  target vm-0002")
    assert re.match(
        r"  attempt 1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d  run [0-9a-f]{16}  body [0-9a-f]{12}  request", lines[3]
    )
    assert "HTTP 400, definite no SMS.6526" in lines[3]
    assert "-> rejected, because SMS said no, and no earlier attempt can have made the task: REJECTED" in lines[3]
    assert lines[4].startswith("  outcome  ")


async def test_a_run_that_a_rule_ended_says_that_it_stopped_and_by_which(told: Told, simulator: SimulatorProcess) -> None:
    """Not the rule's name alone, as if the run had been one."""
    simulator.fault_once("SMS.6526-before", source_server_id=server(1)["source_server_id"])
    plan = plan_of(told.folder, [server(1), server(2)])
    await told.submit(plan, canary=1)
    await told.submit(plan, retry_rejected=True)
    lines = (await told.ask(plan)).out.splitlines()
    assert re.search(r"  stopped \(canary\) \d{4}-\d\d-\d\d .*: 1 DEFERRED, 1 REJECTED$", lines[1])
    assert re.search(r"  finished \d{4}-\d\d-\d\d .*: 2 CREATED$", lines[2])


@pytest.mark.skipif(os.name == "nt", reason="a POSIX terminal")
async def test_on_a_terminal_it_is_a_table(told: Told) -> None:
    """The same words, in columns."""
    plan = plan_of(told.folder, [server(1)])
    task_id = (await told.submit(plan)).result.outcomes[0].task_id
    environment = {"WAVES_JOURNAL": os.environ["WAVES_JOURNAL"]}
    code, shown = await asyncio.to_thread(run_on_terminal, "journal", plan, folder=told.folder, environment=environment)
    plain = without_codes(shown)
    assert code == 0
    assert task_id in plain
    assert "decision" in plain
    assert "┃" in plain or "│" in plain


async def test_a_row_that_names_its_source_otherwise_finds_its_history(told: Told, simulator: SimulatorProcess) -> None:
    """By what a run of this very file found out; in an edited copy by target or task name; else it says that it cannot."""
    for number in (1, 2):
        simulator.add_source(f"by-name-{number}", name=f"db-{number:02}", os_type="LINUX")
    rows = [server(n, source_server_id="", source_name=f"db-{n:02}", source_ip="") for n in (1, 2)]
    plan = make_plan(told.folder / "plan.xlsx", rows)
    await told.submit(plan)
    found = [(row["source_server_id"], row["recognised"]) for row in (await told.json(plan))["rows"]]
    assert found == [(f"by-name-{n}", "known from an earlier run of this very file") for n in (1, 2)]
    edited = [
        {**rows[1], "note": "moved up"},
        {**rows[0], "target_vm_id": "vm-new"},
        server(3, source_server_id="", source_name="nobody"),
    ]
    copy = make_plan(told.folder / "copy.xlsx", edited)
    assert [(row["source_server_id"], row["recognised"].split(",")[0]) for row in (await told.json(copy))["rows"]] == [
        ("by-name-2", "recognised by its target"),
        ("by-name-1", "recognised by its task's name"),
        ("", "the sheet names this source by name or address only"),
    ]


async def test_the_account_is_the_settings_or_the_only_one(
    told: Told, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two accounts and none named: both are listed, exit 2. One named: its rows alone. Another: a warning with what there is."""
    plan = plan_of(told.folder, [server(1)])
    await told.submit(plan)
    assert (await told.ask(plan)).code == 0
    simulator.reset()
    await told.submit(plan, "p-2")
    ran = await told.ask(plan)
    assert (ran.code, "project=p-1" in ran.err, "project=p-2" in ran.err, ran.out) == (2, True, True, "")
    monkeypatch.setenv("SMS_ENDPOINT", simulator.url)
    monkeypatch.setenv("SMS_PROJECT_ID", "p-2")
    assert "project=p-2" in (await told.ask(plan)).out.splitlines()[0]
    monkeypatch.setenv("SMS_PROJECT_ID", "p-3")
    ran = await told.ask(plan)
    assert (ran.code, "never sent" in ran.out, "project=p-1" in ran.err) == (0, True, True)


async def test_what_is_not_there_is_one_line_and_exit_2(told: Told) -> None:
    """No journal yet (and none is made by asking), no such wave, no such source; a source that only the journal has is told."""
    plan = plan_of(told.folder, [server(1)])
    ran = await told.ask(plan)
    assert (ran.code, "there is no journal" in ran.err, (told.folder / "journal.sqlite").exists()) == (2, True, False)
    await told.submit(plan)
    for words, said in ((["--wave", "wave-9"], "wave-9"), (["--source", "nobody"], "nobody"), (["--where", "x=*"], '"x"')):
        ran = await told.ask(plan, *words)
        assert (ran.code, said in ran.err, "Traceback" in ran.err, ran.out) == (2, True, False, ""), ran.err
    other = plan_of(told.folder, [server(2)], "other.xlsx")
    [row] = (await told.json(other, "--source", "src-0001-a1b2"))["rows"]
    assert (row["row"], row["recognised"], row["state"]) == ("", "not in other.xlsx", "bound")


class _AskInTheMiddle(Silent):
    """Asks for the history while the first create is on the wire."""

    def __init__(self, told: Told, plan: Path) -> None:
        self._told, self._plan = told, plan
        self.asked: asyncio.Task[Any] | None = None

    def phase(self, phase: Phase, rows: int) -> None:
        if phase is Phase.SUBMIT:
            self.asked = asyncio.create_task(self._ask())

    async def _ask(self) -> Any:
        while True:
            shown = await self._told.json(self._plan)
            if shown["rows"][0]["state"] == "sending":
                return shown


async def test_a_row_that_a_run_works_on_names_that_run(told: Told, simulator: SimulatorProcess) -> None:
    """In the middle of a run: on the wire, held by it, and the run goes on; when it has ended, nobody holds the row."""
    simulator.fault_once("slow")
    plan = plan_of(told.folder, [server(1)])
    watcher = _AskInTheMiddle(told, plan)
    end = await told.submit(plan, watcher=watcher)
    assert watcher.asked is not None
    shown = await watcher.asked
    assert [run["is_alive"] for run in shown["runs"]] == [True]
    assert (shown["rows"][0]["held_by"], shown["rows"][0]["attempts"][0]["answer"]) == (end.result.run_id, "")
    shown = await told.json(plan)
    assert [(run["is_alive"], run["ending"]) for run in shown["runs"]] == [(False, "finished")]
    assert shown["rows"][0]["held_by"] == ""
