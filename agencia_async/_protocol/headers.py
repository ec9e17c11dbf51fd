"""What headers tell about time: `Retry-After`, `Date`, and how many requests are left until when.

Pure, but for the clock on the wall. Some send `X-RateLimit-Remaining` and `X-RateLimit-Reset` with
each reply; the latter is a time, in seconds or milliseconds since 1970, or the seconds from now.
"""

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


def retry_after(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> float | None:
    """The seconds that `Retry-After` asks for, given as seconds or as a date, or None."""
    text = headers.get("retry-after", "")
    seconds = number(text)
    if seconds is None:
        date = http_date(text)
        return None if date is None else max(0.0, date - time_at(headers, clock()))
    return max(0.0, float(seconds))


def http_date(text: str) -> float | None:
    """The Unix time of an HTTP date; None for what is none."""
    with suppress(ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(text).timestamp()
    return None


def time_at(headers: Mapping[str, str], ours: float) -> float:
    """The time at the panel, in seconds since 1970: ours, unless its clock is set to another."""
    theirs = http_date(headers.get("date", ""))
    return ours if theirs is None or abs(theirs - ours) <= _SKEW else theirs
