"""The way to the simulated SMS, in this process and in virtual time: a transport under the real client, bytes in, bytes out.

Decides how long a request takes and when the line is down, by a seeded Random; which request suffers what is drawn by the
simulator, and done here, for there is no socket to break. A request that is on its way arrives whatever becomes of whoever sent it.
Called by the client.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import httpx
from aiohttp.client_reqrep import ConnectionKey

from flows.rehearsal.poll_clock import Listed
from flows.simulator.answers import Answer
from flows.simulator.request import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from random import Random

    from flows.rehearsal.poll_clock import News
    from flows.simulator.simulator import Reply, Simulator

ENDPOINT = "https://sms.rehearsal"
_FASTEST_WAY_SECONDS, _SLOWEST_WAY_SECONDS = 0.015, 0.05
"""One way: half of what a call to another country's cloud takes."""

_LISTING = "/v3/tasks"

Heard = httpx.Response | Exception


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no connection comes about, by the wall clock."""

    begins_at: float
    ends_at: float


@dataclass(slots=True)
class Network(httpx.AsyncBaseTransport):
    """One client's line to the one SMS. `refused` counts the connections that did not come about.

    `news` is told of each request that may change something; `listed` is kept for whoever waits for the next change.
    """

    simulator: Simulator
    random: Random
    wall: Callable[[], float]
    news: News
    outages: Sequence[Outage] = ()
    listed: Listed = field(default_factory=Listed)
    refused: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request from its first byte to its answer's last; raises what a connection raises that breaks."""
        now = self.wall()
        if any(outage.begins_at <= now < outage.ends_at for outage in self.outages):
            await asyncio.sleep(self._way_seconds())
            self.refused += 1
            raise _refused()
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[httpx.Response] = loop.create_future()
        loop.call_later(self._way_seconds(), self._arrive, _request_of(request), heard)
        return await heard

    def _arrive(self, request: Request, heard: asyncio.Future[httpx.Response]) -> None:
        simulator = self.simulator
        request_id = simulator.new_request_id()
        reply = simulator.receive(request, request_id)
        if request.method != "GET":
            self.news.happen()
        elif reply.fault is None and request.path == _LISTING:
            self.listed.news, self.listed.next_change_at = self.news.count, simulator.service.next_step_at()
        said = _said(reply, request_id)
        if said is not None:
            is_slow = reply.fault is not None and reply.fault.kind == "slow"
            seconds = self._way_seconds() + (simulator.options.slow_seconds if is_slow else 0.0)
            asyncio.get_running_loop().call_later(seconds, _deliver, heard, said)

    def _way_seconds(self) -> float:
        return _FASTEST_WAY_SECONDS + (_SLOWEST_WAY_SECONDS - _FASTEST_WAY_SECONDS) * self.random.random()


def _request_of(sent: httpx.Request) -> Request:
    path, _, query = sent.url.raw_path.decode("ascii").partition("?")
    return Request(sent.method, path, query, dict(sent.headers.items()), sent.read())


def _deliver(heard: asyncio.Future[httpx.Response], said: Heard) -> None:
    if heard.done():
        return
    if isinstance(said, httpx.Response):
        heard.set_result(said)
    else:
        heard.set_exception(said)


def _response_of(answer: Answer, request_id: str) -> httpx.Response:
    return httpx.Response(answer.status, headers=_headers(answer, request_id), content=answer.body)


def _headers(answer: Answer, request_id: str) -> list[tuple[bytes, bytes]]:
    return [*answer.headers, (b"content-length", b"%d" % len(answer.body)), (b"x-request-id", request_id.encode())]


def _said(reply: Reply, request_id: str) -> Heard | None:
    """What comes back: an answer, or what aiohttp says, under httpx's name, of a broken connection; None for nothing ever."""
    if reply.told is not None:
        return _response_of(reply.told, request_id)
    match reply.fault.kind if reply.fault is not None else "hang":
        case "hang":
            return None
        case "half":
            answer = reply.true or Answer(200, b'{"id":"0000"}')
            return httpx.Response(answer.status, headers=_headers(answer, request_id), stream=_Half(answer.body))
        case "reset":
            return _caused(httpx.ReadError("reset"), aiohttp.ClientOSError(104, "Connection reset by peer"))
        case _:
            return _caused(httpx.RemoteProtocolError("Server disconnected"), aiohttp.ServerDisconnectedError())


def _refused() -> Exception:
    """What is said where no connection comes about: nothing was sent."""
    host = httpx.URL(ENDPOINT).host
    key = ConnectionKey(host, 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)
    cause = aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "Connection refused"))
    return _caused(httpx.ConnectError("refused"), cause)


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class _Half(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise _caused(httpx.ReadError("broken"), aiohttp.ClientPayloadError("Response payload is not completed"))
