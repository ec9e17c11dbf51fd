"""How the pace of requests grows under a discovered limit, and how a 429 lowers it.

Pure. The curve is that of TCP CUBIC. Below the ceiling, the pace at which the panel rate limited last, it
grows quickly at first and slowly at the end; above it, ever faster. The time to the ceiling is longer than
in TCP: each 429 costs a cooldown, so the longer the cooldown, the more seldom the ceiling is probed.
"""

_DOUBLES_IN = 8.0
"""Seconds, at least, in which the pace doubles while no ceiling is known."""
_DOUBLES_IN_WINDOWS = 4.0
"""Windows: a panel that counts by the minute accepts too much for a while before it answers 429."""
_BEYOND = 0.2
"""Share of the ceiling by which the pace exceeds it after twice the time to the ceiling."""
_RISE = 10.0
"""Seconds from a decrease to the ceiling, at least."""
_RISE_IN_COOLDOWNS = 30.0
_RISE_IN_WINDOWS = 5.0
_RISE_IN_REQUESTS = 50.0
_DECREASE = 0.95
_LEAST_LEFT = 0.3
"""Share of the pace that one decrease leaves, at least."""
_GONE = 1.5
"""Multiple of the ceiling, or of twice the initial pace; if so much is accepted, the limit was lifted."""
_TRIED = 1.5
"""Intervals between two requests: beyond that, the pace is not what delays them."""
_LATE = 0.005
"""Seconds by which a request may be late without delaying the next ones."""


class CubicPace:
    """The pace, in requests per second.

    The ceiling is confirmed once a 429 comes near it a second time. The first one is often too high: a panel
    that counts in fixed windows answers 429 only at the end of one.

    Args:
        pace: the initial pace, measured.
        window: seconds over which it was measured.
        now: the time, in seconds.
        slowest: the pace never falls below this, or frequent random 429s would bring it to a standstill.
    """

    def __init__(self, pace: float, window: float, now: float, slowest: float = 0.0) -> None:
        self._slowest = slowest
        self.pace = self._from = max(slowest, pace)
        self.window = window
        self._ceiling: float | None = None
        self.is_confirmed = False
        self._age = 0.0
        self._rise = max(_DOUBLES_IN, _DOUBLES_IN_WINDOWS * window)
        self._last = self._next = self.lowered = now

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent."""
        return max(0.0, self._next - now)

    def sent(self, now: float) -> None:
        """A request is sent. The pace grows only while it is what delays requests."""
        gap = now - self._last
        if gap * self.pace < _TRIED:
            self._age += gap
            self.pace = self._at(self._age)
        self._last = now
        self._next = max(self._next, now - _LATE) + 1 / self.pace

    def _at(self, age: float) -> float:
        if self._ceiling is None:
            return float(self._from * 2 ** (age / self._rise))
        progress = age / self._rise - 1
        width = self._ceiling - self._from if progress < 0 else _BEYOND * self._ceiling
        return self._ceiling + width * progress**3

    @property
    def is_near(self) -> bool:
        """Whether a 429 is to be expected at this pace."""
        return self._ceiling is None or self.pace > (self._from + self._ceiling) / 2

    @property
    def is_gone(self) -> bool:
        """Whether so much is accepted that the limit must have been lifted."""
        return self.pace > _GONE * (self._ceiling or 2 * self._from)

    def lower(self, now: float, cooldown: float, accepted: float | None = None) -> None:
        """The panel rate limits at this pace, which costs a cooldown of so many seconds.

        If most requests are rate limited, `accepted` is how many per second were not.
        """
        self.is_confirmed = self.is_confirmed or (self._ceiling is not None and self.is_near)
        # A window is exceeded by its mean pace, not by its last.
        mean = self._at(max(0.0, self._age - self.window / 2))
        ceiling = mean if accepted is None else min(mean, max(accepted, _LEAST_LEFT * mean))
        self.limit_to(ceiling, now, cooldown)

    def limit_to(self, ceiling: float, now: float, cooldown: float) -> None:
        """The panel is known to rate limit at this pace, which costs a cooldown of so many seconds."""
        self._ceiling = max(self._slowest, ceiling)
        self.pace = self._from = max(self._slowest, _DECREASE * self._ceiling)
        self._age = 0.0
        self._rise = max(
            _RISE,
            _RISE_IN_COOLDOWNS * cooldown,
            _RISE_IN_WINDOWS * self.window,
            _RISE_IN_REQUESTS / self.pace,
        )
        self.lowered = now
