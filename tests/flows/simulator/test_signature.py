"""Signatures: the published vectors, and the official SDK's own signer."""

from __future__ import annotations

import json

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from flows.simulator.options import EXAMPLE_ACCESS_KEY, EXAMPLE_SECRET_KEY
from flows.simulator.signature import canonical_path, canonical_query, parse_authorization, sign

HEADERS = {
    "content-type": "application/json",
    "host": "sms.ap-southeast-3.myhuaweicloud.com",
    "x-domain-id": "d0",
    "x-sdk-date": "20250124T120000Z",
}
SIGNED = ("content-type", "host", "x-domain-id", "x-sdk-date")


def test_vector_of_a_query() -> None:
    """Canonical query and signature of a GET, as computed by two independent implementations."""
    assert canonical_query("offset=0&limit=2&name=a%20b") == "limit=2&name=a%20b&offset=0"
    found = sign(EXAMPLE_SECRET_KEY, "GET", "/v3/tasks", "offset=0&limit=2&name=a%20b", HEADERS, SIGNED, b"")
    assert found == "f3e53225e9ff398c6368698bb112c9140bbab97c49feec1fc18134ceceb52e51"


def test_vector_of_a_body() -> None:
    """Signature of a POST."""
    found = sign(EXAMPLE_SECRET_KEY, "POST", "/v3/tasks", "", HEADERS, SIGNED, b'{"name":"t1"}')
    assert found == "c71acbee1eb02b3cc9a3070def1bcb7d0f1c06658b2ca98d959dee4515b17457"


def test_a_path_is_quoted_again_and_ends_with_a_slash() -> None:
    """`a%2Fb` becomes `a/b`, as the signers do it."""
    assert canonical_path("/v3/tasks/a%2Fb c") == "/v3/tasks/a/b%20c/"
    assert canonical_path("/") == "/"


def test_what_is_no_signature_is_none() -> None:
    """Another scheme, or a part that is missing."""
    assert parse_authorization("Bearer x") is None
    assert parse_authorization("SDK-HMAC-SHA256 Access=a, Signature=b") is None


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x4FFF, exclude_characters="\x7f"), max_size=12)
# A path with one of these three in it is no path.
PATH = TEXT.map(lambda text: "s-" + text.translate(dict.fromkeys(map(ord, "%?#"))))


@given(PATH, st.dictionaries(st.sampled_from(["limit", "name", "id"]), TEXT, max_size=3), TEXT)
def test_the_official_signer_agrees(source: str, query: dict[str, str], name: str) -> None:
    """Whatever the path, query and body hold, the official SDK's signature is the one that we expect."""
    body = json.dumps({"name": name}) if name else ""
    headers = {"Content-Type": "application/json", "X-Project-Id": "p-1", "X-Sdk-Date": "20250124T120000Z"}
    request = SdkRequest(
        method="POST",
        host="sms.example.com",
        resource_path=f"/v3/tasks/{source}",
        query_params=[*query.items()],
        header_params=headers,
        body=body,
    )
    signed = Signer(BasicCredentials(EXAMPLE_ACCESS_KEY, EXAMPLE_SECRET_KEY, "p-1")).sign(request)
    sent = {key.lower(): value for key, value in signed.header_params.items()}
    parts = parse_authorization(sent["authorization"])
    assert parts is not None
    path, _, sent_query = signed.uri.partition("?")
    assert parts.signature == sign(EXAMPLE_SECRET_KEY, "POST", path, sent_query, sent, parts.signed_headers, body.encode())
