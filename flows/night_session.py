"""One night of a wave under way, in one thread: what `waves run` and the flow run-wave run, watch, stop and await."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from flows import night_job
from flows.engine_session import EngineSession
from flows.night_board import NightBoard
from flows.night_job import NightEnd

if TYPE_CHECKING:
    from flows.night_job import PreparedNight
    from flows.settings import Settings
    from flows.submission.events import StopSignal


class NightSession(EngineSession[NightEnd]):
    """A prepared night, its board, and its end."""

    stopping = "stopping: what is on the wire has 2 s, then the report is written; Ctrl-C again gives it up"
    goes_on = "the night goes on without it"

    def __init__(self, prepared: PreparedNight, settings: Settings) -> None:
        super().__init__()
        self.prepared = prepared
        self.settings = settings
        self.board = NightBoard(len(prepared.wave.rows), prepared.wave.order.wave, prepared.request.approve_command())

    async def engine(self, stop: StopSignal) -> NightEnd:
        """Walk the wave's path and write the report."""
        return await night_job.run(self.prepared, self.settings, self.board, stop)

    def remark(self, text: str) -> None:
        """Keep a line on the board."""
        self.board.remark(text)


STARTED: ContextVar[NightSession | None] = ContextVar("STARTED", default=None)
"""The night that the command line has started already: it does not wait for Prefect's import, the flow finds it here.

Not in the flow's own module: Prefect pickles a flow with its module's variables, and a context variable cannot be.
"""
