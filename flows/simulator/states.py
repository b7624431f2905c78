"""The states of a task, the operations that move it, and what its source server shows meanwhile (facts 7.2, 7.3).

One table, enforced by core.py. Where the public pages leave a move open, the line says `guess`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states that the service reports in a task's body."""

    READY = "READY"
    RUNNING = "RUNNING"
    SYNCING = "SYNCING"
    MIGRATE_SUCCESS = "MIGRATE_SUCCESS"
    SYNC_SUCCESS = "SYNC_SUCCESS"
    MIGRATE_FAIL = "MIGRATE_FAIL"
    SYNC_FAIL = "SYNC_FAIL"
    ABORTING = "ABORTING"
    ABORT = "ABORT"
    SKIPPING = "SKIPPING"
    DELETING = "DELETING"
    RESETING = "RESETING"


@dataclass(frozen=True, slots=True)
class Move:
    """Where an operation may begin, where it leads (None: the state stays), and the code of a refusal."""

    begins: frozenset[State]
    leads: State | None
    code: str


_STOPPED = frozenset({State.ABORT, State.MIGRATE_FAIL, State.SYNC_FAIL})
_DONE = frozenset({State.MIGRATE_SUCCESS, State.SYNC_SUCCESS})
_BUSY = frozenset({State.RUNNING, State.SYNCING})
_ANY = frozenset(State) - {State.DELETING}

# 1038-1040 are the codes of the old API for these three refusals; no page of v3 names one (guess).
OPERATIONS: dict[str, Move] = {
    "start": Move(frozenset({State.READY, State.ABORT}) | _DONE, State.RUNNING, "SMS.1038"),
    "stop": Move(_BUSY, State.ABORTING, "SMS.1038"),
    "restart": Move(_STOPPED, State.RUNNING, "SMS.1040"),
    "cutover": Move(frozenset({State.SYNCING}), State.MIGRATE_SUCCESS, "SMS.1039"),
    "skip": Move(_STOPPED, State.SKIPPING, "SMS.1039"),
    "clear": Move(_DONE, None, "SMS.1039"),
    "test": Move(_DONE | {State.SYNCING}, None, "SMS.1039"),
    "clone_test": Move(_DONE | {State.SYNCING}, None, "SMS.1039"),
    "migration_test": Move(_ANY, None, "SMS.1039"),
    "network_check": Move(_ANY, None, "SMS.1039"),
    "error_for_overspeed": Move(_BUSY, State.MIGRATE_FAIL, "SMS.1039"),
}

# What the source server shows while its task is in a state (guess: only the words are documented, not the pairs).
SOURCE_STATE: dict[State, str] = {
    State.READY: "waiting",
    State.RUNNING: "replicate",
    State.SYNCING: "syncing",
    State.MIGRATE_SUCCESS: "finished",
    State.SYNC_SUCCESS: "finished",
    State.MIGRATE_FAIL: "error",
    State.SYNC_FAIL: "error",
    State.ABORTING: "stopping",
    State.ABORT: "stopped",
    State.SKIPPING: "skipping",
    State.DELETING: "deleting",
    State.RESETING: "initialize",
}

# A connected source in one of these refuses the deletion of its task (the page of 2026-01-27).
UNDELETABLE = frozenset(
    {"initialize", "stopping", "deleting", "cloning", "replicate", "syncing", "cutovering", "skipping", "clearing", "premiging"}
)

# States that end by themselves, and after how many seconds; RUNNING is not here: it takes `migration_seconds`.
PASSING: dict[State, tuple[State, float]] = {
    State.ABORTING: (State.ABORT, 2.0),
    State.SKIPPING: (State.READY, 2.0),
    State.RESETING: (State.READY, 2.0),
}
