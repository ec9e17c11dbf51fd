"""How fast requests may leave, and how many at once: the caller's limits, and the pause a panel asks for."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from attrs import Attribute, field, frozen

from agencia_async._checks import check_number
from agencia_async.errors import RateLimitedError, TransportError


def _positive(_limit: object, attribute: "Attribute[float]", value: object) -> None:
    check_number(attribute.name, value)


class Places(ABC):
    """The places of an open limit, given out one after the other to one client."""

    @abstractmethod
    async def place(self) -> float:
        """Take the next place; the seconds from now until it may be used, 0 for at once.

        Asked by one request at a time, the one that stands first. If it is cancelled meanwhile, the place
        may be lost, and no more than that one. It raises nothing.
        """

    async def aclose(self) -> None:  # noqa: B027 - most have nothing to close
        """Close what it holds; called once, when the client closes."""


class Limit(ABC):
    """A limit that is known: what `rate_limit` takes."""

    __slots__ = ()

    @abstractmethod
    def open(self, clock: Callable[[], float], account: str) -> Places:
        """The places for one client, opened in its event loop when its first request is to leave.

        `clock` tells the event loop's seconds. `account` names the account at its panel: the same for all
        clients of one key at one address, and no way back to the key.
        """


@frozen
class RateLimit(Limit):
    """A limit that is known: `RateLimit(60, per=60)` is 60 requests a minute, evenly spaced.

    Attributes:
        requests: how many requests.
        per: in how many seconds.
    """

    requests: float = field(validator=_positive)
    per: float = field(validator=_positive)

    def open(self, clock: Callable[[], float], account: str) -> Places:
        """The places of one client: the limit is shared by its calls, and by nothing else."""
        del account
        return _Spaced(self.per / self.requests, clock)


class _Spaced(Places):
    """Places at even intervals."""

    def __init__(self, interval: float, clock: Callable[[], float]) -> None:
        self._interval = interval
        self._clock = clock
        self._next = 0.0

    async def place(self) -> float:
        """The next interval's."""
        now = self._clock()
        wait = max(0.0, self._next - now)
        self._next = now + wait + self._interval
        return wait


class Pace:
    """Lets requests go one by one as fast as the limit allows; a pause holds all of them back."""

    def __init__(
        self,
        limit: Limit | None,
        account: str,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limit = limit
        self._account = account
        self._places: Places | None = None
        self._clock = clock
        self._sleep = sleep
        self._paused_until = 0.0
        self._due: float | None = None
        self._queue = asyncio.Lock()
        self.limited = limit is not None

    def pause(self, seconds: float) -> None:
        """Let nothing go for so long."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    async def turn(self) -> float:
        """Wait for the limit's next place; returns the seconds that it took.

        Only the first of those who wait has a place in sight; whoever gives up before costs nobody one.
        """
        if self._limit is None:
            return 0.0
        began = self._clock()
        async with self._queue:
            if self._places is None:
                self._places = self._limit.open(self._clock, self._account)
            if self._due is None:
                self._due = await self._places.place() + self._clock()
            if (wait := self._due - self._clock()) > 0:
                await self._sleep(wait)
            self._due = None
        return self._clock() - began

    async def aclose(self) -> None:
        """Close the limit's places."""
        if self._places is not None:
            await self._places.aclose()

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
