"""A wave against a real simulator: each way in which a request can end, what the planner is told, and what SMS then holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.sms.codes import advice_for
from flows.submission.events import Phase, Silent, StopReason, StopSignal
from flows.wave_job import next_command
from tests.flows.submission.night import Night, contradictions, flat
from tests.plans import disk, server

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.outcomes import Outcome
    from tests.simulator_process import SimulatorProcess

LOST = ["drop-after", "reset-after", "half-after", "500-after", "504-after", "408-after", "302-after", "html-after", "empty-after"]
NEVER_DONE = ["drop-before", "reset-before", "500-before", "503-before", "hang-before"]


async def test_a_wave_is_created_row_by_row(night: Night) -> None:
    """Three rows, three tasks, in the order of the sheet, each sent once and journalled with its answer."""
    end = await night.submit(night.plan(3))
    assert flat(end) == [("CREATED", 1)] * 3
    assert contradictions(end, night.simulator) == []
    [attempt] = await night.attempts(2)
    assert attempt.end is not None
    assert (attempt.end.answer, attempt.end.task_id) == ("made", end.result.outcomes[1].task_id)


async def test_run_again_everything_exists_and_nothing_is_sent(night: Night) -> None:
    """The second run makes no POST."""
    plan = night.plan(5)
    await night.submit(plan)
    sent = night.simulator.truth()["requests"]["POST /v3/tasks"]
    end = await night.submit(plan)
    assert flat(end) == [("EXISTS", 0)] * 5
    assert night.simulator.truth()["requests"]["POST /v3/tasks"] == sent


async def test_a_lost_journal_makes_no_second_task(any_night: Night) -> None:
    """What the listing shows is enough to know that the rows are done, also where nothing at SMS guards the second task."""
    plan = any_night.plan(3)
    await any_night.submit(plan)
    any_night.settings["journal"] = f"sqlite+aiosqlite:///{any_night.folder / 'another.sqlite'}"
    end = await any_night.submit(plan)
    assert flat(end) == [("EXISTS", 0)] * 3
    assert contradictions(end, any_night.simulator) == []


async def test_a_part_of_a_wave_and_then_the_whole_of_it(any_night: Night) -> None:
    """`--where` sends its rows and no other; the wave then goes on with the rest, also when the part is in flight no more."""
    plan = any_night.plan([server(number, note="pilot" if number < 3 else "") for number in range(1, 6)])
    part = await any_night.submit(plan, where=[("note", "pil*")])
    assert flat(part) == [("CREATED", 1)] * 2
    assert len(any_night.simulator.truth()["tasks"]) == 2
    end = await any_night.submit(plan)
    assert flat(end) == [("EXISTS", 0)] * 2 + [("CREATED", 1)] * 3
    assert contradictions(end, any_night.simulator) == []


async def test_a_sorted_and_renamed_plan_finds_its_history(any_night: Night) -> None:
    """A row is its account and its source server, never a place in a file: what was left half done goes on in another file."""
    simulator = any_night.simulator
    simulator.fault_once("drop-after", source_server_id=server(2)["source_server_id"])
    await any_night.submit(any_night.plan(3), watcher=_Deny(any_night))
    simulator.set_access(denied_actions=[])
    rows = [server(number) for number in (4, 3, 1, 2)]
    end = await any_night.submit(any_night.plan(rows).rename(any_night.folder / "copy of plan.xlsx"))
    assert flat(end) == [("CREATED", 1)] + [("EXISTS", 0)] * 3
    assert contradictions(end, simulator) == []


@pytest.mark.parametrize("fault", LOST)
async def test_a_lost_answer_is_found_and_adopted(any_night: Night, fault: str) -> None:
    """The task was made, its answer was not heard: one task, CREATED, sent once, with the guard and without."""
    any_night.simulator.fault_once(fault)
    end = await any_night.submit(any_night.plan(1))
    assert flat(end) == [("CREATED", 1)]
    assert contradictions(end, any_night.simulator) == []


@pytest.mark.parametrize("fault", NEVER_DONE)
async def test_a_create_that_never_happened_is_sent_again_after_the_settle_time(any_night: Night, fault: str) -> None:
    """Nothing was made and nobody could know: after a look it is sent again, once."""
    any_night.simulator.fault_once(fault)
    end = await any_night.submit(any_night.plan(1))
    assert flat(end) == [("CREATED", 2)]
    assert contradictions(end, any_night.simulator) == []


async def test_a_throttled_row_is_sent_again_and_the_report_says_so(night: Night) -> None:
    """A 429 made nothing: no look is needed, the pace is told."""
    night.simulator.fault_once("429-before", 2)
    end = await night.submit(night.plan(1))
    assert flat(end) == [("CREATED", 3)]
    assert "throttled 2 requests" in end.result.notes[0]


async def test_a_definite_no_is_rejected_with_code_and_advice(night: Night) -> None:
    """SMS said no to a first attempt: REJECTED, never sent again unasked."""
    plan = night.plan(2)
    night.simulator.fault_once("SMS.6526-before", source_server_id=server(1)["source_server_id"])
    end = await night.submit(plan)
    assert flat(end, "status", "error_code") == [("REJECTED", "SMS.6526"), ("CREATED", "")]
    assert end.result.outcomes[0].advice
    again = await night.submit(plan)
    assert flat(again) == [("REJECTED", 0), ("EXISTS", 0)]
    assert advice_for("SMS.6526") in again.result.outcomes[0].advice


async def test_a_rejected_row_is_sent_again_when_asked_or_corrected(night: Night) -> None:
    """--retry-rejected sends it again; so does another body, without being asked."""
    night.simulator.fault_once("SMS.6526-before", 2)
    plan = night.plan(2)
    assert flat(await night.submit(plan)) == [("REJECTED", 1)] * 2
    corrected = night.plan([server(1, speed_limit=100), server(2)])
    assert flat(await night.submit(corrected)) == [("CREATED", 1), ("REJECTED", 0)]
    assert flat(await night.submit(corrected, retry_rejected=True)) == [("EXISTS", 0), ("CREATED", 1)]


async def test_a_rejection_that_only_another_row_cures_is_not_sent_again_as_it_is(night: Night) -> None:
    """--retry-rejected sends the quota's row, leaves the one with a wrong type and says so; changed, that one is sent unasked."""
    for number, code in ((1, "SMS.6526"), (2, "SMS.6610")):
        night.simulator.fault_once(f"{code}-before", source_server_id=server(number)["source_server_id"])
    plan = night.plan(2)
    assert flat(await night.submit(plan)) == [("REJECTED", 1)] * 2
    end = await night.submit(plan, retry_rejected=True)
    assert flat(end) == [("CREATED", 1), ("REJECTED", 0)]
    assert "the same row gets it again" in end.result.outcomes[1].advice
    assert "--retry-rejected" not in next_command(end.prepared.order, end.result)
    corrected = night.plan([server(1), server(2, type="MIGRATE_BLOCK")])
    assert flat(await night.submit(corrected)) == [("EXISTS", 0), ("CREATED", 1)]


async def test_a_no_after_a_lost_answer_is_not_believed(lagging: SimulatorProcess, tmp_path: Path) -> None:
    """The first try made the task, unheard and not yet listed; the second is refused: the task is found all the same."""
    late = Night(lagging, tmp_path, {"settle_seconds": 0.5})
    lagging.fault_once("drop-after")
    lagging.fault_once("SMS.6526-before")
    end = await late.submit(late.plan(1))
    assert flat(end, "status") == [("CREATED",)]
    assert contradictions(end, lagging) == []


async def test_already_bound_by_our_own_first_try_is_adopted(lagging: SimulatorProcess, tmp_path: Path) -> None:
    """The second try is told "already bound" (by the first): one task, CREATED, not a conflict."""
    late = Night(lagging, tmp_path, {"settle_seconds": 0.5})
    lagging.fault_once("reset-after")
    end = await late.submit(late.plan(1))
    assert flat(end, "status") == [("CREATED",)]
    assert contradictions(end, lagging) == []


async def test_a_no_that_holds_after_the_look_is_rejected(night: Night) -> None:
    """An attempt that did nothing, then a definite no: a look shows nothing, so the no holds."""
    night.simulator.fault_once("drop-before")
    night.simulator.fault_once("SMS.6526-before")
    end = await night.submit(night.plan(1))
    assert flat(end, "status", "error_code", "attempts") == [("REJECTED", "SMS.6526", 2)]
    assert contradictions(end, night.simulator) == []


async def test_a_source_bound_to_another_target_is_a_conflict_by_name(night: Night) -> None:
    """Somebody else's task stands in the way: named, nothing sent, nothing deleted."""
    foreign = night.simulator.add_task(server(1)["source_server_id"], target_vm_id="vm-other", name="foreign")
    end = await night.submit(night.plan(1))
    assert flat(end, "status", "task_id", "attempts") == [("CONFLICT", foreign, 0)]
    assert night.simulator.truth()["requests"].get("POST /v3/tasks", 0) == 0


async def test_a_target_bound_to_another_source_is_a_conflict_by_name(night: Night) -> None:
    """The same for the target server."""
    foreign = night.simulator.add_task("src-elsewhere", target_vm_id=server(1)["target_vm_id"], name="foreign")
    end = await night.submit(night.plan(1))
    assert flat(end, "status", "task_id") == [("CONFLICT", foreign)]
    assert "src-elsewhere" in end.result.outcomes[0].error_message


async def test_a_task_with_this_target_and_another_name_exists_with_a_drift_finding(night: Night) -> None:
    """The same task under another name: EXISTS, and the difference is told by its cell."""
    night.simulator.add_task(server(1)["source_server_id"], target_vm_id=server(1)["target_vm_id"], name="renamed")
    end = await night.submit(night.plan(1))
    assert flat(end) == [("EXISTS", 0)]
    assert [finding.code for finding in end.result.findings] == ["DRIFT"]


async def test_a_task_made_by_somebody_between_look_and_request_exists(night: Night) -> None:
    """7605 on a first attempt: nothing of ours is in doubt, so the task that is found is EXISTS, not CREATED."""
    source = server(1)["source_server_id"]
    foreign = night.simulator.add_task(source, target_vm_id=server(1)["target_vm_id"], name="other", visible=False)
    end = await night.submit(night.plan(1))
    assert flat(end, "status", "task_id") == [("EXISTS", foreign)]


async def test_bound_with_no_task_to_be_found_is_never_sent_again(night: Night) -> None:
    """7605 and no listing shows why: CONFLICT; after an attempt in doubt UNCERTAIN, until a person says --recreate."""
    night.simulator.fault_once("SMS.7605-before", source_server_id=server(1)["source_server_id"])
    night.simulator.fault_once("drop-before", source_server_id=server(2)["source_server_id"])
    night.simulator.fault_once("SMS.7605-before", source_server_id=server(2)["source_server_id"])
    plan = night.plan(2)
    assert flat(await night.submit(plan)) == [("CONFLICT", 1), ("UNCERTAIN", 2)]
    assert flat(await night.submit(plan))[1] == ("UNCERTAIN", 0)
    assert flat(await night.submit(plan, recreate=True))[1] == ("CREATED", 1)


async def test_a_refused_signature_costs_one_call(night: Night) -> None:
    """Wrong secret: the lone first read is refused, nothing else is sent, every row is DEFERRED with the reason."""
    night.settings["sk"] = "not-the-secret"
    end = await night.submit(night.plan(4))
    assert flat(end, "status", "attempts") == [("DEFERRED", 0)] * 4
    assert end.result.stop is not None
    assert end.result.stop.kind.value == "refused"
    assert sum(night.simulator.truth()["requests"].values()) == 1


async def test_rights_lost_in_the_middle_stop_the_run(night: Night) -> None:
    """A 403 on a create: what is done stays done, the rest is DEFERRED, nothing more is sent."""
    night.settings["concurrency"] = 1
    night.simulator.fault_once("403-before", source_server_id=server(3)["source_server_id"])
    end = await night.submit(night.plan(60))
    statuses = [status for (status,) in flat(end, "status")]
    assert statuses[:3] == ["CREATED", "CREATED", "DEFERRED"]
    assert set(statuses[3:]) == {"DEFERRED"}
    assert night.simulator.truth()["requests"]["POST /v3/tasks"] == 3
    assert contradictions(end, night.simulator) == []


class _Deny(Silent):
    """Takes the right to list tasks away as soon as rows are being submitted."""

    def __init__(self, night: Night) -> None:
        self._night = night

    def phase(self, phase: Phase, rows: int) -> None:
        if phase is Phase.SUBMIT:
            self._night.simulator.set_access(denied_actions=["sms:server:listTask"])


async def test_what_cannot_be_asked_for_is_uncertain_and_settled_by_the_next_run(any_night: Night) -> None:
    """The answer is lost and the right to look is gone: UNCERTAIN. The next run finds the task: EXISTS, and one task."""
    plan = any_night.plan(1)
    any_night.simulator.fault_once("drop-after")
    end = await any_night.submit(plan, watcher=_Deny(any_night))
    assert flat(end) == [("UNCERTAIN", 1)]
    any_night.simulator.set_access(denied_actions=[])
    end = await any_night.submit(plan)
    assert flat(end) == [("EXISTS", 0)]
    assert contradictions(end, any_night.simulator) == []


async def test_a_task_deleted_by_hand_is_not_made_again_unasked(night: Night) -> None:
    """The journal knows it, SMS no longer does: DEFERRED with that reason; --recreate makes another."""
    plan = night.plan(1)
    first = (await night.submit(plan)).result.outcomes[0].task_id
    night.simulator.delete_task(first)
    end = await night.submit(plan)
    assert flat(end, "status", "error_code", "attempts") == [("DEFERRED", "WAVES.GONE", 0)]
    end = await night.submit(plan, recreate=True)
    assert flat(end) == [("CREATED", 1)]
    assert end.result.outcomes[0].task_id != first


async def test_an_edited_target_never_makes_a_second_task(bare_night: Night) -> None:
    """The row was created, its target is then edited: CONFLICT that names both, even with no guard at SMS."""
    made = (await bare_night.submit(bare_night.plan(1))).result.outcomes[0].task_id
    end = await bare_night.submit(bare_night.plan([server(1, target_vm_id="vm-edited")]))
    assert flat(end, "status", "task_id") == [("CONFLICT", made)]
    assert [task["id"] for task in bare_night.simulator.truth()["tasks"]] == [made]


async def test_every_source_with_two_tasks_is_named(night: Night) -> None:
    """Whoever made them, and whether or not the source is in this wave."""
    for _ in range(2):
        night.simulator.add_task("src-elsewhere", target_vm_id="vm-x")
    end = await night.submit(night.plan(1))
    assert [(finding.code, finding.value) for finding in end.result.findings] == [("TWICE", "src-elsewhere")]


async def test_rows_that_the_sheet_rules_out_are_reported_not_sent(night: Night) -> None:
    """SKIPPED is the planner's word, INVALID the sheet's; the others go on."""
    rows = [server(1), server(2, skip="yes"), server(3, priority=99_999)]
    end = await night.submit(night.plan(rows), allow_invalid=True)
    assert flat(end) == [("CREATED", 1), ("SKIPPED", 0), ("INVALID", 0)]
    assert "priority" in end.result.outcomes[2].error_message


async def test_a_source_is_found_by_name_or_address(night: Night) -> None:
    """A row without an id is resolved by what SMS knows; a name of two servers, or of none, is INVALID and sends nothing."""
    night.simulator.add_source("src-by-name", name="db-01", ip="192.0.2.1")
    night.simulator.add_source("src-twin-1", name="twin", ip="192.0.2.2")
    night.simulator.add_source("src-twin-2", name="twin", ip="192.0.2.3")
    rows = [
        server(1, source_server_id="", source_name="db-01", source_ip=""),
        server(2, source_server_id="", source_name="twin", source_ip=""),
        server(3, source_server_id="", source_name="", source_ip="192.0.2.3"),
        server(4, source_server_id="", source_name="nobody", source_ip=""),
    ]
    end = await night.submit(night.plan(rows, disks=[]))
    assert flat(end, "status", "source_server_id", "error_code") == [
        ("CREATED", "src-by-name", ""),
        ("INVALID", "", "WAVES.SOURCE"),
        ("CREATED", "src-twin-2", ""),
        ("INVALID", "", "WAVES.SOURCE"),
    ]


async def test_two_rows_that_name_one_source_are_both_invalid(night: Night) -> None:
    """One by its name, one by its address: only SMS shows that they are one server, and nobody can say which row is meant."""
    night.simulator.add_source("src-by-name", name="db-01", ip="192.0.2.1")
    rows = [
        server(1, source_server_id="", source_name="db-01", source_ip=""),
        server(2, source_server_id="", source_name="", source_ip="192.0.2.1"),
    ]
    end = await night.submit(night.plan(rows, disks=[]))
    assert flat(end, "status", "error_code") == [("INVALID", "WAVES.SOURCE")] * 2
    assert end.result.outcomes[0].error_message == "Servers!A2 and Servers!A3 name the same source server src-by-name"
    assert "POST /v3/tasks" not in night.simulator.truth()["requests"]


async def test_disks_come_from_sms_where_the_sheet_has_none(night: Night) -> None:
    """A row without disks in the sheet is sent with those that SMS knows of its source."""
    night.simulator.add_source(server(1)["source_server_id"], name="web-01", os_type="LINUX")
    end = await night.submit(night.plan([server(1)], disks=[]))
    assert flat(end) == [("CREATED", 1)]
    [task] = night.simulator.truth(bodies=True)["tasks"]
    assert task["body"]["target_server"]["disks"]


async def test_template_mode_recognises_its_task_by_the_target_name(any_night: Night) -> None:
    """No vm_id yet: a lost answer is adopted by source, name and target name."""
    row = server(1, target_vm_id="", vm_template_id="tpl-1", migration_ip="")
    any_night.simulator.fault_once("reset-after")
    end = await any_night.submit(any_night.plan([row], disks=[disk(1, disk_id="")]))
    assert flat(end) == [("CREATED", 1)]
    assert contradictions(end, any_night.simulator) == []


async def test_stopped_at_once_nothing_is_lost(any_night: Night) -> None:
    """Stopped before the first request: all DEFERRED; the next run does the wave."""
    stop = StopSignal()
    stop.request(StopReason.interrupted())
    plan = any_night.plan(3)
    end = await any_night.submit(plan, stop=stop)
    assert flat(end, "status", "error_code") == [("DEFERRED", "WAVES.STOPPED")] * 3
    assert flat(await any_night.submit(plan)) == [("CREATED", 1)] * 3


class _StopAfter(Silent):
    """Stops the run, at once, when so many rows have their outcome."""

    def __init__(self, stop: StopSignal, rows: int) -> None:
        self._stop, self._rows = stop, rows

    def outcome(self, outcome: Outcome) -> None:
        self._rows -= 1
        if self._rows == 0:
            self._stop.request(StopReason.interrupted(), at_once=True)


async def test_stopped_in_the_middle_every_row_has_a_true_outcome(any_night: Night) -> None:
    """What was on the wire is UNCERTAIN, what was not sent DEFERRED; the next run makes it whole, with one task a server."""
    stop = StopSignal()
    any_night.settings["rate_per_second"] = 60
    plan = any_night.plan(40)
    end = await any_night.submit(plan, watcher=_StopAfter(stop, 10), stop=stop)
    statuses = {status for (status,) in flat(end, "status")}
    assert "CREATED" in statuses
    assert statuses <= {"CREATED", "UNCERTAIN", "DEFERRED"}
    assert "DEFERRED" in statuses
    end = await any_night.submit(plan)
    assert {status for (status,) in flat(end, "status")} <= {"CREATED", "EXISTS"}
    assert contradictions(end, any_night.simulator) == []


async def test_an_endpoint_that_does_not_answer_refuses_the_run(night: Night) -> None:
    """Nothing listens there: every row DEFERRED, and the run says that it was refused as a whole."""
    night.settings["endpoint"] = "http://127.0.0.1:9"
    end = await night.submit(night.plan(2))
    assert flat(end, "status") == [("DEFERRED",)] * 2
    assert end.result.stop is not None
    assert "WAVES.CONNECT" in end.result.stop.code
    assert end.report is not None
