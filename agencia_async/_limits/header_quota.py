"""The quota that a panel reports with `X-RateLimit-Remaining` and `X-RateLimit-Reset`."""

import math

_SAME = 1.5
"""Seconds within which two reset times are taken for the same."""


class HeaderQuota:
    """The requests that may be sent before the panel resets its quota; unbounded if it reports none."""

    def __init__(self) -> None:
        self._remaining = self._left = math.inf
        self._until = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the panel has reported one."""
        return self._left < math.inf

    @property
    def until(self) -> float:
        """The time of the reset if nothing remains, else 0."""
        return self._until if self._left <= 0 else 0.0

    def update(self, remaining: int, seconds: float, in_flight: int, now: float) -> None:
        """A reply reports what remained when it was sent; those in flight may not be included."""
        is_same = abs(now + seconds - self._until) < _SAME
        # Replies may arrive out of order: until its reset a quota only falls.
        self._remaining = min(self._remaining, remaining) if is_same else remaining
        self._left = self._remaining - in_flight
        self._until = now + seconds

    def sent(self, now: float) -> None:
        """A request is sent."""
        self._left -= 1
        if now >= self._until:
            self._remaining = self._left = math.inf
