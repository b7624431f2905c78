"""Reads are retried by the rule of their error's class, within bounds."""

from __future__ import annotations

import pytest

from flows.sms.errors import ErrorClass, SmsError, Throttled, ThrottleWindow, error_of
from flows.sms.retry import READ_RULES, reader


class Waits:
    """A sleep that passes at once and remembers how long it was asked for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def attempts(errors: list[Exception], waits: Waits, chance: float = 1.0) -> int:
    """How many times a read that fails with these errors, then succeeds, is tried; raises what it ends with."""
    left = list(errors)
    tried = 0

    async def read() -> None:
        nonlocal tried
        tried += 1
        if left:
            raise left.pop(0)

    await reader(READ_RULES, waits, lambda: chance)(read)
    return tried


def test_every_class_has_a_bounded_rule() -> None:
    """A class without one would fail in the night."""
    assert set(READ_RULES) == set(ErrorClass)
    assert all(rule.attempts <= 8 and rule.within_seconds <= 330 for rule in READ_RULES.values())


@pytest.mark.parametrize(
    ("error_class", "tries"),
    [
        (ErrorClass.DEFINITE_NO, 1),
        (ErrorClass.STOP, 1),
        (ErrorClass.NOT_SENT, 4),
        (ErrorClass.THROTTLED, 8),
        (ErrorClass.AMBIGUOUS, 4),
    ],
)
async def test_a_read_that_always_fails_is_given_up(error_class: ErrorClass, tries: int) -> None:
    """With the last error as it is, after as many attempts as its class allows."""
    waits = Waits()
    errors: list[Exception] = [error_of(error_class, f"SMS.{number:04}", "words") for number in range(20)]
    with pytest.raises(SmsError, match=f"SMS.{tries - 1:04}"):
        await attempts(errors, waits)
    assert len(waits.seconds) == tries - 1


async def test_waits_double_and_half_of_each_is_chance() -> None:
    """0.5, 1, 2 s at most, half of that at least."""
    errors: list[Exception] = [error_of(ErrorClass.AMBIGUOUS, "HTTP.502", "words") for _ in range(3)]
    longest, shortest = Waits(), Waits()
    assert await attempts(errors, longest, chance=1.0) == 4
    assert await attempts(errors, shortest, chance=0.0) == 4
    assert (longest.seconds, shortest.seconds) == ([0.5, 1.0, 2.0], [0.25, 0.5, 1.0])


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Throttled("HTTP.429", "words", retry_after=7.0), 7.0),
        (Throttled("HTTP.429", "words", retry_after=0.0), 1.0),
        (Throttled("APIGW.0308", "words", window=ThrottleWindow(200, 300.0)), 300.0),
        (Throttled("APIGW.0308", "words", window=ThrottleWindow(10, 1.0)), 1.0),
        (Throttled("APIGW.0308", "words", retry_after=2.0, window=ThrottleWindow(200, 300.0)), 2.0),
    ],
)
async def test_a_throttled_read_waits_as_the_server_asks(error: Throttled, seconds: float) -> None:
    """Retry-After first, then the window that the message names, never less than our own wait."""
    waits = Waits()
    assert await attempts([error], waits) == 2
    assert waits.seconds == [seconds]


async def test_a_wait_past_the_bound_is_not_begun() -> None:
    """A server that asks for an hour is reported, not waited for."""
    waits = Waits()
    with pytest.raises(Throttled):
        await attempts([Throttled("HTTP.429", "words", retry_after=3600.0)], waits)
    assert waits.seconds == []


async def test_what_is_no_sms_error_is_not_retried() -> None:
    """A mistake of ours is not made four times."""
    with pytest.raises(KeyError):
        await attempts([KeyError("x")], Waits())
