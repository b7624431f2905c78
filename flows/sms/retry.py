"""State when a read is tried again: one rule for each class of error, bounded in attempts and in time.

For reads only: a create is never repeated here (whether it may be is `flows.submission`'s to decide). tenacity drives; the sleep
and the random source are arguments. Called by client.py.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import tenacity

from flows.sms.error_class import ErrorClass
from flows.sms.errors import SmsError, Throttled

Sleep = Callable[[float], Awaitable[None]]
Random = Callable[[], float]


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How one class of error is retried: at most `attempts` requests, none that would begin `within_seconds` after the first.

    The wait before attempt n+1 is `first_wait_seconds` doubled n-1 times, at most `longest_wait_seconds`, and half of it at random.
    """

    attempts: int
    within_seconds: float
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 8.0

    def wait_seconds(self, attempt: int, chance: float) -> float:
        """The wait after attempt number `attempt` (from 1); `chance` is in [0, 1)."""
        full = min(self.first_wait_seconds * 2.0 ** (attempt - 1), self.longest_wait_seconds)
        return full * (0.5 + chance / 2)


READ_RULES: Mapping[ErrorClass, RetryRule] = {
    # The same question gets the same answer; five refused signatures lock the key.
    ErrorClass.DEFINITE_NO: RetryRule(attempts=1, within_seconds=0.0),
    ErrorClass.STOP: RetryRule(attempts=1, within_seconds=0.0),
    # A mistyped endpoint must be told within seconds, a restarting proxy be outlived.
    ErrorClass.NOT_SENT: RetryRule(attempts=4, within_seconds=30.0, first_wait_seconds=0.25, longest_wait_seconds=2.0),
    # Long enough for the longest window seen in the field, 5 minutes.
    ErrorClass.THROTTLED: RetryRule(attempts=8, within_seconds=330.0, first_wait_seconds=1.0, longest_wait_seconds=30.0),
    # Reads change nothing, so "may have happened" does not forbid another.
    ErrorClass.AMBIGUOUS: RetryRule(attempts=4, within_seconds=60.0),
}


def reader(rules: Mapping[ErrorClass, RetryRule], sleep: Sleep, chance: Random = random.random) -> tenacity.AsyncRetrying:
    """The tenacity object that retries SmsErrors by `rules`; the last error is raised as it is, any other at once."""

    def rule_of(state: tenacity.RetryCallState) -> RetryRule:
        return rules[_error(state).error_class]

    def wait(state: tenacity.RetryCallState) -> float:
        seconds = rule_of(state).wait_seconds(state.attempt_number, chance())
        return max(seconds, _asked_seconds(_error(state)))

    def stop(state: tenacity.RetryCallState) -> bool:
        rule = rule_of(state)
        spent = max(state.seconds_since_start or 0.0, state.idle_for)
        return state.attempt_number >= rule.attempts or spent + state.upcoming_sleep > rule.within_seconds

    return tenacity.AsyncRetrying(sleep=sleep, wait=wait, stop=stop, retry=tenacity.retry_if_exception_type(SmsError), reraise=True)


def _error(state: tenacity.RetryCallState) -> SmsError:
    error = state.outcome.exception() if state.outcome is not None else None
    if not isinstance(error, SmsError):
        raise TypeError("a retry rule was asked about what is not an SmsError") from error
    return error


def _asked_seconds(error: SmsError) -> float:
    """How long the server asks us to stay away: Retry-After, else the window that it names, else nothing."""
    if not isinstance(error, Throttled):
        return 0.0
    if error.retry_after is not None:
        return error.retry_after
    return error.window.seconds if error.window is not None and error.window.seconds > 1.0 else 0.0
