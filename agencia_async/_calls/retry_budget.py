"""The retry budget, a token bucket: it prevents retry storms on a panel that fails in part.

Pure. Each call deposits a fraction of a token, each retry costs one, which is refunded if the retry gets an
answer. So a panel with some failures does not exhaust the budget, and one that fails most of the time soon
receives hardly more requests than there are calls. While a panel is away altogether, the circuit breaker
sends nothing.
"""

DEPOSIT = 0.2
"""Tokens that each call deposits: the mean number of retries per call at a panel that fails mostly."""
RESERVE = 50.0
"""Tokens in the beginning, and the maximum: ten calls may use all their attempts."""


class RetryBudget:
    """The retry tokens of one client."""

    def __init__(self) -> None:
        self._left = RESERVE

    def deposit(self) -> None:
        """A call begins: add `DEPOSIT` tokens."""
        if self._left < RESERVE:
            self._left = min(RESERVE, self._left + DEPOSIT)

    def acquire(self) -> bool:
        """Take a token for a retry; False if none is left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def release(self) -> None:
        """The retry was answered: refund its token."""
        self._left = min(RESERVE, self._left + 1)
