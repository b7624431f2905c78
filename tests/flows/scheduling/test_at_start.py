"""What a scheduled wave looks at before it starts: its sheet, its window, the waves before it; a real journal, in moved time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from flows.night import stages
from flows.night.path import Stage
from flows.night.stages import StageState
from flows.scheduling.at_start import Awaited, NotStartedError, await_start
from flows.scheduling.wave_pin import pin_of
from flows.settings import load_settings
from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal
from flows.submission.records import RunRecord
from flows.submission.wave_key import WaveKey
from inventory.outcomes import Outcome, Status
from inventory.plan import read_plan
from tests.flows.submission.clocks import MovedClock
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from flows.settings import Settings

STARTS = datetime(2026, 11, 24, 22, tzinfo=UTC)
SERVERS = [server(1), server(2), server(3, wave="wave-2")]


class NightClock(MovedClock):
    """Time that jumps; something may happen after so many waits."""

    def __init__(self, late: timedelta = timedelta(), happens: Mapping[int, Callable[[], Awaitable[None]]] | None = None) -> None:
        super().__init__((STARTS + late).timestamp())
        self._happens = happens or {}

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if what := self._happens.get(len(self.slept)):
            await what()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    journal = f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite').as_posix()}"
    return load_settings(endpoint="https://sms.example", project_id="p-1", ak="ak", sk="sk", journal=journal)


def plan_of(folder: Path, servers: Any = None, **wave: Any) -> Path:
    window = {"starts_at": STARTS.replace(tzinfo=None), "ends_at": datetime.fromisoformat("2026-11-25 04:00"), "timezone": "UTC"}
    waves = [{"wave": "wave-1"}, {"wave": "wave-2", **window, "depends_on": "wave-1", **wave}]
    return make_plan(folder / "plan.xlsx", servers or SERVERS, waves=waves)


async def report(
    settings: Settings, plan: Path, statuses: Mapping[str, Status], run_id: str = "r1", wave: str = "wave-1", kind: str = "submit"
) -> None:
    """A run of a wave that has ended, with these outcomes by source server."""
    read = read_plan(plan)
    async with open_journal(settings.journal_url, SystemClock(), print) as journal:
        record = RunRecord(run_id, settings.account, wave, read.name, read.sha256, "me@here", 1.0, kind)
        await journal.start_run(record, 60.0, 10.0)
        rows = [
            (row.position, Outcome(row, source, status))
            for row, (source, status) in zip(read.servers, statuses.items(), strict=False)
        ]
        await journal.end_run(run_id, "finished", rows)


async def test_a_wave_starts_when_the_one_before_has_its_report(tmp_path: Path, settings: Settings) -> None:
    """It waits while a row is deferred, says for what, and goes on after the next run's report; rejected is an end, too."""
    plan = plan_of(tmp_path)
    said: list[str] = []
    await report(settings, plan, {"src-0001-a1b2": Status.CREATED, "src-0002-a1b2": Status.DEFERRED})

    async def next_run() -> None:
        await report(settings, plan, {"src-0001-a1b2": Status.EXISTS, "src-0002-a1b2": Status.REJECTED}, "r2")

    clock = NightClock(happens={6: next_run})
    await await_start(Awaited(plan, "wave-2"), settings, clock, said.append)
    assert said == ["wave-2 waits for wave-1 (1 of 2 rows have no final outcome), until 2026-11-25 04:00 UTC at most"]
    assert clock.slept == [10.0] * 6


@pytest.mark.parametrize("servers", [SERVERS, [server(1, source_server_id=""), server(2, source_server_id=""), SERVERS[2]]])
async def test_an_order_given_since_is_no_report_of_the_wave(tmp_path: Path, settings: Settings, servers: Any) -> None:
    """Its tasks were stopped, which came to its end for every server: whether the second was made is as open as before."""
    plan = plan_of(tmp_path, servers)
    await report(settings, plan, {"src-0001-a1b2": Status.CREATED, "src-0002-a1b2": Status.UNCERTAIN})
    await report(settings, plan, {"src-0001-a1b2": Status.EXISTS, "src-0002-a1b2": Status.EXISTS}, "r2", kind="stop")
    with pytest.raises(NotStartedError, match="1 of 2 rows"):
        await await_start(Awaited(plan, "wave-2"), settings, NightClock(timedelta(hours=5, minutes=59)), print)


async def test_it_waits_no_longer_than_its_window(tmp_path: Path, settings: Settings) -> None:
    """Nobody ran the wave before: at the window's end it gives up, and says for whom it waited."""
    clock = NightClock(timedelta(hours=5, minutes=59))
    with pytest.raises(NotStartedError, match=r"until its window closed, 2026-11-25 04:00 UTC, for wave-1 \(2 of 2 rows"):
        await await_start(Awaited(plan_of(tmp_path), "wave-2"), settings, clock, print)
    assert sum(clock.slept) == 60.0


async def test_servers_without_an_id_count_by_the_waves_last_report(tmp_path: Path, settings: Settings) -> None:
    """The sheet names them by name only: as many as the wave's last run has finished are done, whatever file it read."""
    servers = [server(1, source_server_id=""), server(2, source_server_id=""), SERVERS[2]]
    plan = plan_of(tmp_path, servers)
    await report(settings, plan, {"src-a": Status.CREATED, "src-b": Status.UNCERTAIN})
    plan_of(tmp_path, servers, note="edited since")
    with pytest.raises(NotStartedError, match="1 of 2 rows"):
        await await_start(Awaited(plan, "wave-2"), settings, NightClock(timedelta(hours=5, minutes=59)), print)
    await report(settings, plan, {"src-a": Status.EXISTS, "src-b": Status.CREATED}, "r2")
    await await_start(Awaited(plan, "wave-2"), settings, NightClock(), print)


async def test_a_night_is_over_with_its_report(tmp_path: Path, settings: Settings) -> None:
    """Its tasks are made long before: while it runs, or waits for a person at its gate, the next wave waits."""
    plan = plan_of(tmp_path)
    await report(settings, plan, {"src-0001-a1b2": Status.CREATED, "src-0002-a1b2": Status.CREATED})
    wave, said = WaveKey(settings.account, "plan.xlsx", "wave-1"), list[str]()

    async def night(stage: Stage, state: StageState) -> None:
        async with open_journal(settings.journal_url, SystemClock(), print) as journal:
            await journal.transact(lambda connection: stages.begin(connection, wave, stage, "r9", 1.0))
            await journal.transact(lambda connection: stages.end(connection, wave, stage, state, {}, 2.0))

    await night(Stage.SYNCED, StageState.DONE)
    await night(Stage.APPROVE, StageState.HELD)
    happens = {2: partial(night, Stage.APPROVE, StageState.DONE), 4: partial(night, Stage.REPORT, StageState.DONE)}
    await await_start(Awaited(plan, "wave-2"), settings, NightClock(happens=happens), said.append)
    assert [line.partition(",")[0] for line in said] == ["wave-2 waits for wave-1 (its night is at approve)"]


async def test_skipped_rows_are_not_waited_for(tmp_path: Path, settings: Settings) -> None:
    """The planner leaves them out."""
    plan = plan_of(tmp_path, [server(1, skip=True), server(2), SERVERS[2]])
    await report(settings, plan, {"src-0001-a1b2": Status.SKIPPED, "src-0002-a1b2": Status.CREATED})
    await await_start(Awaited(plan, "wave-2"), settings, NightClock(), print)


@pytest.mark.parametrize("late", [timedelta(hours=6), timedelta(days=2)])
async def test_outside_of_its_window_nothing_starts(tmp_path: Path, settings: Settings, late: timedelta) -> None:
    """A worker came up too late: at the window's end, and ever after."""
    with pytest.raises(NotStartedError, match="window that closed at 2026-11-25 04:00 UTC: give it a new starts_at"):
        await await_start(Awaited(plan_of(tmp_path, depends_on=""), "wave-2"), settings, NightClock(late), print)


async def test_an_edited_wave_refuses_unless_the_sheet_is_followed(tmp_path: Path, settings: Settings) -> None:
    """The refusal names the sheet; a change of another wave is no matter; without a pin whatever the sheet says is taken."""
    plan = plan_of(tmp_path, depends_on="")
    pinned = pin_of(read_plan(plan), "wave-2")
    plan_of(tmp_path, [server(1, target_name="other"), *SERVERS[1:]], depends_on="")
    await await_start(Awaited(plan, "wave-2", pinned), settings, NightClock(), print)
    plan_of(tmp_path, [*SERVERS[:2], server(3, wave="wave-2", target_name="other")], depends_on="")
    with pytest.raises(
        NotStartedError, match=r"edited after wave-2 was scheduled, what it has in Servers: .*`waves schedule` again"
    ):
        await await_start(Awaited(plan, "wave-2", pinned), settings, NightClock(), print)
    await await_start(Awaited(plan, "wave-2"), settings, NightClock(), print)


async def test_an_edit_while_it_waited_refuses_too(tmp_path: Path, settings: Settings) -> None:
    """The sheet is read again when the wave before is done."""
    plan = plan_of(tmp_path)
    pinned = pin_of(read_plan(plan), "wave-2")

    async def edit() -> None:
        plan_of(tmp_path, [*SERVERS, server(4, wave="wave-2")])
        await report(settings, plan, {"src-0001-a1b2": Status.CREATED, "src-0002-a1b2": Status.CREATED})

    with pytest.raises(NotStartedError, match="was edited"):
        await await_start(Awaited(plan, "wave-2", pinned), settings, NightClock(happens={3: edit}), print)


async def test_a_wave_that_left_the_sheet_does_not_start(tmp_path: Path, settings: Settings) -> None:
    """One line says so."""
    plan = make_plan(tmp_path / "plan.xlsx", [server(1)])
    with pytest.raises(NotStartedError, match="has no wave wave-2 any more"):
        await await_start(Awaited(plan, "wave-2"), settings, NightClock(), print)
