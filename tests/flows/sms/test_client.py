"""The client against a server that answers as a test says: what it sends, what it reads, what it makes of nonsense."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from flows.sms.auth import TokenAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.errors import Ambiguous, NotSent, Refused, SmsError, Throttled
from flows.sms.models import Created
from flows.sms.transport import environment_proxy, forget_headers
from tests.flows.sms.sites import Answer, ServeHttp, client_of, no_sleep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = Answer(200, b"<html><title>Sign in</title></html>", {"content-type": "text/html"})


def rows(*tasks: Mapping[str, object], key: str = "tasks") -> Answer:
    """A listing of one page."""
    return Answer(body=json.dumps({"count": len(tasks), key: list(tasks)}).encode())


def service(status: int, code: str, message: str = "words") -> Answer:
    """An error as the service writes it."""
    return Answer(status, json.dumps({"error_code": code, "error_msg": message}).encode(), {"X-Request-Id": "req-1"})


async def test_a_create_sends_the_bytes_it_is_given_once(serve_http: ServeHttp) -> None:
    """As JSON, with our name on it, and no cookie that the last answer set."""
    site = await serve_http(lambda _: Answer(body=b'{"id":"t1"}', headers={"X-Request-Id": "req-1", "Set-Cookie": "a=b"}))
    async with client_of(site.url) as client:
        assert await client.create_task('{"name":"服务"}'.encode()) == Created("t1", "req-1")
        await client.create_task(b"{}")
    first, second = site.requests
    assert (first.method, first.target, first.body) == ("POST", "/v3/tasks", '{"name":"服务"}'.encode())
    assert (first.headers["content-type"], first.headers["x-auth-token"]) == ("application/json", "given-token")
    assert first.headers["user-agent"].startswith("migration-waves")
    assert "cookie" not in second.headers
    assert site.connections == 1


@pytest.mark.parametrize(
    "answer", [service(400, "SMS.7605"), service(500, "SMS.0001"), Answer(429), Answer(302, headers={"location": "/x"}), PAGE]
)
async def test_a_create_is_never_repeated(answer: Answer, serve_http: ServeHttp) -> None:
    """Nor redirected; only its caller knows whether it may be sent again."""
    site = await serve_http(lambda _: answer)
    async with client_of(site.url) as client:
        with pytest.raises(SmsError):
            await client.create_task(b"{}")
    assert len(site.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_any_success_with_an_id_is_a_task(status: int, serve_http: ServeHttp) -> None:
    """Also compressed."""
    site = await serve_http(lambda _: Answer(status, gzip.compress(b'{"id":"t1"}'), {"content-encoding": "gzip"}))
    async with client_of(site.url) as client:
        assert (await client.create_task(b"{}")).task_id == "t1"


async def test_a_listing_is_filtered_here_too(serve_http: ServeHttp) -> None:
    """What SMS's filter means is not certain, and nulls are nothing."""
    mine = {
        "id": "t1",
        "name": None,
        "state": "READY",
        "source_server": {"id": "s1"},
        "target_server": {"vm_id": "v1", "name": "web"},
    }
    other = {"id": "t2", "source_server": {"id": "s1-b"}, "target_server": None}
    site = await serve_http(lambda _: rows(mine, other))
    async with client_of(site.url) as client:
        [task] = await client.list_tasks("s1")
        assert [found.id for found in await client.list_tasks(vm_id="v1")] == ["t1"]
        assert [found.id for found in await client.list_tasks()] == ["t1", "t2"]
    assert (task.id, task.name, task.state, task.target_vm_id, task.target_name) == ("t1", "", "READY", "v1", "web")
    assert site.requests[0].target == "/v3/tasks?source_server_id=s1&limit=200&offset=0"


async def test_a_listing_of_null_is_empty(serve_http: ServeHttp) -> None:
    """SMS writes null where there is nothing."""
    site = await serve_http(lambda _: Answer(body=b'{"count":0,"tasks":null}'))
    async with client_of(site.url) as client:
        assert await client.list_tasks() == []


@pytest.mark.parametrize("absent", [service(404, "SMS.7703"), service(400, "SMS.7703"), service(404, "SMS.0001")])
async def test_a_task_that_sms_does_not_know_is_none(absent: Answer, serve_http: ServeHttp) -> None:
    """Its id is one segment of the path, whatever is in it."""
    site = await serve_http(lambda _: absent)
    async with client_of(site.url) as client:
        assert await client.show_task("a/b") is None
    assert [request.target for request in site.requests] == ["/v3/tasks/a%2Fb"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (service(404, "APIGW.0101"), Refused),
        (Answer(404, b"<html></html>"), Ambiguous),
        (Answer(404), Ambiguous),
        (service(500, "SMS.7703"), Ambiguous),
        (Answer(200, b'{"name":"no id"}'), Ambiguous),
        (PAGE, Ambiguous),
    ],
)
async def test_what_is_no_definite_absence_is_an_error(answer: Answer, kind: type[SmsError], serve_http: ServeHttp) -> None:
    """A wrong endpoint must not make all tasks disappear."""
    site = await serve_http(lambda _: answer)
    async with client_of(site.url) as client:
        with pytest.raises(kind):
            await client.show_task("t1")


async def test_a_task_s_detail_is_read(serve_http: ServeHttp) -> None:
    """Template and all."""
    detail = {
        "id": "t1",
        "vm_template_id": "tpl",
        "state": "DELETING",
        "create_date": 5,
        "migrate_speed": 1.5,
        "remain_seconds": "?",
    }
    site = await serve_http(lambda _: Answer(body=json.dumps(detail).encode()))
    async with client_of(site.url) as client:
        task = await client.show_task("t1")
    assert task is not None
    assert (task.vm_template_id, task.is_deleting, task.created_at_ms, task.migrate_speed_mbps, task.remain_seconds) == (
        "tpl",
        True,
        5,
        1.5,
        None,
    )


async def test_sources_are_listed_and_shown(serve_http: ServeHttp) -> None:
    """None only where SMS does not know the server."""
    answers: Iterator[Answer] = iter(
        [
            rows({"id": "s1", "name": "web-01"}, key="source_servers"),
            Answer(body=b'{"id":"s1","disks":[]}'),
            service(400, "SMS.7602"),
        ]
    )
    site = await serve_http(lambda _: next(answers))
    async with client_of(site.url) as client:
        assert [source.name for source in await client.list_sources()] == ["web-01"]
        shown = await client.show_source("s1")
        assert shown is not None
        assert await client.show_source("s2") is None
    assert [request.target for request in site.requests] == ["/v3/sources?limit=200&offset=0", "/v3/sources/s1", "/v3/sources/s2"]


async def test_a_read_outlives_what_passes(serve_http: ServeHttp) -> None:
    """A 502, a page and a 429, then the answer; the pace hears of the 429, and is asked before every attempt."""
    answers: Iterator[Answer] = iter([Answer(502), PAGE, Answer(429, headers={"retry-after": "2"}), rows({"id": "t1"})])
    pace = Paces()
    site = await serve_http(lambda _: next(answers))
    async with SmsClient(ClientOptions(site.url), TokenAuth("t"), pace=pace, sleep=no_sleep) as client:
        assert [task.id for task in await client.list_tasks()] == ["t1"]
    assert (pace.asked, [error.retry_after for error in pace.throttled]) == (4, [2.0])


class Paces:
    """A pace that remembers."""

    def __init__(self) -> None:
        self.asked = 0
        self.throttled: list[Throttled] = []

    async def acquire(self) -> None:
        """Count."""
        self.asked += 1

    def on_throttled(self, error: Throttled) -> None:
        """Keep."""
        self.throttled.append(error)


async def test_something_that_is_not_sms_is_told_in_one_line(serve_http: ServeHttp) -> None:
    """A login page answers every read with success."""
    site = await serve_http(lambda _: PAGE)
    async with client_of(site.url) as client:
        with pytest.raises(Ambiguous) as caught:
            await client.list_tasks()
    assert str(caught.value) == (
        'WAVES.UNREADABLE the answer says success and cannot be read (HTTP 200: a web page, "Sign in", not an answer of SMS): '
        "check that SMS_ENDPOINT is SMS and no proxy or login page stands before it"
    )


async def test_no_token_in_an_error_or_its_causes(serve_http: ServeHttp) -> None:
    """Not where a server throws it back, and not in what aiohttp keeps of the request."""
    echo = await serve_http(lambda seen: service(400, "SMS.9001", f"bad header {seen.headers['x-auth-token']}"))
    garbled = await serve_http(lambda _: Answer(headers={"bad header": "\x00"}))
    for site in (echo, garbled):
        async with client_of(site.url) as client:
            with pytest.raises(SmsError) as caught:
                await client.create_task(b"{}")
        link: BaseException | None = caught.value
        while link is not None:
            assert "given-token" not in str(link) + repr(link)
            link = link.__cause__


def test_headers_are_forgotten_whatever_wraps_them() -> None:
    """An aiohttp error is found among the causes."""
    outer = ValueError("outer")
    outer.__cause__ = aiohttp.ClientResponseError(_request_info(), (), status=400, message="m")
    assert "given-token" in repr(outer.__cause__)
    assert "given-token" not in repr(forget_headers(outer).__cause__)


def _request_info() -> aiohttp.RequestInfo:
    import yarl
    from multidict import CIMultiDict, CIMultiDictProxy

    url = yarl.URL("http://127.0.0.1/")
    return aiohttp.RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict({"X-Auth-Token": "given-token"})), url)


async def test_a_login_that_outlasts_the_deadline_leaves_the_create_unsent(serve_http: ServeHttp) -> None:
    """The network was never asked to carry it."""

    class Slow(TokenAuth):
        async def async_auth_flow(self, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            await asyncio.Event().wait()
            yield request

    site = await serve_http(lambda _: Answer(body=b'{"id":"t1"}'))
    options = ClientOptions(site.url, read_timeout_seconds=0.1, connect_timeout_seconds=0.1)
    async with SmsClient(options, Slow("t")) as client:
        with pytest.raises(NotSent, match=r"WAVES\.NOT_SENT"):
            await client.create_task(b"{}")
    assert site.requests == []


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://sms.example.com", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://sms.example.com", {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ("https://sms.example.com", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("https://sms.example.com", {"ALL_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("https://sms.example.com", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, None),
        ("http://127.0.0.1:9099", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http://localhost:9099", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("https://[::1]:9099", {"HTTPS_PROXY": "http://proxy:3128"}, None),
        ("https://sms.example.com", {}, None),
    ],
)
def test_proxies_come_from_the_environment(
    url: str, environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For real endpoints; never for this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = environment_proxy(url)
    assert (str(found.url) if found else None) == proxy


async def test_requests_go_through_the_proxy(serve_http: ServeHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    """To http endpoints as whole addresses; a proxy's own error is no definite no."""
    proxy = await serve_http(lambda _: Answer(407, b"<html></html>"))
    monkeypatch.setenv("http_proxy", proxy.url)
    async with client_of("http://sms.example.invalid") as client:
        with pytest.raises(Ambiguous, match=r"HTTP\.407"):
            await client.create_task(b"{}")
    assert proxy.requests[0].target == "http://sms.example.invalid/v3/tasks"


async def test_a_proxy_is_shown_its_password_and_nobody_else(serve_http: ServeHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    """In CONNECT's header; not in the error when it is refused."""
    proxy = await serve_http(lambda _: Answer(407, b"<html></html>"))
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://user:pass-1@"))
    async with client_of("https://sms.example.invalid") as client:
        with pytest.raises(Ambiguous, match=r"WAVES\.PROXY_REFUSED") as caught:
            await client.create_task(b"{}")
    seen = proxy.requests[0]
    assert (seen.method, seen.headers["proxy-authorization"]) == ("CONNECT", "Basic dXNlcjpwYXNzLTE=")
    assert "pass-1" not in str(caught.value) + repr(caught.value.__cause__)
