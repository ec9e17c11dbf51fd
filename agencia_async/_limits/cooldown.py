"""The pause after a refusal for the rate, and the probe that ends it.

Pure: it is told what happened and when. While it lasts nothing leaves; then one request goes ahead as a
probe, and all others follow when that is answered with anything but another refusal.
"""

import math


class Cooldown:
    """One pause for all requests of a client.

    `until` is the time at which it ends, `asked` tells whether the panel asked for it; it is on until the
    probe is answered.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._own = 0.0
        self._probe = 0
        self.until = 0.0
        self.asked = self.is_on = False

    def wait(self, now: float) -> float:
        """Seconds until a request may leave; infinite until the probe is answered."""
        if self.until > now:
            return self.until - now
        return math.inf if self._probe else 0.0

    def begin(self, now: float, number: int, first: float, asked: float | None) -> None:
        """A request was refused: pause for as long as the panel asks, else for `first` seconds.

        This is doubled each time that a probe is refused.
        """
        is_probe = number == self._probe
        self._own = max(first, min(self._longest, 2 * self._own)) if is_probe else first
        self._probe = 0
        self.asked = asked is not None
        seconds = self._own if asked is None else asked
        self.until = now + seconds
        self.is_on = seconds > 0

    def hold(self, now: float, asked: float) -> None:
        """Let nothing leave for so long, as the panel asks."""
        if asked > 0 and now + asked > self.until:
            self.until = now + asked
            self.asked = self.is_on = True

    def left(self, number: int) -> None:
        """A request leaves; behind a pause it is the probe."""
        if self.is_on:
            self._probe = number

    def accepted(self, number: int) -> None:
        """A request was not refused."""
        if number == self._probe:
            self.end()

    def abandoned(self, number: int) -> None:
        """A request ended without an answer: if it was the probe, another one goes."""
        if number == self._probe:
            self._probe = 0

    def end(self) -> None:
        """Let all go."""
        self.until = self._own = 0.0
        self._probe = 0
        self.asked = self.is_on = False
