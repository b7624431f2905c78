"""Runs that send nothing new: what is on its way comes to its end, the rest is DEFERRED, and the run says why."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from flows.cli.exits import Exit, exit_of
from flows.cli.submit_view import as_json
from flows.sms.errors import ThrottleWindow
from flows.submission.events import Silent, StopKind, StopReason, StopSignal
from flows.submission.journal import open_journal
from flows.submission.leases import LeaseRequest
from flows.submission.records import RunRecord
from flows.submission.throttle import Throttle
from inventory.plan import read_plan
from tests.flows.submission.clocks import FastClock
from tests.flows.submission.night import Night, contradictions, flat
from tests.flows.submission.scripted import ACCOUNT, EVENTS, SOURCE, Script, Scripted, lies, plan_of, scripted, told
from tests.plans import disk, make_plan, server

if TYPE_CHECKING:
    from pathlib import Path

    from flows.sms.models import Created
    from flows.submission.wave_run import WaveResult

BEGINNING = "2027-01-15 08:00:00"
"""When every run of a script begins, in UTC (MovedClock)."""

BEFORE = 1_800_000_000.0

PERFORMED = 5
"""The step of a run of one row at which its request has been performed, and its answer is on its way."""


@dataclass
class Remarks(Silent):
    """Keeps what was remarked; `first` is set when something was."""

    lines: list[str] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def remark(self, text: str) -> None:
        self.lines.append(text)
        self.first.set()


def night_of(folder: Path, rows: int | list[dict[str, Any]], wave: dict[str, Any] | None = None, **script: Any) -> Scripted:
    """A script and a plan of so many servers, whose wave has this row in `Waves`."""
    night = scripted(folder, rows, **script)
    servers = [server(number) for number in range(1, rows + 1)] if isinstance(rows, int) else rows
    disks = [disk(source_server_id=row["source_server_id"]) for row in servers]
    waves = [{"wave": "wave-1", "timezone": "UTC", **(wave or {})}]
    night.plan = read_plan(make_plan(folder / "plan.xlsx", servers, disks=disks, waves=waves))
    return night


def codes(result: WaveResult | None) -> list[Any]:
    return told(result, "status", "error_code")


DEFERRED_BY_BUDGET = ("DEFERRED", "WAVES.BUDGET")


@pytest.mark.parametrize("budget", [2, "10%"])
async def test_one_failure_more_than_the_budget_and_nothing_new_is_sent(tmp_path: Path, budget: object) -> None:
    """Two of 20 may fail. The third closes the gate; rows on the wire by then still get their outcome."""
    night = night_of(tmp_path, 20, {"failure_budget": budget}, answers=["made", "no", "no", "made", "no"])
    watcher = Remarks()
    end = await night.run(watcher=watcher, concurrency=1)
    assert end is not None
    assert codes(end).count(("REJECTED", "SMS.6526")) == 3
    assert 2 <= codes(end).count(("CREATED", "")) <= 4
    assert codes(end)[8:] == [DEFERRED_BY_BUDGET] * 12
    assert lies(end, night.sms) == []
    assert end.stop is not None
    assert (end.stop.kind, end.notes) == (StopKind.BUDGET, [end.stop.message])
    assert watcher.lines == [
        f"warning: more servers have failed than the failure budget (Waves!C2) of {budget} allows: nothing new is sent"
    ]


async def test_within_the_budget_every_row_is_sent(tmp_path: Path) -> None:
    """As many failures as the budget allows change nothing; nor is a gate that closes after the last row worth a word."""
    night = night_of(tmp_path, 6, {"failure_budget": 2}, answers=["no", "no"])
    end = await night.run(concurrency=1)
    assert told(end) == ["REJECTED"] * 2 + ["CREATED"] * 4
    assert (end and end.stop, end and end.notes) == (None, [])


async def test_a_spent_budget_stays_spent_in_the_next_run(tmp_path: Path) -> None:
    """Rows that failed in an earlier run count: running again spends no second budget. Mended, they do not."""
    night = night_of(tmp_path, 12, {"failure_budget": 1}, answers=["no", "no"])
    first = await night.run(concurrency=1)
    sent = len(night.sms.bodies)
    assert "WAVES.BUDGET" in {code for _, code in codes(first)}
    again = await night.run(concurrency=1)
    assert (again and again.stop and again.stop.kind, len(night.sms.bodies) - sent <= 3) == (StopKind.BUDGET, True)
    mended = await night.run(retry_rejected=True)
    assert set(told(mended)) == {"CREATED", "EXISTS"}
    assert lies(mended, night.sms) == []


async def test_what_is_on_its_way_when_the_budget_is_spent_comes_to_its_end(tmp_path: Path) -> None:
    """A row in doubt is settled for as long as that takes; it is not sent again, and DEFERRED says that nothing was made."""
    night = night_of(tmp_path, 4, {"failure_budget": 0}, answers=["lost", "never", "no"], lag_seconds=4.0)
    end = await night.run(concurrency=4)
    assert codes(end)[:3] == [("CREATED", ""), DEFERRED_BY_BUDGET, ("REJECTED", "SMS.6526")]
    assert len(night.sms.bodies) <= 4
    assert lies(end, night.sms) == []
    records = await night.records()
    assert not any(record.state.is_in_flight for record in records.values())


async def test_the_rest_waits_for_the_canaries(tmp_path: Path) -> None:
    """The first two rows that are to be sent are done before the third is begun; a skipped row is no canary."""
    rows = [server(1, skip="yes"), *(server(number) for number in range(2, 9))]
    night = night_of(tmp_path, rows)
    night.sms.answers = ["never", "lost"]
    end = await night.run(canaries=2)
    assert told(end) == ["SKIPPED"] + ["CREATED"] * 7
    first = [body for body in night.sms.bodies if b"src-0002" in body or b"src-0003" in body]
    assert night.sms.bodies[: len(first)] == first
    assert end is not None
    assert end.stop is None


async def test_a_canary_that_is_not_done_holds_back_the_rest(tmp_path: Path) -> None:
    """Its row is named; nothing else was sent. Once it is mended, the same command does the wave."""
    night = night_of(tmp_path, 6, answers=["no"])
    watcher = Remarks()
    end = await night.run(watcher=watcher, canaries=2)
    assert codes(end) == [("REJECTED", "SMS.6526"), ("CREATED", "")] + [("DEFERRED", "WAVES.CANARY")] * 4
    assert watcher.lines == ["warning: a canary is not done, so the rest is held back: web-01 (Servers!A2) is REJECTED SMS.6526"]
    assert end is not None
    assert end.stop is not None
    assert (end.stop.kind, end.notes) == (StopKind.CANARY, [end.stop.message])
    again = await night.run(canaries=2, retry_rejected=True)
    assert told(again) == ["CREATED", "EXISTS"] + ["CREATED"] * 4
    assert lies(again, night.sms) == []


async def test_rows_that_exist_are_told_although_a_canary_failed(tmp_path: Path) -> None:
    """Nothing new is sent, and what is there is not called DEFERRED."""
    night = night_of(tmp_path, 4, answers=["no"])
    row = server(3)
    task = night.sms.put(row["source_server_id"], row["target_vm_id"], "web-03")
    end = await night.run(canaries=1)
    assert told(end, "status", "task_id")[2] == ("EXISTS", task)
    assert lies(end, night.sms) == []


async def test_a_canary_that_another_run_holds_is_waited_for(tmp_path: Path) -> None:
    """That run is dead, so its lease lapses: the canary is sent then, and all the others after it."""
    night = night_of(tmp_path, 6)
    async with open_journal(f"sqlite+aiosqlite:///{tmp_path / 'journal.sqlite'}", night.sms.clock, print) as other:
        record = RunRecord("dead", ACCOUNT, "wave-1", "plan.xlsx", "", "them@there", BEFORE)
        await other.start_run(record, 4.0, 1_000.0)
        await other.lease([LeaseRequest(SOURCE, "")])
        watcher = Remarks()
        end = await night.run(watcher=watcher, canaries=1)
    assert told(end) == ["CREATED"] * 6
    assert SOURCE.encode() in night.sms.bodies[0]
    assert [line.startswith("run dead of them@there (wave wave-1) works on rows") for line in watcher.lines] == [True]


async def test_stopped_among_the_canaries_the_run_was_stopped(tmp_path: Path) -> None:
    """Ctrl-C is the reason, not the canary."""
    night = night_of(tmp_path, 4)
    stop = StopSignal()
    stop.request(StopReason.interrupted())
    end = await night.run(stop=stop, canaries=2)
    assert codes(end) == [("DEFERRED", "WAVES.STOPPED")] * 4


@dataclass
class Punctual(Script):
    """A script that notes when each create left, by the wall clock."""

    sent_at: list[float] = field(default_factory=list)

    async def create_task(self, body: bytes) -> Created:
        self.sent_at.append(self.clock.wall())
        return await super().create_task(body)


@pytest.mark.parametrize("seconds", [2, 7, 20])
async def test_no_request_leaves_after_the_end_of_the_window(tmp_path: Path, seconds: int) -> None:
    """Wherever the end falls: among the intents, in the throttle, in a pause, while a row settles. What is in doubt is settled."""
    night = night_of(tmp_path, 30, {"ends_at": f"2027-01-15 08:00:{seconds:02}"})
    answers = ["made", "lost", "never", "429", "late", "not-sent"] * 4
    night.sms = sms = Punctual(FastClock(40.0), lag_seconds=2.0, answers=answers)
    end = await night.run(throttle=Throttle(sms.clock, 2.0), concurrency=4, deadline_seconds=900.0, lease_slack_seconds=900.0)
    assert end is not None
    assert all(at < BEFORE + seconds for at in sms.sent_at)
    assert lies(end, sms) == []
    assert {status for status, _ in codes(end)} <= {"CREATED", "DEFERRED"}
    assert ("DEFERRED", "WAVES.WINDOW") in codes(end)
    assert end.stop is not None
    assert end.stop.kind is StopKind.WINDOW
    assert not any(record.state.is_in_flight for record in (await night.records()).values())


async def test_an_attempt_that_waits_for_its_turn_does_not_wait_past_the_end(tmp_path: Path) -> None:
    """The gateway's window of a minute holds back the second row, and the wave's ends before: its intent is taken back at once."""
    night = night_of(tmp_path, 6, {"ends_at": "2027-01-15 08:00:20"})
    night.sms = sms = Punctual(FastClock(40.0))
    throttle = Throttle(sms.clock)
    throttle.hold_to(ThrottleWindow(1, 60.0))
    end = await night.run(throttle=throttle, deadline_seconds=900.0, lease_slack_seconds=900.0)
    assert sorted(codes(end)) == [("CREATED", ""), *[("DEFERRED", "WAVES.WINDOW")] * 5]
    assert end is not None
    assert end.ended_at.timestamp() < BEFORE + 60.0
    assert not any(record.state.is_in_flight for record in (await night.records()).values())


async def test_a_run_that_begins_after_the_end_sends_nothing_and_says_so_first(tmp_path: Path) -> None:
    """What is there is told, what a dead run left in flight is settled; the rest is DEFERRED."""
    night = night_of(tmp_path, 5, {"ends_at": BEGINNING, "timezone": "Europe/Berlin"})
    without_end = plan_of(tmp_path, 1, name="without-end.xlsx")
    assert await night.run(plan=without_end, event="kill", at=PERFORMED) is None
    assert len(night.sms.bodies) == 1
    row = server(2)
    night.sms.put(row["source_server_id"], row["target_vm_id"], "web-02")
    sent, watcher = len(night.sms.bodies), Remarks()
    end = await night.run(watcher=watcher)
    assert watcher.lines[0] == "warning: the wave's window ended at 2027-01-15 08:00 CET (Waves!C2): nothing new is sent"
    assert codes(end) == [("EXISTS", ""), ("EXISTS", "")] + [("DEFERRED", "WAVES.WINDOW")] * 3
    assert len(night.sms.bodies) == sent
    assert lies(end, night.sms) == []


async def test_a_sick_sms_is_left_alone_until_it_is_well(tmp_path: Path) -> None:
    """Ten answers in doubt in a row: reads only, then one row, then the others; said once when it begins and once when it ends."""
    night = night_of(tmp_path, 40, answers=["never"] * 13)
    watcher = Remarks()
    end = await night.run(watcher=watcher, concurrency=4)
    assert told(end) == ["CREATED"] * 40
    assert lies(end, night.sms) == []
    sick, well = watcher.lines
    assert sick.startswith("warning: 10 creates in a row ended in doubt (WAVES.BROKEN connection reset): nothing is sent until")
    assert well.startswith("SMS is well again after ")
    assert end is not None
    assert end.stop is None
    assert [note.startswith("SMS was sick from 08:00:") for note in end.notes] == [True]


async def test_a_sick_sms_does_not_keep_a_run_for_ever(tmp_path: Path) -> None:
    """No read is answered for five minutes: the run ends. What never left is DEFERRED, what is in doubt is said to be."""
    night = night_of(tmp_path, 40, answers=["lost"] * 100)
    night.sms.is_blind = True
    end = await night.run(concurrency=4)
    assert end is not None
    assert end.stop is not None
    assert end.stop.kind is StopKind.SICK
    assert len(night.sms.bodies) <= 10 + 3
    assert codes(end).count(("DEFERRED", "WAVES.SICK")) == 40 - len(night.sms.bodies)
    assert lies(end, night.sms) == []
    assert "to the end of the run" in end.notes[0]
    night.sms.is_blind, night.sms.answers = False, []
    assert set(told(await night.run())) == {"CREATED", "EXISTS"}


async def test_reads_that_are_answered_do_not_let_a_storm_of_creates_out(tmp_path: Path) -> None:
    """SMS lists, and makes nothing: one row at a time is tried, with growing pauses, until patience is over."""
    night = night_of(tmp_path, 60, answers=["never"] * 500)
    end = await night.run(concurrency=8)
    assert end is not None
    assert end.stop is not None
    assert end.stop.kind is StopKind.SICK
    assert len(night.sms.bodies) <= 10 + 7 + 20
    assert lies(end, night.sms) == []


async def test_the_window_ends_although_sms_is_sick(tmp_path: Path) -> None:
    """The rows that wait for SMS to be well are let go of."""
    night = night_of(tmp_path, 20, {"ends_at": "2027-01-15 08:01:00"}, answers=["never"] * 100)
    end = await night.run(concurrency=4)
    assert end is not None
    assert end.stop is not None
    assert end.stop.kind is StopKind.WINDOW
    assert lies(end, night.sms) == []


async def test_a_run_that_waits_for_a_sick_sms_can_be_stopped(tmp_path: Path) -> None:
    """Ctrl-C ends the wait."""
    night = night_of(tmp_path, 20, answers=["never"] * 100)
    stop = StopSignal()

    class StopWhenSick(Silent):
        def remark(self, text: str) -> None:
            assert "in a row" in text
            stop.request(StopReason.interrupted())

    end = await night.run(watcher=StopWhenSick(), stop=stop, concurrency=4)
    assert {code for status, code in codes(end) if status == "DEFERRED"} == {"WAVES.STOPPED"}
    assert lies(end, night.sms) == []


async def test_a_window_that_is_over_is_in_the_report_and_the_exit_code(night: Night) -> None:
    """Not all is done: 1. The report's Summary says why, and what to type once the sheet says otherwise."""
    plan = night.plan(3, waves=[{"wave": "wave-1", "timezone": "UTC", "ends_at": "2026-01-10 06:00"}])
    end = await night.submit(plan, canary=2)
    message = "the wave's window ended at 2026-01-10 06:00 UTC (Waves!C2): nothing new is sent"
    assert (exit_of(end), end.counts) == (Exit.NOT_DONE, {"DEFERRED": 3})
    assert as_json(end)["stop"] == {"kind": "window", "code": "WAVES.WINDOW", "message": message}
    assert end.report is not None
    with closing(load_workbook(end.report, read_only=True)) as book:
        summary = [str(cell) for row in book["Summary"].iter_rows(values_only=True) for cell in row if cell is not None]
    assert any(message in text for text in summary)
    assert any(text.endswith("--canary 2") for text in summary)
    assert night.simulator.truth()["tasks"] == []


async def test_canaries_of_a_part_of_the_wave_are_of_that_part(night: Night) -> None:
    """`--where` leaves two rows, and the first of them fails: the second is held back and stays so until that is mended."""
    night.simulator.fault_once("SMS.6526-before", source_server_id=server(3)["source_server_id"])
    order: dict[str, Any] = {"where": [("source_name", "web-0[34]")], "canary": 1}
    plan = night.plan(4)
    for _ in range(2):
        end = await night.submit(plan, **order)
        assert flat(end, "status", "error_code") == [("REJECTED", "SMS.6526"), ("DEFERRED", "WAVES.CANARY")]
    assert flat(await night.submit(plan, **order, retry_rejected=True), "status") == [("CREATED",), ("CREATED",)]


async def test_mixed_faults_do_not_pass_for_a_sick_sms(night: Night) -> None:
    """14 % of the creates broken: the run never waits."""
    night.simulator.set_faults("14%", seed=3)
    watcher = Remarks()
    end = await night.submit(night.plan(60), watcher=watcher)
    assert set(flat(end, "status")) == {("CREATED",)}
    assert watcher.lines == []
    assert contradictions(end, night.simulator) == []


async def test_sick_for_real(any_night: Night) -> None:
    """Every create is broken until that is noticed: the run waits for SMS, says so, and ends with every task made once."""
    plan, watcher = any_night.plan(60), Remarks()
    any_night.simulator.set_faults("503-before=0.5,reset-after=0.5")
    submitted = asyncio.ensure_future(any_night.submit(plan, watcher=watcher))
    await watcher.first.wait()
    any_night.simulator.set_faults("")
    end = await submitted
    assert [line.split(" ")[:2] for line in watcher.lines] == [["warning:", "10"], ["SMS", "is"]]
    assert set(flat(end, "status")) == {("CREATED",)}
    assert contradictions(end, any_night.simulator) == []


@pytest.mark.parametrize("seed", range(10))
async def test_whatever_ends_a_run_early_every_server_gets_one_task(tmp_path: Path, seed: int) -> None:
    """Rules and answers by chance, at some step a crash or a stop, and an SMS that forbids no second task.

    Every report is true, and runs without rules then make what is missing.
    """
    random = Random(seed)
    wave = {"failure_budget": random.choice([None, 0, 1, "20%"])}
    if random.random() < 0.5:
        wave["ends_at"] = f"2027-01-15 08:00:{random.randrange(60):02}"
    night = night_of(tmp_path, 8, wave, guard=False, lag_seconds=random.choice([0.0, 2.0]))
    kinds = ["made", "lost", "never", "late", "429", "not-sent", "no"]
    for _ in range(2):
        night.sms.answers = [random.choice(kinds) if random.random() < 0.5 else "made" for _ in range(30)]
        event = random.choice(["", *EVENTS])
        options: dict[str, Any] = {"canaries": random.choice([0, 1, 3]), "sick_after": random.choice([2, 10])}
        assert lies(await night.run(event=event, at=random.randrange(40), **options), night.sms) == []
    night.sms.answers = []
    without_rules = plan_of(tmp_path, 8, name="without-rules.xlsx")
    for _ in range(2):
        end = await night.run(plan=without_rules, retry_rejected=True)
        assert lies(end, night.sms) == []
    assert set(told(end)) == {"EXISTS"}
    assert [len(night.sms.of(server(number)["source_server_id"])) for number in range(1, 9)] == [1] * 8
