"""Sign a request with an access key: SDK-HMAC-SHA256, as Huawei's own SDKs do (facts 2.2).

A pure function of the request as it goes over the wire, the key, and the time in its X-Sdk-Date header. Adds no header and reads no
clock: auth.py does. Checked against the vectors of the facts and against the official SDK's signer.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

ALGORITHM = "SDK-HMAC-SHA256"
CONTENT_HASH_HEADER = "x-sdk-content-sha256"
DATE_HEADER = "x-sdk-date"

_EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@lru_cache(maxsize=4)
def sdk_date(epoch_seconds: int) -> str:
    """The time as X-Sdk-Date has it: `yyyymmddThhmmssZ`, UTC."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(epoch_seconds))


@lru_cache(maxsize=1024)
def canonical_path(path: str) -> str:
    """The path as it is signed: each segment decoded and encoded anew, and a slash at the end (which the wire does not have)."""
    encoded = "/".join(quote(segment, safe="~") for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


@lru_cache(maxsize=1024)
def canonical_query(query: str) -> str:
    """The query as it is signed: sorted, a space as %20, an empty value with its `=`; `query` is the wire's own text."""
    pairs = sorted((unquote(key), unquote(value)) for key, _, value in (pair.partition("=") for pair in query.split("&") if pair))
    return "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in pairs)


def canonical_request(method: str, path: str, query: str, headers: Sequence[tuple[str, str]], body: bytes) -> str:
    """The text whose hash is signed; `headers` are those to sign, names in lower case, sorted."""
    payload_hash = hashlib.sha256(body).hexdigest() if body else _EMPTY_HASH
    lines = ""
    for name, value in headers:
        lines += f"{name}:{value.strip()}\n"
        if name == CONTENT_HASH_HEADER and body:
            payload_hash = value.strip()
    names = ";".join([name for name, _ in headers])
    return f"{method}\n{canonical_path(path)}\n{canonical_query(query)}\n{lines}\n{names}\n{payload_hash}"


def sign(
    method: str, path: str, query: str, headers: Sequence[tuple[str, str]], body: bytes, *, access_key: str, secret_key: bytes
) -> str:
    """The Authorization header's value for one request.

    `method` is in capitals, `path` and `query` are as on the wire, `headers` are the headers to sign: names in lower case and
    sorted, `x-sdk-date` among them. Others may be sent beside them, unsigned. A body is hashed unless `x-sdk-content-sha256` says
    otherwise.
    """
    request = canonical_request(method, path, query, headers, body)
    date = next(value for name, value in headers if name == DATE_HEADER)
    to_sign = f"{ALGORITHM}\n{date}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(secret_key, to_sign.encode(), "sha256").hex()
    names = ";".join([name for name, _ in headers])
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}"
