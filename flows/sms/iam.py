"""Fetch a token from IAM with a user's password (facts 2.1).

Knows the login's request and answer, and what a failed login means: IAM says no (StopRun: nothing else will fare better), or
cannot be asked (NotSent: no request of ours to SMS left). Caches nothing: auth.py does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import httpx

from flows.sms.bodies import error_body, json_object
from flows.sms.errors import NotSent, SmsError, StopRun
from flows.sms.transport import forget_headers, make_transport
from flows.sms.verdict import judge_exception

if TYPE_CHECKING:
    from flows.settings import Settings

_VALIDITY_SECONDS = 24 * 3600.0
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class Token:
    """A token and when it ends (epoch seconds)."""

    value: str = field(repr=False)
    ends_at: float


@dataclass(frozen=True, slots=True)
class IamLogin:
    """Who logs in where, and for what scope; exactly one scope counts, in this order: domain id, project id, project name, domain.

    `endpoint` is IAM's, without a path. `domain` is the name of the account that the user belongs to. `project_name` is a
    region's name.
    """

    endpoint: str
    username: str
    password: str = field(repr=False)
    domain: str
    project_id: str = ""
    domain_id: str = ""
    project_name: str = ""
    timeout_seconds: float = 15.0

    def scope(self) -> dict[str, dict[str, str]]:
        """The scope that the token is asked for."""
        if self.domain_id:
            return {"domain": {"id": self.domain_id}}
        if self.project_id:
            return {"project": {"id": self.project_id}}
        return {"project": {"name": self.project_name}} if self.project_name else {"domain": {"name": self.domain}}

    def body(self) -> bytes:
        """The login's body; it holds the password."""
        user = {"name": self.username, "password": self.password, "domain": {"name": self.domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        return json.dumps({"auth": {"identity": identity, "scope": self.scope()}}, ensure_ascii=False).encode()

    async def fetch(self, now: float) -> Token:
        """A new token; `now` (epoch seconds) dates its end where IAM does not. Raises StopRun or NotSent."""
        try:
            response = await self._post()
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as exc:
            why = judge_exception(exc, secrets=(self.password,)).message
            raise NotSent("WAVES.IAM_DOWN", f"IAM could not be asked for a token: {why}") from forget_headers(exc)
        value = response.headers.get("x-subject-token", "")
        if response.is_success and value:
            return Token(value, _ends_at(response.content, now))
        raise self._refusal(response)

    async def _post(self) -> httpx.Response:
        # A transport of its own: a login is rare, and must not share connections, proxy or certificates with another host's. Not
        # httpx's, under which httpcore logs the headers of an answer at DEBUG, and the token is one of them.
        transport = make_transport(self.endpoint, 1)
        async with httpx.AsyncClient(timeout=self.timeout_seconds, transport=transport, trust_env=False) as client:
            headers = {"content-type": "application/json;charset=utf8"}
            return await client.post(f"{self.endpoint}/v3/auth/tokens?nocatalog=true", content=self.body(), headers=headers)

    def _refusal(self, response: httpx.Response) -> SmsError:
        body = error_body(response, (self.password,))
        said = " ".join(part for part in (body.code, body.message) if part) or "an empty body"
        kind: type[SmsError] = StopRun if response.status_code in _REFUSALS else NotSent
        code = "WAVES.IAM" if kind is StopRun else "WAVES.IAM_DOWN"
        message = f"IAM gave no token (HTTP {response.status_code}: {said})"
        return kind(code, message, request_id=body.request_id, http_status=response.status_code)


def _ends_at(content: bytes, now: float) -> float:
    token = (json_object(content) or {}).get("token")
    text = token.get("expires_at") if isinstance(token, dict) else None
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else now + _VALIDITY_SECONDS
    except ValueError:
        return now + _VALIDITY_SECONDS


def login_of(settings: Settings) -> IamLogin:
    """The login that the settings ask for: for the domain or the project given, else for the project of the endpoint's region."""
    return IamLogin(
        endpoint=settings.iam_endpoint,
        username=settings.iam_username,
        password=settings.iam_password.get_secret_value(),
        domain=settings.iam_domain,
        project_id=settings.project_id,
        domain_id=settings.domain_id,
        project_name=region_of(settings.endpoint),
    )


def region_of(endpoint: str) -> str:
    """The region in the name of one of Huawei Cloud's hosts (`sms.ap-southeast-3.myhuaweicloud.com`), empty for any other host."""
    labels = httpx.URL(endpoint).host.split(".")
    return labels[1] if len(labels) >= 4 and labels[-2].startswith("myhuaweicloud") else ""
