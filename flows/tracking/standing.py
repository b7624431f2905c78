"""What a task's state means for whoever waits: who has to do something next, and whether a goal is reached.

`state` alone decides (facts 7.1, 7.2). A state that nobody has heard of is shown as it is and ends nothing. Pure; called by
picture.py and tracker.py, and by whoever starts and stops tasks.
"""

from __future__ import annotations

from enum import StrEnum

NO_TASK, GONE = "NO_TASK", "GONE"
"""What stands in the place of a state where a server has no task, and where its task was deleted by others."""


class Standing(StrEnum):
    """Who has to do something next for a server."""

    NO_TASK = "no task"
    WAITING = "waiting for us"
    CHANGING = "waiting for SMS"
    RUNNING = "running"
    SYNCING = "syncing"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"
    UNKNOWN = "unknown"

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self in {Standing.RUNNING, Standing.SYNCING, Standing.CHANGING}

    @property
    def is_lost(self) -> bool:
        """Whether it reaches no goal any more unless somebody does something about it."""
        return self in {Standing.FAILED, Standing.GONE}


STANDINGS = {
    "READY": Standing.WAITING,
    "ABORT": Standing.WAITING,
    "RUNNING": Standing.RUNNING,
    "SYNCING": Standing.SYNCING,
    "MIGRATE_SUCCESS": Standing.DONE,
    "SYNC_SUCCESS": Standing.DONE,
    "MIGRATE_FAIL": Standing.FAILED,
    "SYNC_FAIL": Standing.FAILED,
    "ABORTING": Standing.CHANGING,
    "SKIPPING": Standing.CHANGING,
    "RESETING": Standing.CHANGING,
    "DELETING": Standing.CHANGING,
    # Two more are known from the listing's filter alone: a sync that failed is rolled back, and waits then.
    "SYNC_F_ROLLBACKING": Standing.CHANGING,
    "SYNC_F_ROLLBACK_SUCCESS": Standing.WAITING,
    NO_TASK: Standing.NO_TASK,
    GONE: Standing.GONE,
}


def standing_of(state: str, *, starts_itself: bool = False) -> Standing:
    """Where a task stands; `starts_itself` where it was created with `auto_start`: then READY waits for SMS, not for us."""
    if starts_itself and state == "READY":
        return Standing.CHANGING
    return STANDINGS.get(state, Standing.UNKNOWN)


class Goal(StrEnum):
    """Until when a wave is followed."""

    STARTED = "started"
    """Every server runs, or is past it."""
    MIGRATED = "migrated"
    """Every server's disks are copied."""
    SYNCED = "synced"
    """Beside that, a round of changes is copied for every server that syncs."""
    DONE = "done"
    """Every server is cut over."""


_ALL = 100.0
_STARTED = frozenset({Standing.RUNNING, Standing.SYNCING, Standing.DONE})
_COPIED = frozenset({Standing.SYNCING, Standing.DONE})


def reaches(goal: Goal, standing: Standing, sync_progress: float | None = None) -> bool:
    """Whether a server that stands there has reached the goal.

    `sync_progress` is that of its last round of changes; where SMS tells of none, that it syncs has to do.
    """
    match goal:
        case Goal.STARTED:
            return standing in _STARTED
        case Goal.MIGRATED:
            return standing in _COPIED
        case Goal.SYNCED:
            is_whole = sync_progress is None or sync_progress >= _ALL
            return standing is Standing.DONE or (standing is Standing.SYNCING and is_whole)
        case Goal.DONE:
            return standing is Standing.DONE
