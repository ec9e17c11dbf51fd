"""How the pace of requests grows under a limit that was found, and how a refusal lowers it.

Pure. Up to the ceiling, the pace at which the panel refused last, it grows quickly at first and slowly at
the end; beyond it, ever faster. It is the curve of TCP's CUBIC, with a time to the ceiling of its own:
each refusal costs a pause, so the longer the pause, the more seldom is the ceiling tried.
"""

_DOUBLES_IN = 8.0
"""Seconds, at least, as long as nothing is known of a ceiling."""
_DOUBLES_IN_WINDOWS = 4.0
"""A panel that counts by the minute takes more for a while, before it says no."""
_BEYOND = 0.2
"""Of the ceiling: by so much is it exceeded in the time after it that the way up to it takes."""
_RISE = 10.0
"""Seconds from a decrease to the ceiling, at least."""
_RISE_IN_PAUSES = 30.0
_RISE_IN_WINDOWS = 5.0
_RISE_IN_REQUESTS = 50.0
_DECREASE = 0.95
_LEAST_LEFT = 0.3
"""Of a pace, after one decrease."""
_GONE = 1.5
"""Times the ceiling, or the pace in the beginning: if that is accepted, the limit is another one or none."""
_TRIED = 1.5
"""Intervals between two requests: beyond, it is not the pace that holds them back."""
_LATE = 0.005
"""Seconds by which a request may be late without delaying those behind it."""


class CubicPace:
    """The pace, in requests a second, from one that was measured over so many seconds.

    Its ceiling is confirmed when the pace has come near it a second time before a refusal. The first one is
    often too high: a panel that counts in fixed windows says no only at the end of one. The pace never falls
    below `slowest`: a panel that refuses by chance, and often, would bring it to a standstill.
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
        """Seconds until the next request may leave."""
        return max(0.0, self._next - now)

    def left(self, now: float) -> None:
        """A request leaves. The pace grows only while it is what holds requests back."""
        gap = now - self._last
        if gap * self.pace < _TRIED:
            self._age += gap
            self.pace = self._at(self._age)
        self._last = now
        self._next = max(self._next, now - _LATE) + 1 / self.pace

    def _at(self, age: float) -> float:
        if self._ceiling is None:
            return float(self._from * 2 ** (age / self._rise))
        way = age / self._rise - 1
        width = self._ceiling - self._from if way < 0 else _BEYOND * self._ceiling
        return self._ceiling + width * way**3

    @property
    def is_near(self) -> bool:
        """Is the pace one at which a refusal is to be expected?"""
        return self._ceiling is None or self.pace > (self._from + self._ceiling) / 2

    @property
    def is_gone(self) -> bool:
        """Is so much accepted that the limit cannot be what it was?"""
        return self.pace > _GONE * (self._ceiling or 2 * self._from)

    def lower(self, now: float, pause: float, accepted: float | None = None) -> None:
        """The panel refuses at this pace, which costs a pause of so many seconds.

        Where it refuses much of it, `accepted` tells how many requests a second it did accept.
        """
        self.is_confirmed = self.is_confirmed or (self._ceiling is not None and self.is_near)
        # What a window refuses is its mean, not its last moment.
        mean = self._at(max(0.0, self._age - self.window / 2))
        self._ceiling = mean if accepted is None else min(mean, max(accepted, _LEAST_LEFT * mean))
        self._ceiling = max(self._slowest, self._ceiling)
        self.pace = self._from = max(self._slowest, _DECREASE * self._ceiling)
        self._age = 0.0
        self._rise = max(
            _RISE, _RISE_IN_PAUSES * pause, _RISE_IN_WINDOWS * self.window, _RISE_IN_REQUESTS / self.pace
        )
        self.lowered = now
