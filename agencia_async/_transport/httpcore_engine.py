"""The default engine: connections of httpcore, which is what httpx itself sends through.

A test library that stands in for httpx's transport (respx, pytest-httpx) is asked instead of the network.
"""

import ssl
from collections.abc import AsyncIterable, Callable
from contextlib import nullcontext
from typing import cast

import httpcore
import httpx
from sniffio import current_async_library_cvar

from agencia_async._protocol.reply import Reply
from agencia_async._transport.asyncio_stream import AsyncioBackend
from agencia_async._transport.callers_own import has_leftover, read, request_of
from agencia_async._transport.causes import origin
from agencia_async._transport.exchange import IDLE_FOR, UNBOUNDED, Body, Connection, Endpoint
from agencia_async._transport.foreign import callers_code
from agencia_async._transport.inflate import encoding_of, inflated
from agencia_async._transport.route import REFUSED, ProxyServer, Route, refusal
from agencia_async._transport.tunnel import TunnelBackend

_FAULTS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


def _is_replaced(method: Callable[..., object], library: str) -> bool:
    """Does a test library stand in for a method? It may have begun before this module was imported."""
    return method.__module__.partition(".")[0] != library


class HttpcoreConnection(Connection):
    """One connection of httpcore: a pool of one would add a tenth to the cost of a request."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext, proxy: ProxyServer | None = None) -> None:
        is_tunnelled = proxy is not None and endpoint.tls
        self._backend = TunnelBackend(proxy, context) if proxy and is_tunnelled else AsyncioBackend()
        self._url = httpcore.URL(str(endpoint.url))
        self._proxy_headers: list[tuple[bytes, bytes]] = []
        self._is_forwarded = proxy is not None and not is_tunnelled
        if proxy is not None and self._is_forwarded:
            self._url = _forwarded(self._url, proxy)
            self._proxy_headers = proxy.headers
        self._connection = httpcore.AsyncHTTPConnection(
            self._url.origin, context, keepalive_expiry=IDLE_FOR, network_backend=self._backend
        )
        self._endpoint = endpoint

    def is_open(self) -> bool:
        """Is there nothing on the connection that the next request could take for its reply?"""
        connection = self._connection
        return not (connection.is_closed() or connection.has_expired() or has_leftover(connection))

    async def post(self, body: Body, limit: int) -> Reply:
        """The reply to a form, read to its end; faults of the network are those of httpx."""
        if _is_replaced(httpx.AsyncHTTPTransport.handle_async_request, "httpx"):
            return await self._stand_in(body, limit)
        request = httpcore.Request(
            b"POST",
            self._url,
            headers=[
                *self._endpoint.headers.raw,
                *self._proxy_headers,
                (b"Content-Length", b"%d" % len(body)),
            ],
            content=body,
            extensions={"timeout": UNBOUNDED},
        )
        library = current_async_library_cvar.set("asyncio")  # httpcore asks a score of times in each request
        try:
            return await self._read(await self._send(request), limit)
        except _FAULTS as error:
            failure: httpx.TransportError = getattr(httpx, type(error).__name__)(str(error))  # the same names
            failure.__cause__ = origin(error)
        finally:
            current_async_library_cvar.reset(library)
        raise failure

    async def _send(self, request: httpcore.Request) -> httpcore.Response:
        """The beginning of the reply.

        Raises:
            httpx.ConnectError: there is no connection, so nothing was sent.
        """
        stands_in = _is_replaced(httpcore.AsyncHTTPConnection.handle_async_request, "httpcore")
        try:
            with callers_code() if stands_in else nullcontext():
                return await self._connection.handle_async_request(request)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            failure = httpx.ConnectError(str(error))
            failure.__cause__ = origin(error)
        raise failure

    async def _read(self, response: httpcore.Response, limit: int) -> Reply:
        try:
            parts = cast("AsyncIterable[bytes]", response.stream)
            body = await inflated(parts, encoding_of(response.headers), limit)
        finally:
            await response.aclose()
        if self._is_forwarded and response.status == REFUSED:
            raise httpx.ConnectError(refusal(response.status))
        return Reply(response.status, httpx.Headers(response.headers), body)

    async def _stand_in(self, body: Body, limit: int) -> Reply:
        with callers_code():
            return await self._asked_instead(body, limit)

    async def _asked_instead(self, body: Body, limit: int) -> Reply:
        async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
            response = await transport.handle_async_request(request_of(self._endpoint, body))
            return await read(response, limit)

    def discard(self) -> None:
        """Close the connection without waiting, even if its event loop is closed."""
        if self._backend.stream is not None:
            self._backend.stream.discard()

    async def aclose(self) -> None:
        """Close the connection, whatever state it is in."""
        await self._connection.aclose()
        if self._backend.stream is not None:
            await self._backend.stream.aclose()


def _forwarded(url: httpcore.URL, proxy: ProxyServer) -> httpcore.URL:
    """The whole URL as what a proxy is asked for (RFC 9112, section 3.2.2)."""
    return httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target=bytes(url))


def httpcore_connections(endpoint: Endpoint, route: Route) -> Callable[[], Connection]:
    """What makes connections, with one TLS context for all of them: it takes 25 ms to build."""
    context = route.context(tls=endpoint.tls)
    return lambda: HttpcoreConnection(endpoint, context, route.proxy)
