"""End this process when its standard input ends: however the parent went, SIGKILL too, the system closes the pipe for it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

_SHUTDOWN_SECONDS = 3.0


class EndOfInput(threading.Thread):
    """Watches standard input. A server that runs may end in order, for a few seconds; anything else ends at once."""

    def __init__(self) -> None:
        super().__init__(name="end-of-input", daemon=True)
        self.server: uvicorn.Server | None = None

    def run(self) -> None:
        """Wait for the end of input; what comes before it means nothing."""
        while os.read(0, 1024):
            pass
        if self.server is None or not self.server.started:
            os._exit(0)
        self.server.should_exit = True
        threading.Timer(_SHUTDOWN_SECONDS, os._exit, (0,)).start()
