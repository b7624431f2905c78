"""Every kind of answer that a create may get, by its name in the promise, with the error that the real client makes of it.

What each one means is not written here: at the start the wire's event is put before the real `SmsClient` once, and what that raises
is what the engine gets in every schedule. A change of the verdict shows in the exploration therefore.
"""

from __future__ import annotations

import asyncio
import functools
import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import httpx

from flows.simulator.answers import Answer as WireAnswer
from flows.simulator.options import AccessKey
from flows.sms.auth import AkSkAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.errors import SmsError, Throttled
from tests.simulation.faults import broken, refused, response_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_GOOD = WireAnswer(200, b'{"id":"0000"}')
_Wire = httpx.Response | Exception


class Effect(Enum):
    """What the server does with the create."""

    NOTHING = "not performed"
    MADE = "performed"
    MADE_AT_FIRST = "performed, and met again: a gateway sent it twice, and only the second answer came through"
    SLOW = "performed only just before the deadline, and answered then"
    LATE = "performed a moment later"
    TOO_LATE = "performed after the settle time"
    OF_ANOTHER = "not performed: somebody has made a task of this source for another target"
    OF_TARGET = "not performed: somebody has made a task of another source for this target"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer: what the server does, and the error that the client raises (None: it returns the task's id).

    `is_heard` is False where the answer never comes: the client gives up at its deadline.
    """

    name: str
    effect: Effect
    error: SmsError | None
    is_heard: bool = True

    def error_anew(self) -> SmsError | None:
        """The error as a new exception: one that is raised again and again would carry its past along."""
        error = self.error
        if error is None:
            return None
        if isinstance(error, Throttled):
            return Throttled(error.code, error.message, http_status=error.http_status, retry_after=error.retry_after)
        return type(error)(error.code, error.message, http_status=error.http_status)


def _no(status: int, code: str) -> _Wire:
    body = json.dumps({"error_code": code, "error_msg": "no"}).encode()
    return response_of(WireAnswer(status, body), "request-1")


def _broken(kind: str) -> _Wire:
    found = broken(kind, _GOOD, "request-1")
    assert found is not None
    return found


def _wire() -> Mapping[str, tuple[Effect, _Wire]]:
    """The kinds by name: what the server does, and what comes over the wire."""
    nothing, made = Effect.NOTHING, Effect.MADE
    return {
        "made": (made, response_of(_GOOD, "request-1")),
        "no": (nothing, _no(400, "SMS.6526")),
        "429": (nothing, _no(429, "APIGW.0308")),
        "refused": (nothing, refused()),
        "reset-before": (nothing, _broken("reset")),
        "reset-after": (made, _broken("reset")),
        "hang-before": (nothing, _broken("hang")),
        "hang-after": (made, _broken("hang")),
        "3xx-before": (nothing, _broken("302")),
        "3xx-after": (made, _broken("302")),
        "408-before": (nothing, _broken("408")),
        "408-after": (made, _broken("408")),
        "5xx-before": (nothing, _broken("503")),
        "5xx-after": (made, _broken("500")),
        "unreadable-200": (made, _broken("malformed")),
        "7605-by-us": (Effect.MADE_AT_FIRST, _no(400, "SMS.7605")),
        "7605-by-another": (Effect.OF_ANOTHER, _no(400, "SMS.7605")),
        "7605-by-target": (Effect.OF_TARGET, _no(400, "SMS.7605")),
        "7605-by-nobody": (nothing, _no(400, "SMS.7605")),
        "401": (nothing, _no(401, "APIGW.0301")),
        "slow": (Effect.SLOW, response_of(_GOOD, "request-1")),
        "late": (Effect.LATE, _broken("reset")),
        "too-late": (Effect.TOO_LATE, _broken("reset")),
    }


class _OneEvent(httpx.AsyncBaseTransport):
    def __init__(self, event: _Wire) -> None:
        self._event = event

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self._event, Exception):
            raise self._event
        return self._event


async def _judged(event: _Wire) -> SmsError | None:
    """What the real client makes of the event."""
    key = AccessKey()
    auth = AkSkAuth(key.access, key.secret, project_id="p-1")
    async with SmsClient(ClientOptions("https://sms.example"), auth, transport=_OneEvent(event)) as client:
        try:
            await client.create_task(b"{}")
        except SmsError as error:
            return error
        return None


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""

    async def judge_all() -> dict[str, Kind]:
        return {
            name: Kind(name, effect, await _judged(event), is_heard=not name.startswith("hang"))
            for name, (effect, event) in _wire().items()
        }

    return asyncio.run(judge_all())


TOO_LATE = "too-late"
"""The one answer after which nobody can exclude a second task where the server has no guard."""

SLOW = "slow"
"""The answer that comes just before the deadline: whoever hangs up at once does not see what comes of it."""

ANSWERS = tuple(name for name in _wire() if name != TOO_LATE)
"""The answers that the tool must survive, by name."""
