"""A timer that is set to the earliest of the times that it is asked for."""

import asyncio
import math
from collections.abc import Callable


class Alarm:
    """Calls a function at one time of the event loop's clock, once."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        """Ring at that time, or before; never if it is infinite."""
        if self._timer is not None and self._timer.when() <= at:
            return
        self.cancel()
        if at < math.inf:
            self._timer = asyncio.get_running_loop().call_at(at, self._rings)

    def cancel(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _rings(self) -> None:
        self._timer = None
        self._ring()
