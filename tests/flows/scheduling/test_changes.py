"""What has to be done so that Prefect's runs are the sheet's: twice is once, and a change touches what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.scheduling.changes import Do, Existing, Needs, Wanted, steps
from flows.scheduling.scheduled_flow import RunWords
from flows.scheduling.timetable import Start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.scheduling.changes import Step

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = RunWords("/plans/plan.xlsx")


def wanted(wave: str = "wave-1", hours: float = 6.0, pinned: str = "Servers=1", length: float = 8.0) -> Wanted:
    """A wave that starts so many hours from now."""
    start = NOW + timedelta(hours=hours)
    return Wanted.of("plan", Start(wave, start, start + timedelta(hours=length), pinned), WORDS)


def run_of(one: Wanted, state: str = "SCHEDULED", name: str = "Scheduled") -> Existing:
    """The run that Prefect has for it."""
    return Existing(one.key, one.wave, one.key, state, name, one.start.moment)


def done(needs: Needs, there: Sequence[Existing], *, whole_plan: bool = True) -> tuple[list[Step], list[Existing]]:
    """The steps, and what Prefect has once they are carried out: a key that it knows would change nothing."""
    todo = steps(needs, there, NOW, whole_plan=whole_plan)
    gone = {run.run_id for step in todo for run in step.gone}
    left = [run for run in there if run.run_id not in gone]
    for step in todo:
        if step.makes and step.wanted is not None:
            assert step.wanted.key not in {run.key for run in left}
            left.append(run_of(step.wanted))
    return todo, left


ANY_START = st.builds(
    wanted,
    st.sampled_from(["wave-1", "wave-2", "wave-3"]),
    st.sampled_from([-20.0, -2.0, 3.0, 9.0]),
    st.sampled_from(["Servers=1", "Servers=2", ""]),
)
ANY_RUN = st.builds(
    lambda one, state: run_of(one, *state),
    ANY_START,
    st.sampled_from(
        [
            ("SCHEDULED", "Scheduled"),
            ("SCHEDULED", "Late"),
            ("RUNNING", "Running"),
            ("COMPLETED", "Completed"),
            ("FAILED", "Failed"),
            ("CANCELLED", "Cancelled"),
        ]
    ),
)


@given(
    st.lists(ANY_START, unique_by=lambda one: one.wave, max_size=3), st.lists(ANY_RUN, unique_by=lambda run: run.run_id, max_size=6)
)
def test_twice_is_once(sheet: list[Wanted], there: list[Existing]) -> None:
    """Whatever the sheet says and Prefect has: afterwards at most one run of a wave waits, and nothing is left to do."""
    needs = Needs(sheet)
    todo, left = done(needs, there)
    waiting = [run for run in left if run.is_waiting]
    assert len({run.wave for run in waiting}) == len(waiting)
    assert {run.wave for run in waiting} <= {one.wave for one in sheet}
    assert {step.wave for step in todo if step.do in {Do.KEEP, Do.CREATE, Do.MOVE, Do.CHANGE}} == {run.wave for run in waiting}
    again, _ = done(needs, left)
    assert not any(step.is_change for step in again)


@pytest.mark.parametrize(
    ("edited", "does"),
    [
        (wanted("wave-2"), Do.KEEP),
        (wanted("wave-2", hours=7), Do.MOVE),
        (wanted("wave-2", pinned="Servers=2"), Do.CHANGE),
        (wanted("wave-2", hours=7, pinned="Servers=2"), Do.MOVE),
    ],
)
def test_an_edit_touches_its_own_wave_alone(edited: Wanted, does: Do) -> None:
    """Of three scheduled waves, the edited one is moved or changed, the others keep their runs."""
    before = [wanted("wave-1"), wanted("wave-2"), wanted("wave-3")]
    todo, _ = done(Needs([before[0], edited, before[2]]), [run_of(one) for one in before])
    assert [step.do for step in todo] == [Do.KEEP, does, Do.KEEP]


def test_what_the_sheet_lost_is_cancelled_unless_one_wave_was_asked_for() -> None:
    """With --wave nobody looks at the runs of other waves."""
    there = [run_of(wanted("wave-1")), run_of(wanted("wave-2"))]
    needs = Needs([wanted("wave-1")])
    assert [(step.do, step.wave) for step in steps(needs, there, NOW, whole_plan=True)] == [
        (Do.KEEP, "wave-1"),
        (Do.CANCEL, "wave-2"),
    ]
    assert [(step.do, step.wave) for step in steps(needs, there, NOW, whole_plan=False)] == [(Do.KEEP, "wave-1")]
    no_start = Needs([], {"wave-2": "Waves!B3 says no start"})
    assert [(step.do, step.why) for step in steps(no_start, there, NOW, whole_plan=False)] == [
        (Do.CANCEL, "Waves!B3 says no start")
    ]


def test_a_missed_start_is_made_up_for_only_inside_its_window() -> None:
    """Nobody was up: it starts now while the window is open, is told and never started after it; a late run is left to start."""
    open_still, closed = wanted(hours=-2), wanted(hours=-20)
    created, _ = done(Needs([open_still]), [])
    assert (created[0].do, "starts now" in created[0].why) == (Do.CREATE, True)
    late, _ = done(Needs([open_still]), [run_of(open_still, name="Late")])
    assert (late[0].do, late[0].why) == (Do.KEEP, "late: no worker has taken it")
    missed, left = done(Needs([closed]), [run_of(closed, name="Late")])
    assert (missed[0].do, left) == (Do.MISSED, [])


@pytest.mark.parametrize(
    ("state", "name", "said"),
    [
        ("RUNNING", "Running", "it has begun (Running)"),
        ("COMPLETED", "Completed", "it ended Completed"),
        ("CRASHED", "Crashed", "it ended Crashed"),
        ("CANCELLED", "Cancelled", "its run was cancelled in Prefect"),
    ],
)
def test_a_start_is_not_repeated(state: str, name: str, said: str) -> None:
    """What has begun, ended or been cancelled by a person is left alone, edited or not."""
    one = wanted(hours=-2)
    for now_wanted in (one, wanted(hours=-2, pinned="Servers=2")):
        (step,), left = done(Needs([now_wanted]), [run_of(one, state, name)])
        assert (step.do, len(left)) == (Do.LEAVE, 1)
        assert step.why.startswith(said)


def test_a_run_that_refused_an_edited_sheet_is_followed_by_one_that_takes_it() -> None:
    """It Failed because the rows had changed; scheduled again inside the window, the wave starts."""
    refused = run_of(wanted(hours=-2), "FAILED", "Failed")
    assert done(Needs([wanted(hours=-2)]), [refused])[0][0].do is Do.LEAVE
    assert done(Needs([wanted(hours=-2, pinned="Servers=2")]), [refused])[0][0].do is Do.CREATE


def test_a_run_that_somebody_moved_in_prefect_goes_back() -> None:
    """Its key is right and its time is not."""
    one = wanted()
    moved = replace(run_of(one), due=one.start.moment + timedelta(hours=1))
    assert done(Needs([one]), [moved])[0][0].do is Do.MOVE


def test_a_new_place_of_the_plan_is_a_new_run() -> None:
    """The parameters are part of the key: Prefect would ignore them otherwise."""
    one = wanted()
    elsewhere = Wanted.of("plan", one.start, RunWords("s3://waves/plan.xlsx"))
    assert done(Needs([elsewhere]), [run_of(one)])[0][0].do is Do.CHANGE
