"""The contracts of the transport: what is sent, over what, and by which engine."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import httpx
from attrs import frozen

from agencia_async._protocol.reply import Reply

IDLE_FOR = 30.0
"""Seconds for which an idle connection may still carry a read."""

UNBOUNDED = {"connect": None, "read": None, "write": None, "pool": None}
"""No time-outs of httpx's: each attempt has one of its own, from connecting to the last byte."""


class Body(httpx.AsyncByteStream):
    """A request's body that remembers whether it was asked for: before that, nothing has left.

    With `once` it can be sent no second time: a transport of the caller's may try again by itself.
    """

    __slots__ = ("content", "once", "started")

    def __init__(self, content: bytes, *, once: bool = False) -> None:
        self.content = content
        self.started = False
        self.once = once

    def __len__(self) -> int:
        return len(self.content)

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    def again(self) -> "Body":
        """The same body for whoever sends it after it was read."""
        return Body(self.content, once=self.once)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.started and self.once:
            raise RuntimeError("the transport tried to send it a second time")
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

    async def __call__(self, body: Body, *, write: bool, limit: int) -> Reply:
        """The reply, read to its end; one of more than `limit` bytes is a `ReplyError`."""
        ...

    @property
    def held(self) -> str:
        """What is open, in words; nothing if there is nothing."""
        ...

    def discard(self) -> None:
        """Close it without waiting, as far as that can be done, even if the event loop is closed."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


class Connection(ABC):
    """One connection, made with the first request."""

    idle_since = 0.0

    @abstractmethod
    def is_open(self) -> bool:
        """Can another request be sent, as far as is to be seen at this moment?"""

    @abstractmethod
    async def post(self, body: Body, limit: int) -> Reply:
        """The reply to a form, read to its end; one of more than `limit` bytes is a `ReplyError`."""

    @abstractmethod
    def discard(self) -> None:
        """Close the connection without waiting, even if its event loop is closed."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection."""


class Engine(httpx.AsyncBaseTransport):
    """A transport that sends through connections of its own kind, and that retries no request."""

    @abstractmethod
    def connections(self, endpoint: Endpoint) -> Callable[[], Connection]:
        """What makes a connection to an endpoint."""

    @property
    @abstractmethod
    def is_direct(self) -> bool:
        """Whether they lead to the endpoint itself, and not to a proxy."""
