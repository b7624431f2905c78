"""Have a Prefect API that shows a run: the configured one, else one that runs on this machine, else one of our own (design 7).

`attach` returns at once; whether the API really answers is found out beside the wave (`wait_ready`), since rows never wait for it.
Standard library only. Called by the command line, first thing.
"""

from __future__ import annotations

import contextlib
import http
import http.client
import os
import subprocess
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from flows.prefect_server.configured import read_configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.prefect_server.configured import Configured

_PROBE_SECONDS = 2.0
_LOCAL_PROBE_SECONDS = 0.5
_STOP_SECONDS = 10.0

CLIENT_ENVIRONMENT = {
    # Once is for a passing 503; the default of 5 tries costs minutes at the end of a run whose API is gone.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # Logs go to the API; what a person reads in the terminal is ours.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
"""What a process that shows a run of its own sets, where it is not set, before it imports Prefect."""

_CHILD_ENVIRONMENT = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


class Origin(StrEnum):
    """Whose API it is."""

    CONFIGURED = "configured"
    RUNNING = "running"
    OWN = "own"


class Attachment:
    """A Prefect API that a run may be shown to. `close` ends what was started for it; more than one call is fine."""

    def __init__(self, origin: Origin, url: str, server: OwnServer | None = None) -> None:
        self.origin = origin
        self.url = url
        self._server = server
        self._has_answered = False
        # Asked beside the imports: an API that is far away, or swallows what it is sent, costs the wave no time.
        self._probe = threading.Thread(target=self._ask, name="prefect-probe", daemon=True)
        if origin is Origin.CONFIGURED:
            self._probe.start()

    def wait_ready(self, gives_up: Callable[[], bool]) -> str:
        """Return "" as soon as the API answers, else, in one line, why there is none. Blocks: call it from a thread.

        A server of our own is waited for until `gives_up`; any other has to answer the first time.
        """
        if self._server is not None:
            return self._server.wait_ready(gives_up)
        if self.origin is Origin.CONFIGURED:
            self._probe.join(_PROBE_SECONDS)
        if self._has_answered or self.origin is Origin.RUNNING:
            return ""
        return f"warning: Prefect does not answer at {shown(self.url)}: the wave runs without it"

    def _ask(self) -> None:
        self._has_answered = answers(self.url, _PROBE_SECONDS)

    @property
    def is_being_set_up(self) -> bool:
        """Whether a server of our own is starting on a database that it has to make first, which takes longer, once."""
        return self._server is not None and self._server.makes_database

    @property
    def is_gone(self) -> bool:
        """Whether a server of our own has ended."""
        return self._server is not None and self._server.is_gone

    def close(self) -> None:
        """End the server, if it is ours, and wait until it is gone, 10 seconds at most."""
        if self._server is not None:
            self._server.stop()


class OwnServer:
    """A Prefect server in a child process, in its own session, so that Ctrl-C reaches us and not it."""

    def __init__(self, configured: Configured) -> None:
        """Start it; returns when it has told its port (some 40 ms). Raises OSError where no process can be started."""
        self._database = None if configured.has_database else configured.home / "prefect.db"
        self.makes_database = self._database is not None and not self._database.exists()
        command = [sys.executable, "-m", "flows.prefect_server.child", *([str(self._database)] if self._database else [])]
        root = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, **_CHILD_ENVIRONMENT, "PREFECT_HOME": str(configured.home), "PYTHONPATH": paths}
        windows = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=windows,
            env=environment,
        )
        self.url = f"http://127.0.0.1:{self._read_port()}/api"

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        """Whether the child has ended."""
        return self._process.poll() is not None

    def wait_ready(self, gives_up: Callable[[], bool]) -> str:
        """As Attachment.wait_ready."""
        while not answers(self.url, _LOCAL_PROBE_SECONDS):
            if self.is_gone:
                return "warning: Prefect's server could not be started (`prefect server start` says why): the wave runs without it"
            if gives_up():
                return "warning: Prefect's server was not up in time to record the run"
            time.sleep(0.05)
        self.makes_database = False
        return ""

    def stop(self) -> None:
        """End it by the end of its input; kill it if that does not do within 10 seconds."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read_port(self) -> int:
        line = self._process.stdout.readline() if self._process.stdout is not None else b""
        if not line.strip().isdigit():
            self.stop()
            raise OSError("the server's process ended before it had a port")
        return int(line)


def attach() -> Attachment | None:
    """The API for this process's run, by what is configured and what runs; None where not even a server can be started."""
    try:
        configured = read_configured()
    except RuntimeError:  # a user without a home folder, as in a container: Prefect can be neither configured nor kept
        return None
    if configured.api_url:
        return Attachment(Origin.CONFIGURED, configured.api_url)
    local = f"http://127.0.0.1:{configured.port}/api"
    if answers(local, _LOCAL_PROBE_SECONDS, b"true"):
        return Attachment(Origin.RUNNING, local)
    try:
        server = OwnServer(configured)
    except OSError:
        return None
    return Attachment(Origin.OWN, server.url, server)


def answers(url: str, seconds: float, expected: bytes = b"") -> bool:
    """Whether an API answers at `url` within `seconds`: with `expected`, or, where that is empty, with anything below 500."""
    connection: http.client.HTTPConnection | None = None
    try:
        parts = urlsplit(url)
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = connect(parts.hostname or "", parts.port, timeout=seconds)
        connection.request("GET", f"{parts.path.rstrip('/')}/health")
        answer = connection.getresponse()
        said = answer.read(64)
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        if connection is not None:
            connection.close()
    # A gateway's 502 is the answer of something else in the place of an API.
    return said.strip() == expected if expected else answer.status < http.HTTPStatus.INTERNAL_SERVER_ERROR


def shown(url: str) -> str:
    """The URL without a user or password; what is none, as it was typed after them."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if not (parts.scheme and parts.netloc):
        return url.rpartition("@")[2]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
