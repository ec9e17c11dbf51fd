"""The requests in flight at a 429: they tell a rate limit from an isolated 429.

Pure. Behind a limit most of them are rate limited as well.
"""

_SMALL = 4
"""Requests: a flight of fewer proves nothing by itself."""


def is_significant(rate_limited: int, replies: int) -> bool:
    """Whether so many 429s are more than chance: three, plus a fifth of the replies beyond three.

    If one request in ten is rate_limited at random, less than one group in a hundred is taken for a limit.
    """
    return rate_limited >= 3 + (replies - 3) / 5


class Flight:
    """The requests in flight when the first 429 came: all up to the number `last`."""

    def __init__(self, last: int, size: int, begun: float) -> None:
        self.last = last
        self.begun = begun
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
