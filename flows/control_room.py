"""Show a run in Prefect: a timeline of task runs, a progress artifact, what is not done and why, and a summary.

The only caller of Prefect's API while a wave runs; each call has three seconds, and after three failures in a row there are no
more: one line says so, and the wave goes on. Reads a board, never touches the engine. Called by the flow in submit_wave.py.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from prefect import Task
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.ending import beside
from flows.submission.events import Phase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from uuid import UUID

    from prefect.client.schemas.objects import State

    from flows.board import Board
    from flows.wave_job import WaveEnd
    from flows.wave_session import WaveSession

CALL_SECONDS = 3.0
FAILURES_ALLOWED = 3
MOST_BATCHES = 30
MOST_TABLE_ROWS = 500
_BEAT_SECONDS = 1.0
_GLANCE_SECONDS = 0.1


class Breaker:
    """Calls that may fail: each has `CALL_SECONDS`; after `FAILURES_ALLOWED` failures in a row nothing is called any more."""

    def __init__(self, on_open: Callable[[], None]) -> None:
        self._on_open = on_open
        self._failures = 0

    @property
    def is_open(self) -> bool:
        """Whether Prefect was given up."""
        return self._failures >= FAILURES_ALLOWED

    @property
    def has_failed(self) -> bool:
        """Whether the last call did."""
        return self._failures > 0

    async def call(self, make: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what Prefect returns
        """The result of a call; None where it failed, or was not made."""
        if self.is_open:
            return None
        try:
            async with asyncio.timeout(CALL_SECONDS):
                result = await make()
        except Exception:  # noqa: BLE001 - whatever goes wrong with Prefect is no matter of the wave's
            self._failures += 1
            if self._failures == FAILURES_ALLOWED:
                self._on_open()
            return None
        self._failures = 0
        return result


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the run as one task run: it is over when so many rows have an outcome, or when the phase is left."""

    name: str
    phase: Phase | None
    rows: int = 0

    def is_over(self, board: Board) -> bool:
        """Whether the board says so."""
        now = board.current_phase
        if self.phase is None or now is None:
            return self.phase is None and now is not None
        is_past = list(Phase).index(now) > list(Phase).index(self.phase)
        return is_past or (self.phase is Phase.SUBMIT and now is Phase.SUBMIT and board.done >= self.rows)


def steps(rows: int) -> Iterator[Step]:
    """The timeline of a wave: its phases, and its rows in at most `MOST_BATCHES` batches, by the order in which they end."""
    yield Step("read the plan", None)
    yield Step("look at SMS", Phase.LOOK)
    size = max(10, -(-rows // MOST_BATCHES))
    for first in range(1, rows + 1, size):
        last = min(rows, first + size - 1)
        yield Step(f"submit rows {first}-{last} of {rows}", Phase.SUBMIT, last)
    yield Step("verify and report", Phase.VERIFY)


class ControlRoom:
    """What Prefect sees of one session. `follow` runs beside the engine, `close` after it."""

    def __init__(self, session: WaveSession) -> None:
        self._session = session
        self._board = session.board
        self._breaker = Breaker(session.lose_prefect)
        self._key = artifact_key(session.prepared.order.wave)
        self._progress: UUID | None = None
        self._drawn = ""
        self._remarks = 0
        self._timeline: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Keep timeline and progress up to date until the engine has ended or Prefect is given up. Never raises."""
        self._timeline = beside(self._show_steps())
        while not self._session.is_over and not self._breaker.is_open:
            await self._show_progress()
            self._log_remarks()
            await asyncio.sleep(_BEAT_SECONDS)
        if self._breaker.is_open:
            self._timeline.cancel()

    async def close(self, end: WaveEnd) -> None:
        """Show how it ended: the last of the timeline, the table of what is not done, the summary. Never raises."""
        if self._timeline is not None:
            await asyncio.wait([self._timeline], timeout=CALL_SECONDS)
            self._timeline.cancel()
        self._log_remarks()
        await self._show_progress(100.0)
        table = not_done(end)
        if table:
            description = f"Rows of {end.prepared.order.wave} that are not done, and why ({MOST_TABLE_ROWS} at most)"
            await self._breaker.call(lambda: acreate_table_artifact(table, key=f"not-done-{self._key}", description=description))
        await self._breaker.call(lambda: acreate_markdown_artifact(summary(end), key=f"summary-{self._key}"))

    async def _show_progress(self, percent: float | None = None) -> None:
        glance = self._board.glance()
        text = f"{glance.phase}: {glance.line()}"
        if text == self._drawn and percent is None:
            return
        share = percent if percent is not None else 100.0 * glance.done / max(1, glance.rows)
        progress = self._progress
        if progress is None:
            self._progress = await self._breaker.call(
                lambda: acreate_progress_artifact(share, key=f"progress-{self._key}", description=text)
            )
        else:
            await self._breaker.call(lambda: aupdate_progress_artifact(progress, share, description=text))
        self._drawn = text

    async def _show_steps(self) -> None:
        """One task run a step, one after the other. Their states travel as events: no call of ours waits for the API."""
        for step in steps(len(self._session.prepared.rows)):
            if self._breaker.is_open:
                return
            await self._show_step(step)

    async def _show_step(self, step: Step) -> None:
        before = Counter(self._board.glance().counts)

        async def follow_step() -> State[Any]:
            while not (self._session.is_over or step.is_over(self._board)):  # noqa: ASYNC110
                await asyncio.sleep(_GLANCE_SECONDS)  # the engine sets no event of this loop
            ended = Counter(self._board.glance().counts) - before
            return Completed(message=", ".join(f"{count} {status}" for status, count in ended.items()) or "done")

        shown = Task(follow_step, name=step.name, task_run_name=step.name, persist_result=False, cache_policy=NO_CACHE)
        await cast("Awaitable[State[Any]]", shown(return_state=True))

    def _log_remarks(self) -> None:
        """Remarks of the engine and of the breaker, into the run's log; a background thread of Prefect's sends them."""
        remarks = self._board.remarks(self._remarks)
        self._remarks += len(remarks)
        for remark in remarks:
            get_run_logger().warning(remark)


def artifact_key(wave: str) -> str:
    """A wave's name as Prefect wants keys: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", wave.lower()).strip("-") or "wave"


def not_done(end: WaveEnd) -> list[dict[str, Any]]:
    """The rows that are not done, `MOST_TABLE_ROWS` at most; the short columns first, since long cells are cut at the right."""
    rows = [outcome for outcome in end.result.outcomes if not outcome.status.is_done]
    return [
        {
            "row": str(outcome.row.cell("wave")),
            "server": outcome.row.label,
            "status": outcome.status.value,
            "code": outcome.error_code,
            "advice": outcome.advice,
            "message": outcome.error_message,
        }
        for outcome in rows[:MOST_TABLE_ROWS]
    ]


def summary(end: WaveEnd) -> str:
    """The end of a wave in Markdown, with the report's place as code: browsers block `file:` links from an http page."""
    order = end.prepared.order
    place = f"`{end.report_shown}`" if end.report is not None else f"not written: {end.report_problem}"
    lines = [f"# {order.wave}", "", "| status | rows |", "| --- | --- |"]
    lines += [f"| {status} | {count} |" for status, count in end.counts.items()]
    lines += ["", f"Report: {place}"]
    if end.page is not None or end.page_problem:
        lines += ["", f"Page: `{end.page_shown}`" if end.page is not None else f"Page: not written: {end.page_problem}"]
    lines += ["", f"Plan: `{end.prepared.plan.name}`, run `{end.result.run_id}`"]
    if end.result.stop is not None:
        lines += ["", f"Stopped: {end.result.stop.message}. {end.result.stop.advice}"]
    return "\n".join([*lines, *(f"\n- {note}" for note in end.result.notes)])
