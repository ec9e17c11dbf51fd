"""The circuit breaker: while the panel is away, nothing is sent but a probe from time to time.

Pure: it is given events and their times. Requests are numbered in the order in which they are sent. A
*failure* is a request that the panel did not answer (no connection, reset, timeout, 502, 503, 504, 52x); any
other reply, an error as well, is an *answer*. States:

- *closed*: requests are sent, as many at once as the window allows. An answer sets the count of failures to
  zero, and widens a window that is not full by one. As many failures in a row as the threshold, without an
  answer in between: open. Isolated failures change nothing.
- *open*: nothing is sent. When the interval is over, one request may be sent as the probe: half-open. An
  answer that was still on its way makes the probe due at once; failures that were are ignored.
- *half-open*: the probe is in flight. An answer: closed, with a window of two. A failure: open, with an
  interval that is longer by 1.3, up to 5 s. Abandoned (cancelled, closed): open, and another one may be sent
  at once.
- *silent*: open or half-open, and nothing was answered for as long as a call may take (`patience`, counted
  from the first failure). Whoever waits fails, and so does whoever comes before the next probe is due.

A probe is a read that waits, or else a `balance` of the client's own: no order serves as one. After a read
that failed the next probe is a `balance`, as the panel may only fail at that read. A probe has 5 s.
"""

import math
import time
from collections.abc import Callable
from typing import Literal

from agencia_async.errors import TransportError

Circuit = Literal["closed", "open", "half_open"]

PROBE_TIMEOUT = 5.0
"""Seconds for a probe."""
_THRESHOLD, _FEW_SLOTS, _THRESHOLD_OF_FEW = 5, 3, 3
"""Failures in a row that open it, and how many at a client with fewer slots."""
_FIRST, _GROWTH, _LONGEST = 0.5, 1.3, 5.0
"""Seconds until the first probe, the growth of the interval, and its maximum in seconds."""
_SAME, _SOON = 0.1, 3.0
"""Seconds between two 503s: within the former they are one event; what comes again later, but within the
latter, with answers in between, is no outage but a limit of the web server."""


class Breaker:
    """Whether the panel answers; `window` is how many requests may be in flight while it is closed.

    Args:
        slots: the full window.
        patience: seconds without an answer after which nobody waits any longer.
        wall: the wall clock, in Unix seconds, for messages.
    """

    def __init__(self, slots: int, patience: float, wall: Callable[[], float] = time.time) -> None:
        self._slots = self.window = slots
        self._patience = patience
        self._wall = wall
        self._threshold = _THRESHOLD if slots >= _FEW_SLOTS else _THRESHOLD_OF_FEW
        self._failures = 0
        self._since = self._since_wall = 0.0
        self._why = ""
        self._interval = 0.0
        self._valid_from = 0
        self._pressed_at = -math.inf
        self._answers = 0
        self.probe = 0
        self.probe_at = 0.0
        self.is_open = False
        self.wants_own = False

    @property
    def is_free(self) -> bool:
        """Whether it delays nothing."""
        return not self.is_open and self.window >= self._slots

    @property
    def circuit(self) -> Circuit:
        """Its state by the usual names: "closed", "open" or "half_open"."""
        if not self.is_open:
            return "closed"
        return "half_open" if self.probe else "open"

    @property
    def silent_at(self) -> float:
        """The time at which whoever waits fails, if it is open."""
        return self._since + self._patience

    def away_for(self, now: float) -> float:
        """Seconds since the first failure of those that opened it."""
        return now - self._since

    def next_probe_in(self, now: float) -> float:
        """Seconds until the next probe, if it is open; 0 while it is in flight."""
        return 0.0 if self.probe else max(0.0, self.probe_at - now)

    def allows(self, in_flight: int, now: float) -> bool:
        """Whether a request may be sent; while it is open, as the probe."""
        if self.is_open:
            return not self.probe and now >= self.probe_at
        return in_flight < self.window

    def fails_at_once(self, now: float) -> bool:
        """Whether whoever comes now need not wait: the panel is silent, and no probe is due."""
        return self.is_open and now >= self.silent_at and (self.probe > 0 or now < self.probe_at)

    def sent(self, number: int) -> None:
        """A request is sent; while it is open, it is the probe."""
        if self.is_open:
            self.probe = number

    def answered(self, number: int, now: float) -> float | None:
        """A request was answered; returns for how long the panel was away, if this ends it."""
        self._failures = 0
        self._answers += 1
        if not self.is_open:
            self.window = min(self._slots, self.window + 1)
            return None
        if number != self.probe:
            self.probe_at = min(self.probe_at, now)
            return None
        self.is_open = self.wants_own = False
        self.probe = 0
        self._valid_from = number
        self.window = min(self._slots, 2)
        return now - self._since

    def failed(self, number: int, now: float, why: str, *, is_own: bool = False) -> bool:
        """A request was not answered; returns whether this opens it. `is_own`: of the client's own."""
        if self.is_open:
            if number == self.probe:
                self.probe = 0
                self._why = why
                self._interval = min(_LONGEST, self._interval * _GROWTH)
                self.probe_at = now + self._interval
                self.wants_own = not is_own
            return False
        if number < self._valid_from:
            return False  # sent before the panel came back
        if not self._failures:
            self._since, self._since_wall = now, self._wall()
        self._failures += 1
        self._why = why
        if self._failures < self._threshold:
            return False
        self.is_open = True
        self._interval = _FIRST
        self.probe_at = now + _FIRST
        return True

    def pressure(self, now: float) -> tuple[float, float] | None:
        """What a limit of the web server lets through: requests per second, and in how many seconds.

        Asked for when a write got a 503, or when 503s opened it. The first time tells nothing: it may be an
        outage. If that comes again soon, with answers in between, it is a limit, and these are its rate.
        """
        seconds, answers = now - self._pressed_at, self._answers
        if seconds < _SAME or (seconds < _SOON and not answers):
            return None
        self._pressed_at, self._answers = now, 0
        return (answers / seconds, seconds) if seconds < _SOON else None

    def abandoned(self, number: int) -> None:
        """A request ended without an outcome."""
        if number == self.probe:
            self.probe = 0

    def error(self, now: float) -> TransportError:
        """Why a request was not sent."""
        since = time.strftime("%H:%M:%S", time.gmtime(self._since_wall))
        message = f"the panel has not answered for {now - self._since:.0f} s, since {since} UTC ({self._why})"
        return TransportError(message, sent="no")
