"""The life of a row: the drawing in life.py, arrow by arrow."""

from __future__ import annotations

import itertools

import pytest

from flows.submission.life import IllegalMoveError, Move, RowState
from flows.submission.records import RowRecord

ARROWS = {
    ("idle", "INTEND"): "sending",
    ("unsettled", "INTEND"): "sending",
    ("refused", "INTEND"): "sending",
    ("sending", "ANSWERED"): "bound",
    ("sending", "REFUSE"): "refused",
    ("sending", "NOT_SENT"): "idle",
    ("sending", "DOUBT"): "unsettled",
    ("unsettled", "DOUBT"): "unsettled",
    ("unsettled", "ADOPT"): "bound",
    ("unsettled", "CLEAR"): "idle",
    ("unsettled", "CONFIRM_REFUSAL"): "refused",
    ("bound", "FORGET"): "idle",
    ("idle", "FOUND"): "bound",
    ("refused", "FOUND"): "bound",
    ("bound", "FOUND"): "bound",
}


@pytest.mark.parametrize(("state", "move"), list(itertools.product(RowState, Move)), ids=lambda part: part.name)
def test_only_the_drawn_moves_are_possible(state: RowState, move: Move) -> None:
    """Every pair of state and move is an arrow of the drawing, or refused."""
    target = ARROWS.get((state.value, move.name))
    if target is None:
        with pytest.raises(IllegalMoveError, match=state.value):
            move.apply(state)
    else:
        assert move.apply(state).value == target


def test_a_row_in_flight_is_never_sent_without_a_look() -> None:
    """From SENDING no move leads to another request but through an answer or a look."""
    leads_to_sending = [move for move in Move if RowState.SENDING in move.rule.sources and move.rule.target is RowState.SENDING]
    assert leads_to_sending == []
    assert [state for state in RowState if state.is_in_flight] == [RowState.SENDING, RowState.UNSETTLED]


def test_a_record_changes_only_by_moves() -> None:
    """A record moved keeps its identity, takes the changes, and leaves the old one as it was."""
    row = RowRecord("account", "src-1", "run-1")
    sent = row.moved(Move.INTEND, attempts=1)
    assert (row.state, row.attempts) == (RowState.IDLE, 0)
    assert (sent.state, sent.attempts, sent.source_server_id) == (RowState.SENDING, 1, "src-1")
