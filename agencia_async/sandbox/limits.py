"""The limits of a panel: its own, which counts requests, and that of the nginx in front of it."""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from agencia_async.sandbox.reply import ErrorReply, PanelReply

_SECONDS: Final[Mapping[str, int]] = {
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
_RATE = re.compile(r"([1-9][0-9]{0,8}) ?/ ?(?=.)([1-9][0-9]{0,8})? ?([a-z]*)")
_LIMIT_REQ = re.compile(r"(?:rate=)?([1-9][0-9]{0,8})r/([sm])(?: burst=([0-9]{1,9}))?")
_HTML = ((b"content-type", b"text/html"),)
_NGINX_PAGE = (
    b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    b"<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(slots=True)
class CountingLimit:
    """At most `requests` in any `per` seconds; what it rejects does not count."""

    requests: int
    per: float
    _times: deque[float] = field(default_factory=deque[float])

    def wait(self, now: float) -> float:
        """Seconds until there is room for another request; 0 if there is, and this one is counted."""
        while self._times and self._times[0] + self.per <= now:
            self._times.popleft()
        if len(self._times) >= self.requests:
            return self._times[0] + self.per - now
        self._times.append(now)
        return 0.0


@dataclass(slots=True)
class LeakyBucket:
    """nginx's `limit_req` with `nodelay`: `rate` requests a second, evenly, and `burst` more at once."""

    rate: float
    burst: int
    _excess: float = 0.0
    _last: float | None = None

    def admits(self, now: float) -> bool:
        """Whether a request may pass; what it rejects does not count."""
        excess = 0.0
        if self._last is not None:
            excess = max(0.0, self._excess - self.rate * (now - self._last) + 1)
        if excess > self.burst:
            return False
        self._excess, self._last = excess, now
        return True


@dataclass(slots=True)
class Limits:
    """The limits that a request meets before the panel reads it; `rejected` counts those they rejected."""

    clock: Callable[[], float]
    counting: CountingLimit | None = None
    nginx: LeakyBucket | None = None
    rejected: int = 0

    def rejection(self, error_reply: ErrorReply) -> PanelReply | None:
        """The reply to a request that a limit rejects; None if it may pass."""
        reply = self._rejection(error_reply)
        self.rejected += reply is not None
        return reply

    def _rejection(self, error_reply: ErrorReply) -> PanelReply | None:
        if self.nginx is not None and not self.nginx.admits(self.clock()):
            return PanelReply(503, _HTML, _NGINX_PAGE)
        wait = self.counting.wait(self.clock()) if self.counting is not None else 0.0
        if wait:
            return error_reply("Too many requests", 429, ((b"retry-after", b"%d" % ceil(wait)),))
        return None


def limits(clock: Callable[[], float], rate_limit: str | None, limit_req: str | None) -> Limits:
    """The limits of these texts, such as "60/min" and "10r/s burst=20"; a `ValueError` if they are none."""
    counting = None if rate_limit is None else _counting(rate_limit)
    return Limits(clock, counting, None if limit_req is None else _nginx(limit_req))


def _counting(text: object) -> CountingLimit:
    found = _RATE.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    if found is None or found[3] not in _SECONDS:
        raise ValueError(f"rate_limit must be such as 60/min, 2/s, 100/hour or 10/30s, got {text!r}")
    return CountingLimit(int(found[1]), int(found[2] or 1) * _SECONDS[found[3]])


def _nginx(text: object) -> LeakyBucket:
    found = _LIMIT_REQ.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"limit_req must be such as 10r/s or 30r/m burst=20, got {text!r}")
    return LeakyBucket(int(found[1]) / _SECONDS[found[2]], int(found[3] or 0))
