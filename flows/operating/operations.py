"""What may be done to a task, and how the doing of it ends for one server: the two lists that everything here goes by.

Names only. Which word SMS gets, from which states, is moves.py's; what proves that it was performed is evidence.py's.
"""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """What a person orders for the tasks of a wave; the journal keeps it by this word."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SYNC = "sync"
    """Copy once more what has changed since: SMS's `start` of a task that has succeeded."""
    CUTOVER = "cutover"
    DELETE = "delete"
    SPEED = "speed"

    @property
    def begins_copying(self) -> bool:
        """Whether a task that it was performed on takes one of the places of `max_running`."""
        return self in {Operation.START, Operation.RESTART}

    @property
    def keeps_to_window(self) -> bool:
        """Whether it is for the wave's window alone: what loads lines and hosts, or takes a server down."""
        return self in {Operation.START, Operation.RESTART, Operation.SYNC, Operation.CUTOVER}


class Ended(StrEnum):
    """How an order ended for one server."""

    DONE = "DONE"
    """SMS performed it, now."""
    ALREADY = "ALREADY"
    """What was ordered is so already; nothing was sent."""
    REFUSED = "REFUSED"
    """SMS said no."""
    ILLEGAL = "ILLEGAL"
    """The task's state does not allow it; nothing was sent."""
    UNCERTAIN = "UNCERTAIN"
    """SMS may have performed it, and nobody can tell, or SMS cannot be asked."""
    DEFERRED = "DEFERRED"
    """Not performed, and it may be later: the window closed, the order was stopped, the source is offline, others come first."""
    SKIPPED = "SKIPPED"
    """The planner said so."""
    NO_TASK = "NO TASK"
    """The row has no task that could be operated."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do for the server."""
        return self in {Ended.DONE, Ended.ALREADY, Ended.SKIPPED}
