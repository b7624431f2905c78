"""Show an order in Prefect: a progress artifact, the servers that are not done and why, a summary; remarks in the run's log.

Calls Prefect's API behind control_room.py's breaker; reads a board, never touches the engine. Called by operate_wave.py.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.logging import get_run_logger

from flows.control_room import MOST_TABLE_ROWS, Breaker, artifact_key

if TYPE_CHECKING:
    from uuid import UUID

    from flows.operate_session import OperateSession
    from flows.operating.orders import ActionResult

_BEAT_SECONDS = 1.0


class OperateRoom:
    """What Prefect sees of one order. `follow` runs beside the engine, `close` after it."""

    def __init__(self, session: OperateSession) -> None:
        order = session.prepared.order
        self._session = session
        self._board = session.board
        self._breaker = Breaker(session.lose_prefect)
        self._key = artifact_key(f"{order.operation} {order.wave}")
        self._progress: UUID | None = None
        self._drawn = ""
        self._remarks = 0

    async def follow(self) -> None:
        """Keep the progress up to date until the order has ended or Prefect is given up. Never raises."""
        while not self._session.is_over and not self._breaker.is_open:
            await self._show_progress()
            self._log_remarks()
            await asyncio.sleep(_BEAT_SECONDS)

    async def close(self, result: ActionResult) -> None:
        """Show how it ended. Never raises."""
        self._log_remarks()
        await self._show_progress(100.0)
        table = not_done(result)
        if table:
            description = (
                f"Servers of {result.wave} for which `{result.operation}` is not done, and why ({MOST_TABLE_ROWS} at most)"
            )
            await self._breaker.call(lambda: acreate_table_artifact(table, key=f"not-done-{self._key}", description=description))
        await self._breaker.call(lambda: acreate_markdown_artifact(summary(result), key=f"summary-{self._key}"))

    async def _show_progress(self, percent: float | None = None) -> None:
        text = self._board.line()
        if text == self._drawn and percent is None:
            return
        share = percent if percent is not None else 100.0 * self._board.done / max(1, self._board.rows)
        progress = self._progress
        if progress is None:
            self._progress = await self._breaker.call(
                lambda: acreate_progress_artifact(share, key=f"progress-{self._key}", description=text)
            )
        else:
            await self._breaker.call(lambda: aupdate_progress_artifact(progress, share, description=text))
        self._drawn = text

    def _log_remarks(self) -> None:
        remarks = self._board.remarks(self._remarks)
        self._remarks += len(remarks)
        for remark in remarks:
            get_run_logger().warning(remark)


def not_done(result: ActionResult) -> list[dict[str, Any]]:
    """The servers that are not done; the short columns first, since long cells are cut at the right."""
    return [
        {
            "row": str(one.row.cell("wave")),
            "server": one.row.label,
            "outcome": one.ended.value,
            "state": one.state,
            "code": one.code,
            "advice": one.advice,
            "message": one.message,
        }
        for one in result.results
        if not one.ended.is_done
    ][:MOST_TABLE_ROWS]


def summary(result: ActionResult) -> str:
    """The end of an order in Markdown."""
    lines = [f"# {result.operation} {result.wave}", "", "| outcome | servers |", "| --- | --- |"]
    lines += [f"| {word} | {count} |" for word, count in result.counts.items()]
    lines += ["", f"Run `{result.run_id}`"]
    if result.stop is not None:
        lines += ["", f"Stopped: {result.stop.message}. {result.stop.advice}"]
    return "\n".join([*lines, *(f"\n- {note}" for note in result.notes)])
