from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from flows import track_job
from flows.tracking.observations import observed
from inventory.forecast_terms import terms_of
from inventory.plan import read_plan
from tests.flows.cli.command_line import run
from tests.flows.tracking.duty import ACCOUNT, GIB

if TYPE_CHECKING:
    from inventory.forecast_terms import Observation
    from tests.flows.tracking.conftest import MakeDuty
    from tests.flows.tracking.duty import Duty

SIZES = [20 * GIB, 30 * GIB, 40 * GIB, 50 * GIB, 60 * GIB, 70 * GIB]
NIGHT = {"bandwidth": 500.0, "efficiency": 0.6, "preparation": 480.0, "configuration": 240.0}


async def taught(duty: Duty) -> list[Observation]:
    """Follow the wave to its end; what the journal then teaches."""
    for number, size in enumerate(SIZES, 1):
        duty.operate(duty.make(number, size=size), "start")
    assert (await duty.track()).is_reached
    async with duty.journal() as journal:
        return await journal.read(lambda connection: observed(connection, ACCOUNT, duty.clock.wall()))


async def test_a_wave_teaches_what_its_line_reaches_and_what_a_server_costs(on_duty: MakeDuty) -> None:
    """Copies that reach 60 % of the line, 8 minutes before and 4 after: the next forecast reckons with that, and says from what."""
    duty = on_duty(len(SIZES), wave={"bandwidth_mbps": 500}, sizes=SIZES, **NIGHT)
    learned = await taught(duty)
    terms = terms_of(observations=learned)
    assert len(learned) == len(SIZES)
    async with duty.journal() as journal:
        own = "plan.xlsx", "wave-1"
        assert await journal.read(lambda connection: observed(connection, ACCOUNT, duty.clock.wall(), but=own)) == []
    assert terms.middle.efficiency == pytest.approx(0.6, abs=0.03)
    assert terms.middle.overhead_minutes == pytest.approx(12, abs=1)
    assert terms.cautious is not None
    assert terms.cautious.efficiency <= terms.middle.efficiency
    assert "as observed in 6 tasks of wave-1" in terms.middle.said_from[0]
    forecast = track_job.forecast_of(read_plan(duty.plan), "wave-1", learned)
    assert forecast is not None
    assert forecast.seconds == pytest.approx(duty.clock.now, rel=0.05)
    assert forecast.seconds_p90 is not None


async def test_what_is_expected_while_it_runs_agrees_with_what_comes(on_duty: MakeDuty) -> None:
    """A third into the wave, from the speeds seen so far, and not from the forecast's 70 %."""
    duty = on_duty(len(SIZES), wave={"bandwidth_mbps": 500}, sizes=SIZES, **NIGHT)
    await taught(duty)
    assert max(picture.throughput_mbps for picture in duty.pictures) == pytest.approx(500 * 0.6)
    ended = max(view.finished_at or 0.0 for view in duty.pictures[-1].servers)
    began = duty.pictures[0].at
    middle = next(picture for picture in duty.pictures if picture.at - began > (ended - began) / 3)
    assert middle.ends_at is not None
    assert middle.ends_at - began == pytest.approx(ended - began, rel=0.08)


def test_the_command_forecasts_by_what_the_journal_holds(
    on_duty: MakeDuty, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said outright wins; else what was observed; a journal that cannot be read costs a warning."""
    duty = on_duty(len(SIZES), wave={"bandwidth_mbps": 500}, sizes=SIZES, **NIGHT)
    asyncio.run(taught(duty))
    monkeypatch.setenv("WAVES_JOURNAL", duty.journal_url)
    monkeypatch.setattr("flows.submission.clock.SystemClock.wall", lambda _self: duty.clock.wall())
    assert "as observed in 6 tasks of wave-1" in run(capsys, "forecast", duty.plan).out
    assert "as given" in run(capsys, "forecast", duty.plan, "--overhead", "1", "--efficiency", "0.5").out
    monkeypatch.setenv("WAVES_JOURNAL", f"sqlite+aiosqlite:///{duty.plan}")
    ran = run(capsys, "forecast", duty.plan)
    assert (ran.code, "by default" in ran.out) == (0, True)
    assert "the forecast learns nothing of earlier waves" in ran.err
