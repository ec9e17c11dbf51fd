"""How many requests the headers of a panel leave for now."""

import math

_SAME = 1.5
"""Seconds within which two times of a reset are the same one."""


class HeaderQuota:
    """The requests that may leave before the panel's quota is full again; any number where it tells none."""

    def __init__(self) -> None:
        self._remaining = self._left = math.inf
        self._until = 0.0

    @property
    def is_known(self) -> bool:
        """Has the panel told one?"""
        return self._left < math.inf

    @property
    def until(self) -> float:
        """The time at which there will be some again; 0 where there is some."""
        return self._until if self._left <= 0 else 0.0

    def told(self, remaining: int, seconds: float, in_flight: int, now: float) -> None:
        """A reply tells what was left when it was sent; others are under way, and may not be counted."""
        is_same = abs(now + seconds - self._until) < _SAME
        # Replies may overtake each other: within its time a quota only falls.
        self._remaining = min(self._remaining, remaining) if is_same else remaining
        self._left = self._remaining - in_flight
        self._until = now + seconds

    def left(self, now: float) -> None:
        """A request leaves."""
        self._left -= 1
        if now >= self._until:
            self._remaining = self._left = math.inf
