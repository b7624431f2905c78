"""`waves status` against a real simulator: all waves at a glance, what needs a person, drift, metrics, and a webhook."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal
from flows.submission.wave_key import WaveKey
from tests.flows.cli.command_line import NO_PREFECT, Ran, run, run_on_terminal, without_codes
from tests.flows.programme.test_webhook import Receiver, receiver
from tests.plans import make_plan, server
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["receiver"]

SAMPLE = re.compile(r'^([a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+)\} (-?[0-9.e+]+)$')


class Site:
    """A plan of two waves, a simulator and a journal."""

    def __init__(self, folder: Path, simulator: SimulatorProcess, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.simulator, self._capsys = folder, simulator, capsys
        rows = [server(number, wave=f"wave-{1 + number // 3}", speed_limit=100) for number in range(1, 5)]
        waves = [{"wave": "wave-1", "starts_at": "2020-01-01 20:00"}, {"wave": "wave-2", "starts_at": "2099-01-01 20:00"}]
        self.plan = make_plan(folder / "plan.xlsx", rows, waves=waves)
        self.journal = f"sqlite+aiosqlite:///{folder / 'journal.sqlite'}"

    @property
    def environment(self) -> dict[str, str]:
        return {**self.simulator.environment, **NO_PREFECT, "WAVES_JOURNAL": self.journal, "SMS_SETTLE_SECONDS": "0.3"}

    def ask(self, *words: object) -> Ran:
        return run(self._capsys, "status", self.plan, *words)

    def submit(self, wave: str) -> None:
        ran = run(self._capsys, "submit", self.plan, "--wave", wave)
        assert ran.code == 0, ran.err

    def task(self, number: int) -> str:
        [found] = self.simulator.tasks_of(server(number)["source_server_id"])
        return str(found["id"])


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(any_source=True, any_target=True) as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, simulator: SimulatorProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Site:
    simulator.reset()
    made = Site(tmp_path, simulator, capsys)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return made


def samples(text: str) -> dict[str, float]:
    """The samples of an OpenMetrics text, each by its name and labels as written; every line has to be one of the format's."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    found: dict[str, float] = {}
    for line in lines[:-2]:
        if line.startswith("# "):
            assert re.match(r"^# (TYPE [a-z_]+ gauge|HELP [a-z_]+ .+)$", line), line
            continue
        matched = SAMPLE.match(line)
        assert matched, line
        found[f"{matched[1]}{{{matched[2]}}}"] = float(matched[3])
    return found


def test_every_wave_is_told_with_what_needs_a_person(site: Site) -> None:
    before = site.ask()
    assert before.code == 1
    assert "wave-2: 2 planned, starts 2099-01-01 20:00 +00:00" in before.out
    assert "attention: wave-1: 2 servers without a task, and the window is open since" in before.out
    site.submit("wave-1")
    after = site.ask("--json")
    assert after.code == 0
    first, second = json.loads(after.out)["waves"]
    assert (first["submitted"], first["planned"], second["planned"], first["attention"]) == (2, 0, 2, [])
    site.simulator.fail(site.task(1), "SMS.0805")
    site.simulator.set_state(site.task(2), "MIGRATE_SUCCESS")
    failed = site.ask()
    assert failed.code == 1
    assert "wave-1: 1 cut over, 1 failed" in failed.out
    assert "attention: wave-1: web-01 failed" in failed.out


def test_drift_is_told_and_left_alone(site: Site) -> None:
    site.submit("wave-1")
    strange = site.simulator.add_task(server(3)["source_server_id"], name="mine")
    site.simulator.delete_task(site.task(2))
    ran = site.ask("--json")
    told = json.loads(ran.out)
    assert ran.code == 1
    assert [(each["kind"], each["task_id"]) for each in told["drift"]] == [("not ours", strange)]
    assert "deleted by others" in told["waves"][0]["attention"][0]
    assert "drift: web-03: its source server has the task" in site.ask().out


def test_metrics_say_what_the_object_says(site: Site) -> None:
    site.submit("wave-1")
    path = site.folder / "waves.prom"
    told = json.loads(site.ask("--metrics", path, "--json").out)
    found = samples(path.read_text())
    plan = 'plan="plan.xlsx"'
    for wave in told["waves"]:
        for standing in ("planned", "submitted", "running", "synced", "cut over", "failed", "unknown"):
            sample = f'migration_waves_servers{{{plan},wave="{wave["wave"]}",standing="{standing}"}}'
            assert found[sample] == wave[standing.replace(" ", "_")]
    assert found[f"migration_waves_status_timestamp_seconds{{{plan}}}"] == pytest.approx(told["at"])
    nowhere = site.ask("--metrics", site.folder / "missing" / "waves.prom")
    assert (nowhere.code, "give --metrics a file in a folder that is there" in nowhere.err) == (2, True)


def test_the_webhook_hears_of_each_thing_once(site: Site, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAVES_WEBHOOK", receiver.url)
    site.submit("wave-1")
    site.ask("--notify")
    assert receiver.taken == []
    site.simulator.fail(site.task(1), "SMS.0805")
    site.simulator.set_state(site.task(2), "RUNNING")
    site.ask("--notify")
    site.ask("--notify")
    assert [(each["event"], each["servers"]) for each in receiver.taken] == [("started", []), ("failed", ["web-01"])]


def test_a_webhook_that_is_not_set_is_said(site: Site) -> None:
    assert "warning: WAVES_WEBHOOK is not set: nobody is told" in site.ask("--notify").err


async def test_a_gate_that_waits_needs_a_person(site: Site) -> None:
    from flows.night import approvals

    key = WaveKey(f"{site.simulator.url} project={site.environment['SMS_PROJECT_ID']}", "plan.xlsx", "wave-2")
    async with open_journal(site.journal, SystemClock(), print) as journal:
        await journal.transact(lambda connection: approvals.ask(connection, key, "cutover", "run-1", (), 0.0, None))
    import asyncio

    ran = await asyncio.to_thread(site.ask)
    assert "attention: wave-2: waits at a gate: cutover, since" in ran.out


@pytest.mark.skipif("sys.platform == 'win32'", reason="a pseudo-terminal is POSIX only")
def test_a_terminal_gets_a_table(site: Site) -> None:
    code, shown = run_on_terminal("status", site.plan, folder=site.folder, environment=site.environment)
    assert code == 1
    rows = without_codes(shown).splitlines()
    assert any(row.split()[:4] == ["wave-1", "2", "2", "."] for row in rows), shown


def test_an_unreachable_service_is_one_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_ENDPOINT", "http://127.0.0.1:9")
    ran = site.ask("--json")
    assert ran.code == 3
    assert "error" in json.loads(ran.out)
    assert ran.err.startswith("error: ")


def test_hostile_names_stay_one_sample(site: Site) -> None:
    from flows.programme.metrics import openmetrics
    from flows.programme.wave_line import WaveLine

    class Told:
        plan_name = 'a"b\\c\nd\udc80'
        at = 1.0
        drift: tuple[Any, ...] = ()
        waves = (WaveLine('w"', 1, {"planned": 1}),)

    assert samples(openmetrics(Told()))  # type: ignore[arg-type]
