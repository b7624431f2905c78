"""How patient a row is, class by class."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sms.errors import ErrorClass
from flows.submission.retry_rules import RULES, look_pause_seconds


def test_only_what_made_nothing_or_was_looked_at_is_ever_sent_again() -> None:
    """A definite no and a refusal of the run have no rule: nothing is sent again for them."""
    assert set(RULES) == {ErrorClass.NOT_SENT, ErrorClass.THROTTLED, ErrorClass.AMBIGUOUS}


@pytest.mark.parametrize("kind", list(RULES))
def test_every_rule_ends(kind: ErrorClass) -> None:
    """Within twenty failures of its class a row is given up, and not at the first."""
    assert not RULES[kind].gives_up(1)
    assert RULES[kind].gives_up(20)


@given(kind=st.sampled_from(list(RULES)), failures=st.integers(1, 50), seed=st.integers())
def test_pauses_are_bounded_and_never_nothing(kind: ErrorClass, failures: int, seed: int) -> None:
    """At least half of what the rule says and at most all of it, never above its longest."""
    pause = RULES[kind].pause_seconds(failures, Random(seed))
    assert 0 < pause <= 8


@given(looks=st.integers(1, 200), seed=st.integers())
def test_looks_come_soon_at_first_and_every_two_seconds_later(looks: int, seed: int) -> None:
    """A row that settles asks SMS neither in a loop nor too late."""
    pause = look_pause_seconds(looks, Random(seed))
    assert 0.05 <= pause <= 2.5
