"""The final block of `waves submit`: what is left out is counted, and the next command can be copied."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from flows import wave_job
from flows.cli.submit_view import show_end
from flows.sms.codes import advice_for
from flows.submission.wave_run import WaveResult
from inventory.findings import Finding, Severity
from inventory.outcomes import Outcome, Status
from tests.plans import make_plan, server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def end(tmp_path: Path) -> wave_job.WaveEnd:
    """A wave of one row that another run made."""
    prepared = wave_job.prepare(
        wave_job.WaveOrder(make_plan(tmp_path / "plan.xlsx", [server(1)]), "wave-1", tmp_path / "report.xlsx")
    )
    now = datetime(2027, 1, 9, 20, tzinfo=UTC)
    result = WaveResult("run-1", [Outcome(prepared.rows[0], "src-0001-a1b2", Status.EXISTS, task_id="t-1")], [], [], None, now, now)
    return wave_job.WaveEnd(prepared, result, tmp_path / "report.xlsx", "", {"EXISTS": 1})


def shown(end: wave_job.WaveEnd, next_command: str = "") -> list[str]:
    stream = StringIO()
    show_end(end, next_command, stream)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("warnings", "says"),
    [(3, []), (4, ["and 1 more warning: the report has them all"]), (9, ["and 6 more warnings: the report has them all"])],
)
def test_warnings_that_are_not_shown_are_counted(end: wave_job.WaveEnd, warnings: int, says: list[str]) -> None:
    """Three of them, then how many more: nobody takes the first three for all."""
    finding = Finding("DRIFT", Severity.WARNING, "Servers", "A2", "", "the sheet and SMS differ", "see why")
    lines = shown(replace(end, result=replace(end.result, findings=[finding] * warnings)))
    assert [line.startswith("warning: Servers!A2") for line in lines].count(True) == 3
    assert [line for line in lines if line.startswith("and ")] == says


@pytest.mark.parametrize(
    ("advice", "hint"),
    [
        ("", "hint: `waves submit plan.xlsx --wave wave-1`"),
        ("free the target", "hint: free the target, then `waves submit plan.xlsx --wave wave-1`"),
        (advice_for("SMS.6526"), "hint: `waves submit plan.xlsx --wave wave-1`"),
        ("free the target, then retry", "hint: free the target, then `waves submit plan.xlsx --wave wave-1`"),
        ("run the same command again", "hint: `waves submit plan.xlsx --wave wave-1`"),
    ],
)
def test_the_next_command_is_marked_as_one(end: wave_job.WaveEnd, advice: str, hint: str) -> None:
    """Whatever has to be done before it; an advice that says to run it is not said twice."""
    left = replace(end.result.outcomes[0], status=Status.DEFERRED, advice=advice)
    assert shown(replace(end, result=replace(end.result, outcomes=[left])), "waves submit plan.xlsx --wave wave-1")[-1] == hint
