"""One wave that is followed, in a thread of its own, and how other threads watch, stop and await it.

As with a wave that is submitted (wave_session.py), tracking and Prefect never share a thread: Prefect may cancel every asyncio task
of its loop. Called by the flow in track_wave.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from flows import event_loop, track_job
from flows.submission.events import StopReason, StopSignal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.settings import Settings
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


class TrackSession:
    """A prepared wave, its board, and its end."""

    def __init__(self, prepared: PreparedTrack, settings: Settings, also: Sequence[TrackWatcher] = ()) -> None:
        self.prepared = prepared
        self.board = TrackBoard(also)
        self._settings = settings
        self._end: Future[TrackResult] = Future()
        self._end.set_running_or_notify_cancel()  # nobody who awaits the end can cancel it
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: StopSignal | None = None
        self._is_asked = False

    def run_in_thread(self) -> None:
        """Follow the wave in a thread of its own, which ends with it; `ended` tells how."""

        def follow() -> None:
            with contextlib.suppress(BaseException):  # it is in `_end`, where `ended` finds it
                event_loop.run(self._run())

        threading.Thread(target=follow, name="track", daemon=False).start()

    async def _run(self) -> None:
        self._stop, self._loop = StopSignal(), asyncio.get_running_loop()
        self._request_stop()
        try:
            self._end.set_result(await track_job.run(self.prepared, self._settings, self.board, self._stop))
        except BaseException as error:
            self._end.set_exception(error)
            raise

    async def ended(self) -> TrackResult:
        """The end, awaited from any loop; whoever awaits it may be cancelled without touching it."""
        return await asyncio.shield(asyncio.wrap_future(self._end))

    def interrupt(self) -> None:
        """Ask it to stop, from any thread."""
        self._is_asked = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._request_stop)

    def _request_stop(self) -> None:
        if self._stop is not None and self._is_asked:
            self._stop.request(StopReason.interrupted())

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._end.done()
