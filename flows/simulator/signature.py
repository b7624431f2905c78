"""The signature `SDK-HMAC-SHA256`: what a signer must have computed for the request that came in (facts 2.2, steps 3-8).

Pure. Only the headers that the client lists in SignedHeaders count: one client adds headers after it has signed. Written from the
public description, apart from the client's own signer, so that the two can be compared. Called by auth.py.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "SDK-HMAC-SHA256"


class Authorization(NamedTuple):
    """The three parts of an Authorization header."""

    access: str
    signed_headers: tuple[str, ...]
    signature: str


def parse_authorization(header: str) -> Authorization | None:
    """The parts of `SDK-HMAC-SHA256 Access=..., SignedHeaders=..., Signature=...`; None when it is something else."""
    algorithm, _, rest = header.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or not {"Access", "SignedHeaders", "Signature"} <= parts.keys():
        return None
    return Authorization(parts["Access"], tuple(parts["SignedHeaders"].lower().split(";")), parts["Signature"])


def sign(secret: str, method: str, path: str, query: str, headers: Mapping[str, str], signed: tuple[str, ...], body: bytes) -> str:
    """The signature in hex; `path` and `query` as on the wire, header names in lower case. KeyError if a signed one is absent."""
    canonical = "\n".join(
        (
            method.upper(),
            canonical_path(path),
            canonical_query(query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in signed),
            ";".join(signed),
            headers.get("x-sdk-content-sha256") or hashlib.sha256(body).hexdigest(),
        )
    )
    to_sign = f"{ALGORITHM}\n{headers['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def canonical_path(path: str) -> str:
    """Unquoted, each segment quoted again, a slash at the end."""
    quoted = "/".join(quote(segment, safe="-_.~") for segment in unquote(path).split("/"))
    return quoted if quoted.endswith("/") else f"{quoted}/"


def canonical_query(query: str) -> str:
    """Sorted by key and value, both quoted; an empty value keeps its `=`."""
    if not query:
        return ""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in pairs)
