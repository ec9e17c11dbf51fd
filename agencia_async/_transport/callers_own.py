"""The caller's own transport or client of httpx: what it promises is the caller's, not this library's."""

from collections.abc import Awaitable, Callable

import httpx

from agencia_async._protocol.reply import Reply
from agencia_async._transport.exchange import UNBOUNDED, Body, Endpoint
from agencia_async._transport.inflate import encoding_of, inflated
from agencia_async.errors import ReplyError


class CallersOwn:
    """Exchanges through a function that sends requests of httpx."""

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
        return await read(await self._send(request_of(self._endpoint, body)), self._limit)

    async def aclose(self) -> None:
        """Close the transport, where it was handed over; a client stays the caller's."""
        if self._close is not None:
            await self._close()


def own_transport(transport: httpx.AsyncBaseTransport, endpoint: Endpoint, limit: int) -> CallersOwn:
    """The caller's transport, which is closed with the client."""
    once = type(transport).__module__.partition(".")[0] == "httpx"  # httpx's own retry no request
    return CallersOwn(transport.handle_async_request, endpoint, limit, transport.aclose, sends_once=once)


def own_client(client: httpx.AsyncClient, endpoint: Endpoint, limit: int) -> CallersOwn:
    """The caller's client, with the headers that it is configured to send."""

    async def send(request: httpx.Request) -> httpx.Response:
        for name, value in client.headers.items():
            request.headers.setdefault(name, value)
        return await client.send(request, stream=True, follow_redirects=False)

    return CallersOwn(send, endpoint, limit)


def request_of(endpoint: Endpoint, body: Body) -> httpx.Request:
    """The request of httpx that posts a body."""
    request = httpx.Request(
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
