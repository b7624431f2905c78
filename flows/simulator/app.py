"""The whole application: /v3 on the thin path of wire.py, everything else on starlette (the admin pages).

Puts parts together, decides nothing. Called by server.py, and by tests that want the application without a socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.simulator.admin import make_admin
from flows.simulator.wire import Wire

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from flows.simulator.simulator import Simulator


def make_app(simulator: Simulator) -> ASGIApp:
    """The ASGI application of one simulator."""
    wire, admin = Wire(simulator), make_admin(simulator)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Only the admin pages are worth a router."""
        if scope["type"] == "http" and not scope["path"].startswith("/admin"):
            await wire(scope, receive, send)
        else:
            await admin(scope, receive, send)

    return app
