"""What some panels tell of their limit with every reply: how many requests are left, and until when.

Pure, but for the clock on the wall. The headers are `X-RateLimit-Remaining` and `X-RateLimit-Reset`; the
latter is a time, in seconds or milliseconds since 1970, or the seconds from now.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

from attrs import frozen

from agencia_async._protocol.scalars import number

_REMAINING, _RESET = "x-ratelimit-remaining", "x-ratelimit-reset"
_A_DATE = 1e9
"""Seconds; more than that is a time since 1970, no time from now."""
_MILLISECONDS = 1e11
_LONGEST = 2 * 86_400.0
"""Seconds; there are quotas of a day. A reset that is further away is a mistake, or in another unit."""
_SKEW = 2.0
"""Seconds by which the panel's clock may differ from ours; beyond, its own `Date` counts."""
_SAME = 1.5
"""Seconds within which two times of a reset are the same one."""


@frozen
class Quota:
    """So many requests are left for so many seconds."""

    remaining: int
    seconds: float


def quota(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> Quota | None:
    """What the headers of a reply tell; None where they tell nothing that is of use."""
    remaining, reset = number(headers.get(_REMAINING, "")), number(headers.get(_RESET, ""))
    if remaining is None or reset is None or remaining < 0:
        return None
    seconds = float(reset)
    if seconds >= _MILLISECONDS:
        seconds /= 1000
    if seconds >= _A_DATE:
        seconds -= time_at(headers, clock())
    return Quota(int(remaining), seconds) if 0 < seconds <= _LONGEST else None


def http_date(text: str) -> float | None:
    """The Unix time of an HTTP date; None for what is none."""
    with suppress(ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(text).timestamp()
    return None


def time_at(headers: Mapping[str, str], ours: float) -> float:
    """The time at the panel, in seconds since 1970: ours, unless its clock is set to another."""
    theirs = http_date(headers.get("date", ""))
    return ours if theirs is None or abs(theirs - ours) <= _SKEW else theirs


class Credit:
    """The requests that may leave before the panel's quota is full again; any number where it tells none."""

    def __init__(self) -> None:
        self._remaining = self._left = math.inf
        self._until = 0.0

    @property
    def is_known(self) -> bool:
        """Has the panel told one?"""
        return self._left < math.inf

    @property
    def until(self) -> float:
        """The time at which there will be some again; 0 where there is some."""
        return self._until if self._left <= 0 else 0.0

    def told(self, remaining: int, seconds: float, under_way: int, now: float) -> None:
        """A reply tells what was left when it was sent; others are under way, and may not be counted."""
        is_same = abs(now + seconds - self._until) < _SAME
        # Replies may overtake each other: within its time a quota only falls.
        self._remaining = min(self._remaining, remaining) if is_same else remaining
        self._left = self._remaining - under_way
        self._until = now + seconds

    def left(self, now: float) -> None:
        """A request leaves."""
        self._left -= 1
        if now >= self._until:
            self._remaining = self._left = math.inf
