"""Tokens are fetched once, renewed once, shared, and never shown."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from flows.settings import Settings
from flows.sms.auth import AkSkAuth, IamAuth, TokenAuth, make_auth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.errors import NotSent, SmsError, StopRun
from flows.sms.iam import IamLogin, region_of
from tests.flows.sms.sites import Answer, Seen, ServeHttp, no_sleep

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "pass-word-1"


@dataclass
class Cloud:
    """IAM and SMS in one: hands out numbered tokens, takes those that are valid."""

    valid: set[str] = field(default_factory=set)
    logins: list[dict[str, object]] = field(default_factory=list)
    login_answer: Callable[[], Answer] | None = None
    ends_at: str | None = None

    def answer(self, request: Seen) -> Answer:
        """One request to either service."""
        if request.target.startswith("/v3/auth/tokens"):
            return self._login(request)
        if request.headers.get("x-auth-token") in self.valid:
            return Answer(body=b'{"id":"t1","count":0,"tasks":[]}')
        return Answer(401, b'{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information"}')

    def _login(self, request: Seen) -> Answer:
        self.logins.append(json.loads(request.body)["auth"])
        if self.login_answer is not None:
            return self.login_answer()
        self.valid = {f"token-{len(self.logins)}"}
        body = {"token": {"expires_at": self.ends_at}} if self.ends_at else {}
        return Answer(201, json.dumps(body).encode(), {"X-Subject-Token": next(iter(self.valid))})


def iam_client(url: str, clock: Callable[[], float] = lambda: 0.0) -> SmsClient:
    """A client that logs in at the site that it talks to."""
    login = IamLogin(url, "user-1", PASSWORD, "example-domain", project_id="p0")
    return SmsClient(ClientOptions(url), IamAuth(login, clock=clock), sleep=no_sleep)


async def test_a_token_is_fetched_once_for_all(serve_http: ServeHttp) -> None:
    """Twenty creates at once wait for one login, which names user, account and scope."""
    cloud = Cloud()
    site = await serve_http(cloud.answer)
    async with iam_client(site.url) as client:
        await asyncio.gather(*(client.create_task(b"{}") for _ in range(20)))
    user = {"name": "user-1", "password": PASSWORD, "domain": {"name": "example-domain"}}
    assert cloud.logins == [{"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": {"id": "p0"}}}]


async def test_a_token_that_lapsed_is_renewed_once_for_all(serve_http: ServeHttp) -> None:
    """Twenty creates meet a 401 at once: one login more, and each create is performed once."""
    cloud = Cloud()
    site = await serve_http(cloud.answer)
    async with iam_client(site.url) as client:
        await client.create_task(b"{}")
        cloud.valid.clear()
        await asyncio.gather(*(client.create_task(b"{}") for _ in range(20)))
    assert len(cloud.logins) == 2


async def test_a_fresh_token_that_is_refused_stops_the_run(serve_http: ServeHttp) -> None:
    """Renewed once, not for ever: then the rights are wrong, not the token."""
    cloud = Cloud(login_answer=lambda: Answer(201, b"{}", {"X-Subject-Token": "nobody-takes-it"}))
    site = await serve_http(cloud.answer)
    async with iam_client(site.url) as client:
        for _ in range(3):
            with pytest.raises(StopRun, match=r"APIGW\.0301"):
                await client.create_task(b"{}")
    assert len(cloud.logins) == 2


async def test_a_token_is_renewed_before_its_end(serve_http: ServeHttp) -> None:
    """Ten minutes before what IAM says, or 24 hours after the login where it says nothing."""
    now = [0.0]
    cloud = Cloud(ends_at="1970-01-01T01:00:00.000000Z")
    site = await serve_http(cloud.answer)
    async with iam_client(site.url, lambda: now[0]) as client:
        for now[0] in (0.0, 2999.0, 3000.0):
            await client.create_task(b"{}")
    assert len(cloud.logins) == 2


async def test_a_given_token_is_never_renewed(serve_http: ServeHttp) -> None:
    """Its 401 stops the run after one request."""
    site = await serve_http(Cloud().answer)
    async with SmsClient(ClientOptions(site.url), TokenAuth("given"), sleep=no_sleep) as client:
        with pytest.raises(StopRun):
            await client.list_tasks()
    assert [request.target for request in site.requests] == ["/v3/tasks?limit=200&offset=0"]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (Answer(401, b'{"error":{"code":401,"message":"The username or pass-word-1 is wrong"}}'), StopRun, "WAVES.IAM"),
        (Answer(403, b""), StopRun, "WAVES.IAM"),
        (Answer(400, b'{"error_code":"IAM.0011","error_msg":"x"}'), StopRun, "WAVES.IAM"),
        (Answer(429, b""), NotSent, "WAVES.IAM_DOWN"),
        (Answer(503, b"<html></html>"), NotSent, "WAVES.IAM_DOWN"),
        (Answer(201, b"{}"), NotSent, "WAVES.IAM_DOWN"),
    ],
)
async def test_a_login_that_fails_never_makes_a_create_ambiguous(
    answer: Answer, kind: type[SmsError], code: str, serve_http: ServeHttp
) -> None:
    """IAM says no: the run stops. IAM cannot be asked: the create was not sent. Either way SMS saw nothing."""
    site = await serve_http(Cloud(login_answer=lambda: answer).answer)
    async with iam_client(site.url) as client:
        with pytest.raises(kind) as caught:
            await client.create_task(b"{}")
    assert (caught.value.code, [request.target for request in site.requests]) == (code, ["/v3/auth/tokens?nocatalog=true"])
    assert PASSWORD not in str(caught.value) + repr(caught.value)


async def test_an_iam_that_nobody_runs_is_not_sent() -> None:
    """Refused by IAM's host."""
    async with iam_client("http://127.0.0.1:1") as client:
        with pytest.raises(NotSent, match=r"WAVES\.IAM_DOWN"):
            await client.create_task(b"{}")


@pytest.mark.parametrize(
    ("fields", "scope"),
    [
        ({"project_id": "p0"}, {"project": {"id": "p0"}}),
        ({"domain_id": "d0"}, {"domain": {"id": "d0"}}),
        ({"project_name": "ap-southeast-3"}, {"project": {"name": "ap-southeast-3"}}),
        ({}, {"domain": {"name": "example-domain"}}),
    ],
)
def test_the_scope_is_a_project_by_default(fields: dict[str, str], scope: dict[str, object]) -> None:
    """SMS's own walk-through does so; a domain id turns it into domain scope."""
    assert IamLogin("http://iam", "u", "p", "example-domain", **fields).scope() == scope  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("https://sms.ap-southeast-3.myhuaweicloud.com", "ap-southeast-3"),
        ("https://sms.cn-north-4.myhuaweicloud.com", "cn-north-4"),
        ("http://127.0.0.1:9099", ""),
        ("https://sms.example.com", ""),
    ],
)
def test_the_region_is_read_from_the_host(endpoint: str, region: str) -> None:
    """Only from Huawei Cloud's own hosts."""
    assert region_of(endpoint) == region


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"ak": "a", "sk": "secret-1"}, AkSkAuth),
        ({"auth_token": "secret-1"}, TokenAuth),
        ({"iam_endpoint": "iam.example.com", "iam_username": "u", "iam_password": "secret-1", "iam_domain": "d"}, IamAuth),
    ],
)
def test_the_settings_choose_the_authentication(fields: dict[str, str], kind: type[object]) -> None:
    """One kind each; what must not be shown is known, and not shown."""
    auth = make_auth(Settings(endpoint="sms.example.com", **fields))  # type: ignore[arg-type]
    assert type(auth) is kind
    assert "secret-1" in auth.secrets  # type: ignore[attr-defined]
    assert "secret-1" not in repr(auth)
