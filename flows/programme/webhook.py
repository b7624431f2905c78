"""Tell people by a webhook: one documented JSON a notification, each once, whoever looks.

What has been told is in the journal (`notice`), written after the receiver has taken it: a notification that could not be sent is
sent at the next occasion. Two processes that look at the same moment may both send it; its `id` is the same then. Called by
`waves status --notify`, `waves track` and the night.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import httpx
import tenacity

from flows.submission import schema
from flows.submission.wave_key import WaveKey
from flows.tracking.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from types import TracebackType

    from sqlalchemy import Connection

    from flows.programme.occasions import Event, Occasion
    from flows.submission.clock import Clock
    from flows.submission.journal import Journal

_CLIENT_LOG = logging.getLogger("httpx")
VERSION = 1
_ATTEMPTS = 3
_TIMEOUT_SECONDS = 10.0
_FIRST_WAIT_SECONDS = 0.5


class WebhookError(Exception):
    """The receiver did not take a notification; the text says why, and holds nothing of its URL, which may be a secret."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What is sent. `at` is seconds since 1970, UTC; `servers` are those that it is about, as the sheet names them."""

    account: str
    plan: str
    wave: str
    event: Event
    at: float
    text: str
    keys: tuple[str, ...]
    servers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Names what is told: the same for the same, whoever sends it when."""
        told = "\n".join([self.account, self.plan, self.wave, self.event.value, *sorted(self.keys)])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        """The body of the request."""
        return {
            "version": VERSION,
            "id": self.id,
            "event": self.event.value,
            "plan": self.plan,
            "wave": self.wave,
            "at": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="seconds"),
            "text": self.text,
            "servers": list(self.servers),
        }


class Webhook:
    """A receiver of notifications: `POST url` with a JSON body; any 2xx means taken. An async context manager."""

    def __init__(
        self, url: str, sleep: Callable[[float], Awaitable[None]], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url
        try:
            self._shown_url = str(httpx.URL(url))
        except httpx.InvalidURL:  # no request is made of it
            self._shown_url = url
        self._sleep = sleep
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, transport=transport)

    async def __aenter__(self) -> Self:
        _CLIENT_LOG.addFilter(self._tells_no_url)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _CLIENT_LOG.removeFilter(self._tells_no_url)
        await self._client.aclose()

    def _tells_no_url(self, record: logging.LogRecord) -> bool:
        """Whether a line of the HTTP client may be logged: it logs the address of each request at the level of information."""
        return f"HTTP Request: POST {self._shown_url}" not in record.getMessage()

    async def send(self, notification: Notification) -> None:
        """Send it, a few times where the receiver is away for a moment; raises WebhookError."""
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=_FIRST_WAIT_SECONDS),
            retry=tenacity.retry_if_exception_type(_AwayError),
            sleep=self._sleep,
            reraise=True,
        )
        await retrying(self._send_once, notification)

    async def _send_once(self, notification: Notification) -> None:
        try:
            response = await self._client.post(self._url, json=notification.as_json())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _AwayError(f"the webhook cannot be reached ({type(error).__name__})") from None
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise _AwayError(f"the webhook answered {response.status_code}")
        if not response.is_success:
            raise WebhookError(f"the webhook answered {response.status_code}")


class _AwayError(WebhookError):
    """It may be there in a moment."""


class Notifier:
    """Tells of the waves of a plan what nobody has told yet. `remark` gets the one line where a notification could not be sent."""

    def __init__(
        self, webhook: Webhook, journal: Journal, clock: Clock, account: str, plan_name: str, remark: Callable[[str], None]
    ) -> None:
        self._webhook = webhook
        self._journal = journal
        self._clock = clock
        self._account = account
        self._plan_name = plan_name
        self._remark = remark

    async def tell(self, told: Iterable[Occasion]) -> int:
        """Send what is new of these occasions; how many notifications were taken. Raises JournalUnavailableError."""
        taken = 0
        for occasion in told:
            new = await self._unsaid(occasion)
            if new and await self._send(occasion, new):
                taken += 1
        return taken

    async def _unsaid(self, occasion: Occasion) -> dict[str, str]:
        table, key = schema.notice, WaveKey(self._account, self._plan_name, occasion.wave)

        def read(connection: Connection) -> set[str]:
            chosen = key.of(table) & (table.c.kind == _kind(occasion))
            return set(connection.execute(table.select().with_only_columns(table.c.key).where(chosen)).scalars())

        said = await self._journal.read(read)
        return {key: label for key, label in occasion.keys.items() if key not in said}

    async def _send(self, occasion: Occasion, new: Mapping[str, str]) -> bool:
        notification = Notification(
            account=self._account,
            plan=self._plan_name,
            wave=occasion.wave,
            event=occasion.event,
            at=self._clock.wall(),
            text=occasion.text(new),
            keys=tuple(new),
            servers=tuple(label for label in new.values() if label),
        )
        try:
            await self._webhook.send(notification)
        except WebhookError as error:
            self._remark(f"warning: nobody was told that {notification.text}: {error}")
            return False
        notices = Notices(self._journal, self._account, self._plan_name, occasion.wave)
        await notices.unsaid(_kind(occasion), list(new), notification.at)
        return True


def _kind(occasion: Occasion) -> str:
    return f"webhook {occasion.event.value}"
