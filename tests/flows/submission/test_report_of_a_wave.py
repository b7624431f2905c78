"""The report of a real run tells what the journal holds, in the workbook and on the page, also where the run ended badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl import load_workbook

from flows import wave_job
from flows.submission.events import Silent, StopReason, StopSignal
from tests.flows.submission.night import Night

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulator_process import SimulatorProcess


async def test_the_journal_and_the_report_say_the_same(guarded: SimulatorProcess, tmp_path: Path) -> None:
    """Number, body digest and request id of each request; the page has them too."""
    guarded.reset()
    night = Night(guarded, tmp_path)
    end = await night.submit(night.plan(2), html=tmp_path / "night.html")
    (attempt,) = await night.attempts(1)
    assert (end.page, end.is_all_done, attempt.end is not None) == (tmp_path / "night.html", True, True)
    assert attempt.end is not None
    head, first, *_ = load_workbook(tmp_path / "report.xlsx")["Journal"].iter_rows(values_only=True)
    told = dict(zip(head, first, strict=True))
    assert (told["attempt"], told["body_sha256"], told["request_id"]) == (1, attempt.start.body_digest, attempt.end.request_id)
    page = (tmp_path / "night.html").read_text(encoding="utf-8")
    assert attempt.start.body_digest in page
    assert attempt.end.request_id in page


async def test_a_run_that_is_stopped_writes_its_page(guarded: SimulatorProcess, tmp_path: Path) -> None:
    """Stopped before it began: every row is deferred, and the page says so."""
    guarded.reset()
    night, stop = Night(guarded, tmp_path), StopSignal()
    stop.request(StopReason.interrupted())
    end = await night.submit(night.plan(2), stop=stop, html=tmp_path / "night.html")
    assert "0 of 2 servers are done; 2 need attention." in (tmp_path / "night.html").read_text(encoding="utf-8")
    assert not end.is_all_done


async def test_a_page_that_cannot_be_written_is_said(guarded: SimulatorProcess, tmp_path: Path) -> None:
    """The workbook is there, the outcomes count, and the run does not pass for done."""
    guarded.reset()
    night = Night(guarded, tmp_path)
    (tmp_path / "gone").mkdir()
    page, plan = tmp_path / "gone" / "night.html", night.plan(1)
    prepared = wave_job.prepare(wave_job.WaveOrder(plan, "wave-1", tmp_path / "report.xlsx", html=page))
    (tmp_path / "gone").rmdir()
    end = await wave_job.run(prepared, night.run_settings(), Silent(), StopSignal())
    assert (end.report, end.page, end.is_all_done) == (tmp_path / "report.xlsx", None, False)
    assert "--html" in end.page_problem
