"""The process of a server of our own: tells its port at once, serves Prefect's API, and ends when its standard input does.

Run as `python -m flows.prefect_server.child [DATABASE]`. The parent sends nothing: a parent that ends in whatever way, SIGKILL too,
closes the pipe. It binds the port itself, so that nobody else can take it in between.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

_SHUTDOWN_SECONDS = 3.0


class _EndOfInput(threading.Thread):
    """Ends the process when standard input ends: at once before the server runs, gracefully for a few seconds after."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.server: uvicorn.Server | None = None

    def run(self) -> None:
        """Wait for the end of input."""
        while os.read(0, 1024):
            pass
        if self.server is None or not self.server.started:
            os._exit(0)
        self.server.should_exit = True
        threading.Timer(_SHUTDOWN_SECONDS, os._exit, (0,)).start()


def serve(database: Path | None) -> None:
    """Serve until the input ends; `database` is made first where it is missing."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    end = _EndOfInput()
    end.start()

    import uvicorn
    from prefect.server.api.server import create_app

    if database is not None:
        # Without it the server migrates its file itself, or says why it cannot.
        with suppress(OSError):
            from flows.prefect_server.database import put_database

            put_database(database)
    end.server = uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on"))
    end.server.run(sockets=[listener])
    os._exit(0 if end.server.started else 1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
