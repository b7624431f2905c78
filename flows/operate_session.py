"""One order under way, in one thread: what the command line and the flow operate-wave run, watch, stop and await."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows import operate_job
from flows.engine_session import EngineSession
from flows.operating.operations import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.operate_job import PreparedOrder
    from flows.operating.orders import ActionResult, Muster, ServerResult
    from flows.settings import Settings
    from flows.submission.events import StopSignal


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


class OperateSession(EngineSession["ActionResult"]):
    """A prepared order, its board, and its end."""

    goes_on = "the order goes on without it"

    def __init__(self, prepared: PreparedOrder, settings: Settings, *, poll_seconds: float = 5.0) -> None:
        super().__init__()
        self.prepared = prepared
        self.board = OrderBoard(len(prepared.rows))
        self._settings = settings
        self._poll_seconds = poll_seconds

    async def engine(self, stop: StopSignal) -> ActionResult:
        """Carry out the order."""
        return await operate_job.run(self.prepared, self._settings, self.board, stop, poll_seconds=self._poll_seconds)

    def remark(self, text: str) -> None:
        """Keep a line on the board."""
        self.board.remark(text)
