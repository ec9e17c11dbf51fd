"""Adaptive throttling: a panel's unknown rate limit, discovered from its replies.

Pure: it is given events and their times. Requests are numbered in the order in which they are sent. States:

- *free*: no limit is known, except from headers. A 429 starts a cooldown. The requests in flight at that
  moment, the flight, decide whether there is a limit: behind a limit most of the flight is rate limited as
  well, with isolated 429s hardly any. If the flight is small, the most recent replies decide.
- *limited, no pace yet*: cooldown, probe, cooldown. When a probe is accepted, the initial pace is the number
  of requests accepted so far, divided by the time that they took.
- *limited, with a pace*: requests are sent at even intervals, and the pace follows a CUBIC curve. A 429 near
  the ceiling lowers it. One far below is no sign of this limit: after a few of those, or once the pace has
  grown far beyond the ceiling, the client is free again.
"""

from collections import deque

from agencia_async._limits.cooldown import Cooldown
from agencia_async._limits.cubic import CubicPace
from agencia_async._limits.header_quota import HeaderQuota

_REMEMBERED = 1024
"""Accepted requests from which the initial pace is measured."""
_SMALL = 4
"""Requests: a flight of fewer proves nothing by itself."""
_LAST = (3, 10)
"""Numbers of recent replies that are examined if the flight is small."""
_INSTANT = 0.001
_SOON_FOUND = 2.0
"""Seconds: a limit that is discovered again so soon after it was dropped was real."""
_DOUBTS = 2.5
"""429s far below the ceiling are doubts, which decay; the third in a short time drops a new limit."""
_MOST_DOUBTS = 40.0
_CLUSTER, _SOON = 3, 9
"""So many 429s within so many replies mean that the pace is too high."""
_DECAY = 0.005
"""Doubts that each accepted request takes away."""
_LEAST_COOLDOWN = 0.1
"""Seconds, behind a limit, if the policy's `first_wait` is shorter."""
_LEAST_INTERVAL = 1.0
"""Seconds: the pace may always fall to one request in so long, however short the policy's waits."""
_INTERVALS = 2.0
"""Intervals: the length of a cooldown at a known pace, without a `Retry-After`."""
_GAPS = 11
"""Accepted requests from which the pace under a configured limit is measured."""


def is_significant(rate_limited: int, replies: int) -> bool:
    """Whether so many 429s are more than chance: three, plus a fifth of the replies beyond three.

    If one request in ten is rate_limited at random, less than one group in a hundred is taken for a limit.
    """
    return rate_limited >= 3 + (replies - 3) / 5


class _Flight:
    """The requests in flight when the first 429 came: all up to the number `last`."""

    def __init__(self, last: int, size: int) -> None:
        self.last = last
        self._size = size
        self._rate_limited = self._accepted = 0

    def rate_limited(self) -> None:
        self._rate_limited += 1

    def accepted(self) -> None:
        self._accepted += 1

    @property
    def is_small(self) -> bool:
        return self._size < _SMALL

    @property
    def is_limit(self) -> bool:
        return not self.is_small and is_significant(self._rate_limited, self._size)

    @property
    def is_stray(self) -> bool:
        """Whether it is an isolated 429: the rest of the flight can no longer show a limit."""
        return not self.is_small and not is_significant(self._size - self._accepted, self._size)


class AdaptiveLimit:
    """What is known of a panel's rate limit; while `free`, it delays no request.

    Args:
        first_wait: seconds of the first cooldown, if the panel does not say how long.
        longest_wait: seconds; the client's own cooldowns and intervals grow no further.
        patience: seconds without an accepted request after which a cooldown counts towards deadlines.
        is_configured: requests are sent under a configured limit already.
    """

    def __init__(
        self, *, first_wait: float, longest_wait: float, patience: float, is_configured: bool = False
    ) -> None:
        self._first_wait = first_wait
        self._is_configured = is_configured
        self._longest_wait = longest_wait
        self._slowest = 1 / max(longest_wait, _LEAST_INTERVAL)
        self._patience = patience
        self.cooldown = Cooldown(longest_wait)
        self._header_quota = HeaderQuota()
        self.cubic: CubicPace | None = None
        self.free = True
        self.is_limited = False
        self._flight = _Flight(0, 0)
        self._accepted: deque[float] = deque(maxlen=_REMEMBERED)
        self._replies = 0
        self._recent_429s: deque[int] = deque(maxlen=max(_LAST))
        self._doubts = 0.0
        self._enough_doubts = _DOUBTS
        self._doubted_until = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent; infinite while a probe is in flight."""
        if self.free:
            return 0.0
        out = max(0.0, self._header_quota.until - now)
        if self.cooldown.is_on:
            return max(out, self.cooldown.wait(now))
        return max(out, self.cubic.wait(now)) if self.cubic else out

    @property
    def until(self) -> float:
        """The time at which the cooldown ends, or the panel's quota is reset."""
        return max(self.cooldown.until, self._header_quota.until)

    @property
    def is_asked(self) -> bool:
        """Whether the panel asked to wait until then."""
        return self.cooldown.asked or self._header_quota.until > self.cooldown.until

    def counts(self, now: float) -> bool:
        """Whether waiting counts towards the deadline of a call.

        Not at the discovered pace, nor in a cooldown during its discovery as long as the panel accepts
        requests at all.
        """
        if not self.is_limited:
            return True
        silent = not self._accepted or now - self._accepted[-1] > self._patience
        return self.cooldown.is_on and silent

    def sent(self, number: int, now: float) -> None:
        """A request is sent."""
        if self.free:
            return
        self.cooldown.sent(number)
        self._header_quota.sent(now)
        if self.cubic:
            self.cubic.sent(now)
            if self.cubic.is_gone:
                self._drop(now, doubted=False)
        self._settle()

    def quota_received(self, remaining: int, seconds: float, in_flight: int, now: float) -> None:
        """The headers of a reply: `remaining` requests for so many seconds, with others in flight."""
        self._header_quota.update(remaining, seconds, in_flight, now)
        self._settle()

    def accepted(self, number: int, now: float) -> None:
        """A request was answered with anything but a 429."""
        self._replies += 1
        self._accepted.append(now)
        if self.free:
            return
        if number <= self._flight.last:
            self._flight.accepted()
            if not (self.is_limited or self.cooldown.asked) and self._flight.is_stray:
                self.cooldown.end()
        elif self.is_limited and self.cubic is None:
            self.cubic = CubicPace(*self._measured(now), now, self._slowest)
        self._doubts = max(0.0, self._doubts - _DECAY)
        self.cooldown.accepted(number)
        self._settle()

    def rate_limited(
        self, number: int, *, last: int, in_flight: int, now: float, asked: float | None
    ) -> None:
        """A request was rate limited; `last` was sent last, and `in_flight` are in flight."""
        self._replies += 1
        late = number <= self._flight.last
        if late:
            self.cooldown.hold(now, asked or 0.0)
        else:
            self._flight = _Flight(last, in_flight)
            self.cooldown.begin(now, number, self._own_wait(), asked)
        self._flight.rate_limited()
        if not self.is_limited:
            self._recent_429s.append(self._replies)
            if self._flight.is_limit or (self._flight.is_small and any(map(self._is_frequent, _LAST))):
                self._limit(now, number)
        elif self.cubic and not late:
            self._rate_limited_at(self.cubic, now)
        self._settle()

    def overloaded(self, rate: float, seconds: float, now: float) -> None:
        """A web server's own limit let through so many requests per second, in so many seconds."""
        if self.cubic:
            self.cubic.lower(now, 0.0, rate)
        else:
            self.is_limited = True
            self.cubic = CubicPace(rate, seconds, now, self._slowest)
        self._settle()

    def abandoned(self, number: int) -> None:
        """A request ended without a reply."""
        self.cooldown.abandoned(number)

    def _settle(self) -> None:
        self.free = not (self.is_limited or self.cooldown.is_on or self._header_quota.is_known)

    def _own_wait(self) -> float:
        if self.cubic:
            return min(self._longest_wait, _INTERVALS / self.cubic.pace)
        if self.is_limited:
            return max(self._first_wait, _LEAST_COOLDOWN)
        if self._is_configured and len(self._accepted) >= _GAPS:
            # Under a configured limit a 429 means that the request was only a little early.
            gap = (self._accepted[-1] - self._accepted[-_GAPS]) / (_GAPS - 1)
            return min(self._first_wait, _INTERVALS * gap)
        return self._first_wait

    def _is_frequent(self, last: int) -> bool:
        """Whether many of the most recent replies were 429s."""
        rate_limited = sum(index > self._replies - last for index in self._recent_429s)
        return self._replies >= last and is_significant(rate_limited, last)

    def _limit(self, now: float, number: int) -> None:
        self.is_limited = True
        was_right = now < self._doubted_until
        self._enough_doubts = min(_MOST_DOUBTS, 2 * self._enough_doubts) if was_right else _DOUBTS
        self._doubts = 0.0
        self._recent_429s.clear()
        if not self.cooldown.is_on:
            self.cooldown.begin(now, number, self._own_wait(), None)

    def _measured(self, now: float) -> tuple[float, float]:
        """The highest accepted rate over any window that ends now, and the length of that window.

        If the panel counts in windows, that is the panel's: a shorter one holds fewer requests, a longer one
        hardly more.
        """
        before = list(self._accepted)[:-1] or [now - 1.0]
        return max(
            ((len(before) - index) / max(now - begun, _INSTANT), now - begun)
            for index, begun in enumerate(before)
        )

    def _rate_limited_at(self, cubic: CubicPace, now: float) -> None:
        """A request was rate limited at a known pace."""
        cooldown = self.cooldown.until - now
        self._recent_429s.append(self._replies)
        if len(self._recent_429s) >= _CLUSTER and self._replies - self._recent_429s[-_CLUSTER] < _SOON:
            since = min(cubic.lowered, now - cubic.window)
            accepted = sum(one > since for one in self._accepted)
            cubic.lower(now, cooldown, accepted / max(now - since, _INSTANT))
            while self._accepted and self._accepted[0] <= since:
                self._accepted.popleft()  # perhaps under another limit
            self._recent_429s.clear()
            self._doubts = 0.0
            return
        if not cubic.is_near:
            self._doubts += 1
            if self._doubts >= self._enough_doubts:
                self._drop(now, doubted=True)
                return
        if cubic.is_near or not cubic.is_confirmed:
            cubic.lower(now, cooldown)

    def _drop(self, now: float, *, doubted: bool) -> None:
        self._doubted_until = now + _SOON_FOUND if doubted else 0.0
        self.is_limited = False
        self.cubic = None
        self._recent_429s.clear()
