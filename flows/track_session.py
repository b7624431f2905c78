"""One wave that is followed, in a thread of its own: what the flow track-wave runs, watches, stops and awaits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows import track_job
from flows.engine_session import EngineSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.settings import Settings
    from flows.submission.events import StopSignal
    from flows.track_job import PreparedTrack
    from flows.tracking.events import Change, TrackWatcher
    from flows.tracking.picture import Picture
    from flows.tracking.tracker import TrackResult

_MOST_LINES = 20
"""So many changes of one look are kept as lines; of more, the first and their number."""


class TrackBoard:
    """A watcher that keeps the last picture and what was said, for others to read at their own pace; `also` are told, too."""

    def __init__(self, also: Sequence[TrackWatcher] = ()) -> None:
        self._also = also
        self._lines: list[str] = []
        self._changes: list[str] = []
        self.last: Picture | None = None

    def picture(self, picture: Picture) -> None:
        """Keep it, and the changes that it shows."""
        self._lines += self._changes[:_MOST_LINES]
        if more := max(0, len(self._changes) - _MOST_LINES):
            self._lines.append(f"and {more} changes more")
        self._changes.clear()
        self.last = picture
        for watcher in self._also:
            watcher.picture(picture)

    def change(self, change: Change) -> None:
        """Keep it until its picture comes."""
        server = change.server
        why = f": {server.error_code} {server.advice}" if server.standing.is_lost else ""
        self._changes.append(f"{server.label}: {change.was or 'seen first'} -> {server.state}{why}")

    def remark(self, text: str) -> None:
        """Keep a line."""
        self._lines.append(text)

    def lines(self, start: int = 0) -> list[str]:
        """What was said, from number `start` on."""
        return self._lines[start:]


class TrackSession(EngineSession["TrackResult"]):
    """A prepared wave, its board, and its end."""

    stopping = "stopping after this look"
    goes_on = "tracking goes on without it"

    def __init__(self, prepared: PreparedTrack, settings: Settings, also: Sequence[TrackWatcher] = ()) -> None:
        super().__init__()
        self.prepared = prepared
        self.board = TrackBoard(also)
        self._settings = settings

    async def engine(self, stop: StopSignal) -> TrackResult:
        """Follow the wave."""
        return await track_job.run(self.prepared, self._settings, self.board, stop)

    def remark(self, text: str) -> None:
        """Keep a line on the board."""
        self.board.remark(text)
