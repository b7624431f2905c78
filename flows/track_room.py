"""Show a wave that is followed in Prefect: a progress artifact, a table of who needs somebody, changes in the run's log.

As control_room.py: each call has three seconds, and after three failures in a row there are no more; one line says so, and
tracking goes on. Reads a board, never touches the tracker. Called by the flow in track_wave.py.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.logging import get_run_logger

from flows.control_room import MOST_TABLE_ROWS, Breaker, artifact_key
from flows.tracking.standing import Standing
from inventory.forecast_words import length, moment

if TYPE_CHECKING:
    from uuid import UUID

    from flows.track_session import TrackSession
    from flows.tracking.picture import Picture, ServerView

_BEAT_SECONDS = 1.0
_TABLE_SECONDS = 60.0
"""Artifacts of one key are versions of it, and none is removed: a table that changes is made anew so often at most."""


class TrackRoom:
    """What Prefect sees of one session. `follow` runs beside it, `close` after it."""

    def __init__(self, session: TrackSession) -> None:
        self._board = session.board
        self._session = session
        self._breaker = Breaker(session.lose_prefect)
        self._key = artifact_key(session.prepared.request.wave)
        self._progress: UUID | None = None
        self._drawn = ""
        self._table: list[dict[str, Any]] = []
        self._table_at = float("-inf")
        self._told = 0

    async def follow(self) -> None:
        """Keep artifacts and log up to date until the session has ended or Prefect is given up. Never raises."""
        while not self._session.is_over and not self._breaker.is_open:
            await self._show()
            await asyncio.sleep(_BEAT_SECONDS)

    async def close(self) -> None:
        """Show how it ended. Never raises."""
        await self._show(is_last=True)
        picture = self._board.last
        if picture is not None:
            await self._breaker.call(lambda: acreate_markdown_artifact(summary(picture), key=f"tracked-{self._key}"))

    async def _show(self, *, is_last: bool = False) -> None:
        lines = self._board.lines(self._told)
        self._told += len(lines)
        for line in lines:
            get_run_logger().info(line)
        picture = self._board.last
        if picture is None:
            return
        await self._show_progress(picture)
        table = attention(picture)
        if table != self._table and (is_last or time.monotonic() - self._table_at >= _TABLE_SECONDS):
            description = f"Servers of {picture.wave} that need somebody, or will be late ({MOST_TABLE_ROWS} at most)"
            await self._breaker.call(lambda: acreate_table_artifact(table, key=f"attention-{self._key}", description=description))
            self._table, self._table_at = table, time.monotonic()

    async def _show_progress(self, picture: Picture) -> None:
        text = picture.line()
        if text == self._drawn:
            return
        share, progress = round(picture.progress, 1), self._progress
        if progress is None:
            self._progress = await self._breaker.call(
                lambda: acreate_progress_artifact(share, key=f"tracking-{self._key}", description=text)
            )
        else:
            await self._breaker.call(lambda: aupdate_progress_artifact(progress, share, description=text))
        self._drawn = text


def attention(picture: Picture) -> list[dict[str, Any]]:
    """Who is lost, offline, late or unknown; the short columns first, since long cells are cut at the right."""
    wanted = [server for server in picture.servers if _needs_somebody(server)]
    return [
        {
            "row": str(server.row.cell("wave")),
            "server": server.label,
            "state": server.state,
            "late": length(server.late_seconds) if server.late_seconds else "",
            "code": server.error_code,
            "advice": server.advice,
            "message": server.error_message,
        }
        for server in wanted[:MOST_TABLE_ROWS]
    ]


def _needs_somebody(server: ServerView) -> bool:
    return server.standing.is_lost or server.standing is Standing.UNKNOWN or server.late_seconds > 0 or server.is_offline


def summary(picture: Picture) -> str:
    """The last picture in Markdown."""
    lines = [f"# {picture.wave}", "", picture.line(), "", "| standing | servers |", "| --- | --- |"]
    lines += [f"| {standing.value} | {count} |" for standing, count in picture.standings.items()]
    for name, at in (("Forecast", picture.expected_end), ("Ends", picture.ends_at), ("Window", picture.window_ends_at)):
        if at is not None:
            lines += ["", f"{name}: {moment(datetime.fromtimestamp(at, picture.zone).astimezone(picture.zone))}"]
    return "\n".join(lines)
