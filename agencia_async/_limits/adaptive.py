"""Adaptive throttling: a panel's unknown rate limit, discovered from its replies.

Pure: it is given events and their times. Requests are numbered in the order in which they are sent. States:

- *free*: no limit is known, except from headers. A 429 starts a cooldown. The requests in flight at that
  moment, the flight, decide whether there is a limit: behind a limit most of the flight is rate limited as
  well, with isolated 429s hardly any. If the flight is small, the most recent replies decide.
- *limited, no pace yet*: cooldown, probe, cooldown. When a probe is accepted, and a second, a minute or an
  hour fits as the period in which the panel counts, its number of requests is the ceiling. If none fits, the
  initial pace is the number of requests accepted so far, divided by the time that they took.
- *limited, with a pace that is not confirmed*: two 429s in a row that come too early for the panel's period
  show that the initial pace was wrong. From then on each lowers it to what the panel accepted since the first
  one, or since the last cooldown if that was as much as before. A 429 near the ceiling confirms it.
- *limited, with a pace*: requests are sent at even intervals, and the pace follows a CUBIC curve. A 429 near
  the ceiling lowers it. One far below is no sign of this limit: after a few of those, or once the pace has
  grown far beyond the ceiling, the client is free again.
"""

from collections import deque

from agencia_async._limits.cooldown import Cooldown
from agencia_async._limits.cubic import CubicPace
from agencia_async._limits.flight import Flight, is_significant
from agencia_async._limits.header_quota import HeaderQuota
from agencia_async._limits.periods import FULL, Period, PeriodSearch, recent
from agencia_async._limits.rate_limit import slack

_REMEMBERED = 4096
"""Accepted requests from which the initial pace is measured."""
_LAST = (3, 10)
"""Numbers of recent replies that are examined if the flight is small."""
_REGULAR, _ALIKE = 7, 2.5
"""Small flights after so many 429s show a limit if about as many requests were accepted before each."""
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
_HOUR, _MINUTE, _MANY = 3600.0, 60.0, 30
"""Seconds of silence that are no outage, after so many requests in a minute: it may count by the hour."""
_SILENCE = 0.25
"""Share of the time without an accepted request that one more cooldown may take."""
_INTERVALS = 2.0
"""Intervals: the length of a cooldown at a known pace, without a `Retry-After`."""
_SIGNS = 2
"""429s in a row while the panel's period is not full, which show that the initial pace was wrong."""
_ASKED = 2.0
"""How many times a cooldown counts for which the panel asked: it does not become shorter at a higher pace."""
_GAPS = 11
"""Accepted requests from which the pace under a configured limit is measured."""


class AdaptiveLimit:
    """What is known of a panel's rate limit; while `free`, it delays no request.

    Args:
        first_wait: seconds of the first cooldown, if the panel does not say how long.
        longest_wait: seconds; the client's own intervals grow no further, nor do its cooldowns unless the
            panel has accepted nothing for much longer.
        patience: seconds without an accepted request after which a cooldown counts towards deadlines, unless
            the panel may count by the hour.
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
        self._flight = Flight(0, 0, 0.0)
        self._run = 0  # accepted since the last 429
        self._runs: deque[int] = deque(maxlen=_REGULAR)
        self._search: PeriodSearch | None = None
        self._period = Period(1, 1.0)
        self._known: float | None = None
        self._too_early = 0
        self._first_429 = self._resumed = 0.0
        self._accepted_since = 0
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
        patience = max(self._patience, _HOUR) if len(self._accepted) >= _MANY else self._patience
        silent = not self._accepted or now - self._accepted[-1] > patience
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
        self._run += 1
        if self._search and number > self._flight.last:
            self._begin_pace(self._search, now)
        if self.cooldown.is_probe(number):
            self._resumed = now
        self._accepted.append(now)
        if self.free:
            return
        self._accepted_since += number > self._flight.last
        if number <= self._flight.last:
            self._flight.accepted()
            if not (self.is_limited or self.cooldown.asked) and self._flight.is_stray:
                self.cooldown.end()
        self._doubts = max(0.0, self._doubts - _DECAY)
        self.cooldown.accepted(number)
        self._settle()

    def rate_limited(
        self, number: int, *, last: int, in_flight: int, now: float, asked: float | None
    ) -> None:
        """A request was rate limited; `last` was sent last, and `in_flight` are in flight."""
        self._replies += 1
        late, is_probe = number <= self._flight.last, self.cooldown.is_probe(number)
        if late:
            self.cooldown.hold(now, asked or 0.0)
        else:
            self._flight = Flight(last, in_flight, now)
            self._count_run(now)
            self._begin_cooldown(now, number, asked)
        self._flight.rate_limited()
        if not self.is_limited:
            self._recent_429s.append(self._replies)
            if self._flight.is_limit or (self._flight.is_small and self._is_recurrent()):
                self._limit(now, number)
        elif self.cubic and not late:
            self._rate_limited_at(self.cubic, now, is_probe=is_probe)
        self._settle()

    def overloaded(self, rate: float, seconds: float, now: float) -> None:
        """A web server's own limit let through so many requests per second, in so many seconds."""
        if self.cubic:
            self._rate_limited_at(self.cubic, now, is_probe=False)
        else:
            self.is_limited = True
            self.cubic = CubicPace(rate, seconds, now, self._slowest)
        self._settle()

    def abandoned(self, number: int) -> None:
        """A request ended without a reply."""
        self.cooldown.abandoned(number)

    def _settle(self) -> None:
        self.free = not (self.is_limited or self.cooldown.is_on or self._header_quota.is_known)

    def _count_run(self, now: float) -> None:
        """The requests accepted since the last 429 end in another one."""
        if not self._flight.is_small:
            self._runs.clear()
        elif self._run:
            self._runs.append(self._run)
        self._run = 0
        if not self.is_limited:
            self._first_429, self._accepted_since = now, 0

    def _begin_cooldown(self, now: float, number: int, asked: float | None) -> None:
        silence = now - self._accepted[-1] if self._accepted else 0.0
        since = self._first_429 - _MINUTE if self._search else self._resumed
        may_be_long = self.is_limited and recent(self._accepted, since) >= _MANY
        longest = max(self._longest_wait, _SILENCE * silence) if may_be_long else self._longest_wait
        self.cooldown.begin(now, number, self._own_wait(), asked, longest)
        if self._search:
            self._search.rate_limited(now)
            self.cooldown.shorten(self._search.next_end(now))

    def _is_full(self, since: float) -> bool:
        """Whether the panel has accepted a whole period's requests since then, with the probe."""
        return recent(self._accepted, since) + 1 >= FULL * self._period.requests

    def _is_recurrent(self) -> bool:
        """Whether many of the most recent replies were 429s, or they came at regular intervals."""
        is_regular = len(self._runs) == _REGULAR and max(self._runs) <= _ALIKE * min(self._runs)
        return is_regular or any(map(self._is_frequent, _LAST))

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
        self._runs.clear()
        self._search = PeriodSearch(self._accepted, self._first_429)
        if not self.cooldown.is_on:
            self.cooldown.begin(now, number, self._own_wait(), None)

    def _begin_pace(self, search: PeriodSearch, now: float) -> None:
        """A probe was accepted: the limit has a pace from now on."""
        period, self._search, self._too_early = search.found(now), None, 0
        self._period = period or self._measured(now)
        pace = self._period.requests / self._period.seconds
        self.cubic = CubicPace(pace, self._period.seconds, now, self._slowest)
        self._known = None
        if period:
            self._known = pace = period.requests / (period.seconds + slack(period.seconds))
            asked = _ASKED * (now - self._flight.begun) if self.cooldown.asked else 0.0
            self.cubic.limit_to(pace, now, max(asked, _INTERVALS / pace))

    def _measured(self, now: float) -> Period:
        """The highest accepted rate over any window that ends now, and the length of that window.

        If the panel counts in windows, that is the panel's: a shorter one holds fewer requests, a longer one
        hardly more.
        """
        before = list(self._accepted) or [now - 1.0]
        periods = (
            Period(len(before) - index, max(now - begun, _INSTANT)) for index, begun in enumerate(before)
        )
        return max(periods, key=lambda one: one.requests / one.seconds)

    def _recounted(self, now: float) -> float | None:
        """The known limit, or a lower one: the first burst may have fallen into two windows."""
        seconds = self._period.seconds
        held = (recent(self._accepted, now - seconds) + 1) / (seconds + slack(seconds))
        return self._known and min(self._known, held)

    def _is_corrected(self, cubic: CubicPace, now: float) -> bool:
        """Whether the initial pace was too high, and is lowered to what the panel accepted.

        From one 429 to another a token bucket accepts what drops into it meanwhile, but a panel that counts
        in windows accepts as much in each.
        """
        is_full = self._is_full(max(self._resumed, now - self._period.seconds))
        self._too_early = 0 if is_full else self._too_early + 1
        if self._too_early < _SIGNS:
            return False
        count, since = self._accepted_since, self._first_429
        if self._is_full(self._resumed):
            count, since = recent(self._accepted, self._resumed), self._resumed
        accepted = (count + 1) / max(now - since, _INSTANT)
        if accepted < cubic.pace / 2 or (cubic.is_near and accepted < cubic.pace):
            cubic.limit_to(accepted, now, self.cooldown.until - now)
            return True
        return False

    def _rate_limited_at(self, cubic: CubicPace, now: float, *, is_probe: bool) -> None:
        """A request was rate limited at a known pace."""
        if not cubic.is_confirmed and (self._is_corrected(cubic, now) or is_probe):
            return
        cooldown = (self.cooldown.until - now) * (_ASKED if self.cooldown.asked else 1.0)
        self._recent_429s.append(self._replies)
        if len(self._recent_429s) >= _CLUSTER and self._replies - self._recent_429s[-_CLUSTER] < _SOON:
            since = min(cubic.lowered, now - cubic.window)
            accepted = recent(self._accepted, since) + 1
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
            cubic.lower(
                now, cooldown, self._known if cubic.is_confirmed or self._too_early else self._recounted(now)
            )

    def _drop(self, now: float, *, doubted: bool) -> None:
        self._doubted_until = now + _SOON_FOUND if doubted else 0.0
        self.is_limited = False
        self.cubic = self._search = None
        self._recent_429s.clear()
