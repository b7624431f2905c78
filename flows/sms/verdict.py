"""Decide what became of a request: an answer or an exception in, an SmsError out (design: exactly once, verdict of an attempt).

Pure: sends nothing, waits for nothing, reads no clock. On httpx-aiohttp the httpx class does not tell (`httpx.ConnectTimeout`
stands for a refused connection, and for a server that read the whole body and hung up), so only aiohttp's own connector errors,
found among the causes, mean "not sent"; every other exception, also one never seen before, is ambiguous. Called by client.py and
auth.py.
"""

from __future__ import annotations

import math
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import httpx

from flows.sms.bodies import ErrorBody, error_body, hide
from flows.sms.codes import ErrorClass, row_for
from flows.sms.errors import Ambiguous, NotSent, SmsError, Throttled, ThrottleWindow, error_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CONNECTOR_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientProxyConnectionError, "WAVES.PROXY"),
    (aiohttp.ClientConnectorDNSError, "WAVES.DNS"),
    (aiohttp.ClientSSLError, "WAVES.TLS"),
    (aiohttp.ClientConnectorError, "WAVES.CONNECT"),
    (aiohttp.ConnectionTimeoutError, "WAVES.CONNECT_TIMEOUT"),
)
_SENT_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "WAVES.TIMEOUT"),
    (httpx.TimeoutException, "WAVES.TIMEOUT"),
    (aiohttp.ClientHttpProxyError, "WAVES.PROXY_REFUSED"),
    (aiohttp.ClientResponseError, "WAVES.GARBLED"),
    (aiohttp.ClientError, "WAVES.BROKEN"),
    (httpx.DecodingError, "WAVES.UNREADABLE"),
    (OSError, "WAVES.BROKEN"),
    (httpx.TransportError, "WAVES.BROKEN"),
)
_WINDOW = re.compile(r"limit\s*:\s*(\d{1,9})\s*,\s*time\s*:\s*(\d{1,9})\s*(second|minute|hour|day)", re.IGNORECASE)
_UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_THROTTLE_CODES = frozenset({"APIGW.0308", "APIG.0308"})
_LONGEST_WAIT_SECONDS = 86_400.0


def judge_exception(exc: BaseException, *, sent: bool = True, secrets: Sequence[str] = ()) -> SmsError:
    """What a request that ended in `exc` means; `sent` is False where it is known that the network was never asked to carry it.

    What is in `secrets` is hidden wherever a foreign text throws it back.
    """
    causes = tuple(_causes(exc))
    for kind, code in _CONNECTOR_CODES:
        for cause in causes:
            if isinstance(cause, kind):
                return NotSent(code, _told(code, cause, secrets))
    if not sent:
        return NotSent("WAVES.NOT_SENT", _told("WAVES.NOT_SENT", exc, secrets))
    # The innermost cause is what happened; the outer ones are names that libraries gave it.
    for cause in reversed(causes):
        for kind, code in _SENT_CODES:
            if isinstance(cause, kind):
                return Ambiguous(code, _told(code, cause, secrets))
    return Ambiguous("WAVES.UNKNOWN", _told("WAVES.UNKNOWN", exc, secrets))


def judge_response(response: httpx.Response, *, secrets: Sequence[str] = ()) -> SmsError:
    """What an answer (read whole) means that is not the success its caller looks for; a 2xx here is one that cannot be read."""
    body = error_body(response, secrets)
    status = response.status_code
    error_class = _class_of(status, body)
    code = body.code if body.is_service_error else ("WAVES.UNREADABLE" if response.is_success else f"HTTP.{status}")
    message = hide(_message(code, response, body), secrets)
    if error_class is not ErrorClass.THROTTLED:
        return error_of(error_class, code, message, request_id=body.request_id, http_status=status)
    return Throttled(
        code,
        message,
        request_id=body.request_id,
        http_status=status,
        retry_after=retry_after_seconds(response.headers),
        window=window_of(body.message),
    )


def _class_of(status: int, body: ErrorBody) -> ErrorClass:
    if not 400 <= status < 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        return ErrorClass.AMBIGUOUS
    if status == HTTPStatus.TOO_MANY_REQUESTS or body.code in _THROTTLE_CODES:
        return ErrorClass.THROTTLED
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ErrorClass.STOP
    # A page without a service's code is a proxy's word: whether SMS saw the request first, nobody knows.
    return row_for(body.code).error_class if body.is_service_error else ErrorClass.AMBIGUOUS


def window_of(message: str) -> ThrottleWindow | None:
    """The window that a gateway names ("limit:200,time:5 minute"), or None."""
    found = _WINDOW.search(message)
    if not found or int(found[1]) == 0 or int(found[2]) == 0:
        return None
    return ThrottleWindow(int(found[1]), int(found[2]) * _UNIT_SECONDS[found[3].lower()])


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, at most a day; a date counts from the answer's own Date, if any."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, headers.get("date", ""))
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS) if math.isfinite(seconds) else None


def _seconds_until(then: str, now: str) -> float:
    try:
        return (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return math.nan


def _message(code: str, response: httpx.Response, body: ErrorBody) -> str:
    """The service's words where it has some, else what the code means; foreign codes are told beside them."""
    if body.is_service_error:
        return body.message or row_for(code).meaning
    said = " ".join(part for part in (body.code, body.message) if part) or "an empty body"
    if response.is_redirect and "location" in response.headers:
        said = f"a redirect to {response.headers['location']}"
    return f"{row_for(code).meaning} (HTTP {response.status_code}: {said})"


def _told(code: str, cause: BaseException, secrets: Sequence[str]) -> str:
    """The code's meaning and the cause's own words, for people; a class's name only where it has none."""
    try:
        # A proxy's words may throw back the password that it was given.
        words = f"HTTP {cause.status}" if isinstance(cause, aiohttp.ClientHttpProxyError) else hide(str(cause), secrets)
    except Exception:  # noqa: BLE001 - an exception that cannot even say what it is still gets its verdict
        words = ""
    words = words or type(cause).__name__
    return f"{row_for(code).meaning} ({words})"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """The exception and what it was raised from, outermost first; each once, for chains may close.

    Only explicit causes: `__context__` is whatever was being handled by any caller, and a create that is sent inside an `except`
    for a refused connection would inherit that refusal, and be taken for not sent.
    """
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__
