"""The process of a server of our own: tells its port at once, serves Prefect's API, and ends when its standard input does.

Run as `python -m flows.prefect_server.child [DATABASE]`. The parent sends nothing: a parent that ends in whatever way, SIGKILL too,
closes the pipe. It binds the port itself, so that nobody else can take it in between.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from flows.prefect_server.database import put_database, start_migrating
from flows.prefect_server.end_of_input import EndOfInput


def serve(database: Path | None) -> None:
    """Serve until the input ends; `database` is made first where it is missing."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    end = EndOfInput()
    end.start()
    migrating = start_migrating(database) if database is not None else None

    import uvicorn
    from prefect.server.api.server import create_app

    if migrating is not None:
        migrating.wait()
    if database is not None:
        # Without it the server migrates its file itself, or says why it cannot.
        with suppress(OSError):
            put_database(database)
    server = uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on"))
    end.server = server
    server.run(sockets=[listener])
    os._exit(0 if server.started else 1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
