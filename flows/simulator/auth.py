"""Who is calling: a token that we issued and that has not expired, or a signature by a key that we know (facts 2.1, 2.2).

Decides 401 and nothing else; what a caller may do is simulator.py's. Five failures of one key in a row lock it for five minutes.
Account headers (X-Project-Id, X-Domain-Id) are recorded, not judged: SMS is called with either or neither (contradiction 16).
"""

from __future__ import annotations

import calendar
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.simulator.answers import GatewayRefusal
from flows.simulator.signature import parse_authorization, sign

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from flows.simulator.options import AccessKey, SimulatorOptions, User

FAILURES_TO_LOCK = 5
LOCK_SECONDS = 300.0
SKEW_SECONDS = 900.0
_LONGEST_TOKEN = 16384
_WRONG = "Incorrect IAM authentication information: "


@dataclass(slots=True)
class _Failures:
    in_row: int = 0
    locked_until: float = 0.0


class Authenticator:
    """The keys and tokens of one account."""

    def __init__(self, options: SimulatorOptions, *, clock: Callable[[], float], rng: random.Random) -> None:
        self._options = options
        self._clock = clock
        self._rng = rng
        self._keys: dict[str, AccessKey] = {key.access: key for key in options.access_keys}
        self._failures: dict[str, _Failures] = {}
        self._tokens: dict[str, float] = {}

    def check(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
        """The caller's key, for throttling: an access key, or a token. Raises GatewayRefusal 401 APIGW.0301."""
        if not self._options.authentication:
            return headers.get("x-auth-token", "")
        token = headers.get("x-auth-token")
        if token is not None:
            return self._check_token(token)
        if "authorization" not in headers:
            raise _unauthorized("x-auth-token not found")
        return self._check_signature(method, path, query, headers, body)

    def issue(self, user: User) -> tuple[str, float]:
        """A new token for a user who has shown the password, and when it expires; older ones stay valid."""
        token = f"{user.name}-{self._rng.getrandbits(256):064x}"
        expires_at = self._clock() + self._options.token_seconds
        self._tokens[token] = expires_at
        return token, expires_at

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid, as a changed password does."""
        self._tokens.clear()

    def _check_token(self, token: str) -> str:
        if not 1 <= len(token) <= _LONGEST_TOKEN:
            raise _unauthorized("decrypt token fail")
        if self._tokens.get(token, 0.0) <= self._clock():
            raise _unauthorized("The token must be updated")
        return token

    def _check_signature(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
        parts = parse_authorization(headers["authorization"])
        if parts is None:
            raise _unauthorized("the Authorization header is not in the form of SDK-HMAC-SHA256")
        key = self._keys.get(parts.access)
        if key is None:
            raise _unauthorized(f"Get secretKey failed,ak:{parts.access},err:ak not exist")
        failures = self._failures.setdefault(key.access, _Failures())
        if failures.locked_until > self._clock():
            raise _unauthorized("AK access failed to reach the limit,forbidden")
        fault = self._fault_of(key, headers) or _fault_of_signature(key, parts, method, path, query, headers, body)
        if fault:
            self._note_failure(failures)
            raise _unauthorized(fault)
        failures.in_row = 0
        return key.access

    def _fault_of(self, key: AccessKey, headers: Mapping[str, str]) -> str:
        try:
            signed_at = calendar.timegm(time.strptime(headers.get("x-sdk-date", ""), "%Y%m%dT%H%M%SZ"))
        except ValueError:
            return "x-sdk-date is missing or not in the form of yyyyMMddTHHmmssZ"
        if abs(signed_at - self._clock()) > SKEW_SECONDS:
            return "the signature has expired: x-sdk-date is more than 15 minutes off"
        if key.security_token and headers.get("x-security-token") != key.security_token:
            return "x-security-token is missing or wrong for a temporary access key"
        return ""

    def _note_failure(self, failures: _Failures) -> None:
        failures.in_row += 1
        if failures.in_row >= FAILURES_TO_LOCK:
            failures.in_row = 0
            failures.locked_until = self._clock() + LOCK_SECONDS


def _fault_of_signature(
    key: AccessKey,
    parts: tuple[str, tuple[str, ...], str],
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> str:
    _, signed, signature = parts
    if "x-sdk-date" not in signed:
        return "x-sdk-date must be among the signed headers"
    if any(name not in headers for name in signed):
        return "a signed header is missing"
    if not hmac.compare_digest(sign(key.secret, method, path, query, headers, signed, body).encode(), signature.lower().encode()):
        return "verify aksk signature fail"
    return ""


def _unauthorized(text: str) -> GatewayRefusal:
    return GatewayRefusal(401, "APIGW.0301", _WRONG + text)
