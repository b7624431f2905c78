"""How a fault is done: the answers that lie, and the connections that are closed, reset or left hanging.

Decides nothing: faults.py has drawn the kind. Called by wire.py with the good answer, where the effect has happened already.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING

from flows.simulator.answers import GATEWAY_PAGE, HTML_TYPE, JSON_TYPE, Answer, GatewayRefusal, Refusal, json_bytes
from flows.simulator.throttle import throttled

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive

BREAKS_CONNECTION = frozenset({"drop", "reset", "hang", "half"})

# SO_LINGER on, zero seconds: the close is an RST.
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_GATEWAY_TEXT = {"502": "Bad gateway", "503": "The backend service is unavailable", "504": "The backend service timed out"}


def lying_answer(kind: str, good: Answer | None, request_id: str, retry_after_seconds: int) -> Answer:
    """The answer for a fault which leaves the connection whole. `good` is the true one, None before the effect."""
    match kind:
        case "empty":
            return Answer(200)
        case "malformed":
            return Answer(200, (good.body if good is not None else b'{"id":"')[:-2] or b"{")
        case "html":
            return Answer(502, GATEWAY_PAGE, HTML_TYPE)
        case "500":
            return Answer(500, json_bytes({"error_code": "SMS.2007", "error_msg": "Internal server error."}))
        case "408":
            return Answer(408, json_bytes({"error_code": "APIGW.0705", "error_msg": "Request timeout", "request_id": request_id}))
        case "302":
            return Answer(302, b"", (*JSON_TYPE, (b"location", b"/maintenance")))
        case "late":
            return lying_answer("504", good, request_id, retry_after_seconds)
        case _:
            return _refusing_answer(kind, request_id, retry_after_seconds)


def _refusing_answer(kind: str, request_id: str, retry_after_seconds: int) -> Answer:
    match kind:
        case "429":
            return throttled(100, 1).answer(request_id)
        case "429-retry":
            return throttled(100, 1, retry_after_seconds).answer(request_id)
        case "429-window":
            return throttled(200, 300).answer(request_id)
        case "401":
            message = "Incorrect IAM authentication information: verify aksk signature fail"
            return GatewayRefusal(401, "APIGW.0301", message).answer(request_id)
        case "403":
            return forbidden("sms:server:createTask").answer()
        case "502" | "503" | "504":
            return GatewayRefusal(int(kind), f"APIGW.0{kind}", _GATEWAY_TEXT[kind]).answer(request_id)
        case _ if kind.startswith("SMS."):
            return Refusal(kind, "The simulator was told to refuse.").answer()
        case _:
            raise NotImplementedError(kind)


def forbidden(action: str) -> Refusal:
    """The service's 403 for a missing permission, worded as on the public page."""
    missing = f"You do not have permission to perform action {action} on resource *."
    message = f"The current account does not have the permission to execute policy {missing}"
    return Refusal("SMS.9004", message, status=403, params=[missing])


async def break_connection(kind: str, transport: asyncio.Transport, receive: Receive) -> None:
    """Drop, reset or hang, and return when the connection is gone. What was written before a drop still goes out."""
    if kind == "reset":
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        transport.abort()
    elif kind != "hang":
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
