"""The caller's own transport or client of httpx: what it promises is the caller's, not this library's.

A connection on which more came than was asked for is closed before the next request, as far as the pool of
the caller can be looked into. Where it cannot, a write asks for its connection to be closed behind it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, cast

import httpx

from agencia_async._protocol.reply import Reply
from agencia_async._transport.exchange import UNBOUNDED, Body, Endpoint
from agencia_async._transport.foreign import callers_code
from agencia_async._transport.inflate import encoding_of, inflated
from agencia_async.errors import ReplyError


class PooledConnection(Protocol):
    """What is asked of a connection of httpcore."""

    def is_idle(self) -> bool:
        """Is no request in flight on it?"""
        ...

    async def aclose(self) -> None:
        """Close it."""
        ...


class Pool(Protocol):
    """What is asked of a pool of httpcore."""

    @property
    def connections(self) -> Sequence[PooledConnection]:
        """All that are open."""
        ...


class CallersOwn:
    """Exchanges through a function that sends requests of httpx."""

    def __init__(
        self,
        send: Callable[[httpx.Request], Awaitable[httpx.Response]],
        endpoint: Endpoint,
        close: Callable[[], Awaitable[None]] | None = None,
        *,
        pool: Callable[[], Pool | None] = lambda: None,
        sends_once: bool = False,
    ) -> None:
        self.sends_once = sends_once
        self._pool = pool
        self._send = send
        self._endpoint = endpoint
        self._close = close

    async def __call__(self, body: Body, *, write: bool, limit: int) -> Reply:
        """The reply."""
        request = request_of(self._endpoint, body)
        pool = self._pool()
        if pool is not None:
            await close_stale(pool)
        elif write:
            request.headers["Connection"] = "close"
        with callers_code():
            return await read(await self._send(request), limit)

    @property
    def held(self) -> str:
        """The transport, where it was handed over."""
        return "its transport" if self._close else ""

    def discard(self) -> None:
        """Nothing: only the transport itself could close anything, and it may have to wait."""

    async def aclose(self) -> None:
        """Close the transport, where it was handed over; a client stays the caller's."""
        if self._close is not None:
            await self._close()


def own_transport(transport: httpx.AsyncBaseTransport, endpoint: Endpoint) -> CallersOwn:
    """The caller's transport, which is closed with the client."""
    once = type(transport).__module__.partition(".")[0] == "httpx"  # httpx's own retry no request
    send, close = transport.handle_async_request, transport.aclose
    return CallersOwn(send, endpoint, close, pool=lambda: pool_of(transport), sends_once=once)


def own_client(client: httpx.AsyncClient, endpoint: Endpoint) -> CallersOwn:
    """The caller's client, with the headers that it is configured to send."""

    async def send(request: httpx.Request) -> httpx.Response:
        for name, value in client.headers.items():
            request.headers.setdefault(name, value)
        return await client.send(request, stream=True, follow_redirects=False)

    def pool() -> Pool | None:
        return pool_of(client._transport_for_url(endpoint.url))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no public way to it

    return CallersOwn(send, endpoint, pool=pool)


def pool_of(transport: httpx.AsyncBaseTransport) -> Pool | None:
    """The pool of a transport of httpx; None where it is another's, or the name is gone."""
    is_httpx = isinstance(transport, httpx.AsyncHTTPTransport)
    return cast("Pool | None", getattr(transport, "_pool", None)) if is_httpx else None


async def close_stale(pool: Pool) -> None:
    """Close the idle connections that hold bytes behind their last reply."""
    for connection in list(pool.connections):
        if connection.is_idle() and has_leftover(connection):
            await connection.aclose()


def has_leftover(connection: object) -> bool:
    """Did more than the reply come on a connection of httpcore?"""
    inner = getattr(connection, "_connection", None)
    parser = getattr(inner, "_h11_state", None)
    return parser is not None and bool(parser.trailing_data[0])


class _Request(httpx.Request):
    """A request whose body stays what it is when somebody reads it before it is sent.

    That of a read may be read by everybody: whoever did may have sent it.
    """

    @property
    def content(self) -> bytes:
        """The body, if it is that of a read; that of a write is read once."""
        body = cast("object", self.stream)
        if isinstance(body, Body) and not body.once:
            body.started = True
            return body.content
        return super().content

    def read(self) -> bytes:
        """The same."""
        return self.content

    async def aread(self) -> bytes:
        """The body."""
        body = cast("object", self.stream)
        content = await super().aread()
        if isinstance(body, Body) and self.stream is not body:
            self.stream = body.again()
        return content


def request_of(endpoint: Endpoint, body: Body) -> httpx.Request:
    """The request of httpx that posts a body."""
    request = _Request(
        "POST", endpoint.url, headers=endpoint.headers, stream=body, extensions={"timeout": UNBOUNDED}
    )
    request.headers["Content-Length"] = str(len(body))
    return request


async def read(response: httpx.Response, limit: int) -> Reply:
    """The reply with its whole body, closed."""
    if response.is_stream_consumed:  # by a hook of the caller's client
        if len(response.content) > limit:
            raise ReplyError(f"the reply is larger than {limit} bytes")
        return Reply(response.status_code, response.headers, response.content)
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport gave a reply that cannot be read asynchronously")
    try:
        body = await inflated(stream, encoding_of(response.headers.raw), limit)
    finally:
        await stream.aclose()
    return Reply(response.status_code, response.headers, body)
