"""One wave from its plan to its report: what is refused before anything is sent, where the report goes, what to type next."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.wave_job import PlanRefusedError, WaveOrder, not_held, prepare
from flows.where import WhereError
from inventory.plan import PlanError
from inventory.report import ReportError
from tests.plans import make_plan, server


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Three servers in wave-1, of which the third has an error."""
    return make_plan(tmp_path / "plan.xlsx", [server(1), server(2), server(3, priority="high")])


def test_a_plan_with_an_error_is_refused_whole(plan: Path) -> None:
    """And every finding comes along."""
    with pytest.raises(PlanRefusedError, match="1 error in wave wave-1") as refused:
        prepare(WaveOrder(plan, "wave-1"))
    assert "PLAN-112" in {finding.code for finding in refused.value.findings}


def test_with_allow_invalid_the_rows_that_an_error_rules_out_are_named(plan: Path) -> None:
    """By their position in the sheet, each with its error."""
    prepared = prepare(WaveOrder(plan, "wave-1", allow_invalid=True))
    assert {position: finding.code for position, finding in prepared.invalid.items()} == {4: "PLAN-112"}
    assert len(prepared.rows) == 3


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"wave": "wave-9"}, PlanRefusedError),
        ({"wave": "wave-1", "allow_invalid": True, "where": [("source_name", "db-*")]}, WhereError),
        ({"wave": "wave-1", "allow_invalid": True, "where": [("no such column", "*")]}, WhereError),
        ({"wave": "wave-1", "allow_invalid": True, "report": Path("no/such/folder/report.xlsx")}, ReportError),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(plan: Path, order: dict[str, object], error: type[Exception]) -> None:
    """An unknown wave, no row that fits, no such column, nowhere to report to."""
    with pytest.raises(error):
        prepare(WaveOrder(plan, **order))  # type: ignore[arg-type]


def test_a_missing_plan_is_a_plan_error(tmp_path: Path) -> None:
    """Read before anything else."""
    with pytest.raises(PlanError):
        prepare(WaveOrder(tmp_path / "none.xlsx", "wave-1"))


def test_where_takes_a_part_of_the_wave(plan: Path) -> None:
    """All pairs must hold; an alias of a column will do."""
    prepared = prepare(WaveOrder(plan, "wave-1", allow_invalid=True, where=[("Server name", "web-0[12]"), ("source_ip", "192.*")]))
    assert [row.source_name for row in prepared.rows] == ["web-01", "web-02"]


def test_the_report_lies_beside_the_plan_under_the_waves_name() -> None:
    """Whatever stands in the wave's name, it is a file name."""
    assert WaveOrder(Path("plans/plan.xlsx"), "wave 1/b").report_path == Path("plans/plan.wave_1_b.report.xlsx")
    assert WaveOrder(Path("plan.xlsx"), "w", Path("out.xlsx")).report_path == Path("out.xlsx")


def test_what_submitting_does_not_wait_for_is_said(tmp_path: Path) -> None:
    """A wave that wants an approval, or another wave first: one line for each, by its cell, and none for what is not asked for."""
    waves = [
        {"wave": "wave-1", "needs_approval": "yes", "depends_on": "wave-0"},
        {"wave": "wave-0", "needs_approval": "no"},
    ]
    plan = make_plan(tmp_path / "plan.xlsx", [server(1), server(2, wave="wave-0")], waves=waves)
    assert not_held(prepare(WaveOrder(plan, "wave-1"))) == [
        "warning: Waves!C2 asks for wave-0 to be done first: `waves submit` does not wait for it",
        "warning: Waves!B2 asks for an approval: `waves submit` does not wait for it",
    ]
    assert not_held(prepare(WaveOrder(plan, "wave-0"))) == []
    assert [line.split()[1] for line in not_held(prepare(WaveOrder(plan, "wave-1", has_waited=True)))] == ["Waves!B2"]
