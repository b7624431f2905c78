"""One submission of a wave under way, in one thread: what the command line and the flow submit-wave run, watch, stop and await."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from flows import wave_job
from flows.board import Board
from flows.engine_session import EngineSession
from flows.wave_job import WaveEnd

if TYPE_CHECKING:
    from flows.settings import Settings
    from flows.submission.events import StopSignal
    from flows.wave_job import PreparedWave


class WaveSession(EngineSession[WaveEnd]):
    """A prepared wave, its board, and its end."""

    stopping = "stopping: rows on the wire have 2 s, Ctrl-C again gives them up"
    goes_on = "the wave goes on without it"

    def __init__(self, prepared: PreparedWave, settings: Settings) -> None:
        super().__init__()
        self.prepared = prepared
        self.board = Board(len(prepared.rows))
        self._settings = settings

    async def engine(self, stop: StopSignal) -> WaveEnd:
        """Submit the wave and write its report."""
        return await wave_job.run(self.prepared, self._settings, self.board, stop)

    def remark(self, text: str) -> None:
        """Keep a line on the board."""
        self.board.remark(text)


STARTED: ContextVar[WaveSession | None] = ContextVar("STARTED", default=None)
"""The session that the command line has started already: rows do not wait for Prefect's import, the flow finds it here.

Not in the flow's own module: Prefect pickles a flow with its module's variables, and a context variable cannot be.
"""
