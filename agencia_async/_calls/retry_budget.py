"""How many repetitions a client can afford: so that a panel that is down is not stormed.

Pure. A call pays in a little, a repetition takes one, and gets it back if it is answered. A panel with some
faults loses nobody's repetitions that way; a dead one is soon asked hardly more often than there are calls.
"""

DEPOSIT = 0.2
"""Repetitions that each call pays for, and so the most that a call costs a dead panel beyond its first."""
RESERVE = 50.0
"""Repetitions at hand in the beginning, and at the most: ten calls may use up all their attempts."""


class RetryBudget:
    """The repetitions of one client."""

    def __init__(self) -> None:
        self._left = RESERVE

    def deposit(self) -> None:
        """A call begins."""
        if self._left < RESERVE:
            self._left = min(RESERVE, self._left + DEPOSIT)

    def acquire(self) -> bool:
        """Pay for a repetition; False where nothing is left for one."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def release(self) -> None:
        """The repetition was answered."""
        self._left = min(RESERVE, self._left + 1)
