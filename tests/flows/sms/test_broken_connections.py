"""Break the connection at every moment of a create, over real sockets, and hold the client to its verdict and to one attempt."""

from __future__ import annotations

import asyncio
import socket
import struct

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from flows.sms.auth import TokenAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.errors import Ambiguous, NotSent, SmsError
from tests.flows.sms.sites import Script, Serve, client_of, no_sleep, read_head, read_request

BODY = b'{"name":"t1","padding":"' + b"x" * 2000 + b'"}'
WHOLE = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"id":"t1"}'


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up without reading."""
    writer.close()


async def close_after_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the headers, hang up."""
    await read_head(reader)


async def close_after_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the whole request, hang up."""
    await read_request(reader)


async def reset_after_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the whole request, reset the connection."""
    await read_request(reader)
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the whole request, say nothing."""
    await read_request(reader)
    await asyncio.Event().wait()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the whole request, answer with headers that never end."""
    await read_request(reader)
    writer.write(WHOLE[:60])
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.02)


def answer_only(part: bytes) -> Script:
    """Read the whole request, answer with `part`, hang up."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(part)
        await writer.drain()

    return script


SENT = {
    "closed before reading": (close_at_once, "WAVES.BROKEN"),
    "closed after the headers": (close_after_headers, "WAVES.BROKEN"),
    "closed after the body": (close_after_body, "WAVES.BROKEN"),
    "reset after the body": (reset_after_body, "WAVES.BROKEN"),
    "half a status line": (answer_only(WHOLE[:10]), "WAVES.BROKEN"),
    "half the headers": (answer_only(WHOLE[:40]), "WAVES.BROKEN"),
    "half the body": (answer_only(WHOLE[:-4]), "WAVES.BROKEN"),
    "a garbled status line": (answer_only(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "WAVES.GARBLED"),
    "a broken content encoding": (answer_only(WHOLE.replace(b"content-type", b"content-encoding: gzip\r\nx")), "WAVES.UNREADABLE"),
    "no answer": (hang, "WAVES.TIMEOUT"),
    "an answer without end": (trickle, "WAVES.TIMEOUT"),
}


async def create(client: SmsClient) -> SmsError:
    """The error that a create ends with."""
    async with client:
        with pytest.raises(SmsError) as caught:
            await client.create_task(BODY)
    return caught.value


@pytest.mark.parametrize("moment", SENT)
async def test_a_create_broken_after_connecting_is_ambiguous_and_sent_once(moment: str, serve: Serve) -> None:
    """Whatever breaks once the server has the connection, the task may exist, and the create is not repeated."""
    script, code = SENT[moment]
    site = await serve(script)
    error = await create(client_of(site.url, read_timeout_seconds=0.3, connect_timeout_seconds=0.3))
    assert isinstance(error, Ambiguous)
    assert error.may_exist
    assert (error.code, site.connections) == (code, 1)


async def test_a_refused_connection_is_not_sent() -> None:
    """Nobody listens: no byte left this machine."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        error = await create(client_of(f"http://127.0.0.1:{held.getsockname()[1]}"))
    assert isinstance(error, NotSent)
    assert (error.code, error.may_exist) == ("WAVES.CONNECT", False)


class NoNames(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        raise OSError(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None:
        pass


async def test_a_name_that_does_not_resolve_is_not_sent() -> None:
    """DNS fails: no byte left this machine."""

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoNames()))

    options = ClientOptions("http://sms.example.invalid")
    error = await create(
        SmsClient(options, TokenAuth("t"), transport=AiohttpTransport(verify=False, client=session), sleep=no_sleep)
    )
    assert isinstance(error, NotSent)
    assert error.code == "WAVES.DNS"


async def test_tls_against_a_plain_server_is_not_sent(serve: Serve) -> None:
    """The handshake fails, so the request was never written."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    site = await serve(plain)
    error = await create(client_of(site.url.replace("http:", "https:")))
    assert isinstance(error, NotSent)
    assert error.code == "WAVES.TLS"


async def test_a_create_that_found_no_free_connection_is_not_sent(serve: Serve) -> None:
    """The only connection is taken by a create that hangs: the second never left."""
    site = await serve(hang)
    async with client_of(site.url, max_connections=1, connect_timeout_seconds=0.3, read_timeout_seconds=30.0) as client:
        first = asyncio.ensure_future(client.create_task(BODY))
        await site.connected.wait()
        with pytest.raises(NotSent, match=r"WAVES\.CONNECT_TIMEOUT"):
            await client.create_task(BODY)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert site.connections == 1


async def test_a_create_sent_while_a_refusal_is_handled_is_ambiguous(serve: Serve) -> None:
    """A create in an `except NotSent` inherits that refusal as its context; it was sent all the same."""
    site = await serve(close_after_body)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        refused = client_of(f"http://127.0.0.1:{held.getsockname()[1]}")
        async with refused, client_of(site.url) as client:
            try:
                await refused.create_task(BODY)
            except NotSent:
                with pytest.raises(Ambiguous):
                    await client.create_task(BODY)


async def test_a_cancelled_create_stays_cancelled(serve: Serve) -> None:
    """Cancellation is the caller's own doing, and comes back as what it is."""
    site = await serve(hang)
    async with client_of(site.url) as client:
        aio_task = asyncio.ensure_future(client.create_task(BODY))
        await site.connected.wait()
        aio_task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await aio_task
