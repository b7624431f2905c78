"""Make the transport that carries requests to SMS: httpx's API over aiohttp's connections (design 6).

Decides about proxies, certificates, cookies and connections, reads each answer whole, and marks a request that was handed to the
network: until then it is known not to be sent, whatever happens. Judges nothing. Called by client.py.
"""

from __future__ import annotations

import base64
import functools
import ipaddress
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import map_aiohttp_exceptions
from multidict import CIMultiDict, CIMultiDictProxy

if TYPE_CHECKING:
    from collections.abc import Sequence

HANDED_OVER = "waves_handed_over"
"""The request extension that is there once a transport has been asked to carry the request."""

# A server that closes idle connections after 5 s (a common default) must not get a create on one that it is closing.
_KEPT_ALIVE_SECONDS = 4.0


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: no proxy leads there."""
    host = httpx.URL(url).host
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def environment_proxy(url: str) -> httpx.Proxy | None:
    """The proxy that the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY) or the system names for the URL, if any."""
    target = httpx.URL(url)
    if is_loopback(url) or proxy_bypass(target.netloc.decode("ascii")):
        return None
    proxies = getproxies()
    address = proxies.get(target.scheme) or proxies.get("all")
    if not address:
        return None
    return _proxy(httpx.URL(address if "://" in address else f"http://{address}"))


def _proxy(address: httpx.URL) -> httpx.Proxy:
    """The proxy, its user and password as a header of CONNECT: aiohttp has deprecated the other way, and no error shows a header.

    A proxy that wants a password is therefore of use for https endpoints only, which real ones are.
    """
    if not address.username:
        return httpx.Proxy(address)
    pair = base64.b64encode(f"{address.username}:{address.password}".encode()).decode("ascii")
    return httpx.Proxy(address.copy_with(username=None, password=None), headers={"Proxy-Authorization": f"Basic {pair}"})


class WireTransport(httpx.AsyncBaseTransport):
    """Carry requests by another transport, and mark each one before it is handed over."""

    def __init__(self, carrier: httpx.AsyncBaseTransport) -> None:
        self._carrier = carrier

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Mark and carry the request; called by httpx."""
        request.extensions[HANDED_OVER] = True
        return await self._carrier.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the carrier and its connections."""
        await self._carrier.aclose()


class WholeAnswers(AiohttpTransport):
    """httpx-aiohttp's transport, which hands on an answer only when it has been read whole: nobody here reads one by pieces.

    An answer that stops half-way is therefore an exception of the request itself, of the same classes.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry the request and read its answer; called by httpx."""
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        asked = request.extensions.get("timeout", {})
        timeout = _timeout(asked.get("connect"), asked.get("read"), asked.get("pool"))
        proxy = self.proxy
        try:
            answer = await self.client.request(
                request.method,
                str(request.url),
                headers=CIMultiDict((name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw),
                data=request.content or None,
                allow_redirects=False,
                auto_decompress=False,
                timeout=timeout,
                proxy=str(proxy.url) if proxy else None,
                proxy_headers=proxy.headers if proxy else None,
            )
            body = await answer.read()
        except Exception:
            with map_aiohttp_exceptions():
                raise
        return _ReadResponse(answer.status, answer.raw_headers, body, request)


@functools.cache
def _timeout(connect: float | None, read: float | None, pool: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect, sock_read=read, connect=pool)


class _ReadResponse(httpx.Response):
    """An answer whose body is there. What is not compressed needs none of the machinery that decodes it."""

    def __init__(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, request: httpx.Request) -> None:
        super().__init__(status, headers=headers, stream=httpx.ByteStream(body), request=request)
        if all(name.lower() != b"content-encoding" for name, _ in headers):
            self._content = body


def make_transport(endpoint: str, max_connections: int) -> httpx.AsyncBaseTransport:
    """The transport to `endpoint` with at most `max_connections` connections; it connects at the first request, in its loop."""
    # http has no certificates to check, and loading them costs 30 ms.
    context = httpx.create_ssl_context() if endpoint.startswith("https:") else None

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections,
            keepalive_timeout=_KEPT_ALIVE_SECONDS,
            ssl=context if context is not None else True,
            ttl_dns_cache=60,
        )
        # Cookies of a gateway must not tie 32 connections to one of its nodes, nor travel into signatures.
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    return WholeAnswers(verify=context if context is not None else False, proxy=environment_proxy(endpoint), client=session)


def forget_headers(exc: Exception) -> Exception:
    """The same exception without the headers and words that aiohttp keeps in it and its causes: a token stands there in clear."""
    link: BaseException | None = exc
    while link is not None:
        if isinstance(link, aiohttp.ClientResponseError):
            asked = link.request_info
            link.request_info = aiohttp.RequestInfo(asked.url, asked.method, CIMultiDictProxy(CIMultiDict()), asked.real_url)
            link.args = (link.request_info, ())
            link.history = ()
            link.headers, link.message = None, ""  # what a proxy says may be what we said to it
        elif isinstance(link.__cause__, aiohttp.ClientResponseError):
            link.args = (type(link.__cause__).__name__,)  # a library's name for it, with its words
        link = link.__cause__
    return exc
