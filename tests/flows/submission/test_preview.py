"""A dry run: it says what a run would begin with for each row, and sends and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows import wave_job
from flows.submission.events import Silent
from tests.plans import server

if TYPE_CHECKING:
    from pathlib import Path

    from flows.submission.preview import Preview
    from tests.flows.submission.night import Night


async def previewed(night: Night, plan: Path, **order: Any) -> list[tuple[str, str]]:
    prepared = wave_job.prepare(wave_job.WaveOrder(plan, "wave-1", night.folder / "report.xlsx", **order))
    found: list[Preview] = await wave_job.preview(prepared, night.run_settings(), Silent())
    return [(preview.decision.value, preview.task_id) for preview in found]


async def test_each_row_is_told_what_would_become_of_it(night: Night) -> None:
    """Create, exists, conflict by source and by target, blocked by the sheet, skipped; and SMS gets no create."""
    source, target = server(2)["source_server_id"], server(2)["target_vm_id"]
    there = night.simulator.add_task(source, target_vm_id=target, name="web-02")
    elsewhere = night.simulator.add_task(server(3)["source_server_id"], target_vm_id="vm-other")
    taken = night.simulator.add_task("src-other", target_vm_id=server(4)["target_vm_id"])
    rows = [*(server(number) for number in range(1, 5)), server(5, priority=99_999), server(6, skip="yes")]
    assert await previewed(night, night.plan(rows), allow_invalid=True) == [
        ("create", ""),
        ("exists", there),
        ("conflict", elsewhere),
        ("conflict", taken),
        ("blocked", ""),
        ("skip", ""),
    ]
    assert night.simulator.truth()["requests"].get("POST /v3/tasks", 0) == 0
    assert await night.records() == {}


async def test_what_earlier_runs_did_counts(night: Night) -> None:
    """Rejected before, deleted by hand, done: as a run would see them, with and without the words that change it."""
    plan = night.plan(3)
    night.simulator.fault_once("SMS.6526-before", source_server_id=server(1)["source_server_id"])
    outcomes = (await night.submit(plan)).result.outcomes
    night.simulator.delete_task(outcomes[1].task_id)
    done = ("exists", outcomes[2].task_id)
    assert await previewed(night, plan) == [("blocked", ""), ("blocked", ""), done]
    assert await previewed(night, plan, retry_rejected=True, recreate=True) == [("create", ""), ("create", ""), done]


async def test_a_task_that_is_being_deleted_blocks_its_row(night: Night) -> None:
    """Also with --recreate: another is made only once it is gone."""
    plan = night.plan(1)
    task_id = (await night.submit(plan)).result.outcomes[0].task_id
    night.simulator.set_state(task_id, "DELETING")
    assert await previewed(night, plan, recreate=True) == [("blocked", "")]


async def test_a_row_in_doubt_is_settled_first(night: Night) -> None:
    """What may be there is not called "create"."""
    plan = night.plan(1)
    night.simulator.fault_once("drop-before")
    night.simulator.fault_once("SMS.7605-before")
    await night.submit(plan)
    assert await previewed(night, plan) == [("settle", "")]


async def test_canaries_are_the_first_rows_that_are_to_be_sent(night: Night) -> None:
    """Neither a skipped row nor one with an error is one."""
    rows = [server(1, skip="yes"), server(2, priority=99_999), server(3), server(4), server(5)]
    order = wave_job.WaveOrder(night.plan(rows), "wave-1", night.folder / "report.xlsx", allow_invalid=True, canary=2)
    previews = await wave_job.preview(wave_job.prepare(order), night.run_settings(), Silent())
    assert [preview.is_canary for preview in previews] == [False, False, True, True, False]
