"""A simulator as a process: listens, says where in one line of JSON, and ends quickly when told.

Decides when to begin and to end. The first line on stdout is `{"port": N, "url": "http://127.0.0.1:N"}`, written when
connections are accepted. Ends on SIGTERM, SIGINT, or, with `until_stdin_eof`, when standard input closes, so that no orphan is
left. Called by `__main__.py` and by `waves simulate`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from flows.simulator.app import make_app
from flows.simulator.simulator import Simulator

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp

    from flows.simulator.options import SimulatorOptions

Announce = Callable[[int, str], None]


class _BreakableProtocol(H11Protocol):
    """Hands each request its transport, which the faults need to drop or reset a connection, and the moment at which it came."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def data_received(self, data: bytes) -> None:
        self.app_state["received_at"] = self.loop.time()
        super().data_received(data)


class _Server(uvicorn.Server):
    """A uvicorn server that announces itself, and that a signal ends without being raised again."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._end) for each in _ending_signals()}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _end(self, *_: object) -> None:
        self.should_exit = True


def serve(options: SimulatorOptions, announce: Announce | None = None) -> None:
    """Run a simulator until it is told to end; `announce` (port, url), called once it listens, prints the JSON line by default.

    Raises OSError when the port is taken, inventory.plan.PlanError when the fleet cannot be read, sqlite3.DatabaseError when
    the state file is something else; then nothing was started.
    """
    listener = _listen(options)
    try:
        simulator = Simulator(options)
    except BaseException:
        listener.close()
        raise
    port = listener.getsockname()[1]
    server = _Server(_config(make_app(simulator)), lambda: (announce or print_line)(port, f"http://{options.host}:{port}"))
    if options.until_stdin_eof:
        threading.Thread(target=_end_at_eof, args=(server,), daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        simulator.store.close()


def print_line(port: int, url: str) -> None:
    """Say where the simulator listens, as the one line that scripts wait for."""
    print(json.dumps({"port": port, "url": url}), flush=True)


def _listen(options: SimulatorOptions) -> socket.socket:
    # With the protocol named: asyncio sets TCP_NODELAY on nothing less, and each answer then waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_BreakableProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )


def _ending_signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _end_at_eof(server: _Server) -> None:
    # Not through sys.stdin: a thread waiting inside its lock makes the interpreter's end a crash.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    server.should_exit = True
