"""One piece of work under way, in one thread, and how other threads watch, stop and await it.

The engine and Prefect never share a thread: Prefect replaces SIGTERM's handler in the main thread and, when it is told to stop,
cancels every asyncio task of its loop; neither may reach the engine. From the command line the engine has the main thread and
Prefect another; in a served run it is the other way round. The base of wave_session.py, operate_session.py,
track_session.py and night_session.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import Generic, TypeVar

from flows import event_loop
from flows.submission.events import StopReason, StopSignal

End = TypeVar("End")


class EngineSession(ABC, Generic[End]):
    """An engine that runs once, and its end."""

    stopping = "stopping: what is on the wire has 2 s, Ctrl-C again gives it up"
    """What is remarked when somebody asks it to stop."""
    goes_on = "it goes on without it"
    """What is remarked when Prefect is given up, after why."""

    def __init__(self) -> None:
        self._end: Future[End] = Future()
        self._end.set_running_or_notify_cancel()  # nobody who awaits the end can cancel it
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: StopSignal | None = None
        self._asked = 0
        self.is_prefect_lost = False

    @abstractmethod
    async def engine(self, stop: StopSignal) -> End:
        """The work itself, which ends soon after `stop` is set."""

    @abstractmethod
    def remark(self, text: str) -> None:
        """Keep a line for whoever shows the work; called from any thread."""

    async def run(self) -> End:
        """Do the work in this loop, once; returns, or raises, what the engine does."""
        self._stop = StopSignal()
        self._loop = asyncio.get_running_loop()  # from here on `interrupt` reaches it; what was asked before is asked again
        self._request_stop()
        try:
            end = await self.engine(self._stop)
        except BaseException as error:
            self._end.set_exception(error)
            raise
        self._end.set_result(end)
        return end

    def run_in_thread(self) -> None:
        """Do the work in a thread of its own, which ends with it; `ended` tells how."""

        def engine() -> None:
            with contextlib.suppress(BaseException):  # it is in `_end`, where `ended` finds it
                event_loop.run(self.run())

        # Not a daemon: a process that is on its way out waits for the report.
        threading.Thread(target=engine, name="wave", daemon=False).start()

    async def ended(self) -> End:
        """The end, awaited from any loop; whoever awaits it may be cancelled without touching the work."""
        return await asyncio.shield(asyncio.wrap_future(self._end))

    def interrupt(self) -> None:
        """Ask the engine to stop, from any thread or a signal handler; asked again, it grants no grace to what is on the wire."""
        self._asked += 1
        self.remark("giving up what is on the wire" if self._asked > 1 else self.stopping)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the engine has ended
                self._loop.call_soon_threadsafe(self._request_stop)

    def _request_stop(self) -> None:
        if self._stop is not None and self._asked:
            self._stop.request(StopReason.interrupted(), at_once=self._asked > 1)

    def lose_prefect(self) -> None:
        """Note that Prefect was given up; said once, and nothing waits for it any more."""
        self.is_prefect_lost = True
        self.remark(f"warning: Prefect's API does not answer any more: {self.goes_on}")

    def find_prefect(self) -> None:
        """Note that Prefect is there again."""
        self.is_prefect_lost = False
        self.remark("note: Prefect's API answers again")

    @property
    def is_over(self) -> bool:
        """Whether the engine has ended, its report written or not."""
        return self._end.done()

    def wait_over(self, seconds: float) -> bool:
        """Block until the engine has ended, `seconds` at most; whether it has."""
        with contextlib.suppress(TimeoutError):
            self._end.exception(seconds)
        return self._end.done()
