"""When a run sends nothing new although nobody stopped it: the rules, as pure state; time and answers are passed in (design 3, 4).

FailureBudget: too many rows have failed. `first_rows`: the rest waits for the canaries. Window: the wave's time is over. Breaker:
SMS is sick, and what it gets now is in doubt. gate.py applies them; what is on the wire, or settles, comes to its end in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flows.sms.errors import ErrorClass, SmsError
from flows.submission.endings import GONE, HELD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flows.sms.models import Created
    from inventory.outcomes import Outcome
    from inventory.plan import ServerRow

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_NO_FAILURES = frozenset({GONE, HELD})
"""A task that a person deleted, and a row that another run works on, are no failures of this wave."""


def has_failed(outcome: Outcome) -> bool:
    """Whether a row that was to be sent counts against the failure budget: it ended, and no task of its is there for certain.

    In whichever run it failed: the wave's budget is not new with each run. A row that was never sent, because a rule of this module
    or a person stopped the run, is not asked about.
    """
    return not outcome.status.is_done and outcome.error_code not in _NO_FAILURES


@dataclass(frozen=True, slots=True)
class FailureBudget:
    """How many rows may fail: a count, or (as a float) a share of the rows to send; None: any number."""

    most: int | float | None = None

    def is_spent(self, failed: int, rows: int) -> bool:
        """Whether more have failed than may. A share is taken as written: 10% of 24 rows are 2.4, so the third is too much."""
        if self.most is None:
            return False
        return failed > (self.most if isinstance(self.most, int) else Fraction(repr(self.most)) * rows)

    def __str__(self) -> str:
        return "no limit" if self.most is None else str(self.most) if isinstance(self.most, int) else f"{self.most * 100:g}%"


def first_rows(rows: Sequence[ServerRow], canaries: int) -> tuple[Sequence[ServerRow], Sequence[ServerRow]]:
    """The canaries, in the sheet's order, and the rest; without canaries all rows are the rest."""
    return rows[:canaries], rows[canaries:]


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a wave may be sent; open for ever where the sheet names no end."""

    ends_at: datetime | None = None

    def seconds_left(self, wall: float) -> float | None:
        """How long it stays open from `wall` (seconds since 1970) on; None: for ever."""
        return None if self.ends_at is None else self.ends_at.timestamp() - wall

    def is_over(self, wall: float) -> bool:
        """Whether nothing new may be sent any more."""
        return self.ends_at is not None and wall >= self.ends_at.timestamp()


def tells_of_health(answer: Created | SmsError) -> bool | None:
    """Whether an answer to a create shows SMS well (True), sick (False), or says nothing about it (not sent, throttled)."""
    if not isinstance(answer, SmsError) or answer.error_class is ErrorClass.DEFINITE_NO:
        return True
    return False if answer.error_class is ErrorClass.AMBIGUOUS else None


class Breaker:
    """Opens when so many creates in a row, over all rows, ended in doubt; closes when one that was let through alone went well.

    Closed, it admits everybody. Open, nobody, until a read has been answered (`probe_answered`); then one row at a time, on trial,
    which closes it, or makes it wait for the next read, longer each time. Moments are steady seconds.
    """

    def __init__(self, most_in_a_row: int, patience_seconds: float) -> None:
        self._most_in_a_row = most_in_a_row
        self._patience_seconds = patience_seconds
        self._in_a_row = 0
        self._failed_trials = 0
        self._trial: object = None
        self._closed_at = float("-inf")
        self.opened_at: float | None = None
        self.is_on_trial = False

    @property
    def is_open(self) -> bool:
        """Whether SMS counts as sick."""
        return self.opened_at is not None

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next read."""
        return min(_FIRST_PAUSE_SECONDS * 2.0**self._failed_trials, _LONGEST_PAUSE_SECONDS)

    def is_hopeless(self, now: float) -> bool:
        """Whether it has been open for so long that the run is to end."""
        return self.opened_at is not None and now - self.opened_at >= self._patience_seconds

    def admits(self, who: object) -> bool:
        """Whether `who` may send; on trial, the first who asks is the one."""
        if self.is_open and self.is_on_trial and self._trial is None:
            self._trial = who
        return not self.is_open or (self.is_on_trial and self._trial is who)

    def let_go(self, who: object) -> bool:
        """`who` sends no more for now; whether it was on trial, and another may be."""
        was_on_trial = self._trial is who
        if was_on_trial:
            self._trial = None
        return was_on_trial

    def answered(self, who: object, started: float, now: float, *, is_well: bool) -> bool:
        """Learn how a create ended that left at `started`; whether that changed who is admitted.

        What left before the breaker closed last says nothing about SMS as it is now.
        """
        if self.is_open:
            if self._trial is not who:
                return False
            self._judge_trial(now, is_well=is_well)
            return True
        if is_well:
            self._in_a_row = 0
        elif started >= self._closed_at:
            self._in_a_row += 1
        if self._in_a_row < self._most_in_a_row:
            return False
        self.opened_at = now
        self._in_a_row = self._failed_trials = 0
        return True

    def probe_answered(self, *, is_well: bool) -> None:
        """Learn whether SMS answered a read."""
        self.is_on_trial = is_well
        self._failed_trials += not is_well

    def _judge_trial(self, now: float, *, is_well: bool) -> None:
        self._trial, self.is_on_trial = None, False
        if is_well:
            self.opened_at, self._closed_at = None, now
        else:
            self._failed_trials += 1
