"""The period in which a panel counts requests, found from what it accepts and what it rate limits.

Pure. Most panels count by the second, by the minute or by the hour. Whether the windows slide or are fixed, a
period fits only if it was full at each 429, and no longer full when the next request was accepted.
"""

import math
from collections.abc import Sequence
from itertools import takewhile

from attrs import frozen

_PERIODS = (1.0, 60.0, 3600.0)
"""Seconds."""
FULL = 0.5
"""Share of its requests with which a period is full: a burst may fall into two fixed windows."""


def recent(accepted: Sequence[float], since: float) -> int:
    """How many of the times at which requests were accepted are later than that."""
    return sum(1 for _ in takewhile(lambda time: time > since, reversed(accepted)))


@frozen
class Period:
    """The panel accepts so many `requests` in so many `seconds`."""

    requests: int
    seconds: float


class PeriodSearch:
    """The periods that fit, from the first 429 until a request is accepted again.

    Args:
        accepted: the times at which requests were accepted; it grows by late replies.
        begun: the time of the first 429.
    """

    def __init__(self, accepted: Sequence[float], begun: float) -> None:
        self._accepted = accepted
        self._begun = begun
        self._seconds: tuple[float, ...] = _PERIODS

    def _fitting(self) -> list[Period]:
        counted = (Period(recent(self._accepted, self._begun - one), one) for one in self._seconds)
        return [period for period in counted if period.requests]

    def rate_limited(self, now: float) -> None:
        """Another request was rate limited."""
        self._seconds = tuple(
            period.seconds
            for period in self._fitting()
            if recent(self._accepted, now - period.seconds) >= FULL * period.requests
        )

    def found(self, now: float) -> Period | None:
        """A request was accepted, and is not counted yet: the shortest period that fits."""
        for period in self._fitting():
            if recent(self._accepted, now - period.seconds) < period.requests:
                return period
        return None

    def next_end(self, now: float) -> float:
        """The next time at which one of the periods is no longer full, or a fixed window of it has ended."""
        ends = [self._accepted[-one.requests] + one.seconds for one in self._fitting()]
        ends += [self._begun + seconds for seconds in _PERIODS]
        return min((end for end in ends if end > now), default=math.inf)
