"""One schedule: what happens in which order to one or two rows; its name replays it, and says whether two tasks may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.exploration.answers import SLOW, TOO_LATE

KILL = "kill"
EVENTS = (
    KILL,
    "stop",
    "stop-at-once",
    "cancel",
    "journal-fails",
    "overlap",
    "pause-short",
    "pause-into",
    "pause-long",
    "lease-clock",
    "journal-lost",
)
"""What may happen at a step of the first run. It is killed; told to stop, and at once; cancelled; its journal fails from then on.

`overlap`: the second run begins while the first goes on. `pause-*`: the first stands still for less than its lease, or until the
second works on its row, or for longer than that, and the second begins meanwhile. `lease-clock`: the clock that leases go by jumps
ahead, and the second begins. `journal-lost`: killed, and the journal is gone.
"""

OVERLAPPING = frozenset(EVENTS[5:10])
"""Events with which the second run begins before the first has ended."""

HANG_UP = frozenset({"stop-at-once", "cancel"})
"""Events upon which a run gives up what is on the wire: a create that SMS performs at its deadline is performed late then."""

WRITE = "create leaves"
"""The step between the last check and the first byte of a create."""


class Case(StrEnum):
    """The cases that nobody can exclude (design 5.9): where the server has no guard, two tasks may come of them.

    The last is no property of a schedule: it is there where the server saw it.
    """

    PERFORMED_LATE = "a create is performed after the settle time"
    LISTED_LATE = "a task is listed after the settle time"
    LEASE_CLOCK = "the lease clock jumps"
    PAUSED = "a process is paused between its last check and its write for longer than its lease"
    JOURNAL_LOST = "the journal is lost with rows in flight"
    THEIRS = "somebody else's task for the same server is made, or listed, after this run has looked"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What distinguishes one night from another.

    `first` are the answers to the creates of the first run in their order, `second` those of the second; what is sent beyond them
    is simply made. `event` happens at step `at` of the first run ("" and -1: nothing does).
    """

    shape: str
    first: tuple[str, ...]
    event: str
    at: int
    second: tuple[str, ...]
    is_listed_late: bool
    is_guarded: bool

    @property
    def name(self) -> str:
        """What `--only` takes."""
        event = f"{self.event}@{self.at}" if self.event else "none"
        lag, guard = "long" if self.is_listed_late else "short", "on" if self.is_guarded else "off"
        return ":".join([self.shape, "+".join(self.first), event, "+".join(self.second), lag, guard])

    @classmethod
    def of(cls, name: str) -> Schedule:
        """The schedule of that name."""
        shape, first, event, second, lag, guard = name.split(":")
        what, _, at = event.partition("@")
        answers = [tuple(filter(None, told.split("+"))) for told in (first, second)]
        return cls(shape, answers[0], "" if what == "none" else what, int(at or -1), answers[1], lag == "long", guard == "on")

    def cases(self, step: str) -> set[Case]:
        """The cases of design 5.9 that this schedule holds, whose event happened at the step of that name."""
        found = {
            Case.LISTED_LATE: self.is_listed_late,
            Case.PERFORMED_LATE: TOO_LATE in (*self.first, *self.second) or (self.event in HANG_UP and SLOW in self.first),
            Case.LEASE_CLOCK: self.event == "lease-clock",
            Case.PAUSED: self.event in {"pause-into", "pause-long"} and step.startswith(WRITE),
            Case.JOURNAL_LOST: self.event == "journal-lost",
        }
        return {case for case, holds in found.items() if holds}
