"""What really arrived: requests by route, bodies of creates and what became of them, keys that no table knows.

Keeps and counts, decides nothing. Filled by simulator.py and api_tasks.py, shown by admin.py. Lost on restart, on
purpose: it tells of this process.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BODIES = 100_000


@dataclass(frozen=True, slots=True)
class Received:
    """One create as it arrived: when, the body as sent, the HTTP status, and the id of the task or the error code."""

    at: float
    body: bytes
    status: int
    result: str

    def shown(self) -> dict[str, Any]:
        """The entry as the admin page tells it; the body as text, since it may be no JSON."""
        return {"received_at": self.at, "status": self.status, "result": self.result, "body": self.body.decode(errors="replace")}


@dataclass(slots=True)
class Ledger:
    """The counts of one run of the simulator. `arrivals` are the moments (steady) at which requests came in, and their routes."""

    requests: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    bodies: deque[Received] = field(default_factory=lambda: deque(maxlen=MOST_BODIES))
    arrivals: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=MOST_BODIES))

    def warn_unknown(self, route: str, keys: Iterable[str]) -> None:
        """Note keys that are accepted and mean nothing (contradiction 1)."""
        for key in keys:
            self.warnings[f"{route}: unknown key {key}"] += 1

    def clear(self) -> None:
        """Begin anew."""
        self.requests.clear()
        self.refusals.clear()
        self.warnings.clear()
        self.accounts.clear()
        self.bodies.clear()
        self.arrivals.clear()
