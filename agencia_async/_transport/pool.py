"""Lanes: one exchange of a request for its whole reply, over connections of the client's own.

A *lane* is one connection. Each request has a lane to itself and gives it back when it
ended well; otherwise the lane is thrown away with its connection. So nothing waits for a pool, no
cancellation leaves a connection behind, and the cost of a request does not grow with their number.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Protocol

import httpx
from attrs import frozen

from agencia_async._protocol.reply import Reply
from agencia_async.errors import ReplyError

_FRESH_FOR = 1.0
"""Seconds for which an idle connection may still carry a write: a server that closes it at that very
moment would make an unknown outcome of nothing."""

IDLE_FOR = 30.0
"""Seconds for which it may still carry a read."""


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
