"""The time that leases and reservations go by: one clock for all who share a journal, and no wall clock (design 5.7).

On SQLite that is the boot clock of the machine, named by the boot's id: it counts suspended time and never jumps. On PostgreSQL it
is the server's clock. Read inside a transaction, so that times of different processes compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from flows.submission.clock import Clock

_SERVER_CLOCK = "server"
_SET_BACK_SECONDS = 60.0
_READ_SERVER_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::double precision")


@dataclass(frozen=True, slots=True)
class LeaseTime:
    """A moment of lease time, in seconds, and the clock that it was read from; moments of different clocks do not compare."""

    seconds: float
    clock: str

    def is_before(self, until: float, clock: str, longest: float) -> bool:
        """Whether this moment lies before `until` of `clock`.

        No promise reaches further than `longest` seconds: one that seems to was made before the machine was started again, unless
        it is by no more than what a server's clock is set back by, or what its successor's is behind.
        """
        return clock == self.clock and self.seconds < until <= self.seconds + longest + _SET_BACK_SECONDS


def lease_time(connection: Connection, clock: Clock) -> LeaseTime:
    """Lease time now; `clock` is this process's own, whose boot time counts where the journal is a file."""
    if connection.dialect.name == "postgresql":
        return LeaseTime(connection.execute(_READ_SERVER_CLOCK).scalar_one(), _SERVER_CLOCK)
    return LeaseTime(clock.boot(), clock.boot_id)
