"""One order under way, in one thread, and how other threads watch, stop and await it: as wave_session.py for a submission."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from flows import event_loop, operate_job
from flows.operating.operations import Ended
from flows.submission.events import StopReason, StopSignal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.operate_job import PreparedOrder
    from flows.operating.orders import ActionResult, Muster, ServerResult
    from flows.settings import Settings


class OrderBoard:
    """What is known of an order while it is carried out; the engine writes, others read from other threads, nobody waits."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._results: dict[int, ServerResult] = {}
        self._remarks: list[str] = []
        self._muster: Muster | None = None

    def result(self, result: ServerResult) -> None:
        """A server has its result; the last one counts."""
        self._results[result.row.position] = result

    def muster(self, muster: Muster) -> None:
        """Who runs and who waits."""
        self._muster = muster

    def remark(self, text: str) -> None:
        """Keep a line for those who show it."""
        self._remarks.append(text)

    def remarks(self, start: int = 0) -> list[str]:
        """What was remarked, from number `start` on."""
        return self._remarks[start:]

    @property
    def done(self) -> int:
        """How many rows have a result."""
        return len(self._results)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many servers ended how."""
        found = [result.ended for result in self._results.copy().values()]
        return {ended.value: found.count(ended) for ended in Ended if ended in found}

    def line(self) -> str:
        """How the order stands, in one line."""
        counts = " ".join(f"{word}={count}" for word, count in self.counts.items())
        muster = f"; {self._muster.line()}" if self._muster is not None and self.done < self.rows else ""
        return f"{self.done}/{self.rows} {counts}".rstrip() + muster


class OperateSession:
    """A prepared order, its board, and its end."""

    def __init__(self, prepared: PreparedOrder, settings: Settings, *, poll_seconds: float = 5.0) -> None:
        self.prepared = prepared
        self.board = OrderBoard(len(prepared.rows))
        self._settings = settings
        self._poll_seconds = poll_seconds
        self._end: Future[ActionResult] = Future()
        self._end.set_running_or_notify_cancel()  # nobody who awaits the end can cancel it
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: StopSignal | None = None
        self._asked = 0

    async def run(self) -> ActionResult:
        """Carry out the order in this loop, once; returns, or raises, what the engine does."""
        self._stop = StopSignal()
        self._loop = asyncio.get_running_loop()  # from here on `interrupt` reaches it; what was asked before is asked again
        self._request_stop()
        try:
            end = await operate_job.run(self.prepared, self._settings, self.board, self._stop, poll_seconds=self._poll_seconds)
        except BaseException as error:
            self._end.set_exception(error)
            raise
        self._end.set_result(end)
        return end

    def run_in_thread(self) -> None:
        """Carry out the order in a thread of its own, which ends with it; `ended` tells how."""

        def engine() -> None:
            with contextlib.suppress(BaseException):  # it is in `_end`, where `ended` finds it
                event_loop.run(self.run())

        threading.Thread(target=engine, name="order", daemon=False).start()

    async def ended(self) -> ActionResult:
        """The order's end, awaited from any loop; whoever awaits it may be cancelled without touching the order."""
        return await asyncio.shield(asyncio.wrap_future(self._end))

    @property
    def is_over(self) -> bool:
        """Whether the order has ended."""
        return self._end.done()

    def interrupt(self) -> None:
        """Ask the engine to stop, from any thread or a signal handler; asked again, it grants no grace to what is on the wire."""
        self._asked += 1
        at_once = self._asked > 1
        self.board.remark(
            "giving up what is on the wire" if at_once else "stopping: what is on the wire has 2 s, Ctrl-C again gives it up"
        )
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the engine has ended
                self._loop.call_soon_threadsafe(self._request_stop)

    def _request_stop(self) -> None:
        if self._stop is not None and self._asked:
            self._stop.request(StopReason.interrupted(), at_once=self._asked > 1)
