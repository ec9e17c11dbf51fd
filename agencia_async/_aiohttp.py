"""The fast engine: an httpx transport over aiohttp, whose parser is compiled."""

import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from agencia_async._lanes import IDLE_FOR, Engine

_PATIENT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
"""Each attempt has a time of its own, from connecting to the last byte."""


class _Content(aiohttp.Payload):
    """The body of a request, asked for as late as possible: that it was tells that it may have left."""

    def __init__(self, stream: httpx.AsyncByteStream, size: int) -> None:
        super().__init__(stream)
        self._stream = stream
        self._size = size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Nothing: a debugging aid of aiohttp's must not show the key."""
        del encoding, errors
        return ""

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send all of it."""
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
        else:
            return
        raise failure

    async def aclose(self) -> None:
        """Close the connection, unless the reply has ended: then it is free already."""
        self._response.close()


class AiohttpTransport(Engine):
    """Sends through a session that keeps no cookies and asks nothing of the environment.

    Nothing is sent twice: aiohttp repeats only requests that are idempotent, and a POST is not.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._session: aiohttp.ClientSession | None = None

    def lanes(self, *, tls: bool) -> Callable[[], httpx.AsyncBaseTransport]:
        """What makes another one for each lane, all with the same TLS context."""
        return partial(AiohttpTransport, self._trusted() if tls else None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The beginning of the reply.

        Raises:
            httpx.ConnectError: there is no connection, so nothing was sent.
            httpx.TransportError: the request may have been sent.
        """
        content = _content(request)
        self._session = self._session or _session()
        failure: httpx.TransportError
        try:
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode(), value.decode("latin-1")) for name, value in request.headers.raw],
                data=content,
                allow_redirects=False,
                ssl=self._trusted() if request.url.scheme == "https" else True,
            )
        except aiohttp.ClientConnectorError as error:
            failure = httpx.ConnectError(str(error))
        except aiohttp.ClientError as error:
            failure = httpx.RemoteProtocolError(str(error))
        else:
            return httpx.Response(response.status, headers=response.raw_headers, stream=_Incoming(response))
        raise failure

    def _trusted(self) -> ssl.SSLContext:
        self._context = self._context or httpx.create_ssl_context(trust_env=False)
        return self._context

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


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
        auto_decompress=False,
        trust_env=False,
    )
