"""The signer agrees with the vectors of the facts, with the official SDK, and with the bytes on the wire."""

from __future__ import annotations

import random
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from flows.sms.auth import AkSkAuth
from flows.sms.client import ClientOptions, SmsClient
from flows.sms.signer import sdk_date, sign
from tests.flows.sms.sites import Answer, Seen, ServeHttp

ACCESS_KEY = "AKEXAMPLE0000000000"
SECRET_KEY = "SKEXAMPLE" + "0" * 32
HEADERS = (
    ("content-type", "application/json"),
    ("host", "sms.ap-southeast-3.myhuaweicloud.com"),
    ("x-domain-id", "d0"),
    ("x-sdk-date", "20250124T120000Z"),
)


def official(method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str], body: bytes) -> str:
    """The Authorization header of the official SDK's signer for the same request."""
    request = SdkRequest(
        method=method, host=headers["host"], resource_path=path, query_params=query, header_params=dict(headers), body=body
    )
    signed = Signer(BasicCredentials(ACCESS_KEY, SECRET_KEY)).sign(request)
    return str(signed.header_params["Authorization"])


@pytest.mark.parametrize(
    ("method", "query", "body", "signature"),
    [
        ("GET", "offset=0&limit=2&name=a%20b", b"", "f3e53225e9ff398c6368698bb112c9140bbab97c49feec1fc18134ceceb52e51"),
        ("POST", "", b'{"name":"t1"}', "c71acbee1eb02b3cc9a3070def1bcb7d0f1c06658b2ca98d959dee4515b17457"),
    ],
)
def test_the_vectors_of_the_facts(method: str, query: str, body: bytes, signature: str) -> None:
    """Facts 2.2."""
    value = sign(method, "/v3/tasks", query, HEADERS, body, access_key=ACCESS_KEY, secret_key=SECRET_KEY.encode())
    names = "content-type;host;x-domain-id;x-sdk-date"
    assert value == f"SDK-HMAC-SHA256 Access={ACCESS_KEY}, SignedHeaders={names}, Signature={signature}"


def generated(seed: int) -> tuple[str, str, list[tuple[str, str]], dict[str, str], bytes]:
    """A request with everything that makes signing hard, drawn from `seed`."""
    draw = random.Random(seed)

    def text(alphabet: str, longest: int) -> str:
        return "".join(draw.choices(alphabet, k=draw.randint(1, longest)))

    hard = "abcXYZ019-_.~ +%&=?#/:@!$'()*,;[]äß服务器🙂"
    path = "/v3/" + "/".join(text("abc019-_.~ +%&=:@äß服", 8) for _ in range(draw.randint(1, 3)))
    query = [(text("abcdef-_~ä", 6), draw.choice(["", text(hard, 12)])) for _ in range(draw.randint(0, 5))]
    headers = {"host": "sms.example.com", "x-sdk-date": f"20250124T12{draw.randint(10, 59)}00Z"}
    headers |= {"content-type": draw.choice(["application/json", "application/json;charset=utf8"])} if draw.random() < 0.7 else {}
    headers |= {"x-security-token": text("abc+/=", 40)} if draw.random() < 0.3 else {}
    headers |= {draw.choice(["x-project-id", "x-domain-id"]): text("abc019", 32)} if draw.random() < 0.8 else {}
    return draw.choice(["GET", "POST", "PUT", "DELETE"]), path, query, headers, draw.choice([b"", text(hard, 300).encode()])


@pytest.mark.parametrize("seed", range(200))
def test_we_sign_as_the_official_sdk_does(seed: int) -> None:
    """200 generated requests: paths and queries of any characters, with and without bodies, scopes and temporary keys."""
    method, path, query, headers, body = generated(seed)
    wire_path = str(httpx.URL("https://sms.example.com").copy_with(path=path).raw_path, "ascii")
    wire_query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='/:@~')}" for name, value in query)
    ours = sign(method, wire_path, wire_query, sorted(headers.items()), body, access_key=ACCESS_KEY, secret_key=SECRET_KEY.encode())
    assert ours == official(method, wire_path, query, headers, body)


@pytest.mark.parametrize("source_server_id", ["plain-1", "a b", "a+b&c=d", "ä/服 %25?#", "", "a~b*'()"])
async def test_the_signature_is_of_what_goes_over_the_wire(source_server_id: str, serve_http: ServeHttp) -> None:
    """What aiohttp puts on the wire is what was signed, whatever the filter's characters; only X-Sdk-Date is ours to choose."""
    site = await serve_http(lambda _: Answer(body=b'{"count":0,"tasks":[]}'))
    auth = AkSkAuth(ACCESS_KEY, SECRET_KEY, project_id="p0", security_token="st", clock=lambda: 1737720000.0)
    async with SmsClient(ClientOptions(site.url), auth) as client:
        await client.list_tasks(source_server_id)
    seen = site.requests[0]
    assert seen.headers["x-sdk-date"] == "20250124T120000Z"
    assert seen.headers["authorization"] == resigned(seen)


def resigned(seen: Seen) -> str:
    """The official SDK's Authorization for a request as it was read from the wire."""
    names = seen.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    target = urlsplit(seen.target)
    pairs = [pair.partition("=") for pair in target.query.split("&") if pair]
    query = [(unquote(name), unquote(value)) for name, _, value in pairs]
    return official(seen.method, target.path, query, {name: seen.headers[name] for name in names}, seen.body)


async def test_a_create_is_signed_with_scope_date_and_content_type(serve_http: ServeHttp) -> None:
    """What may not be changed on the way is under the signature; what proxies change is not."""
    site = await serve_http(lambda _: Answer(body=b'{"id":"t1"}'))
    async with SmsClient(ClientOptions(site.url), AkSkAuth(ACCESS_KEY, SECRET_KEY, domain_id="d0")) as client:
        await client.create_task(b'{"name":"t1"}')
    seen = site.requests[0]
    assert "SignedHeaders=content-type;host;x-domain-id;x-sdk-date, " in seen.headers["authorization"]
    assert seen.headers["authorization"] == resigned(seen)


def test_the_date_is_utc() -> None:
    """Whatever the machine's time zone."""
    assert sdk_date(1737720000) == "20250124T120000Z"


def test_no_secret_in_a_repr() -> None:
    """Of the authentication, nor of its attributes' owner."""
    assert SECRET_KEY not in repr(AkSkAuth(ACCESS_KEY, SECRET_KEY))
