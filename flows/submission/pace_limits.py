"""What a limit on the pace means: how many starts fit in which time, and how far apart they are.

No second may hold more starts than the limit, wherever it begins, and it is where requests arrive that it counts. A start may be
late by a little and a request may take a little longer than the next, so every limit has a guard. Knows no clock and no journal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CREATES = "creates"
"""The kind of the account's own limit, and of the windows that SMS names for creates."""

ACTIONS = "actions"
"""The kind of what is done to tasks that are made: counted apart from creates, since the gateway limits each call on its own."""

GUARD_SECONDS = 0.01
"""How much longer than a second a limit counts: what the ways of two requests to SMS may differ by."""
WINDOW_KNOWN_SECONDS = 86_400.0
"""How long a window that SMS has named is kept to: a quota that was raised since must not be for ever."""
_EVEN_OUT_SECONDS = 0.005
"""How much longer than that so many slots take: a start that is late by less does not hold up the one that comes a second later."""


@dataclass(frozen=True, slots=True)
class PaceLimit:
    """At most `per_second` starts a second for all that go by the same `kind`; `origin` says who set it, for the report.

    A limit that is no whole number is held in full all the same: 2.5 a second is two in any second, 0.5 is one in any two.
    """

    per_second: float
    kind: str = CREATES
    origin: str = ""

    @property
    def starts(self) -> int:
        """How many starts fit into `seconds`."""
        return max(1, math.floor(self.per_second))

    @property
    def seconds(self) -> float:
        """The time in which there may be no more than `starts`."""
        return max(1.0, 1.0 / self.per_second) + GUARD_SECONDS

    def spacing(self, lateness: float = 0.0) -> float:
        """The seconds between two slots whose starts may be late by up to `lateness`: so many of them never meet in one second."""
        return (self.seconds + _EVEN_OUT_SECONDS + lateness) / self.starts


def wave_kind(plan: str, wave: str) -> str:
    """The kind of a wave's own limit: its runs share it, other waves do not."""
    return f"{CREATES} of {wave} in {plan}"
