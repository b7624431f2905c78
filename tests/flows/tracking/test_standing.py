from __future__ import annotations

import pytest

from flows.simulator.states import State
from flows.tracking.standing import STANDINGS, Goal, Standing, reaches, standing_of


def test_every_state_that_sms_documents_has_a_place() -> None:
    """None of them is unknown here."""
    assert {state.value for state in State} <= set(STANDINGS)


@pytest.mark.parametrize("state", ["CUTOVER_READY", "", "migrate_success", "SUCCESS"])
def test_any_other_state_is_unknown_and_reaches_nothing(state: str) -> None:
    """Not even one that looks like an end."""
    assert standing_of(state) is Standing.UNKNOWN
    assert not any(reaches(goal, Standing.UNKNOWN) for goal in Goal)
    assert not Standing.UNKNOWN.is_lost


def test_who_starts_a_task_that_is_ready() -> None:
    """We do, unless it was made with auto_start."""
    assert standing_of("READY") is Standing.WAITING
    assert standing_of("READY", starts_itself=True) is Standing.CHANGING


def test_each_goal_holds_those_before_it() -> None:
    """What is done has started; a sync round that is under way is not there yet, one that SMS does not tell of has to do."""
    reached = {goal: {standing for standing in Standing if reaches(goal, standing)} for goal in Goal}
    assert reached[Goal.DONE] == {Standing.DONE}
    assert reached[Goal.DONE] < reached[Goal.SYNCED] == reached[Goal.MIGRATED] < reached[Goal.STARTED]
    assert [reaches(Goal.SYNCED, Standing.SYNCING, share) for share in (None, 40.0, 100.0)] == [True, False, True]
