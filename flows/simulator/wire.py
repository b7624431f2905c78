"""The service on HTTP: an ASGI application, and the faults around the effect of a request.

Decides nothing of the service: reads the request, has simulator.py take it, and sends or breaks off what comes of it. A thin path
on purpose: it is what thousands of creates go through.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from flows.simulator.answers import Answer
from flows.simulator.breakage import break_connection
from flows.simulator.request import Request
from flows.simulator.simulator import Simulator, route_name, source_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Wire:
    """The ASGI application for everything under /v3."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        simulator = self._simulator
        request = await read_request(scope, receive)
        if request is None:
            return
        request_id = simulator.new_request_id()
        simulator.ledger.arrivals.append((scope["state"]["received_at"], route_name(request.method, request.path)))
        if simulator.options.latency:
            await asyncio.sleep(simulator.options.latency)
        reply = simulator.receive(request, request_id)
        if reply.fault is not None and reply.fault.kind == "slow":
            await asyncio.sleep(simulator.options.slow_seconds)
        if reply.told is not None:
            await send_answer(send, reply.told, request_id)
        elif reply.fault is not None:
            await _break(reply.fault.kind, reply.true, request_id, scope, receive, send)


async def _break(kind: str, good: Answer | None, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
    if kind == "half":
        await send_half(send, good or Answer(200, b'{"id":"0000"}'), request_id)
    await break_connection(kind, scope["state"]["transport"], receive)


async def read_request(scope: Scope, receive: Receive) -> Request | None:
    """The request with its whole body; None when the client went away before it was complete, which then has no effect."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        scope["method"], scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"), headers, bytes(body)
    )


async def send_answer(send: Send, answer: Answer, request_id: str) -> None:
    """Send a whole answer."""
    await send(_start(answer, request_id))
    await send({"type": "http.response.body", "body": answer.body})


async def send_half(send: Send, answer: Answer, request_id: str) -> None:
    """Send the head of an answer and half of its body, and leave it at that."""
    await send(_start(answer, request_id))
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})


def _start(answer: Answer, request_id: str) -> dict[str, Any]:
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body)), (b"x-request-id", request_id.encode())]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


__all__ = ["Wire", "read_request", "send_answer", "send_half", "source_of"]
