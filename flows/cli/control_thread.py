"""The thread in which `waves submit` and `waves run` have Prefect: imported, shown the run and waited for there, beside no engine.

Prefect's import takes the interpreter for most of a second, so a small wave ends before it begins. Nothing here can stop the wave,
and nothing is raised: what Prefect did not get is remarked in one line.
"""

from __future__ import annotations

import asyncio
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.engine_session import EngineSession
    from flows.prefect_server.attach import Attachment

HEAD_START_SECONDS = 2.0
"""How long the engine has the interpreter to itself: most waves of a few hundred rows are over by then."""
RECORD_SECONDS = 10.0
"""What Prefect has to record the run, once the engine has ended and the report is on disk."""
SET_UP_SECONDS = 30.0
"""The same, where a server of ours makes its database first: once for each version of Prefect."""


class ControlThread(threading.Thread):
    """Shows one session to one Prefect API, by `show` of the flow's module. A daemon: an exit does not wait for it."""

    def __init__(self, attachment: Attachment, session: EngineSession[Any], module: str = "flows.submit_wave") -> None:
        super().__init__(name="control-room", daemon=True)
        self._attachment = attachment
        self._session = session
        self._module = module
        self._has_to_go = threading.Event()
        self.is_recorded = False
        self._has_imported = False

    def run(self) -> None:
        """Wait for the API and for the engine's head start, then run the flow."""
        problem = self._attachment.wait_ready(self._has_to_go.is_set) or self._show()
        if problem and not self._has_to_go.is_set():
            self._session.remark(problem)

    def _show(self) -> str:
        """Run the flow; what Prefect did not get, in one line."""
        self._session.wait_over(HEAD_START_SECONDS)
        if self._has_to_go.is_set():
            return ""
        self._has_imported = True
        try:
            self.is_recorded = asyncio.run(import_module(self._module).show(self._session))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with Prefect is no matter of the wave's
            return f"warning: Prefect did not record the run: {_first_line(error)}"
        return "" if self.is_recorded else "warning: Prefect did not record the end of the run"

    def finish(self, seconds: float | None = None) -> bool:
        """Wait for the record after the engine's end, `seconds` at most; whether all is well, so that the exit may be orderly.

        What Prefect did not get is remarked on the session's board, in one line and once.
        """
        began = time.monotonic()
        allowed = self._allowed() if seconds is None else seconds
        while self.is_alive() and not self._is_hopeless and time.monotonic() - began < allowed:
            self.join(0.02)
        self._has_to_go.set()
        if self.is_alive() and not self._session.is_prefect_lost:
            why = "its server is gone" if self._attachment.is_gone else f"not within {max(allowed, 1):.0f} s"
            self._session.remark(f"warning: Prefect did not record the end of the run: {why}")
        return not self.is_alive() and (self.is_recorded or not self._has_imported)

    @property
    def _is_hopeless(self) -> bool:
        return self._session.is_prefect_lost or self._attachment.is_gone

    def _allowed(self) -> float:
        return SET_UP_SECONDS if self._attachment.is_being_set_up else RECORD_SECONDS


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
