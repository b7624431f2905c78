"""The states of a row in the journal, and the moves between them, lettered; nothing else may happen to a row.

                 +--L-------------------------------------------+
                 |                                              v
    IDLE --A--> SENDING --B-----------------------------------> BOUND
     ^ ^          | | |                                         ^   |
     | +----D-----+ | +--C--> REFUSED --J--> SENDING            |   |
     |              E            ^                              |   |
     |              v            |                              |   |
     +-----H---- UNSETTLED --I---+     UNSETTLED --F------------+   |
     |              |  ^                                            |
     |              G  E                                            |
     |              v  |                                            |
     |            SENDING                                           |
     +----------------------------------K---------------------------+

Pure names and rules. The journal enforces them (`journal.py`), the engine's reasons for each are in `protocol.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class RowState(StrEnum):
    """Where a row stands, as the journal durably holds it."""

    IDLE = "idle"
    """No task of it is known and nothing is on its way: it may be sent."""
    SENDING = "sending"
    """An intent is durable and its answer is not: the request may be on the wire."""
    UNSETTLED = "unsettled"
    """An attempt ended without saying whether the task was made: only a look at SMS may free the row."""
    BOUND = "bound"
    """The task of this source server is known by its id."""
    REFUSED = "refused"
    """SMS definitely made nothing, and said why."""

    @property
    def is_in_flight(self) -> bool:
        """Whether SMS may hold a task that the journal does not know yet."""
        return self in {RowState.SENDING, RowState.UNSETTLED}


class IllegalMoveError(Exception):
    """A move that the life of a row does not know: a defect of the engine, never of the plan."""


@dataclass(frozen=True, slots=True)
class _Rule:
    sources: frozenset[RowState]
    target: RowState


def _rule(target: RowState, *sources: RowState) -> _Rule:
    return _Rule(frozenset(sources), target)


class Move(Enum):
    """Every move of a row. The letter is the one in the drawing above; code and tests use the name."""

    INTEND = ("A/G/J", _rule(RowState.SENDING, RowState.IDLE, RowState.UNSETTLED, RowState.REFUSED))
    """An intent is about to be made durable; only after that may a byte leave."""
    ANSWERED = ("B", _rule(RowState.BOUND, RowState.SENDING))
    """SMS answered with the id of the task."""
    REFUSE = ("C", _rule(RowState.REFUSED, RowState.SENDING))
    """A definite no, and no earlier attempt that could have made a task."""
    NOT_SENT = ("D", _rule(RowState.IDLE, RowState.SENDING))
    """The request never reached SMS, or SMS did not act on it, and no earlier attempt could have made a task."""
    DOUBT = ("E", _rule(RowState.UNSETTLED, RowState.SENDING, RowState.UNSETTLED))
    """Nobody knows: the attempt was ambiguous, or an earlier one was, or the run that sent it died, or SMS said "already bound"."""
    ADOPT = ("F", _rule(RowState.BOUND, RowState.UNSETTLED))
    """A look found the task that an attempt of ours made, or the one that stands in its way."""
    CLEAR = ("H", _rule(RowState.IDLE, RowState.UNSETTLED))
    """A look after the settle time found nothing, and nothing is sent again now."""
    CONFIRM_REFUSAL = ("I", _rule(RowState.REFUSED, RowState.UNSETTLED))
    """A look after the settle time found nothing of ours: the refusal, or another task's claim, holds."""
    FORGET = ("K", _rule(RowState.IDLE, RowState.BOUND))
    """The task is gone from SMS and the planner asked for another (`--recreate`)."""
    FOUND = ("L", _rule(RowState.BOUND, RowState.IDLE, RowState.REFUSED, RowState.BOUND))
    """The listing showed the task without any attempt of ours in doubt."""

    def __init__(self, letter: str, rule: _Rule) -> None:
        self.letter = letter
        self.rule = rule

    def apply(self, state: RowState) -> RowState:
        """The state that follows `state` by this move. Raises IllegalMoveError where the drawing has no such arrow."""
        if state not in self.rule.sources:
            message = f"a row that is {state.value} cannot make the move {self.name} ({self.letter})"
            raise IllegalMoveError(message)
        return self.rule.target
