"""Talk to SMS v3: one create that is sent once, and reads that are retried by rule."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    import httpx

    from flows.sms.errors import Throttled
    from flows.sms.models import Created, TaskSummary
    from inventory.source_server import SourceServer


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Where SMS is and how patient to be."""

    endpoint: str
    read_timeout_seconds: float = 30.0
    connect_timeout_seconds: float = 10.0
    max_connections: int = 40
    user_agent: str = "migration-waves"

    @property
    def deadline_seconds(self) -> float:
        """The one deadline of a request, over connect, write and read."""
        return self.connect_timeout_seconds + self.read_timeout_seconds


class Pace(Protocol):
    """What limits the account's rate: every read asks first, every 429 is told."""

    async def acquire_read(self) -> None:
        """Return when one more read may be sent."""

    def on_throttled(self, error: Throttled) -> None:
        """Learn of a 429 that a read got."""


class SmsClient:
    """An async context manager; see the methods (first version: signatures)."""

    def __init__(
        self,
        options: ClientOptions,
        auth: httpx.Auth,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        pace: Pace | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def create_task(self, body: bytes) -> Created:
        """Send one create, exactly once; raises an SmsError, of which `may_exist` tells whether the task may be there."""
        raise NotImplementedError

    async def list_tasks(self, source_server_id: str = "") -> list[TaskSummary]:
        """All tasks (of one source server), each id once. Absence from the list proves nothing."""
        raise NotImplementedError

    async def show_task(self, task_id: str) -> TaskSummary | None:
        """The task; None only where SMS says that it does not exist."""
        raise NotImplementedError

    async def list_sources(self) -> list[SourceServer]:
        """All source servers, each id once."""
        raise NotImplementedError

    async def show_source(self, source_server_id: str) -> SourceServer | None:
        """The source server with its disks; None only where SMS says that it does not exist."""
        raise NotImplementedError
