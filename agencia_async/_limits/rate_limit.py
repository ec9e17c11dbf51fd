"""Configured rate limits: each request reserves the time at which it may be sent."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final
from weakref import WeakValueDictionary

from attrs import Attribute, field, frozen

from agencia_async._checks import check_number
from agencia_async.errors import ConfigurationError

_SLACK = 0.02
"""Share of `per` that is added to it: requests do not arrive quite as evenly as they are sent."""
_MOST_SLACK = 0.25
"""Seconds: jitter, and a first request that is late as it opens a connection, do not grow with `per`."""

_RATE: Final = re.compile(r"(?P<requests>\d+(\.\d+)?)/(?P<per>\d+(\.\d+)?)? *(?P<unit>[a-z]*)")
_SECONDS: Final = {
    "": 1,
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
}


def slack(per: float) -> float:
    """The seconds that are added to `per`."""
    return min(_SLACK * per, _MOST_SLACK)


def positive(_limit: object, attribute: "Attribute[float]", value: object) -> None:
    """A validator for attrs: a number > 0."""
    check_number(attribute.name, value)


class Reservations(ABC):
    """An open limit: hands out reservations to one client, in order."""

    @abstractmethod
    async def reserve(self) -> float | None:
        """Make the next reservation; the seconds from now until it may be used, 0 for at once.

        None if none can be made at the moment: it is called again a second later. Called for one request at a
        time, the first in the queue. If that is cancelled meanwhile, its reservation may be lost, but no
        other. It raises nothing.
        """

    async def aclose(self) -> None:  # noqa: B027 - most have nothing to close
        """Close what it holds; called once, when the client closes."""


class Limit(ABC):
    """A configured limit: what `rate_limit` takes."""

    __slots__ = ()

    @property
    def pace(self) -> float | None:
        """Requests per second that it lets through, if that is known."""
        return None

    @abstractmethod
    def open(self, clock: Callable[[], float], account: str) -> Reservations:
        """The reservations of one client, opened in its event loop before its first request.

        `clock` returns the event loop's time in seconds. `account` identifies the account at its panel: a
        hash, the same for all clients with one key at one address, which does not reveal the key.
        """


@frozen
class RateLimit(Limit):
    """A client-side rate limit: `RateLimit(60, per=60)` is 60 requests per minute, evenly spaced.

    Clients of one account in one event loop share the limit if they are given the same object. Clients of
    different accounts do not share it.

    Attributes:
        requests: the number of requests, > 0. A batch of ids counts as one request.
        per: in how many seconds, > 0.

    Raises:
        ConfigurationError: an argument is out of range.
    """

    requests: float = field(validator=positive)
    per: float = field(validator=positive)
    _opened: "WeakValueDictionary[str, EvenReservations]" = field(
        factory=WeakValueDictionary, init=False, repr=False, eq=False
    )

    @classmethod
    def parse(cls, text: str) -> "RateLimit":
        """The limit from a text: `"60/min"`, `"2/s"`, `"100/hour"`, or `"60/60"` (per 60 seconds).

        Raises:
            ConfigurationError: the text is not a valid rate limit.
        """
        found = _RATE.fullmatch(text.strip().lower())
        seconds = _SECONDS.get(found["unit"].removesuffix("s") or found["unit"]) if found else None
        if found is None or seconds is None or not (found["per"] or found["unit"]):
            raise ConfigurationError(f"{text!r} is not a valid rate limit, such as 60/min, 2/s or 100/hour")
        return cls(float(found["requests"]), per=float(found["per"] or 1) * seconds)

    @property
    def pace(self) -> float:
        """Requests per second."""
        return self.requests / self.per

    def open(self, clock: Callable[[], float], account: str) -> "EvenReservations":
        """The reservations of an account: all clients with this object share them."""
        shared = self._opened.get(account)
        if shared is None or shared.loop is not asyncio.get_running_loop():
            shared = EvenReservations(self.per / self.requests, slack(self.per) / self.requests, clock)
            self._opened[account] = shared
        return shared


class EvenReservations(Reservations):
    """Reservations at even intervals, each with a little slack.

    A late reservation delays the next ones only by what exceeds the slack.
    """

    def __init__(self, interval: float, slack: float, clock: Callable[[], float]) -> None:
        self._interval = interval
        self._slack = slack
        self._clock = clock
        self._next = clock()
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()

    async def reserve(self) -> float:
        """Reserve the next interval."""
        now = self._clock()
        reserved = max(self._next, now - self._slack)
        self._next = reserved + self._slack + self._interval
        return max(0.0, reserved - now)
