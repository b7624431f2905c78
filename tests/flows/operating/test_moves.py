"""Which operation may be sent from which state: the whole table, and what holds over it."""

from __future__ import annotations

import pytest

from flows.operating.moves import STATES, WIRE_WORD, Ruling, rule
from flows.operating.operations import Operation
from flows.simulator.states import OPERATIONS, SOURCE_STATE, UNDELETABLE, State
from flows.sms.task_sight import TaskSight


def ruled(operation: Operation, state: str, *, connected: bool | None = None) -> Ruling:
    return rule(operation, TaskSight("t", state=state, connected=connected)).ruling


SENT = {
    Operation.START: {"READY", "ABORT"},
    Operation.STOP: {"RUNNING", "SYNCING"},
    Operation.RESTART: {"MIGRATE_FAIL", "SYNC_FAIL", "ABORT"},
    Operation.SYNC: {"MIGRATE_SUCCESS", "SYNC_SUCCESS"},
    Operation.CUTOVER: {"SYNCING"},
    Operation.DELETE: {"READY", "ABORT", "MIGRATE_FAIL", "SYNC_FAIL", "MIGRATE_SUCCESS", "SYNC_SUCCESS"},
    Operation.SPEED: {"READY", "RUNNING", "SYNCING", "ABORT", "MIGRATE_FAIL", "SYNC_FAIL"},
}


@pytest.mark.parametrize("operation", Operation)
def test_an_operation_is_sent_from_these_states_and_no_other(operation: Operation) -> None:
    """Facts 7.3 and 7.4, as one table."""
    states = {*STATES, "NEVER_HEARD_OF", ""}
    assert {state for state in states if ruled(operation, state) is Ruling.SEND} == SENT[operation]


@pytest.mark.parametrize("operation", WIRE_WORD)
def test_the_service_takes_what_is_sent(operation: Operation) -> None:
    """The other side of the wire keeps its own table: nothing is sent that it would refuse."""
    begins = OPERATIONS[WIRE_WORD[operation]].begins
    assert {State(state) for state in SENT[operation]} <= begins


def test_no_deletion_is_sent_that_the_service_refuses() -> None:
    """Of a connected source in the midst of something; of one that is offline, any."""
    for state in State:
        if SOURCE_STATE[state] in UNDELETABLE:
            assert ruled(Operation.DELETE, state, connected=True) is not Ruling.SEND
    assert ruled(Operation.DELETE, "RUNNING", connected=False) is Ruling.SEND


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("state", [*sorted(STATES), "NEVER_HEARD_OF", ""])
def test_what_is_not_sent_is_told_with_the_reason(operation: Operation, state: str) -> None:
    """ALREADY says what is so; ILLEGAL and PASSING say what to do, too."""
    found = rule(operation, TaskSight("t", state=state))
    assert found.ruling is Ruling.SEND or found.why
    assert found.ruling in {Ruling.SEND, Ruling.ALREADY} or found.advice


@pytest.mark.parametrize("operation", [each for each in Operation if each is not Operation.SPEED])
def test_what_an_operation_leads_to_is_its_end(operation: Operation) -> None:
    """Given again after it was performed, an order is done: ALREADY, whatever the task has come to by itself."""
    ends = {
        Operation.START: ["RUNNING", "SYNCING", "MIGRATE_SUCCESS"],
        Operation.STOP: ["ABORTING", "ABORT"],
        Operation.RESTART: ["RUNNING", "SYNCING", "MIGRATE_SUCCESS"],
        Operation.SYNC: ["SYNCING"],
        Operation.CUTOVER: ["MIGRATE_SUCCESS"],
        Operation.DELETE: ["DELETING"],
    }[operation]
    assert {ruled(operation, state) for state in ends} == {Ruling.ALREADY}
