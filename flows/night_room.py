"""Show a night in Prefect: a task run a stage, a progress artifact, the form at the gate, who is not done and why, a summary.

Calls Prefect's API behind control_room.py's breaker; reads a board, never touches the night. Called by run_wave.py.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
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
from prefect.states import Completed, Failed

from flows.control_room import CALL_SECONDS, MOST_TABLE_ROWS, Breaker, artifact_key
from flows.ending import beside
from flows.night.path import Stage, path_of
from flows.night.stages import StageState
from flows.night_board import told_time
from flows.night_form import cell, criteria_table, description, go_on, stand_at
from flows.tracking.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from uuid import UUID

    from prefect.client.schemas.objects import State

    from flows.night.approvals import Approval
    from flows.night_job import NightEnd
    from flows.night_session import NightSession

_BEAT_SECONDS = 1.0
_GLANCE_SECONDS = 0.1
_AGAIN_SECONDS = 60.0
"""After how long a Prefect that was given up is tried again: a night outlasts the restart of a server."""


class NightRoom:
    """What Prefect sees of one night. `follow` runs beside it, `close` after it."""

    def __init__(self, session: NightSession) -> None:
        wave = session.prepared.wave
        self._session = session
        self._board = session.board
        self._path = path_of(wave.plan.waves[wave.order.wave], wave.rows)
        self._breaker = Breaker(self._lose_prefect)
        self._lost_at = 0.0
        self._key = artifact_key(wave.order.wave)
        self._progress: UUID | None = None
        self._drawn = ""
        self._lines = 0
        self._timeline: asyncio.Task[None] | None = None
        self._gate: asyncio.Task[None] | None = None
        self._asked: tuple[str, int] | None = None

    async def follow(self) -> None:
        """Keep it up to date until the night has ended or Prefect is given up. Never raises."""
        self._timeline = beside(self._show_stages())
        while not self._session.is_over:
            await self._stand_at_gate()
            if self._breaker.is_open and time.monotonic() - self._lost_at >= _AGAIN_SECONDS:
                self._breaker, self._drawn = Breaker(self._lose_prefect), ""
            if not self._breaker.is_open:
                await self._show_progress()
                self._log_lines()
            await asyncio.sleep(_BEAT_SECONDS)

    def _lose_prefect(self) -> None:
        """Prefect is given up for a while: said once, while it stays away."""
        self._lost_at = time.monotonic()
        if not self._session.is_prefect_lost:
            self._session.lose_prefect()

    async def close(self, end: NightEnd, *, is_cancelled: bool = False) -> None:
        """Show how it ended. A run that is being cancelled is not taken out of its pause. Never raises."""
        await self._leave_gate(goes_on=not is_cancelled)
        if self._timeline is not None:
            await asyncio.wait([self._timeline], timeout=CALL_SECONDS)
            self._timeline.cancel()
        self._log_lines()
        await self._show_progress(100.0)
        if table := not_done(end):
            about = f"Servers of {end.prepared.request.order.wave} that are not done, and why ({MOST_TABLE_ROWS} at most)"
            await self._breaker.call(lambda: acreate_table_artifact(table, key=f"not-done-{self._key}", description=about))
        await self._breaker.call(lambda: acreate_markdown_artifact(summary(end), key=f"summary-{self._key}"))

    # -- the gate

    async def _stand_at_gate(self) -> None:
        """Have the form shown while a gate is open, and the run go on once it is decided."""
        asked = self._board.open_gate
        number = (asked.gate, asked.number) if asked is not None else None
        if number == self._asked:
            return
        await self._leave_gate(goes_on=True)
        self._asked = number
        if asked is not None:
            figures = description(asked, self._session)
            await self._breaker.call(lambda: acreate_markdown_artifact(figures, key=f"gate-{self._key}"))
            self._gate = beside(stand_at(asked, self._session))

    async def _leave_gate(self, *, goes_on: bool) -> None:
        if self._gate is None:
            return
        self._gate.cancel()
        await asyncio.wait([self._gate], timeout=CALL_SECONDS)
        self._gate = None
        if goes_on:
            with suppress(Exception):  # a Prefect that is away has no run that could go on
                async with asyncio.timeout(CALL_SECONDS):
                    await go_on()

    # -- what is shown

    async def _show_progress(self, percent: float | None = None) -> None:
        text = self._line()
        if text == self._drawn and percent is None:
            return
        done = sum(self._board.stages.get(stage, (None, ""))[0] is StageState.DONE for stage in self._path)
        share = percent if percent is not None else 100.0 * done / len(self._path)
        progress = self._progress
        if progress is None:
            self._progress = await self._breaker.call(
                lambda: acreate_progress_artifact(share, key=f"progress-{self._key}", description=text)
            )
        else:
            await self._breaker.call(lambda: aupdate_progress_artifact(progress, share, description=text))
        self._drawn = text
        if self._session.is_prefect_lost and not self._breaker.has_failed:
            self._session.find_prefect()

    def _line(self) -> str:
        board = self._board
        stage = board.now.value if board.now is not None else "begins"
        if board.now is Stage.SUBMIT:
            return f"{stage}: {board.submission.glance().line()}"
        return f"{stage}: {board.last_picture.line()}" if board.last_picture is not None else stage

    async def _show_stages(self) -> None:
        """One task run a stage, one after the other; their states travel as events, and wait for nobody."""
        for stage in self._path:
            while not (stage in self._board.stages or self._session.is_over):  # noqa: ASYNC110
                await asyncio.sleep(_GLANCE_SECONDS)  # the night sets no event of this loop
            if stage not in self._board.stages:
                return
            await self._show_stage(stage)

    async def _show_stage(self, stage: Stage) -> None:
        async def follow_stage() -> State[Any]:
            while not self._session.is_over and not self._is_past(stage):  # noqa: ASYNC110
                await asyncio.sleep(_GLANCE_SECONDS)
            state, line = self._board.stages[stage]
            return Completed(message=line or "done") if state is StageState.DONE else Failed(message=line or state.value)

        shown = Task(follow_stage, name=stage.value, task_run_name=stage.value, persist_result=False, cache_policy=NO_CACHE)
        await cast("Awaitable[State[Any]]", shown(return_state=True))

    def _is_past(self, stage: Stage) -> bool:
        return self._board.stages[stage][0] in {StageState.DONE, StageState.FAILED}

    def _log_lines(self) -> None:
        lines = self._board.lines(self._lines)
        self._lines += len(lines)
        for line in lines:
            log = get_run_logger()
            (log.warning if line.startswith(("warning: ", "error: ")) else log.info)(line)


def not_done(end: NightEnd) -> list[dict[str, Any]]:
    """The servers that are not done; the short columns first, since long cells are cut at the right."""
    servers = end.picture.servers if end.picture is not None else []
    return [
        {
            "row": str(view.row.cell("wave")),
            "server": view.label,
            "standing": view.standing.value,
            "state": view.state,
            "code": view.error_code,
            "advice": view.advice,
            "message": view.error_message,
        }
        for view in servers
        if view.standing is not Standing.DONE
    ][:MOST_TABLE_ROWS]


def summary(end: NightEnd) -> str:
    """The night in Markdown: its stages, its gates with the figures that somebody decided by, where the report lies."""
    order, lines = end.prepared.request.order, []
    place = f"`{report_shown(end)}`" if end.report is not None else f"not written: {cell(end.report_problem)}"
    lines += [f"# {cell(order.wave)}: the night", "", "| stage | | |", "| --- | --- | --- |"]
    for stage, record in end.story.stages.items():
        if stage is not Stage.REPORT:
            lines.append(f"| {stage.value} | {record.state.value} | {cell(str(record.detail.get('line', '')))} |")
    for asked in end.story.approvals:
        lines += ["", *_decision(asked)]
    lines += ["", f"Report: {place}"]
    if not end.is_all_done:
        lines += ["", f"Run it again and it goes on: `{end.prepared.request.command()}`"]
    return "\n".join(lines)


def _decision(asked: Approval) -> list[str]:
    at = f" at {told_time(asked.decided_at)}" if asked.decided_at is not None else ""
    return [f"## The gate before {asked.gate}", "", f"{cell(asked.line())}{at}", "", *criteria_table(asked)]


def report_shown(end: NightEnd) -> str:
    """Where the report lies, as a person is told."""
    order = end.prepared.request.order
    return order.report_url or str(end.report)
