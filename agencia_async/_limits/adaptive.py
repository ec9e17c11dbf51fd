"""A panel's limit that nobody told: what its answers say about it, and how long the next request has to wait.

Pure: it is told what happened and when. Requests are numbered as they leave. Three states:

- *free*: no limit is known, or only from what the panel tells with its replies. A refusal begins a pause.
  What was under way then, the flight, tells whether there is a limit: behind one most of the flight is
  refused as well, among strays hardly any. Where the flight is small, the last answers tell.
- *limited, no pace yet*: pause, probe, pause. When a probe is accepted, the pace is what was accepted before,
  divided by the time from then until now.
- *limited, with a pace*: requests leave at even intervals, and the pace follows its curve. A refusal near the
  ceiling lowers it. One far below is no sign of a limit: after a few of those, or when the pace has doubled,
  the client is free again.
"""

from collections import deque

from agencia_async._limits.cooldown import Cooldown
from agencia_async._limits.cubic import CubicPace
from agencia_async._limits.header_quota import HeaderQuota

_REMEMBERED = 1024
"""Answers from which the first pace is taken."""
_SMALL = 4
"""Requests: a flight of fewer proves nothing by itself."""
_LAST = (3, 10)
"""Answers that are looked at besides."""
_INSTANT = 0.001
_SOON_FOUND = 2.0
"""Seconds: a limit that is found again so soon after it was given up was one."""
_DOUBTS = 2.5
"""Refusals far below the ceiling are doubts, which fade; the third in a short time ends a new limit."""
_MOST_DOUBTS = 40.0
_CLUSTER, _SOON = 3, 9
"""If so many refusals come within so many answers, the panel does refuse at this pace."""
_FADING = 0.005
"""Of a doubt, with each answer."""
_LEAST_PAUSE = 0.1
"""Seconds, behind a limit, where the policy has no wait."""
_LEAST_INTERVAL = 1.0
"""Seconds between two requests that are no standstill, however short the waits of the policy."""
_INTERVALS = 2.0
"""An own pause at a known pace."""
_GAPS = 11
"""Answers that show the pace at which requests leave under a limit that is told."""


def is_telling(refused: int, answers: int) -> bool:
    """Are so many refusals more than chance? Three, and a fifth of the answers beyond three.

    Where one request in ten is refused for no reason, not one group in a hundred is taken for a limit.
    """
    return refused >= 3 + (answers - 3) / 5


class _Flight:
    """The requests that were under way when the first refusal came, up to a number."""

    def __init__(self, last: int, size: int) -> None:
        self.last = last
        self._size = size
        self._refused = self._accepted = 0

    def refused(self) -> None:
        self._refused += 1

    def accepted(self) -> None:
        self._accepted += 1

    @property
    def is_small(self) -> bool:
        return self._size < _SMALL

    @property
    def is_limit(self) -> bool:
        return not self.is_small and is_telling(self._refused, self._size)

    @property
    def is_stray(self) -> bool:
        """Can it not become a limit any more?"""
        return not self.is_small and not is_telling(self._size - self._accepted, self._size)


class AdaptiveLimit:
    """What is known of a panel's limit; `free` tells that nothing holds anybody back.

    `is_told` tells that requests leave under a limit that is known already.
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
        self._answers = 0
        self._refusals: deque[int] = deque(maxlen=max(_LAST))
        self._doubts = 0.0
        self._enough_doubts = _DOUBTS
        self._doubted_until = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave; infinite until a probe is answered."""
        if self.free:
            return 0.0
        out = max(0.0, self._header_quota.until - now)
        if self.cooldown.is_on:
            return max(out, self.cooldown.wait(now))
        return max(out, self.cubic.wait(now)) if self.cubic else out

    @property
    def until(self) -> float:
        """The time at which a pause ends, or the panel's quota is full again."""
        return max(self.cooldown.until, self._header_quota.until)

    @property
    def is_asked(self) -> bool:
        """Was it the panel that asked to wait until then?"""
        return self.cooldown.asked or self._header_quota.until > self.cooldown.until

    def counts(self, now: float) -> bool:
        """Does waiting count towards the deadline of a call?

        Not at the pace that was found, nor in a pause of the client's own that looks for it while the panel
        does accept requests.
        """
        if not self.is_limited:
            return True
        silent = not self._accepted or now - self._accepted[-1] > self._patience
        return self.cooldown.is_on and silent

    def left(self, number: int, now: float) -> None:
        """A request leaves."""
        if self.free:
            return
        self.cooldown.left(number)
        self._header_quota.left(now)
        if self.cubic:
            self.cubic.left(now)
            if self.cubic.is_gone:
                self._leave(now, as_unknown=False)
        self._settle()

    def told(self, remaining: int, seconds: float, in_flight: int, now: float) -> None:
        """A reply tells how many requests are left for how long, while so many others are under way."""
        self._header_quota.told(remaining, seconds, in_flight, now)
        self._settle()

    def accepted(self, number: int, now: float) -> None:
        """A request was answered with anything but a refusal for the rate."""
        self._answers += 1
        self._accepted.append(now)
        if self.free:
            return
        if number <= self._flight.last:
            self._flight.accepted()
            if not (self.is_limited or self.cooldown.asked) and self._flight.is_stray:
                self.cooldown.end()
        elif self.is_limited and self.cubic is None:
            self.cubic = CubicPace(*self._measured(now), now, self._slowest)
        self._doubts = max(0.0, self._doubts - _FADING)
        self.cooldown.accepted(number)
        self._settle()

    def refused(self, number: int, *, last: int, in_flight: int, now: float, asked: float | None) -> None:
        """A request was refused for its rate; `last` has left last, and so many are under way."""
        self._answers += 1
        late = number <= self._flight.last
        if late:
            self.cooldown.hold(now, asked or 0.0)
        else:
            self._flight = _Flight(last, in_flight)
            self.cooldown.begin(now, number, self._own_wait(), asked)
        self._flight.refused()
        if not self.is_limited:
            self._refusals.append(self._answers)
            if self._flight.is_limit or (self._flight.is_small and any(map(self._is_frequent, _LAST))):
                self._limit(now, number)
        elif self.cubic and not late:
            self._refused_at(self.cubic, now)
        self._settle()

    def abandoned(self, number: int) -> None:
        """A request ended without an answer."""
        self.cooldown.abandoned(number)

    def _settle(self) -> None:
        self.free = not (self.is_limited or self.cooldown.is_on or self._header_quota.is_known)

    def _own_wait(self) -> float:
        if self.cubic:
            return min(self._longest_wait, _INTERVALS / self.cubic.pace)
        if self.is_limited:
            return max(self._first_wait, _LEAST_PAUSE)
        if self._is_configured and len(self._accepted) >= _GAPS:
            # At a pace that was told, a request that is refused was hardly too early.
            gap = (self._accepted[-1] - self._accepted[-_GAPS]) / (_GAPS - 1)
            return min(self._first_wait, _INTERVALS * gap)
        return self._first_wait

    def _is_frequent(self, last: int) -> bool:
        """Are there many refusals among the last answers?"""
        refused = sum(answer > self._answers - last for answer in self._refusals)
        return self._answers >= last and is_telling(refused, last)

    def _limit(self, now: float, number: int) -> None:
        self.is_limited = True
        was_right = now < self._doubted_until
        self._enough_doubts = min(_MOST_DOUBTS, 2 * self._enough_doubts) if was_right else _DOUBTS
        self._doubts = 0.0
        self._refusals.clear()
        if not self.cooldown.is_on:
            self.cooldown.begin(now, number, self._own_wait(), None)

    def _measured(self, now: float) -> tuple[float, float]:
        """The most that was accepted up to the refusals, over any time that ends now, and that time.

        Behind a window the time of its whole content; a shorter one holds fewer, a longer one hardly more.
        """
        before = list(self._accepted)[:-1] or [now - 1.0]
        return max(
            ((len(before) - place) / max(now - begun, _INSTANT), now - begun)
            for place, begun in enumerate(before)
        )

    def _refused_at(self, cubic: CubicPace, now: float) -> None:
        """A request was refused at a known pace."""
        cooldown = self.cooldown.until - now
        self._refusals.append(self._answers)
        if len(self._refusals) >= _CLUSTER and self._answers - self._refusals[-_CLUSTER] < _SOON:
            since = min(cubic.lowered, now - cubic.window)
            accepted = sum(one > since for one in self._accepted)
            cubic.lower(now, cooldown, accepted / max(now - since, _INSTANT))
            while self._accepted and self._accepted[0] <= since:
                self._accepted.popleft()  # by another limit, perhaps
            self._refusals.clear()
            self._doubts = 0.0
            return
        if not cubic.is_near:
            self._doubts += 1
            if self._doubts >= self._enough_doubts:
                self._leave(now, as_unknown=True)
                return
        if cubic.is_near or not cubic.is_confirmed:
            cubic.lower(now, cooldown)

    def _leave(self, now: float, *, as_unknown: bool) -> None:
        self._doubted_until = now + _SOON_FOUND if as_unknown else 0.0
        self.is_limited = False
        self.cubic = None
        self._refusals.clear()
