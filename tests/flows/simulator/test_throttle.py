"""The rate: who keeps it is never refused, who does not is, and the message names the window."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.answers import GatewayRefusal
from flows.simulator.options import Rate
from flows.simulator.throttle import Throttle, throttled
from tests.flows.simulator.inmemory import InMemory


def taken(throttle: Throttle, moments: list[float]) -> list[float]:
    """The moments whose request was let through."""
    through = []
    for moment in sorted(moments):
        try:
            throttle.take("key", moment)
        except GatewayRefusal:
            continue
        through.append(moment)
    return through


@given(st.integers(1, 50), st.floats(0.5, 300), st.lists(st.floats(0, 600), max_size=200))
def test_no_window_lets_through_more_than_twice_its_limit(limit: int, seconds: float, moments: list[float]) -> None:
    """A full bucket and what it fills in that time; never more, and the first `limit` always."""
    through = taken(Throttle(Rate(limit, seconds)), moments)
    assert through[:limit] == sorted(moments)[: len(through[:limit])]
    for start in through:
        assert sum(start <= moment < start + seconds for moment in through) <= 2 * limit


@given(st.integers(1, 50), st.floats(0.5, 300), st.lists(st.floats(0, 600), max_size=200))
def test_a_window_lets_through_its_limit_wherever_it_begins(limit: int, seconds: float, moments: list[float]) -> None:
    """Never more in any such time, and the first `limit` always; who was turned away does not count."""
    through = taken(Throttle(Rate(limit, seconds, is_window=True)), moments)
    assert through[:limit] == sorted(moments)[: len(through[:limit])]
    for start in through:
        assert sum(moment - start < seconds for moment in through if moment >= start) <= limit


def test_a_window_is_each_apis_own() -> None:
    """Reads do not use up what creates may do, as a gateway binds a policy to an API."""
    box = InMemory(rate=Rate(2, 300.0, is_window=True))
    sent = [box.call("GET", "/v3/tasks").status for _ in range(3)] + [box.call("GET", "/v3/sources").status for _ in range(3)]
    assert sent == [200, 200, 429, 200, 200, 429]
    box.now += 300.0
    assert box.call("GET", "/v3/tasks").status == 200


@given(st.integers(1, 100))
def test_who_keeps_the_pace_is_never_refused(limit: int) -> None:
    """Evenly at the limit, for ten windows."""
    moments = [index * 1.0000001 / limit for index in range(limit * 10)]
    assert taken(Throttle(Rate(limit)), moments) == moments


def test_each_key_has_its_own_rate() -> None:
    """One throttled key leaves another alone; no limit lets all through."""
    throttle = Throttle(Rate(1))
    throttle.take("a", 0.0)
    throttle.take("b", 0.0)
    assert len(taken(Throttle(Rate(0)), [0.0] * 1000)) == 1000


@pytest.mark.parametrize(
    ("seconds", "words"), [(1.0, "time:1 second"), (300.0, "time:5 minute"), (3600.0, "time:1 hour"), (90.0, "time:90 second")]
)
def test_the_message_names_the_window(seconds: float, words: str) -> None:
    """As the real one does."""
    assert throttled(200, seconds).message.endswith(f"policy user over ratelimit,limit:200,{words}")


def test_a_throttled_call_is_a_429_with_retry_after() -> None:
    """APIGW.0308 in the gateway's shape; the header is left out when told to."""
    box, silent = InMemory(rate=Rate(1), retry_after_seconds=7), InMemory(rate=Rate(1), retry_after_seconds=0)
    answers = [each.call("GET", "/v3/tasks") for each in (box, box, silent, silent)]
    assert [answer.status for answer in answers] == [200, 429, 200, 429]
    assert json.loads(answers[1].body)["error_code"] == "APIGW.0308"
    assert dict(answers[1].headers)[b"retry-after"] == b"7"
    assert b"retry-after" not in dict(answers[3].headers)
