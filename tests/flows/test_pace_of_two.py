"""Two real runs at once, on one journal, against a real server: together they keep the account's pace, and SMS's window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.settings import load_settings
from flows.simulator.options import Rate
from flows.sms.errors import ThrottleWindow
from flows.submission.clock import SystemClock
from flows.submission.journal import open_journal
from flows.submission.pace_limits import CREATES
from tests.paced_wave import run_at_once
from tests.plans import disk, make_plan, server
from tests.simulator_process import SimulatorProcess
from tests.starts import most_in_a_second
from tests.waves_process import environment

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 40
WINDOW = ThrottleWindow(20, 2.0)
ROWS = 40


def test_two_runs_at_once_never_exceed_the_limit_in_any_second(tmp_path: Path) -> None:
    """SMS_RATE_PER_SECOND=40, two waves of 40 rows, two processes: 80 tasks, and no second, wherever it begins, has 41 starts.

    What the server saw is what they say; it saw no second with more either, but for requests that the machine itself held up for
    longer than the guard. Both say in their notes what the limit was, and at least one that it was shared.
    """
    servers = [server(number, wave=f"wave-{number % 2}") for number in range(2 * ROWS)]
    plan = make_plan(tmp_path / "plan.xlsx", servers, disks=[disk(number) for number in range(2 * ROWS)])
    with SimulatorProcess(any_source=True, any_target=True) as simulator:
        env = environment(tmp_path, simulator, SMS_RATE_PER_SECOND=str(LIMIT))
        runs = run_at_once([(plan, "wave-0"), (plan, "wave-1")], tmp_path, env)
        arrivals = sorted(simulator.arrivals())
    starts = sorted(moment for run in runs for moment in run["starts"])
    assert [run["statuses"] for run in runs] == [{"CREATED": ROWS}] * 2
    assert len(arrivals) == len(starts) == 2 * ROWS
    assert most_in_a_second(starts) <= LIMIT
    in_time = [arrived for started, arrived in zip(starts, arrivals, strict=True) if arrived - started <= 0.01]
    assert most_in_a_second(in_time) <= LIMIT
    told = [note for run in runs for note in run["notes"]]
    assert [note.partition(",")[0] for note in told] == [f"creates: at most {LIMIT}/s (SMS_RATE_PER_SECOND)"] * 2
    assert any(note.endswith(", shared with other runs") for note in told)


async def test_two_runs_at_once_hold_a_window_that_sms_has_named(tmp_path: Path) -> None:
    """An earlier run met limit:20,time:2 second: two runs of 20 rows each at once, without any limit of ours, meet no 429."""
    servers = [server(number, wave=f"wave-{number % 2}") for number in range(2 * WINDOW.limit)]
    plan = make_plan(tmp_path / "plan.xlsx", servers, disks=[disk(number) for number in range(2 * WINDOW.limit)])
    rate = Rate(WINDOW.limit, WINDOW.seconds, is_window=True)
    with SimulatorProcess(any_source=True, any_target=True, rate=rate) as simulator:
        env = environment(tmp_path, simulator)
        settings = load_settings(
            credentials=False, endpoint=env["SMS_ENDPOINT"], project_id=env["SMS_PROJECT_ID"], journal=env["WAVES_JOURNAL"]
        )
        async with open_journal(settings.journal_url, SystemClock(), print) as journal:
            await journal.remember_window(settings.account, CREATES, WINDOW)
        runs = run_at_once([(plan, "wave-0"), (plan, "wave-1")], tmp_path, env)
        refusals, arrivals = simulator.truth()["refusals"], simulator.arrivals()
    assert [run["statuses"] for run in runs] == [{"CREATED": WINDOW.limit}] * 2
    assert (refusals, len(arrivals)) == ({}, 2 * WINDOW.limit)
    assert [run["notes"] for run in runs] == [["creates: held to 20 in 2 s, which SMS has named within the last day"]] * 2
