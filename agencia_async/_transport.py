"""Bytes out, (status, headers, bytes) in: the only module that sends.

A *lane* is a transport with one connection. Each request has a lane to itself and gives it back when it
ended well; otherwise the lane is thrown away with its connection. So nothing waits for a pool, no
cancellation leaves a connection behind, and the cost of a request does not grow with their number.
"""

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Any, Protocol

import httpx

from agencia_async._reply import Reply
from agencia_async._secret import Secret
from agencia_async.errors import (
    AgenciaError,
    ConfigurationError,
    OutcomeUnknownError,
    ReplyError,
    TransportError,
)

_FRESH_FOR = 1.0
"""Seconds for which an idle connection may still carry a write: a server that closes it at that very
moment would make an unknown outcome of nothing."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_UNBOUNDED = {"connect": None, "read": None, "write": None, "pool": None}


class Body(httpx.AsyncByteStream):
    """A request's body that remembers whether it was asked for: before that, nothing has left."""

    __slots__ = ("_content", "started")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.started = False

    def __len__(self) -> int:
        return len(self._content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.started = True
        yield self._content


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def checked_url(url: str, *, allow_http: bool) -> httpx.URL:
    """The panel's address.

    Raises:
        ConfigurationError: it is no address, carries credentials, or would send the key in the clear.
    """
    parsed = _parsed(url)
    if isinstance(parsed, str):
        raise ConfigurationError(f"base_url is no address: {parsed}")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigurationError(f"base_url is an address that begins with https://, not {url!r}")
    if parsed.userinfo:
        raise ConfigurationError("base_url must not hold a user name or a password")
    if parsed.scheme == "http" and not allow_http and not _is_loopback(parsed.host):
        raise ConfigurationError(
            f"{url!r} would send the key unencrypted; use https, or allow_http=True if you must"
        )
    return parsed.copy_with(fragment=None)


def _parsed(url: str) -> httpx.URL | str:
    """The address, or why it is none."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        return str(error)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Exchange(Protocol):
    """One request and its reply over some transport."""

    async def __call__(self, request: httpx.Request, *, write: bool) -> Reply:
        """The reply, read to its end."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


async def _inflated(parts: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
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


async def read(response: httpx.Response, limit: int) -> Reply:
    """The reply with its whole body, closed."""
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport gave a reply that cannot be read asynchronously")
    try:
        body = await _inflated(stream, response.headers.get("content-encoding", "").lower(), limit)
    finally:
        await stream.aclose()
    return Reply(response.status_code, response.headers, body)


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class _Lane:
    """A transport of one connection."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, tls: bool) -> None:
        self._transport = transport
        self._tls = tls
        self._socket: _Closable | None = None
        self.idle_since = 0.0

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The beginning of the reply."""
        if self._tls:  # the connection may be a new one, whatever was there before
            request.extensions["trace"] = self._trace
        return await self._transport.handle_async_request(request)

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._socket = info["return_value"]

    async def aclose(self) -> None:
        """Close the transport, and the socket: one that is cancelled in its TLS handshake forgets it."""
        await self._transport.aclose()
        if self._socket is not None:
            await self._socket.aclose()


class Lanes:
    """Transports of one connection each; the one that was used last goes first."""

    def __init__(
        self,
        make: Callable[[], httpx.AsyncBaseTransport],
        limit: int,
        clock: Callable[[], float],
        *,
        tls: bool,
    ) -> None:
        self._make = make
        self._tls = tls
        self._limit = limit
        self._clock = clock
        self._idle: list[_Lane] = []
        self._closed = False

    async def __call__(self, request: httpx.Request, *, write: bool) -> Reply:
        """The reply; the lane is kept only if it ended well."""
        lane = await self._lane(write=write)
        well = False
        try:
            reply = await read(await lane.send(request), self._limit)
            well = not self._closed
            return reply
        finally:
            if well:
                lane.idle_since = self._clock()
                self._idle.append(lane)
            else:
                await lane.aclose()

    async def _lane(self, *, write: bool) -> _Lane:
        if not self._idle:
            return _Lane(self._make(), tls=self._tls)
        lane = self._idle.pop()
        if write and self._clock() - lane.idle_since > _FRESH_FOR:
            await lane.aclose()
            return _Lane(self._make(), tls=self._tls)
        return lane

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
        limit: int,
        close: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._send = send
        self._limit = limit
        self._close = close

    async def __call__(self, request: httpx.Request, *, write: bool) -> Reply:
        """The reply."""
        del write
        return await read(await self._send(request), self._limit)

    async def aclose(self) -> None:
        """Close the transport, where it was handed over; a client stays the caller's."""
        if self._close is not None:
            await self._close()


def lanes(url: httpx.URL, limit: int, clock: Callable[[], float]) -> Lanes:
    """Lanes of httpx's own transport, with one TLS context for all of them."""
    context = httpx.create_ssl_context(verify=url.scheme == "https", trust_env=False)
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30.0)
    return Lanes(
        lambda: httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits),
        limit,
        clock,
        tls=url.scheme == "https",
    )


def borrowed(client: httpx.AsyncClient, limit: int) -> Shared:
    """The caller's client, with the headers that it is configured to send."""

    async def send(request: httpx.Request) -> httpx.Response:
        for name, value in client.headers.items():
            request.headers.setdefault(name, value)
        return await client.send(request, stream=True, follow_redirects=False)

    return Shared(send, limit, None)


class Wire:
    """Sends a form to the panel, with the key, and brings the reply."""

    def __init__(self, url: httpx.URL, secret: Secret, exchange: Exchange, user_agent: str) -> None:
        self._url = url
        self._secret = secret
        self._exchange = exchange
        self._headers = [
            ("Host", url.netloc.decode("ascii")),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip, deflate"),
            ("User-Agent", user_agent),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]

    async def send(self, form: str, *, timeout: float, write: bool) -> Reply:  # noqa: ASYNC109 - passed on
        """The reply to a form, within `timeout` seconds.

        Raises:
            TransportError: none came; `sent` tells whether the form can have left.
            ReplyError: it is larger than it may be, or not encoded as it says.
        """
        body = Body(self._secret.form(form))
        request = httpx.Request(
            "POST",
            self._url,
            headers=[*self._headers, ("Content-Length", str(len(body)))],
            stream=body,
            extensions={"timeout": _UNBOUNDED},
        )
        failure: AgenciaError
        try:
            async with asyncio.timeout(timeout):
                reply = await self._exchange(request, write=write)
            return Reply(reply.status, reply.headers, reply.body, self._secret.blot)
        except ReplyError as error:
            failure = error
        except zlib.error as error:
            failure = ReplyError(f"the reply is not compressed as it says: {error}")
        except TimeoutError:
            what = "no whole reply" if body.started else "no connection"
            failure = TransportError(f"{what} within {timeout:g} s")
        except _NEVER_SENT as error:
            body.started = False  # a transport may read the form before it connects
            failure = TransportError(_told(error))
        except Exception as error:  # noqa: BLE001 - whatever a transport raises, no usable reply came
            failure = TransportError(_told(error))
        except BaseException as error:  # noqa: BLE001 - raised again
            # A cancellation passes through the frames that write the body, whose variables hold the key.
            raise error.with_traceback(None)  # noqa: B904 - it is the same one
        if isinstance(failure, TransportError):
            failure.sent = "maybe" if body.started else "no"
        self.blot(failure)
        raise failure.with_traceback(None)

    def blot(self, error: AgenciaError) -> None:
        """Take the key out of an error's message, should the panel have echoed it."""
        while True:
            error.message = self._secret.blot(error.message)
            error.args = (error.message,)
            if not isinstance(error, OutcomeUnknownError) or error.cause is None:
                return
            error = error.cause

    async def aclose(self) -> None:
        """Close the connections that are the client's own."""
        await self._exchange.aclose()


def open_wire(  # noqa: PLR0913 - what the constructor of the client is given
    url: httpx.URL,
    secret: Secret,
    *,
    transport: httpx.AsyncBaseTransport | None,
    http_client: httpx.AsyncClient | None,
    max_reply_bytes: int,
    user_agent: str,
    clock: Callable[[], float],
) -> Wire:
    """A wire over the caller's transport or client, or over lanes of its own."""
    exchange: Exchange
    if http_client is not None:
        exchange = borrowed(http_client, max_reply_bytes)
    elif transport is not None:
        exchange = Shared(transport.handle_async_request, max_reply_bytes, transport.aclose)
    else:
        exchange = lanes(url, max_reply_bytes, clock)
    return Wire(url, secret, exchange, user_agent)
