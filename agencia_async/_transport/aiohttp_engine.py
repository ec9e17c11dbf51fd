"""The fast engine: an httpx transport over aiohttp, whose parser is compiled."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, cast

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict
from yarl import URL

from agencia_async._protocol.reply import Reply
from agencia_async._transport.causes import origin
from agencia_async._transport.exchange import IDLE_FOR, Body, Connection, Endpoint, Engine
from agencia_async._transport.inflate import inflated
from agencia_async._transport.route import REFUSED, ProxyServer, Route, refusal
from agencia_async._transport.sockets import discard, has_unread

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.http import StreamWriter

_PATIENT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
"""Each attempt has a time of its own, from connecting to the last byte."""

_LONGEST_HEADER = 100 * 2**10
"""Bytes; what httpx's own transport takes. A firewall's policies can be longer than aiohttp expects."""


class _Content(aiohttp.Payload):
    """The body of a request, asked for as late as possible: that it was tells that it may have left.

    `transport` is the one that it went to.
    """

    transport: asyncio.Transport | None = None

    def __init__(self, stream: httpx.AsyncByteStream, size: int) -> None:
        super().__init__(stream)
        self._stream = stream
        self._length = size

    @property
    def size(self) -> int:
        """Bytes."""
        return self._length

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Nothing: a debugging aid of aiohttp's must not show the key."""
        del encoding, errors
        return ""

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send all of it."""
        self.transport = cast("StreamWriter", writer).transport
        async for part in self._stream:
            await writer.write(part)


class _Incoming(httpx.AsyncByteStream):
    """The body of a reply as it comes, not decompressed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.content.iter_any():
                yield part
        except aiohttp.ClientError as error:
            failure = httpx.ReadError(str(error))
            failure.__cause__ = origin(error)
        else:
            return
        raise failure

    async def aclose(self) -> None:
        """Close the connection, unless the reply has ended: then it is free already."""
        self._response.close()


class _Session:
    """A session that keeps no cookies, asks nothing of the environment and sends nothing twice.

    aiohttp retries only requests that are idempotent, and a POST is not.
    """

    def __init__(self, context: ssl.SSLContext | None, proxy: ProxyServer | None) -> None:
        self._ssl = context or True
        self._proxy = None if proxy is None else URL(proxy.url)
        self._proxy_headers = None if proxy is None else _headers(httpx.Headers(proxy.headers))
        self._session = _session()

    async def send(
        self, method: str, url: URL, headers: CIMultiDict[str], content: _Content | None
    ) -> aiohttp.ClientResponse:
        """The beginning of the reply.

        Raises:
            httpx.ConnectError: there is no connection, so nothing was sent.
            httpx.TransportError: the request may have been sent.
        """
        is_forwarded = self._proxy is not None and url.scheme == "http"
        if is_forwarded and self._proxy_headers:
            headers = CIMultiDict([*headers.items(), *self._proxy_headers.items()])
        failure: httpx.TransportError
        try:
            response = await self._session.request(
                method,
                url,
                headers=headers,
                data=content,
                allow_redirects=False,
                ssl=self._ssl,
                proxy=self._proxy,
                proxy_headers=self._proxy_headers,
            )
            if not is_forwarded or response.status != REFUSED:
                return response
            response.close()
            failure = httpx.ConnectError(refusal(response.status))
        except aiohttp.ClientHttpProxyError as error:
            failure = httpx.ConnectError(refusal(error.status))
        except aiohttp.ClientConnectorError as error:
            failure = httpx.ConnectError(str(error))
            failure.__cause__ = origin(error)
        except aiohttp.ClientError as error:
            failure = httpx.RemoteProtocolError(str(error))
            failure.__cause__ = origin(error)
        raise failure

    def discard(self) -> None:
        """Close the connections without waiting, even if their event loop is closed."""
        connector = self._session.connector
        self._session.detach()
        if connector is not None:
            connector.__exit__(None, None, None)  # its `close` is to be awaited

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()


class AiohttpConnection(Connection):
    """A session of aiohttp's with one connection."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, proxy: ProxyServer | None) -> None:
        self._http = _Session(context, proxy)
        self._url = URL(str(endpoint.url), encoded=True)
        self._headers = _headers(endpoint.headers)
        self._transport: asyncio.Transport | None = None

    def is_open(self) -> bool:
        """Is there nothing on the connection that the next request could take for its reply?"""
        transport = self._transport
        protocol = None if transport is None else cast("ResponseHandler | None", transport.get_protocol())
        if transport is None or protocol is None:  # the latter once it is lost
            return False
        return not (protocol.should_close or has_unread(transport))

    async def post(self, body: Body, limit: int) -> Reply:
        """The reply to a form, read to its end."""
        form = _Content(body, len(body))
        response = await self._http.send("POST", self._url, self._headers, form)
        self._transport = form.transport
        try:
            encoding = ", ".join(response.headers.getall("Content-Encoding", ()))
            content = await inflated(_Incoming(response), encoding.lower(), limit)
        finally:
            response.close()
        return Reply(response.status, response.headers, content)

    def discard(self) -> None:
        """Close the connection without waiting, even if its event loop is closed."""
        self._http.discard()
        if self._transport is not None:
            discard(self._transport)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._http.aclose()
        if self._transport is not None:
            discard(self._transport)


class AiohttpTransport(Engine):
    """Sends through aiohttp: over a pool of connections for `AsyncClient`, through one session for others."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._context: ssl.SSLContext | None = None
        self._http: _Session | None = None

    @property
    def is_direct(self) -> bool:
        """Whether there is no proxy."""
        return self._route.proxy is None

    def connections(self, endpoint: Endpoint) -> Callable[[], Connection]:
        """What makes connections to an endpoint, all with the same TLS context."""
        proxy = self._route.proxy
        is_tls = endpoint.tls or (proxy is not None and proxy.scheme == "https")
        return partial(AiohttpConnection, endpoint, self._trusted() if is_tls else None, proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The beginning of the reply; raises as `_Session.send` does."""
        content = _content(request)
        self._http = self._http or _Session(self._trusted(), self._route.proxy)
        url = URL(str(request.url), encoded=True)
        response = await self._http.send(request.method, url, _headers(request.headers), content)
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Incoming(response))

    def _trusted(self) -> ssl.SSLContext:
        self._context = self._context or self._route.context(tls=True)
        return self._context

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def _headers(headers: httpx.Headers) -> CIMultiDict[str]:
    return CIMultiDict((name.decode(), value.decode("latin-1")) for name, value in headers.raw)


def _content(request: httpx.Request) -> _Content | None:
    size = request.headers.get("Content-Length")
    if not isinstance(request.stream, httpx.AsyncByteStream) or "Transfer-Encoding" in request.headers:
        raise httpx.UnsupportedProtocol("the fast engine sends what is asynchronous and of a known length")
    return None if size is None else _Content(request.stream, int(size))


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_FOR),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_PATIENT,
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
        auto_decompress=False,
        trust_env=False,
    )
