"""One wave under way, in one thread, and how other threads watch, stop and await it.

The engine and Prefect never share a thread: Prefect replaces SIGTERM's handler in the main thread and, when it is told to stop,
cancels every asyncio task of its loop; neither may reach the engine. From the command line the engine has the main thread and
Prefect another; in a served run it is the other way round.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TYPE_CHECKING

from flows import event_loop, wave_job
from flows.board import Board
from flows.submission.events import StopReason, StopSignal

if TYPE_CHECKING:
    from flows.settings import Settings
    from flows.wave_job import PreparedWave, WaveEnd


class WaveSession:
    """A prepared wave, its board, and its end."""

    def __init__(self, prepared: PreparedWave, settings: Settings) -> None:
        self.prepared = prepared
        self.board = Board(len(prepared.rows))
        self._settings = settings
        self._end: Future[WaveEnd] = Future()
        self._end.set_running_or_notify_cancel()  # nobody who awaits the end can cancel it
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: StopSignal | None = None
        self._asked = 0
        self.is_prefect_lost = False

    async def run(self) -> WaveEnd:
        """Run the wave in this loop, once; returns, or raises, what the engine does."""
        self._stop = StopSignal()
        self._loop = asyncio.get_running_loop()  # from here on `interrupt` reaches it; what was asked before is asked again
        self._request_stop()
        try:
            end = await wave_job.run(self.prepared, self._settings, self.board, self._stop)
        except BaseException as error:
            self._end.set_exception(error)
            raise
        self._end.set_result(end)
        return end

    def run_in_thread(self) -> None:
        """Run the wave in a thread of its own, which ends with it; `ended` tells how."""

        def engine() -> None:
            with contextlib.suppress(BaseException):  # it is in `_end`, where `ended` finds it
                event_loop.run(self.run())

        # Not a daemon: a process that is on its way out waits for the report.
        threading.Thread(target=engine, name="wave", daemon=False).start()

    async def ended(self) -> WaveEnd:
        """The wave's end, awaited from any loop; whoever awaits it may be cancelled without touching the wave."""
        return await asyncio.shield(asyncio.wrap_future(self._end))

    def interrupt(self) -> None:
        """Ask the engine to stop, from any thread or a signal handler; asked again, it grants no grace to what is on the wire."""
        self._asked += 1
        at_once = self._asked > 1
        self.board.remark(
            "giving up what is on the wire" if at_once else "stopping: rows on the wire have 2 s, Ctrl-C again gives them up"
        )
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the engine has ended
                self._loop.call_soon_threadsafe(self._request_stop)

    def _request_stop(self) -> None:
        if self._stop is not None and self._asked:
            self._stop.request(StopReason.interrupted(), at_once=self._asked > 1)

    def lose_prefect(self) -> None:
        """Note that Prefect was given up; said once, and nothing waits for it any more."""
        self.is_prefect_lost = True
        self.board.remark("warning: Prefect's API does not answer any more: the wave goes on without it")

    @property
    def is_over(self) -> bool:
        """Whether the engine has ended, its report written or not."""
        return self._end.done()

    def wait_over(self, seconds: float) -> bool:
        """Block until the engine has ended, `seconds` at most; whether it has."""
        with contextlib.suppress(TimeoutError):
            self._end.exception(seconds)
        return self._end.done()


STARTED: ContextVar[WaveSession | None] = ContextVar("STARTED", default=None)
"""The session that the command line has started already: rows do not wait for Prefect's import, the flow finds it here.

Not in the flow's own module: Prefect pickles a flow with its module's variables, and a context variable cannot be.
"""
