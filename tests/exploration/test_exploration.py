"""Every await point, for every day: a part of `make explore` that meets each answer at each step, and all pairs of all factors."""

from __future__ import annotations

import itertools
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.exploration import answers
from tests.exploration.night import Stage
from tests.exploration.pairs import (
    STEPS_AROUND,
    all_pairs,
    choices,
    each_answer_at_each_step,
    each_event_at_each_step,
    pairs_of,
    schedule_of,
)
from tests.exploration.play import Player
from tests.exploration.product import all_work, second_answers
from tests.exploration.schedule import EVENTS, Case, Schedule
from tests.simulation.collector import collector_off
from tests.simulation.mutations import MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture
def player(stage: Stage) -> Iterator[Player]:
    with collector_off():
        yield Player(stage)


def test_each_answer_and_a_kill_at_each_step_make_one_task_and_true_outcomes(player: Player) -> None:
    """One row, no guard at the server: the next run meets what was left, with the plan as it was or edited; then peace."""
    stories = list(each_answer_at_each_step(player))
    assert {story.schedule.name: story.violations for story in stories if story.violations} == {}
    assert len(stories) >= 350
    assert {story.schedule.first for story in stories} == {(name,) for name in answers.ANSWERS}


def test_each_event_at_each_step_makes_second_tasks_only_where_nobody_can_exclude_them(player: Player) -> None:
    """One row that is made, at once or at the deadline: stopped, cancelled, paused, overtaken, its journal or clock lost."""
    stories = list(each_event_at_each_step(player))
    assert {story.schedule.name: story.violations for story in stories if story.violations} == {}
    assert len(stories) == 2 * (len(EVENTS) - 1) * len(STEPS_AROUND)
    assert all(story.cases for story in stories if story.is_doubled)


def test_all_pairs_of_factors_make_second_tasks_only_where_nobody_can_exclude_them(player: Player) -> None:
    """Answers of both runs, eleven events, steps, edits of the plan, two rows with one target, list lag, guard."""
    chosen = list(choices(Random(0)))
    assert {pair for choice in chosen for pair in pairs_of(choice)} == all_pairs()
    stories = [player.play(schedule_of(choice, player)) for choice in chosen]
    assert {story.schedule.name: story.violations for story in stories if story.violations} == {}
    assert len(stories) >= 484
    assert all(story.cases and not story.schedule.is_guarded for story in stories if story.is_doubled)


@pytest.mark.parametrize(
    ("case", "first", "event", "second", "is_listed_late"),
    [
        (Case.PERFORMED_LATE, answers.TOO_LATE, "kill", "made", False),
        (Case.LISTED_LATE, "made", "kill", "made", True),
        (Case.LEASE_CLOCK, "slow", "lease-clock", "made", False),
        (Case.PAUSED, "made", "pause-long", "made", False),
        (Case.JOURNAL_LOST, "made", "journal-lost", "made", False),
        (Case.THEIRS, "7605-by-another", "overlap", "made", False),
    ],
)
def test_what_nobody_can_exclude_is_shown_and_named(
    player: Player, case: Case, first: str, event: str, second: str, *, is_listed_late: bool
) -> None:
    """A second task comes of it at one step or another, the report names it, and with the server's guard on there is none."""
    for is_guarded in (False, True):
        choice = {"shape": "same", "first": first, "second": second, "is_listed_late": is_listed_late, "is_guarded": is_guarded}
        schedules = {schedule_of(choice | {"event": event, "step": step}, player) for step in STEPS_AROUND}
        stories = [player.play(schedule) for schedule in sorted(schedules, key=lambda schedule: schedule.at)]
        assert [story.violations for story in stories if story.violations] == []
        assert any(story.is_doubled and story.cases == {case} for story in stories) is not is_guarded


@pytest.mark.parametrize(
    "name",
    [
        "skip the look",
        "take a reset for not sent",
        "lease no target",
        "ignore the lease",
        "send without proof of the lease",
    ],
)
def test_a_bug_put_in_on_purpose_is_seen(stage: Stage, name: str) -> None:
    """The exploration can fail: also by a verdict on the wire that is wrong, since answers are judged by the real client."""
    answers.kinds.cache_clear()
    try:
        with MUTATIONS[name](), collector_off():
            player = Player(stage)
            stories = itertools.chain.from_iterable(
                zip(each_answer_at_each_step(player), each_event_at_each_step(player), strict=False)
            )
            assert any(story.violations for story in stories)
    finally:
        answers.kinds.cache_clear()


def test_a_schedule_is_replayed_by_its_name(player: Player) -> None:
    """The name says all of it, and the same happens again."""
    schedule = Schedule("gone", ("reset-after", "no"), "pause-long", 16, ("429",), is_listed_late=True, is_guarded=False)
    assert Schedule.of(schedule.name) == schedule
    told = [Player(stage_of(player), is_traced=True).play(schedule).trace for _ in range(2)]
    assert told[0] == told[1]
    assert len(told[0]) > 50


def test_the_product_is_whole() -> None:
    """What `make explore` enumerates: each answer, each event, each lag and guard; and it does not shrink by itself."""
    work = all_work()
    assert len(answers.ANSWERS) == 22
    assert len(second_answers()) == 15
    assert len(work) == 4 * (len(answers.ANSWERS) * (len(EVENTS) + 4) + 1)


def stage_of(player: Player) -> Stage:
    return player._stage
