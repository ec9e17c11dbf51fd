"""Connections: one exchange of a request for its whole reply, over lanes or the caller's own transport.

A *lane* is a transport with one connection. Each request has a lane to itself and gives it back when it
ended well; otherwise the lane is thrown away with its connection. So nothing waits for a pool, no
cancellation leaves a connection behind, and the cost of a request does not grow with their number.
"""

import ssl
import zlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from attrs import frozen
from sniffio import current_async_library_cvar

from agencia_async._reply import Reply
from agencia_async.errors import ReplyError

if TYPE_CHECKING:
    from httpcore import AsyncHTTPConnection

_FRESH_FOR = 1.0
"""Seconds for which an idle connection may still carry a write: a server that closes it at that very
moment would make an unknown outcome of nothing."""

IDLE_FOR = 30.0
"""Seconds for which it may still carry a read."""


_UNBOUNDED = {"connect": None, "read": None, "write": None, "pool": None}
"""Each attempt has a time of its own, from connecting to the last byte."""


class Body(httpx.AsyncByteStream):
    """A request's body that remembers whether it was asked for: before that, nothing has left."""

    __slots__ = ("content", "started")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.started = False

    def __len__(self) -> int:
        return len(self.content)

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.started = True
        yield self.content


@frozen
class Endpoint:
    """Where forms are sent, and the headers that go with each of them."""

    url: httpx.URL
    headers: httpx.Headers

    @property
    def tls(self) -> bool:
        """Is what is sent there encrypted?"""
        return self.url.scheme == "https"

    def request(self, body: Body) -> httpx.Request:
        """The request that posts a body."""
        request = httpx.Request(
            "POST", self.url, headers=self.headers, stream=body, extensions={"timeout": _UNBOUNDED}
        )
        request.headers["Content-Length"] = str(len(body))
        return request


class Exchange(Protocol):
    """One request and its reply over some transport.

    `sends_once`: it makes one attempt, so that a failure to connect proves that nothing was sent. A
    caller's own transport may have tried before.
    """

    sends_once: bool

    async def __call__(self, body: Body, *, write: bool) -> Reply:
        """The reply, read to its end."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


async def inflated(parts: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The decoded body; what comes out is counted, because 200 KB of gzip can be 200 MB."""
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise ReplyError(f"the reply is encoded as {encoding!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=47) if encoding not in {"", "identity"} else None
    body = bytearray()
    async for part in parts:
        body += part if inflater is None else inflater.decompress(part, limit + 1 - len(body))
        if len(body) > limit:
            raise ReplyError(f"the reply is larger than {limit} bytes")
    return bytes(body)


def _encoding(headers: httpx.Headers) -> str:
    """The encoding of the body: `headers.get` would decode every header on its way to the one."""
    named = [value for name, value in headers.raw if name.lower() == b"content-encoding"]
    return b", ".join(named).decode(errors="replace").lower()


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
        body = await inflated(stream, _encoding(response.headers), limit)
    finally:
        await stream.aclose()
    return Reply(response.status_code, response.headers, body)


class Lane(ABC):
    """One connection, made with the first request."""

    idle_since = 0.0

    @abstractmethod
    def is_open(self) -> bool:
        """Can another request be sent, as far as is to be seen at this moment?"""

    @abstractmethod
    async def post(self, body: Body) -> Reply:
        """The reply to a form, read to its end."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection."""


class Engine(httpx.AsyncBaseTransport):
    """A transport that sends through lanes of its own kind, and that repeats no request."""

    @abstractmethod
    def lanes(self, endpoint: Endpoint, limit: int) -> Callable[[], Lane]:
        """What makes a lane to an endpoint; a reply of more than `limit` bytes is a `ReplyError`."""


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class OneConnection(httpx.AsyncHTTPTransport):
    """httpx's transport over one connection: its pool would cost as much as half of all the rest."""

    def __init__(self, connection: "AsyncHTTPConnection", context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self.connection = connection
        # What httpx sends through; of a pool it asks no more than a connection can do.
        self._pool = connection  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]


class HttpxLane(Lane):
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
        request = self._endpoint.request(body)
        if self._endpoint.tls:  # the connection may be a new one, whatever was there before
            request.extensions["trace"] = self._trace
        told = current_async_library_cvar.set("asyncio")  # httpcore asks a score of times in each request
        try:
            return await read(await self._transport.handle_async_request(request), self._limit)
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


class Lanes:
    """Lanes that are used again; the one that was used last goes first."""

    sends_once = True

    def __init__(self, make: Callable[[], Lane], clock: Callable[[], float]) -> None:
        self._make = make
        self._clock = clock
        self._idle: list[Lane] = []
        self._closed = False

    async def __call__(self, body: Body, *, write: bool) -> Reply:
        """The reply; the lane is kept only if it ended well."""
        lane = await self._lane(write=write)
        well = False
        try:
            reply = await lane.post(body)
            well = not self._closed
            return reply
        finally:
            if well:
                lane.idle_since = self._clock()
                self._idle.append(lane)
            else:
                await lane.aclose()

    async def _lane(self, *, write: bool) -> Lane:
        while self._idle:
            lane = self._idle.pop()
            is_stale = write and self._clock() - lane.idle_since > _FRESH_FOR
            if lane.is_open() and not is_stale:
                return lane
            await lane.aclose()
            if is_stale:  # and so are the others, which may still do for a read
                break
        return self._make()

    async def aclose(self) -> None:
        """Close the idle lanes now and the others as they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().aclose()


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
        return await read(await self._send(self._endpoint.request(body)), self._limit)

    async def aclose(self) -> None:
        """Close the transport, where it was handed over; a client stays the caller's."""
        if self._close is not None:
            await self._close()


def httpx_lanes(endpoint: Endpoint, limit: int) -> Callable[[], Lane]:
    """What makes lanes of httpx's own transport, with one TLS context for all of them."""
    from httpcore import URL, AsyncHTTPConnection  # noqa: PLC0415 - loaded with the first client

    context = httpx.create_ssl_context(verify=endpoint.tls, trust_env=False)
    origin = URL(str(endpoint.url)).origin

    def make() -> Lane:
        connection = AsyncHTTPConnection(origin, context, keepalive_expiry=IDLE_FOR)
        return HttpxLane(OneConnection(connection, context), endpoint, limit)

    return make


def borrowed(client: httpx.AsyncClient, endpoint: Endpoint, limit: int) -> Shared:
    """The caller's client, with the headers that it is configured to send."""

    async def send(request: httpx.Request) -> httpx.Response:
        for name, value in client.headers.items():
            request.headers.setdefault(name, value)
        return await client.send(request, stream=True, follow_redirects=False)

    return Shared(send, endpoint, limit)
