"""A Prefect server in another process that counts the calls of its API: `CountedPrefect` starts it, asks it, ends it.

Run as `python -m tests.benchmarks.counted_prefect` it is that server: it says its port, and ends with its standard input.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

COUNTED = "/counted"


class CountedPrefect:
    """The server, from the start of a block to its end; its home is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._home = {
            "PREFECT_HOME": str(folder / "counted-prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
        }
        self._words = folder / "counted-prefect.log"

    def __enter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | self._home
        command = [sys.executable, "-m", "tests.benchmarks.counted_prefect"]
        with self._words.open("wb") as words:  # it complains of connections that are cut when it ends
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._end()
            raise RuntimeError(f"the Prefect server did not start: {self._words.read_text()[-2000:]}")
        self.url = f"http://127.0.0.1:{int(line)}"
        self._wait_until_answered()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a flow talks to this server."""
        return {**self._home, "PREFECT_API_URL": f"{self.url}/api"}

    def calls(self) -> int:
        """How many calls of the API there were, and connections for events."""
        return int(self._ask(COUNTED))

    def task_runs(self) -> int:
        """How many task runs the server holds."""
        return int(self._ask("/api/task_runs/count", {}))

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={"content-type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
            return json.loads(answer.read())

    def _wait_until_answered(self) -> None:
        for _ in range(600):
            try:
                self._ask("/api/health")
            except OSError:
                time.sleep(0.1)
            else:
                return
        self._end()
        raise RuntimeError("the Prefect server did not answer")

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process.stdout.close()


class _Counting:
    """Prefect's application, its calls counted; asked for the count, it tells."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == COUNTED:
            body = json.dumps(self._count).encode()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
            await send({"type": "http.response.body", "body": body})
            return
        self._count += scope["type"] in {"http", "websocket"} and scope["path"] != "/api/health"
        await self._app(scope, receive, send)


def _serve() -> None:
    import uvicorn
    from prefect.server.api.server import create_app

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(_Counting(create_app()), log_level="error", lifespan="on"))
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


def _end_with_input(server: Any) -> None:
    while os.read(0, 4096):
        pass
    server.should_exit = True
    time.sleep(5)
    os._exit(0)


if __name__ == "__main__":
    _serve()
