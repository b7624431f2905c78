"""The rules by which a run sends nothing new, as pure state."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flows.sms.errors import Ambiguous, NotSent, Refused, Throttled
from flows.sms.models import Created
from flows.submission.endings import GONE, HELD
from flows.submission.stop_rules import Breaker, FailureBudget, Window, first_rows, has_failed, tells_of_health
from inventory.outcomes import Status

PATIENCE_SECONDS = 300.0


@given(some.integers(0, 200), some.integers(0, 200), some.integers(0, 200))
def test_a_count_is_spent_by_one_failure_more(most: int, failed: int, rows: int) -> None:
    assert FailureBudget(most).is_spent(failed, rows) == (failed > most)


@given(some.integers(0, 100), some.integers(0, 10_000), some.integers(0, 10_000))
def test_a_share_is_exact(percent: int, failed: int, rows: int) -> None:
    """29% of 100 rows are 29 failures, whatever 0.29 * 100 is to a computer."""
    assert FailureBudget(percent / 100).is_spent(failed, rows) == (Fraction(failed) > Fraction(percent, 100) * rows)


def test_without_a_budget_any_number_may_fail() -> None:
    assert not FailureBudget().is_spent(10_000, 10_000)


@pytest.mark.parametrize(("most", "said"), [(None, "no limit"), (5, "5"), (0.1, "10%"), (0.125, "12.5%"), (1.0, "100%")])
def test_a_budget_is_said_as_it_was_typed(most: float | None, said: str) -> None:
    assert str(FailureBudget(most)) == said


@pytest.mark.parametrize("status", list(Status))
def test_whatever_is_not_done_has_failed(status: Status) -> None:
    assert has_failed(ended(status, "SMS.6526")) == (not status.is_done)


@pytest.mark.parametrize("code", [GONE, HELD])
def test_what_a_person_deleted_or_another_run_has_in_hand_has_not_failed(code: str) -> None:
    assert not has_failed(ended(Status.DEFERRED, code))


def ended(status: Status, code: str) -> Any:
    return SimpleNamespace(status=status, error_code=code)


@given(some.lists(some.integers(), max_size=20), some.integers(0, 25))
def test_canaries_are_the_first_rows_and_nothing_is_lost(rows: list[Any], canaries: int) -> None:
    first, rest = first_rows(rows, canaries)
    assert [*first, *rest] == rows
    assert len(first) == min(canaries, len(rows))


def test_a_window_ends_at_its_very_second() -> None:
    """In UTC, whatever zone the sheet names; without an end it never does."""
    window = Window(datetime(2027, 1, 15, 8, 0, 30, tzinfo=UTC))
    assert [window.is_over(1_800_000_000.0 + seconds) for seconds in (0.0, 29.999, 30.0, 1e9)] == [False, False, True, True]
    assert window.seconds_left(1_800_000_000.0) == 30.0
    assert (Window().is_over(1e12), Window().seconds_left(0.0)) == (False, None)


@pytest.mark.parametrize(
    ("answer", "is_well"),
    [
        (Created("t-1"), True),
        (Refused("SMS.6526", "quota"), True),
        (Ambiguous("HTTP.503", "away"), False),
        (Throttled("APIGW.0308", "slow down"), None),
        (NotSent("WAVES.CONNECT", "refused"), None),
    ],
)
def test_what_an_answer_says_of_sms(answer: Any, is_well: bool | None) -> None:
    """A no is as good an answer as a yes; what SMS itself never saw says nothing of it."""
    assert tells_of_health(answer) is is_well


def opened() -> Breaker:
    """A breaker that has just opened, at moment 0."""
    breaker = Breaker(10, PATIENCE_SECONDS)
    for number in range(10):
        breaker.answered(number, 0.0, 0.0, is_well=False)
    return breaker


@given(some.lists(some.booleans(), max_size=100))
def test_it_opens_with_the_tenth_bad_answer_in_a_row_and_never_before(answers: list[bool]) -> None:
    breaker, in_a_row = Breaker(10, PATIENCE_SECONDS), 0
    for number, is_well in enumerate(answers):
        in_a_row = 0 if is_well else in_a_row + 1
        changed = breaker.answered(number, float(number), float(number), is_well=is_well)
        assert breaker.is_open == changed == (in_a_row == 10)
        if breaker.is_open:
            return


def test_it_stays_shut_through_a_night_of_mixed_faults() -> None:
    """14 % of 100,000 creates, every one of them in doubt."""
    random, breaker = Random(1), Breaker(10, PATIENCE_SECONDS)
    assert not any(breaker.answered(number, 0.0, 0.0, is_well=random.random() >= 0.14) for number in range(100_000))


def test_open_it_admits_nobody_and_on_trial_only_one() -> None:
    breaker = opened()
    assert not breaker.admits("a")
    breaker.probe_answered(is_well=False)
    assert not breaker.admits("a")
    breaker.probe_answered(is_well=True)
    assert (breaker.admits("a"), breaker.admits("b"), breaker.admits("a")) == (True, False, True)


def test_a_good_trial_closes_it() -> None:
    breaker = opened()
    breaker.probe_answered(is_well=True)
    assert breaker.admits("a")
    assert breaker.answered("a", 1.0, 2.0, is_well=True)
    assert (breaker.is_open, breaker.admits("b")) == (False, True)


def test_a_bad_trial_needs_another_read_first() -> None:
    breaker = opened()
    breaker.probe_answered(is_well=True)
    assert breaker.admits("a")
    assert breaker.answered("a", 1.0, 2.0, is_well=False)
    assert (breaker.is_open, breaker.admits("b")) == (True, False)


def test_a_trial_that_came_to_nothing_lets_another_try() -> None:
    """It was throttled, or its row was stopped."""
    breaker = opened()
    breaker.probe_answered(is_well=True)
    assert breaker.admits("a")
    assert (breaker.let_go("b"), breaker.let_go("a")) == (False, True)
    assert breaker.admits("b")


def test_what_left_before_it_opened_or_closed_does_not_count_afterwards() -> None:
    """Requests that hang while it opens, and end when it has closed again, must not open it anew."""
    breaker = opened()
    assert not breaker.answered("late", 0.0, 1.0, is_well=True)
    breaker.probe_answered(is_well=True)
    assert breaker.admits("a")
    breaker.answered("a", 1.0, 2.0, is_well=True)
    assert not any(breaker.answered(number, 0.5, 30.0, is_well=False) for number in range(50))


def test_pauses_grow_and_patience_ends() -> None:
    """1, 2, 4, 8, 16, then 30 s, after each read and each trial that goes ill."""
    breaker, pauses = opened(), []
    for number in range(7):
        pauses.append(breaker.pause_seconds)
        breaker.probe_answered(is_well=number % 2 == 0)
        if breaker.admits(number):
            breaker.answered(number, 1.0, 2.0, is_well=False)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert [breaker.is_hopeless(moment) for moment in (299.9, 300.0)] == [False, True]


def test_a_closed_breaker_is_never_hopeless() -> None:
    assert not Breaker(10, PATIENCE_SECONDS).is_hopeless(1e9)
