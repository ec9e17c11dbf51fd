"""Limits that are known: where requests get their places, one after the other."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from attrs import Attribute, field, frozen

from agencia_async._checks import check_number

_SLACK = 0.02
"""Of the limit's time: by so much longer than `per` its requests take, as none arrives quite when it left."""
_MOST_SLACK = 0.02
"""Seconds; the network is no later for a limit by the hour."""


def slack(per: float) -> float:
    """The seconds by which the requests of `per` seconds take longer."""
    return min(_SLACK * per, _MOST_SLACK)


def positive(_limit: object, attribute: "Attribute[float]", value: object) -> None:
    """Refuse what is no number above 0."""
    check_number(attribute.name, value)


class Reservations(ABC):
    """The places of an open limit, given out one after the other to one client."""

    @abstractmethod
    async def reserve(self) -> float:
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
    def open(self, clock: Callable[[], float], account: str) -> Reservations:
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

    requests: float = field(validator=positive)
    per: float = field(validator=positive)

    def open(self, clock: Callable[[], float], account: str) -> Reservations:
        """The places of one client: the limit is shared by its calls, and by nothing else."""
        del account
        return _EvenReservations(self.per / self.requests, slack(self.per) / self.requests, clock)


class _EvenReservations(Reservations):
    """Places at even intervals, each with a little slack.

    A place that is taken late moves those behind it by as much only as it exceeds the slack.
    """

    def __init__(self, interval: float, slack: float, clock: Callable[[], float]) -> None:
        self._interval = interval
        self._slack = slack
        self._clock = clock
        self._next = clock()

    async def reserve(self) -> float:
        """The next interval's."""
        now = self._clock()
        reserve = max(self._next, now - self._slack)
        self._next = reserve + self._slack + self._interval
        return max(0.0, reserve - now)
