"""The service on HTTP: an ASGI application, and the faults around the effect of a request.

Decides nothing of the service: reads the request, lets the fault before the effect strike, has simulator.py answer, lets the fault
after it strike. A thin path on purpose: it is what thousands of creates go through.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flows.simulator.answers import Answer
from flows.simulator.breakage import BREAKS_CONNECTION, break_connection, lying_answer
from flows.simulator.faults import Fault, Phase
from flows.simulator.request import Request
from flows.simulator.simulator import CREATE, Simulator, route_name

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_SOURCE = re.compile(rb'"source_server"\s*:\s*\{\s*"id"\s*:\s*"([^"]*)"')


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
        name, request_id = route_name(request.method, request.path), simulator.new_request_id()
        simulator.ledger.requests[name] += 1
        simulator.ledger.arrivals.append((scope["state"]["received_at"], name))
        if simulator.options.latency:
            await asyncio.sleep(simulator.options.latency)
        fault = self._draw(name, request)
        if fault is None or fault.kind == "slow":
            answer = simulator.answer(request, request_id)
            if fault is not None:
                await asyncio.sleep(simulator.options.slow_seconds)
            await send_answer(send, answer, request_id)
            return
        if fault.kind == "late":
            simulator.perform_late(request)
        good = simulator.answer(request, request_id) if fault.phase is Phase.AFTER else None
        if fault.kind in BREAKS_CONNECTION:
            await _break(fault.kind, good, request_id, scope, receive, send)
        else:
            await send_answer(send, lying_answer(fault.kind, good, request_id, simulator.options.retry_after_seconds), request_id)

    def _draw(self, name: str, request: Request) -> Fault | None:
        faults = self._simulator.faults
        if not faults.active:
            return None
        return faults.draw(name, source_of(name, request))


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


def source_of(name: str, request: Request) -> str:
    """The source server that a request is about, by a glance at its body or query; empty when it names none."""
    if name == CREATE:
        match = _SOURCE.search(request.body)
        return match[1].decode(errors="replace") if match else ""
    return parse_qs(request.raw_query).get("source_server_id", [""])[-1]


def _start(answer: Answer, request_id: str) -> dict[str, Any]:
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body)), (b"x-request-id", request_id.encode())]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
