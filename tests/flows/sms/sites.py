"""Real sockets on 127.0.0.1 to break connections with, a small HTTP server that answers as a test says, and clients for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from flows.sms.auth import TokenAuth
from flows.sms.client import ClientOptions, SmsClient

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What a test's server says."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


async def read_head(reader: asyncio.StreamReader) -> Seen:
    """The request's line and headers, its body still unread."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return Seen(method, target, headers, b"")


async def read_request(reader: asyncio.StreamReader) -> Seen:
    """One whole request."""
    head = await read_head(reader)
    body = await reader.readexactly(int(head.headers.get("content-length", "0")))
    return Seen(head.method, head.target, head.headers, body)


@dataclass
class Site:
    """A listening server: where it is, how many connections came, which requests were read."""

    url: str = ""
    connections: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[Seen] = field(default_factory=list)


@asynccontextmanager
async def serving(script: Script, site: Site) -> AsyncIterator[Site]:
    """Run `script` for every connection until the test is done with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.connections += 1
        site.connected.set()
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    site.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Serve(Protocol):
    """The `serve` fixture."""

    async def __call__(self, script: Script) -> Site: ...


class ServeHttp(Protocol):
    """The `serve_http` fixture."""

    async def __call__(self, answer: Callable[[Seen], Answer]) -> Site: ...


async def no_sleep(seconds: float) -> None:
    """Waits pass at once."""


def client_of(
    url: str, *, read_timeout_seconds: float = 5.0, connect_timeout_seconds: float = 5.0, max_connections: int = 8
) -> SmsClient:
    """A client whose timeouts are short enough for a test and whose waits pass at once."""
    options = ClientOptions(url, read_timeout_seconds, connect_timeout_seconds, max_connections)
    return SmsClient(options, TokenAuth("given-token"), sleep=no_sleep)
