"""The connections of one client, each for one exchange of a request and its whole reply at a time.

A request has a connection to itself, which is kept when the exchange ended well and thrown away otherwise.
So nothing waits for a pool, no cancellation leaves a connection behind, and the cost of a request does not
grow with their number.
"""

from collections.abc import Callable

from agencia_async._protocol.reply import Reply
from agencia_async._transport.exchange import Body, Connection

_FRESH_FOR = 1.0
"""Seconds for which an idle connection may still carry a write: a server that closes it at that very
moment would make an unknown outcome of nothing."""


class ConnectionPool:
    """Connections that are kept alive; the one that was used last goes first."""

    sends_once = True

    def __init__(self, make: Callable[[], Connection], clock: Callable[[], float]) -> None:
        self._make = make
        self._clock = clock
        self._idle: list[Connection] = []
        self._closed = False

    async def __call__(self, body: Body, *, write: bool, limit: int) -> Reply:
        """The reply; the connection is kept only if it ended well."""
        connection = await self._connection(write=write)
        well = False
        try:
            reply = await connection.post(body, limit)
            well = not self._closed
            return reply
        finally:
            if well:
                connection.idle_since = self._clock()
                self._idle.append(connection)
            else:
                await connection.aclose()

    async def _connection(self, *, write: bool) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            is_stale = write and self._clock() - connection.idle_since > _FRESH_FOR
            if connection.is_open() and not is_stale:
                return connection
            await connection.aclose()
            if is_stale:  # and so are the others, which may still do for a read
                break
        return self._make()

    @property
    def held(self) -> str:
        """How many connections are open, in words."""
        count = len(self._idle)
        return f"{count} connection{'s'[: count - 1]}" if count else ""

    def discard(self) -> None:
        """Close the idle connections without waiting."""
        while self._idle:
            self._idle.pop().discard()

    async def aclose(self) -> None:
        """Close the idle connections now and the others as they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().aclose()
