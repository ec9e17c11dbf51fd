"""Rate limit headers: `Retry-After`, `X-RateLimit-Remaining`, `X-RateLimit-Reset`, and `Date`.

Pure, except for the wall clock. `X-RateLimit-Reset` is a Unix time in seconds or milliseconds, or a number
of seconds from now.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

from attrs import frozen

from agencia_async._protocol.scalars import number

_REMAINING, _RESET = "x-ratelimit-remaining", "x-ratelimit-reset"
_A_DATE = 1e9
"""Seconds; anything above is a Unix time, not a number of seconds from now."""
_MILLISECONDS = 1e11
_LONGEST = 2 * 86_400.0
"""Seconds; daily quotas exist. A reset that is further away is a mistake, or in another unit."""
_SKEW = 2.0
"""Seconds of clock skew that are ignored; beyond that the panel's `Date` header is used."""


@frozen
class Quota:
    """`remaining` requests for the next `seconds`."""

    remaining: int
    seconds: float


def quota(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> Quota | None:
    """The quota that the headers of a reply report; None if there is none, or no plausible one."""
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
    """The value of `Retry-After` in seconds, whether sent as seconds or as a date; None without one."""
    text = headers.get("retry-after", "")
    seconds = number(text)
    if seconds is None:
        date = http_date(text)
        return None if date is None else max(0.0, date - time_at(headers, clock()))
    return max(0.0, float(seconds))


def http_date(text: str) -> float | None:
    """The Unix time of an HTTP date; None if it is not one."""
    with suppress(ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(text).timestamp()
    return None


def time_at(headers: Mapping[str, str], ours: float) -> float:
    """The Unix time at the panel: ours, unless its clock differs by more than `_SKEW`."""
    theirs = http_date(headers.get("date", ""))
    return ours if theirs is None or abs(theirs - ours) <= _SKEW else theirs
