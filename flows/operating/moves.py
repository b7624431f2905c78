"""Decide from the state of a task whether an operation may be sent: the legal moves (facts 7.3, 7.4), as one table.

Pure. What SMS would refuse is not sent but told, with what to do instead; an operation whose end is reached already is not sent
either, so that any order may be given again. A state that this tool has never heard of allows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from flows.operating.operations import Operation
from flows.sms.codes import advice_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.sms.task_sight import TaskSight

READY, RUNNING, SYNCING = "READY", "RUNNING", "SYNCING"
MIGRATE_SUCCESS, SYNC_SUCCESS = "MIGRATE_SUCCESS", "SYNC_SUCCESS"
MIGRATE_FAIL, SYNC_FAIL = "MIGRATE_FAIL", "SYNC_FAIL"
ABORTING, ABORT, SKIPPING, DELETING, RESETING = "ABORTING", "ABORT", "SKIPPING", "DELETING", "RESETING"

COPYING = frozenset({RUNNING, SYNCING})
SUCCEEDED = frozenset({MIGRATE_SUCCESS, SYNC_SUCCESS})
FAILED = frozenset({MIGRATE_FAIL, SYNC_FAIL})
PASSING = frozenset({ABORTING, SKIPPING, RESETING})
"""States that end by themselves within seconds: whoever waits may look again."""
COPIED = SUCCEEDED | {SYNCING}
"""States in which all was copied once, so that who depends on the server may begin and its place is free."""

STATES = frozenset({READY, ABORT, DELETING}) | COPYING | SUCCEEDED | FAILED | PASSING
"""Every state of a task that the public pages know."""

WIRE_WORD: Mapping[Operation, str] = {
    Operation.START: "start",
    Operation.STOP: "stop",
    Operation.RESTART: "restart",
    Operation.SYNC: "start",
    Operation.CUTOVER: "cutover",
}
"""The word that SMS gets; a deletion and speed rules have calls of their own."""


class Ruling(Enum):
    """What the state of a task says to an operation."""

    SEND = "it may be sent"
    ALREADY = "what it is to bring about is so already"
    ILLEGAL = "it would be refused, or do something else than what is meant"
    PASSING = "not now: the state ends by itself"
    OFFLINE = "not now: nothing copies from a source that SMS has lost"


@dataclass(frozen=True, slots=True)
class Rule:
    """The ruling, why, and what to do where that is not nothing."""

    ruling: Ruling
    why: str = ""
    advice: str = ""


_SEND = Rule(Ruling.SEND)
_OFFLINE = Rule(Ruling.OFFLINE, "its source server is offline", advice_for("SMS.6603"))
_NEEDS_THE_SOURCE = frozenset({Operation.START, Operation.RESTART, Operation.SYNC})
_WAIT_FOR_SYNC = "wait until it is SYNCING: `waves track` tells"
_START_FIRST = "start it first: `waves start`"
_RESTART_FIRST = "mend what its error names, then `waves restart`"


def _already(why: str) -> Rule:
    return Rule(Ruling.ALREADY, why)


def _illegal(why: str, advice: str) -> Rule:
    return Rule(Ruling.ILLEGAL, why, advice)


_NOT_RUNNING = _already("it does not run")
_STOPPED = _illegal("it was stopped", _START_FIRST)
_HAS_FAILED = _illegal("it has failed", _RESTART_FIRST)
_NOT_STARTED = _illegal("it was never started", _START_FIRST)

_TABLE: Mapping[Operation, Mapping[str, Rule]] = {
    Operation.START: {
        READY: _SEND,
        ABORT: _SEND,
        RUNNING: _already("it runs"),
        SYNCING: _already("it has copied all, and keeps what changes in step"),
        # SMS would copy what has changed since, which is what `sync` is for.
        **dict.fromkeys(SUCCEEDED, _already("it has been migrated")),
        **dict.fromkeys(FAILED, _HAS_FAILED),
    },
    Operation.STOP: {
        **dict.fromkeys(COPYING, _SEND),
        ABORTING: _already("it is being stopped"),
        **dict.fromkeys({READY, ABORT} | SUCCEEDED | FAILED, _NOT_RUNNING),
    },
    Operation.RESTART: {
        **dict.fromkeys(FAILED | {ABORT}, _SEND),
        **dict.fromkeys(COPYING, _already("it runs")),
        **dict.fromkeys(SUCCEEDED, _already("it has been migrated")),
        READY: _NOT_STARTED,
    },
    Operation.SYNC: {
        **dict.fromkeys(SUCCEEDED, _SEND),
        SYNCING: _already("it copies what has changed"),
        RUNNING: _illegal("it still copies for the first time", "wait until it has been migrated: `waves track` tells"),
        READY: _NOT_STARTED,
        ABORT: _STOPPED,
        **dict.fromkeys(FAILED, _HAS_FAILED),
    },
    Operation.CUTOVER: {
        SYNCING: _SEND,
        **dict.fromkeys(SUCCEEDED, _already("it has been cut over")),
        RUNNING: _illegal("it still copies for the first time", _WAIT_FOR_SYNC),
        READY: _NOT_STARTED,
        ABORT: _STOPPED,
        **dict.fromkeys(FAILED, _HAS_FAILED),
    },
    Operation.DELETE: {
        **dict.fromkeys({READY, ABORT} | SUCCEEDED | FAILED, _SEND),
        **dict.fromkeys(
            COPYING, _illegal("it runs, and SMS deletes no task of a server that it works on", "stop it: `waves stop`")
        ),
        DELETING: _already("it is being deleted"),
    },
    Operation.SPEED: {
        **dict.fromkeys({READY, ABORT} | COPYING | FAILED, _SEND),
        **dict.fromkeys(SUCCEEDED, _already("it has been migrated, and no limit counts any more")),
    },
}


def rule(operation: Operation, task: TaskSight) -> Rule:
    """What may be done with a task that looks so."""
    state = task.state
    if operation is Operation.DELETE and state in COPYING | PASSING and task.connected is False:
        return _SEND  # of a source that is gone for good, SMS deletes the task whatever it was at (facts 7.4)
    found = _TABLE[operation].get(state)
    if found is _SEND and task.is_offline and operation in _NEEDS_THE_SOURCE:
        return _OFFLINE
    if found is not None:
        return found
    if state in PASSING:
        return Rule(Ruling.PASSING, f"it is {state}", "run the same command again in a minute")
    if state == DELETING:
        return _illegal("it is being deleted", "submit the row again with --recreate once it is gone")
    return _illegal(f"its state {state or '(none)'} is not known to this tool", "look at the task in the SMS console")
