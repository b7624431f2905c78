"""What may go wrong with one request, as the wire between a client and the simulator's core does it.

The kinds are those of flows/simulator/faults.py, and what only a wire can do: a refused connection, an answer that comes too late,
a request that is performed late. Decides nothing about the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import httpx
from aiohttp.client_reqrep import ConnectionKey

from flows.simulator.answers import Answer
from flows.simulator.breakage import lying_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

LIES = ("empty", "malformed", "html", "500", "502", "503", "504", "408", "302")
BROKEN = ("drop", "reset", "hang", "half", "silent")

CREATE_KINDS: Mapping[str, float] = {
    **{f"{kind}-after": 1.0 for kind in (*LIES, *BROKEN)},
    **{f"{kind}-before": 0.5 for kind in (*LIES, *BROKEN)},
    **{f"late-{kind}": 0.4 for kind in ("504", "reset", "hang", "408")},
    "refused": 1.0, "slow": 0.7, "429": 1.0, "429-retry": 0.5, "429-window": 0.1,
    "SMS.6526": 0.7, "SMS.7605": 0.4, "SMS.6301": 0.4, "401": 0.05, "403": 0.05,
}  # fmt: skip
"""How often each kind strikes a create, in parts."""

READ_KINDS: Mapping[str, float] = {
    **dict.fromkeys((*(f"{kind}-before" for kind in (*LIES, *BROKEN)), "refused", "slow", "429", "429-retry"), 1.0),
    "401": 0.05,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WireFault:
    """A fault about to strike: its kind, and whether the request is performed first (`after`), later (`late`), or not at all."""

    kind: str
    performed: str

    @property
    def is_refused(self) -> bool:
        """Whether no connection came about, so that nothing was sent."""
        return self.kind == "refused"


def fault_of(name: str) -> WireFault:
    """The fault of that name of CREATE_KINDS or READ_KINDS."""
    if name == "slow":
        return WireFault("slow", "after")
    if name.startswith("late-"):
        return WireFault(name.removeprefix("late-"), "late")
    kind, dash, phase = name.rpartition("-")
    if dash and phase in {"before", "after"}:
        return WireFault(kind, phase)
    return WireFault(name, "before")


def broken(kind: str, good: Answer | None, request_id: str) -> httpx.Response | Exception | None:
    """What the client gets of a connection that breaks: an answer, an exception, or nothing for ever."""
    match kind:
        case "drop":
            return _caused(httpx.RemoteProtocolError("Server disconnected"), aiohttp.ServerDisconnectedError())
        case "reset":
            return _caused(httpx.ReadError("reset"), aiohttp.ClientOSError(104, "Connection reset by peer"))
        case "hang":
            return _caused(httpx.ReadTimeout("timeout"), aiohttp.SocketTimeoutError("Timeout on reading data from socket"))
        case "silent":
            return None
        case "half":
            return half_response(good or Answer(200, b'{"id":"0000"}'), request_id)
        case _:
            return response_of(lying_answer(kind, good, request_id, 1), request_id)


def refused() -> Exception:
    """No connection came about."""
    key = ConnectionKey("sms.example", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)
    cause = aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "Connect call failed"))
    return _caused(httpx.ConnectError("refused"), cause)


def response_of(answer: Answer, request_id: str) -> httpx.Response:
    """A whole answer."""
    return httpx.Response(answer.status, headers=_headers(answer, request_id), content=answer.body)


def half_response(answer: Answer, request_id: str) -> httpx.Response:
    """The head of an answer and half of its body."""
    return httpx.Response(answer.status, headers=_headers(answer, request_id), stream=_Half(answer.body))


def _headers(answer: Answer, request_id: str) -> Sequence[tuple[bytes, bytes]]:
    return [*answer.headers, (b"content-length", b"%d" % len(answer.body)), (b"x-request-id", request_id.encode())]


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class _Half(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise _caused(httpx.ReadError("broken"), aiohttp.ClientPayloadError("Response payload is not completed"))
