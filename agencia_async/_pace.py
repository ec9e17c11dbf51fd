"""How fast requests may leave, and how many at once: the caller's limits, and the pause a panel asks for."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from attrs import Attribute, field, frozen

from agencia_async._checks import check_number
from agencia_async.errors import RateLimitedError, TransportError


def _positive(_limit: object, attribute: "Attribute[float]", value: object) -> None:
    check_number(attribute.name, value)


@frozen
class RateLimit:
    """A limit that is known: `RateLimit(60, per=60)` is 60 requests a minute, evenly spaced.

    Attributes:
        requests: how many requests.
        per: in how many seconds.
    """

    requests: float = field(validator=_positive)
    per: float = field(validator=_positive)


class Pace:
    """Lets requests go one by one as fast as the limit allows; a pause holds all of them back."""

    def __init__(
        self,
        limit: RateLimit | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = limit.per / limit.requests if limit else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = self._paused_until = 0.0
        self._queue = asyncio.Lock()
        self.limited = limit is not None

    def pause(self, seconds: float) -> None:
        """Let nothing go for so long."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    async def turn(self) -> float:
        """Wait for the limit's next place; returns the seconds that it took.

        Only the first of those who wait has a place in sight; whoever gives up before costs nobody one.
        """
        if not self._interval:
            return 0.0
        began = self._clock()
        async with self._queue:
            if (wait := self._next - self._clock()) > 0:
                await self._sleep(wait)
            self._next = max(self._next, self._clock()) + self._interval
        return self._clock() - began

    async def resume(self, left: Callable[[], float]) -> None:
        """Wait for the end of a pause.

        Raises:
            RateLimitedError: it ends after the deadline.
        """
        while (wait := self._paused_until - self._clock()) > 0:
            if wait >= left():
                message = f"the panel asked for a pause that lasts {wait:.0f} s more"
                raise RateLimitedError(message, retry_after=wait)
            await self._sleep(wait)


class Slots:
    """A bounded number of requests under way at once."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def one(self, left: Callable[[], float]) -> AsyncGenerator[None, None]:
        """Hold a slot.

        Raises:
            TransportError: none came free before the deadline; nothing was sent.
        """
        if self._free.locked():
            await self._wait(left())
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self, seconds: float) -> None:
        late = False
        try:
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                await self._free.acquire()
        except TimeoutError:
            late = True
        if late:
            raise TransportError("all connections were busy until the deadline", sent="no")
