"""How patient a row is: one rule for each class of error that may be sent again, on tenacity's stop and wait strategies.

A class that is not in `RULES` is never sent again by rule. Jitter is drawn from the random source that the caller passes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tenacity
from tenacity import RetryCallState, stop_after_attempt, wait_exponential

from flows.sms.errors import ErrorClass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tenacity.stop import stop_base
    from tenacity.wait import wait_base


@dataclass(frozen=True, slots=True)
class Rule:
    """When to give up, and how long to pause before attempt n + 1 (seconds; up to half of it is taken off at random)."""

    stop: stop_base
    wait: wait_base

    def gives_up(self, failures: int) -> bool:
        """Whether `failures` of this class in a row are enough."""
        return self.stop(_state(failures))

    def pause_seconds(self, failures: int, random: Random) -> float:
        """The pause after that many failures of this class."""
        longest = float(self.wait(_state(failures)))
        return longest * (0.5 + random.random() / 2)


RULES: Mapping[ErrorClass, Rule] = {
    # Not sent: a restart of a proxy or a gateway passes in seconds; longer than that is for people, and the next run.
    ErrorClass.NOT_SENT: Rule(stop_after_attempt(6), wait_exponential(multiplier=0.25, max=8)),
    # Throttled: the bucket, not the row, does the waiting (throttle.py); the row only steps aside.
    ErrorClass.THROTTLED: Rule(stop_after_attempt(20), wait_exponential(multiplier=0.1, max=5)),
    # Ambiguous: each has been settled by a look before it is sent again.
    ErrorClass.AMBIGUOUS: Rule(stop_after_attempt(5), wait_exponential(multiplier=0.1, max=2)),
}

_LOOK_PAUSES = wait_exponential(multiplier=0.1, exp_base=2, max=2)
"""Between two looks at SMS while a row settles: soon at first, then every two seconds."""


def look_pause_seconds(looks: int, random: Random) -> float:
    """The pause after that many looks."""
    return float(_LOOK_PAUSES(_state(looks))) * (0.75 + random.random() / 2)


def _state(attempt_number: int) -> RetryCallState:
    state = RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = attempt_number
    return state
