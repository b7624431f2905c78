"""Waves with their journal on a real PostgreSQL, which is restarted, cut off or gone in the middle: one task each all the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from flows.submission import postgres_database
from flows.submission.events import Silent, StopKind
from flows.submission.postgres_database import Limits
from tests.flows.submission.night import Night, contradictions, flat
from tests.flows.submission.real_runs import Runs, kill, sent_without_intent
from tests.flows.submission.severed import Cut, SeveredLine
from tests.simulator_process import SimulatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inventory.outcomes import Outcome
    from tests.postgres_server import PostgresServer


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    return postgres.fresh_database()


class After(Silent):
    """Does something, once, when so many rows have their outcome."""

    def __init__(self, rows: int, then: Callable[[], None]) -> None:
        self._rows, self._then = rows, then
        self.remarks: list[str] = []

    def outcome(self, outcome: Outcome) -> None:
        self._rows -= 1
        if self._rows == 0:
            self._then()

    def remark(self, text: str) -> None:
        self.remarks.append(text)


def test_a_server_restarted_in_mid_wave_costs_no_row(postgres: PostgresServer, name: str, tmp_path: Path) -> None:
    """Without a word of warning to the run: it waits, and ends with one task each and true outcomes."""
    with SimulatorProcess(any_source=True, any_target=True, guard=False) as simulator:
        runs = Runs(tmp_path, 120, simulator, postgres.url(name))
        process = runs.start()
        runs.wait_for_tasks(50)
        postgres.stop_at_once()
        postgres.start()
        runs.end_done(process)
        assert sent_without_intent(simulator, postgres, name) == Counter()


def test_killed_together_with_the_server_in_mid_wave_the_next_run_goes_on(
    postgres: PostgresServer, name: str, tmp_path: Path
) -> None:
    """`kill -9` of the run and of PostgreSQL, as where one machine carries both: what was committed is there."""
    with SimulatorProcess(any_source=True, any_target=True, guard=False) as simulator:
        runs = Runs(tmp_path, 80, simulator, postgres.url(name))
        process = runs.start()
        runs.wait_for_tasks(30)
        postgres.stop_at_once()
        kill(process)
        postgres.start()
        runs.end_done(runs.start())
        assert sent_without_intent(simulator, postgres, name) == Counter()


def test_two_machines_share_a_wave(postgres: PostgresServer, name: str, tmp_path: Path) -> None:
    """Started at once, each with its own copy of the plan: one task for each server, and both reports are whole and true."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with SimulatorProcess(any_source=True, any_target=True, guard=False) as simulator:
        both = [Runs(tmp_path / each, 60, simulator, postgres.url(name)) for each in ("a", "b")]
        processes = [runs.start(200) for runs in both]
        for runs, process in zip(both, processes, strict=True):
            runs.end_done(process)
        assert sent_without_intent(simulator, postgres, name) == Counter()


async def test_a_server_gone_for_good_stops_the_run_and_nothing_is_sent_without_an_intent(
    postgres: PostgresServer, name: str, bare_night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says why; what reached SMS is in the journal when that is back, and the next run ends the wave."""
    monkeypatch.setattr(postgres_database, "LIMITS", Limits(patience=0.3))
    bare_night.settings |= {"journal": postgres.url(name), "concurrency": 4}
    plan, watcher = bare_night.plan(60), After(20, postgres.stop_at_once)
    try:
        end = await bare_night.submit(plan, watcher=watcher)
    finally:
        await asyncio.to_thread(postgres.start)
    assert end.result.stop is not None
    assert end.result.stop.kind is StopKind.JOURNAL
    assert "\n" not in end.result.stop.message
    assert len([line for line in watcher.remarks if "away" in line]) == 1
    assert len(end.result.outcomes) == 60
    assert {status for status, _ in flat(end)} & {"DEFERRED", "UNCERTAIN"}
    assert await asyncio.to_thread(sent_without_intent, bare_night.simulator, postgres, name) == Counter()
    end = await bare_night.submit(plan)
    assert {status for status, _ in flat(end)} == {"CREATED", "EXISTS"}
    assert contradictions(end, bare_night.simulator) == []


@pytest.mark.parametrize("cut", [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT])
async def test_a_line_cut_at_every_third_commit_makes_nothing_twice(
    postgres: PostgresServer, name: str, bare_night: Night, cut: Cut
) -> None:
    """Whether a commit was made is not known then: each entry is there once all the same, and each server has one task."""
    async with SeveredLine(postgres.socket) as line:
        bare_night.settings["journal"] = postgres.url(name, host=line.host)
        line.cut_every(3, cut)
        end = await bare_night.submit(bare_night.plan(40))
        assert flat(end) == [("CREATED", 1)] * 40
        assert contradictions(end, bare_night.simulator) == []
        assert line.cuts > 1
    attempts = await postgres.ask("SELECT count(*), count(answered_at), max(number) FROM attempt", database=name)
    assert attempts == [(40, 40, 1)]
