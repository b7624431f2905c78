"""Authenticate requests: by access key, by a token that was given, or by one that is fetched from IAM (facts 2).

Three `httpx.Auth`; settings.py has made sure that exactly one kind of credentials is there. None of them ever shows a secret: not
in its repr, not in an error. The clock is an argument (epoch seconds). Made by `make_auth`, used by client.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING

import httpx

from flows.sms.iam import IamLogin, Token, login_of
from flows.sms.signer import DATE_HEADER, sdk_date, sign

if TYPE_CHECKING:
    from flows.settings import Settings

Clock = Callable[[], float]

_RENEWED_BEFORE_END_SECONDS = 600.0
_SIGNED_IF_THERE = ("content-type", "host", "x-sdk-content-sha256")


class AkSkAuth(httpx.Auth):
    """Sign every request with an access key.

    `project_id` or `domain_id`, at most one of them, goes along in its header and is signed; `security_token` belongs to
    temporary keys. Refused signatures are never tried again here: five of them in a row lock the key for 5 minutes.
    """

    requires_request_body = True

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        *,
        security_token: str = "",
        project_id: str = "",
        domain_id: str = "",
        clock: Clock = time.time,
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key.encode()
        self._clock = clock
        scope = [("x-project-id", project_id), ("x-domain-id", domain_id), ("x-security-token", security_token)]
        self._own_headers = [(name, value) for name, value in scope if value]
        self.secrets = tuple(secret for secret in (secret_key, security_token, access_key) if secret)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put date, scope and signature on the request; called by httpx."""
        headers = request.headers
        url = request.url
        own = [*self._own_headers, (DATE_HEADER, sdk_date(int(self._clock())))]
        signed = sorted([*own, *((name, headers[name]) for name in _SIGNED_IF_THERE if name in headers)])
        raw_path, _, query = url.raw_path.decode("ascii").partition("?")
        authorization = sign(
            request.method, raw_path, query, signed, request.content, access_key=self._access_key, secret_key=self._secret_key
        )
        for name, value in own:
            headers[name] = value
        headers["authorization"] = authorization
        yield request


class TokenAuth(httpx.Auth):
    """Send a token that was given; it is never renewed, for nobody told us how."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.secrets = (token,)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token on the request; called by httpx."""
        request.headers["x-auth-token"] = self._token
        yield request


class IamAuth(httpx.Auth):
    """Send a token fetched from IAM: fetched once for all requests, renewed before its end, and once on a 401.

    A second 401 without a success in between is left to stand: then the credentials are at fault, not the token's age. Requests
    that need a token at the same moment wait for one login. A login that fails raises StopRun (IAM says no) or NotSent (IAM does
    not answer).
    """

    def __init__(self, login: IamLogin, *, clock: Clock = time.time) -> None:
        self._login = login
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._may_renew = True

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the password, and the token of the moment."""
        return (self._login.password, self._token.value) if self._token else (self._login.password,)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Put the token on the request, and once more after a 401; called by httpx."""
        token = await self._valid_token()
        request.headers["x-auth-token"] = token.value
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            self._may_renew = True
        elif (renewed := await self._renewed(token)) is not token:
            request.headers["x-auth-token"] = renewed.value
            yield request

    async def _valid_token(self) -> Token:
        async with self._lock:
            token = self._token
            if token is None or self._clock() >= token.ends_at - _RENEWED_BEFORE_END_SECONDS:
                token = self._token = await self._login.fetch(self._clock())
            return token

    async def _renewed(self, refused: Token) -> Token:
        """Another token than `refused`: fetched meanwhile by another, or now; `refused` itself where that was tried already."""
        async with self._lock:
            if self._token is refused and self._may_renew:
                self._may_renew = False
                self._token = await self._login.fetch(self._clock())
            return self._token or refused


def make_auth(settings: Settings, clock: Clock = time.time) -> httpx.Auth:
    """The authentication that the settings ask for; they have been checked to hold exactly one kind."""
    if settings.auth_token:
        return TokenAuth(settings.auth_token.get_secret_value())
    if settings.iam_password:
        return IamAuth(login_of(settings), clock=clock)
    return AkSkAuth(
        settings.ak,
        settings.sk.get_secret_value(),
        security_token=settings.security_token.get_secret_value(),
        project_id=settings.project_id,
        domain_id=settings.domain_id,
        clock=clock,
    )
