"""Servers of the test's own, ended with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.sms.sites import Answer, Script, Seen, Serve, ServeHttp, Site, read_request, serving

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server that does with each connection what the script says."""
    open_sites = []

    async def start(script: Script) -> Site:
        opened = serving(script, Site())
        open_sites.append(opened)
        return await opened.__aenter__()

    yield start
    for opened in open_sites:
        await opened.__aexit__(None, None, None)


@pytest.fixture
async def serve_http(serve: Serve) -> ServeHttp:
    """Start an HTTP server with kept-alive connections that answers each request by a function."""

    async def start(answer: Callable[[Seen], Answer]) -> Site:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                request = await read_request(reader)
                site.requests.append(request)
                given = answer(request)
                headers = {"content-length": str(len(given.body)), **given.headers}
                head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                writer.write(f"HTTP/1.1 {given.status} X\r\n{head}\r\n".encode() + given.body)

        site = await serve(script)
        return site

    return start
