"""Rate limit headers: `Retry-After`, `Date`, and those that report a quota.

Pure, except for the wall clock. A quota is what remains, and when it is reset: a number of seconds from now,
or a Unix time in seconds or milliseconds. It is reported in one of these forms:

- `X-RateLimit-Remaining` and `X-RateLimit-Reset`, also spelt `X-Rate-Limit-*`;
- `RateLimit-Remaining` and `RateLimit-Reset` (IETF draft-ietf-httpapi-ratelimit-headers, up to 06);
- `RateLimit: limit=100, remaining=50, reset=5` (draft 07);
- `RateLimit: "burst";r=0;t=1, "daily";r=70;t=3600`, one quota for each policy (since draft 08).

Where no reset is told, the window of `RateLimit-Policy` stands in for it: `100;w=60` (up to draft 07), or
`"burst";q=100;w=60`. A policy with another quota unit than requests (`qu="content-bytes"`) is ignored.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

from attrs import frozen

from agencia_async._protocol.scalars import number

_PREFIXES = ("x-ratelimit", "x-rate-limit", "ratelimit")
_MOST_READ = 1000
"""Characters of a structured field that are read."""
_MEMBER = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r'(?:[^";]|"(?:[^"\\]|\\.)*")+')
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
    """The quota that the headers of a reply report; None if there is none, or no plausible one.

    Of several, it is the one of which the least remains, and of those the one that is reset last.
    """
    told = (_quota(*one, headers, clock) for one in _reported(headers))
    return min(filter(None, told), key=lambda one: (one.remaining, -one.seconds), default=None)


def _reported(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What remains and the reset, as text, of each quota that is reported."""
    policies = dict(_members(headers.get("ratelimit-policy", "")))
    windows = [policy["w"] for policy in policies.values() if "w" in policy]
    for prefix in _PREFIXES:
        default = windows[0] if prefix == "ratelimit" and windows else ""
        yield headers.get(f"{prefix}-remaining", ""), headers.get(f"{prefix}-reset", default)
    members = _members(headers.get("ratelimit", ""))
    fields = dict(name.split("=", 1) for name, _ in members if "=" in name)
    yield fields.get("remaining", ""), fields.get("reset", "")
    for name, parameters in members:
        policy = policies.get(name, {})
        if policy.get("qu", "requests") == "requests":
            yield parameters.get("r", ""), parameters.get("t", policy.get("w", ""))


def _members(text: str) -> list[tuple[str, dict[str, str]]]:
    """The members of a structured field (RFC 9651), each with its parameters."""
    members = (_PARAMETER.findall(member) for member in _MEMBER.findall(text[:_MOST_READ]))
    return [(_bare(parts[0]), dict(map(_parameter, parts[1:]))) for parts in members if parts]


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), _bare(value)


def _bare(text: str) -> str:
    return text.strip().strip('"')


def _quota(
    remaining: str, reset: str, headers: Mapping[str, str], clock: Callable[[], float]
) -> Quota | None:
    left, at = number(remaining), number(reset)
    if left is None or at is None or left < 0:
        return None
    seconds = float(at)
    if seconds >= _MILLISECONDS:
        seconds /= 1000
    if seconds >= _A_DATE:
        seconds -= time_at(headers, clock())
    return Quota(int(left), seconds) if 0 < seconds <= _LONGEST else None


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
