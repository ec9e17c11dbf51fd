"""What is sent through httpx: the default engine's lanes, and the caller's own transport or client."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from sniffio import current_async_library_cvar

from agencia_async._protocol.reply import Reply
from agencia_async._transport.exchange import IDLE_FOR, Body, Connection, Endpoint
from agencia_async._transport.inflate import inflated
from agencia_async.errors import ReplyError

if TYPE_CHECKING:
    from httpcore import AsyncHTTPConnection

_UNBOUNDED = {"connect": None, "read": None, "write": None, "pool": None}
"""Each attempt has a time of its own, from connecting to the last byte."""


def _request(endpoint: Endpoint, body: Body) -> httpx.Request:
    """The request that posts a body."""
    request = httpx.Request(
        "POST", endpoint.url, headers=endpoint.headers, stream=body, extensions={"timeout": _UNBOUNDED}
    )
    request.headers["Content-Length"] = str(len(body))
    return request


def _encoding(headers: httpx.Headers) -> str:
    """The encoding of the body: `headers.get` would decode every header on its way to the one."""
    named = [value for name, value in headers.raw if name.lower() == b"content-encoding"]
    return b", ".join(named).decode(errors="replace").lower()


async def _read(response: httpx.Response, limit: int) -> Reply:
    """The reply with its whole body, closed."""
    if response.is_stream_consumed:  # by a hook of the caller's client
        if len(response.content) > limit:
            raise ReplyError(f"the reply is larger than {limit} bytes")
        return Reply(response.status_code, response.headers, response.content)
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport gave a reply that cannot be read asynchronously")
    try:
        body = await inflated(stream, _encoding(response.headers), limit)
    finally:
        await stream.aclose()
    return Reply(response.status_code, response.headers, body)


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class OneConnection(httpx.AsyncHTTPTransport):
    """httpx's transport over one connection: a pool of one would add a tenth to what a request costs."""

    def __init__(self, connection: "AsyncHTTPConnection", context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self.connection = connection
        # What httpx sends through; of a pool it asks no more than a connection can do.
        self._pool = connection  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]


class HttpxConnection(Connection):
    """A transport of httpx with one connection."""

    def __init__(self, transport: OneConnection, endpoint: Endpoint, limit: int) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._limit = limit
        self._socket: _Closable | None = None

    def is_open(self) -> bool:
        """Would another request find the connection as it was left?"""
        connection = self._transport.connection
        return not (connection.is_closed() or connection.has_expired())

    async def post(self, body: Body) -> Reply:
        """The reply to a form, read to its end."""
        request = _request(self._endpoint, body)
        if self._endpoint.tls:  # the connection may be a new one, whatever was there before
            request.extensions["trace"] = self._trace
        told = current_async_library_cvar.set("asyncio")  # httpcore asks a score of times in each request
        try:
            return await _read(await self._transport.handle_async_request(request), self._limit)
        finally:
            current_async_library_cvar.reset(told)

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._socket = info["return_value"]

    async def aclose(self) -> None:
        """Close the transport, and the socket: one that is cancelled in its TLS handshake forgets it."""
        await self._transport.aclose()
        if self._socket is not None:
            await self._socket.aclose()


def httpx_connections(endpoint: Endpoint, limit: int) -> Callable[[], Connection]:
    """What makes lanes of httpx's own transport, with one TLS context for all of them."""
    from httpcore import URL, AsyncHTTPConnection  # noqa: PLC0415 - loaded with the first client

    context = httpx.create_ssl_context(verify=endpoint.tls, trust_env=False)
    origin = URL(str(endpoint.url)).origin

    def make() -> Connection:
        connection = AsyncHTTPConnection(origin, context, keepalive_expiry=IDLE_FOR)
        return HttpxConnection(OneConnection(connection, context), endpoint, limit)

    return make


class Shared:
    """The caller's own transport or client."""

    def __init__(
        self,
        send: Callable[[httpx.Request], Awaitable[httpx.Response]],
        endpoint: Endpoint,
        limit: int,
        close: Callable[[], Awaitable[None]] | None = None,
        *,
        sends_once: bool = False,
    ) -> None:
        self.sends_once = sends_once
        self._send = send
        self._endpoint = endpoint
        self._limit = limit
        self._close = close

    async def __call__(self, body: Body, *, write: bool) -> Reply:
        """The reply."""
        del write
        return await _read(await self._send(_request(self._endpoint, body)), self._limit)

    async def aclose(self) -> None:
        """Close the transport, where it was handed over; a client stays the caller's."""
        if self._close is not None:
            await self._close()


def borrowed(client: httpx.AsyncClient, endpoint: Endpoint, limit: int) -> Shared:
    """The caller's client, with the headers that it is configured to send."""

    async def send(request: httpx.Request) -> httpx.Response:
        for name, value in client.headers.items():
            request.headers.setdefault(name, value)
        return await client.send(request, stream=True, follow_redirects=False)

    return Shared(send, endpoint, limit)
