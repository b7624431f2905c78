"""What an answer or an exception means for a create: the table of the protocol, row by row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
import httpx
import pytest
from aiohttp import client_exceptions

from flows.sms.errors import ErrorClass, SmsError, Throttled, ThrottleWindow
from flows.sms.verdict import judge_exception, judge_response, retry_after_seconds, window_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NO, MAYBE, STOP, SLOWER = ErrorClass.DEFINITE_NO, ErrorClass.AMBIGUOUS, ErrorClass.STOP, ErrorClass.THROTTLED


def service(code: str) -> bytes:
    """An error body as the service writes it."""
    return json.dumps({"error_code": code, "error_msg": "words"}).encode()


PAGE = b"<html><head><title>502 Bad\nGateway</title></head><body>nginx</body></html>"

ANSWERS = [
    (400, service("SMS.7605"), NO, "SMS.7605"),
    (400, service("SMS.9999"), NO, "SMS.9999"),
    (404, service("SMS.7703"), NO, "SMS.7703"),
    (404, service("APIGW.0101"), NO, "APIGW.0101"),
    (409, b'{"errorCode":"SMS.7605","errorMsg":"words"}', NO, "SMS.7605"),
    (400, b'{"code":"SMS.7605","message":"words"}', NO, "SMS.7605"),
    (400, b'{"error":{"error_code":"SMS.7605","error_msg":"words"}}', NO, "SMS.7605"),
    (400, service("SMS.6301"), MAYBE, "SMS.6301"),
    (400, b'{"code":400,"message":"bad request"}', MAYBE, "HTTP.400"),
    (404, PAGE, MAYBE, "HTTP.404"),
    (400, b"", MAYBE, "HTTP.400"),
    (400, b"[1]", MAYBE, "HTTP.400"),
    (400, b"[" * 100_000, MAYBE, "HTTP.400"),
    (400, b"\xff\xfe\x00", MAYBE, "HTTP.400"),
    (401, service("APIGW.0301"), STOP, "APIGW.0301"),
    (401, b'{"error":{"code":401,"message":"The token must be updated"}}', STOP, "HTTP.401"),
    (403, service("SMS.9004"), STOP, "SMS.9004"),
    (403, PAGE, STOP, "HTTP.403"),
    (401, service("SMS.2013"), STOP, "SMS.2013"),
    (408, service("SMS.7605"), MAYBE, "SMS.7605"),
    (429, service("APIGW.0308"), SLOWER, "APIGW.0308"),
    (429, b"", SLOWER, "HTTP.429"),
    (403, service("APIG.0308"), SLOWER, "APIG.0308"),
    (500, service("SMS.7605"), MAYBE, "SMS.7605"),
    (502, PAGE, MAYBE, "HTTP.502"),
    (503, service("APIGW.0308"), MAYBE, "APIGW.0308"),
    (302, b"", MAYBE, "HTTP.302"),
    (200, b'{"id":""}', MAYBE, "WAVES.UNREADABLE"),
    (200, PAGE, MAYBE, "WAVES.UNREADABLE"),
    (200, service("SMS.6301"), MAYBE, "SMS.6301"),
    (204, b"", MAYBE, "WAVES.UNREADABLE"),
    (200, b'{"id":7}', MAYBE, "WAVES.UNREADABLE"),
    (299, b"{}", MAYBE, "WAVES.UNREADABLE"),
    (599, b"{}", MAYBE, "HTTP.599"),
]


@pytest.mark.parametrize(("status", "body", "error_class", "code"), ANSWERS)
def test_an_answer_is_judged_by_status_and_service_code(status: int, body: bytes, error_class: ErrorClass, code: str) -> None:
    """Only a 4xx that a service itself explains is a definite no."""
    error = judge_response(httpx.Response(status, content=body))
    assert (error.error_class, error.code, error.http_status) == (error_class, code, status)
    assert error.message
    assert error.advice
    assert "\n" not in str(error)


def test_a_page_is_named_and_not_quoted_whole() -> None:
    """The title of a proxy's page is all of it that is shown."""
    error = judge_response(httpx.Response(502, content=PAGE))
    assert error.message == (
        'the gateway got no good answer from the service (HTTP 502: a web page, "502 Bad Gateway", not an answer of SMS)'
    )


def test_a_redirect_says_where_to() -> None:
    """So that a wrong endpoint can be mended."""
    error = judge_response(httpx.Response(301, headers={"location": "https://login.example.com/"}))
    assert "a redirect to https://login.example.com/" in error.message


@pytest.mark.parametrize(
    ("headers", "body", "request_id"),
    [
        ({"X-Request-Id": "head"}, {"request_id": "body"}, "head"),
        ({}, {"request_id": "body"}, "body"),
        ({}, {"error": {"request_id": "nested"}}, "nested"),
        ({}, {}, ""),
    ],
)
def test_the_request_id_comes_from_header_or_body(headers: dict[str, str], body: dict[str, object], request_id: str) -> None:
    """Support asks for it first."""
    assert judge_response(httpx.Response(400, headers=headers, json=body)).request_id == request_id


def test_refused_parameters_are_named_where_the_message_is_empty() -> None:
    """`error_param` of table 12."""
    body = {"error_code": "SMS.9001", "error_msg": "", "error_param": ["disks[0].size", 7]}
    assert judge_response(httpx.Response(400, json=body)).message == "disks[0].size"


def test_secrets_thrown_back_are_hidden() -> None:
    """Wherever they stand, also where the text is cut."""
    secret = "s3cret-" + "x" * 400
    answers = [
        httpx.Response(400, json={"error_code": "SMS.9001", "error_msg": f"bad token {secret}"}),
        httpx.Response(400, json={"error_code": secret, "error_msg": "words", "request_id": secret}),
        httpx.Response(502, text=f"<title>{secret}</title>"),
        httpx.Response(502, text=f"you sent X-Auth-Token: {secret}"),
        httpx.Response(302, headers={"location": f"/?token={secret}"}),
        httpx.Response(400, text="SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0123456789abcdef0123456789abcdef"),
    ]
    errors = [judge_response(answer, secrets=(secret,)) for answer in answers]
    errors.append(judge_exception(OSError(f"while sending {secret}"), secrets=(secret,)))
    assert not [error for error in errors if "s3cret" in str(error) + repr(error) or "0123456789abcdef" in str(error)]


@pytest.mark.parametrize(
    ("message", "window"),
    [
        ("policy user over ratelimit,limit:200,time:5 minute", ThrottleWindow(200, 300.0)),
        ("...ratelimit,limit:10,time:1 second", ThrottleWindow(10, 1.0)),
        ("limit: 1000, time: 1 Hour", ThrottleWindow(1000, 3600.0)),
        ("limit:0,time:1 second", None),
        ("limit:XX,time:1 second", None),
        ("limit:5,time:0 minute", None),
        ("", None),
    ],
)
def test_a_window_is_read_from_the_gateway_s_words(message: str, window: ThrottleWindow | None) -> None:
    """The window is not always a second."""
    assert window_of(message) == window


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "9999999"}, 86_400.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:10 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:10 GMT"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(headers: dict[str, str], seconds: float | None) -> None:
    """A date counts from the server's own clock, not from ours."""
    assert retry_after_seconds(headers) == seconds


def test_a_429_carries_when_to_come_back() -> None:
    """Both what the header and what the message say."""
    body = {"error_code": "APIGW.0308", "error_msg": "over ratelimit,limit:200,time:5 minute"}
    error = judge_response(httpx.Response(429, headers={"retry-after": "3"}, json=body))
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.window) == (3.0, ThrottleWindow(200, 300.0))


NOT_SENT = {
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ClientProxyConnectionError",
    "UnixClientConnectorError",
    "ClientSSLError",
    "ClientConnectorSSLError",
    "ClientConnectorCertificateError",
    "ConnectionTimeoutError",
}


def family(root: type[BaseException]) -> Iterator[type[BaseException]]:
    """The class and all that derive from it."""
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def judged(kind: type[BaseException], *, wrapped: bool) -> SmsError:
    """The verdict on an exception of that class, bare or as httpx-aiohttp would hand it on."""
    inner = kind.__new__(kind)
    outer = httpx.ConnectTimeout("") if wrapped else inner
    if wrapped:
        outer.__cause__ = inner
    return judge_exception(outer)


@pytest.mark.parametrize("wrapped", [True, False])
def test_of_all_aiohttp_errors_only_the_connector_s_mean_not_sent(wrapped: bool) -> None:
    """A class that the next aiohttp adds fails here, if it should say not sent."""
    kinds = {kind for kind in family(aiohttp.ClientError) if kind.__module__.startswith("aiohttp")}
    assert {name for name in client_exceptions.__all__ if "Error" in name} - {kind.__name__ for kind in kinds} <= {
        "WSMessageTypeError"
    }
    assert {kind.__name__ for kind in kinds if judged(kind, wrapped=wrapped).error_class is ErrorClass.NOT_SENT} == NOT_SENT
    assert {judged(kind, wrapped=wrapped).error_class for kind in kinds} == {ErrorClass.NOT_SENT, ErrorClass.AMBIGUOUS}


@pytest.mark.parametrize("kind", [*family(httpx.HTTPError)], ids=str)
def test_no_httpx_class_says_not_sent(kind: type[BaseException]) -> None:
    """On this transport httpx's names do not tell."""
    assert judge_exception(kind.__new__(kind)).error_class is ErrorClass.AMBIGUOUS


@pytest.mark.parametrize("exc", [RuntimeError("new"), KeyError("x"), TimeoutError(), ExceptionGroup("g", [ValueError()])])
def test_an_exception_never_seen_before_is_ambiguous(exc: Exception) -> None:
    """Unless the network was never asked."""
    assert judge_exception(exc).error_class is ErrorClass.AMBIGUOUS
    assert judge_exception(exc, sent=False).error_class is ErrorClass.NOT_SENT
