"""What has become of one task since it was first seen: when it began, copied, had copied and ended, how fast, and how far it is.

Takes SMS's own times where it tells them, else the moment at which a change was seen, where the look before was near enough to
that; a time that nobody saw stays unknown, so that no forecast learns from it. Decides what of it is worth a line in the journal.
Pure; called by tracker.py, kept by sights.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.tracking.standing import GONE, STANDINGS, Standing, standing_of
from inventory.forecast_load import BYTES_PER_MBIT

if TYPE_CHECKING:
    from flows.sms.task_sight import TaskSight

NEAR_SECONDS = 180.0
"""A change is timed by the look that showed it only if the one before was not longer ago."""

_PROGRESS_STEP = 5.0
_ALL = 100.0


@dataclass(slots=True)
class Trace:
    """One task as the journal's table `sight` holds it; changes by `see` alone. Times are seconds since 1970, speeds Mbit/s.

    `bytes` are those to copy, as the plan knows them, None where nobody does. `due_mbps` is the mean of what the wave's line would
    give it at an efficiency of 1, over the time it has copied.
    """

    task_id: str
    source_server_id: str = ""
    state: str = ""
    progress: float | None = None
    sub_task: str = ""
    speed_mbps: float | None = None
    bytes: float | None = None
    due_mbps: float | None = None
    is_syncing: bool = False
    started_at: float | None = None
    copying_at: float | None = None
    copied_at: float | None = None
    finished_at: float | None = None
    error_code: str = ""
    error_message: str = ""
    is_gone: bool = False
    changed_at: float = 0.0
    seen_at: float = 0.0
    written_progress: float = -_ALL

    @property
    def standing(self) -> Standing:
        """Where it stood when it was last seen. A task that was done, and deleted then, is done."""
        return standing_of(GONE if self.is_gone and STANDINGS.get(self.state) is not Standing.DONE else self.state)

    @property
    def is_copying(self) -> bool:
        """Whether its disks are being copied."""
        return self.copying_at is not None and self.copied_at is None and self.state == "RUNNING"

    def see(self, sight: TaskSight, at: float) -> bool:
        """Take in what a look at `at` showed; whether the journal should have it."""
        was, is_near = self.state, 0 < at - self.seen_at <= NEAR_SECONDS
        if sight.state != was or self.is_gone:
            self._enter(sight.state, at)
        is_news = was != self.state or sight.sub_task != self.sub_task or sight.error_code != self.error_code
        times = (self.started_at, self.copying_at, self.copied_at, self.finished_at)
        self._time(sight, at, is_near=is_near)
        self.sub_task, self.progress = sight.sub_task, sight.progress
        self.error_code, self.error_message = sight.error_code, sight.error_message
        self.is_syncing = self.is_syncing or sight.syncing is True or self.state == "SYNCING"
        self._measure(sight)
        self.seen_at = at
        is_news = is_news or times != (self.started_at, self.copying_at, self.copied_at, self.finished_at)
        return is_news or abs((self.progress or 0.0) - self.written_progress) >= _PROGRESS_STEP

    def lose(self, at: float) -> bool:
        """SMS says that the task does not exist any more; whether that is news."""
        if self.is_gone:
            return False
        self.is_gone, self.changed_at, self.seen_at, self.speed_mbps = True, at, at, None
        return True

    def note_due(self, mbps: float, at: float) -> None:
        """Take in what the line would have given it since it was last seen; call it before `see`."""
        since, copied = at - self.seen_at, self.seen_at - (self.copying_at or self.seen_at)
        if self.due_mbps is None or copied <= 0:
            self.due_mbps = mbps
        elif since > 0:
            self.due_mbps += (mbps - self.due_mbps) * since / (since + copied)

    def mean_mbps(self, copy_progress: float | None) -> float | None:
        """How fast it has copied on the whole, by the bytes that the plan knows; None where that cannot be told."""
        if self.copied_at is not None:
            return self.speed_mbps
        took = self.seen_at - self.copying_at if self.copying_at is not None else 0.0
        if not self.bytes or not copy_progress or took <= 0:
            return None
        return self.bytes * copy_progress / _ALL / took / BYTES_PER_MBIT

    def _enter(self, state: str, at: float) -> None:
        """Another state. One that begins anew, after it had ended or been stopped, forgets the times of its first try."""
        if state == "RUNNING" and self.state not in {"", "READY", "RUNNING"}:
            self.started_at = self.copying_at = self.copied_at = self.finished_at = self.due_mbps = None
        self.state, self.changed_at, self.is_gone = state, at, False

    def _time(self, sight: TaskSight, at: float, *, is_near: bool) -> None:
        standing = standing_of(self.state)
        seen = at if is_near else None
        is_copied = standing in {Standing.SYNCING, Standing.DONE} or (sight.copy_progress or 0.0) >= _ALL
        if sight.started_at is not None:
            self.started_at = sight.started_at
        elif self.started_at is None and standing is Standing.RUNNING:
            self.started_at = seen
        if sight.copying_at is not None:
            self.copying_at = sight.copying_at
        elif self.copying_at is None and (sight.copy_progress or 0.0) > 0 and not is_copied:
            self.copying_at = seen
        if sight.copied_at is not None:
            self.copied_at = sight.copied_at
        elif not is_copied and sight.copy_progress is not None:
            self.copied_at = None  # SMS has told of more than there was while it copied (facts 7.1)
        elif self.copied_at is None and is_copied:
            self.copied_at = seen
        if standing is not Standing.DONE:
            self.finished_at = None
        elif self.finished_at is None:
            self.finished_at = sight.finished_at or seen

    def _measure(self, sight: TaskSight) -> None:
        """The speed of the moment while it copies, the mean of the copy afterwards."""
        if self.copied_at is None:
            self.speed_mbps = sight.speed_mbps
        elif self.copying_at is None or self.bytes is None or self.copied_at <= self.copying_at:
            self.speed_mbps = None
        else:
            self.speed_mbps = self.bytes / (self.copied_at - self.copying_at) / BYTES_PER_MBIT
