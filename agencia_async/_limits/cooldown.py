"""The cooldown after a 429, and the half-open probe that ends it.

Pure: it is given events and their times. While it lasts nothing is sent; then one request is sent as a
probe, and all others follow once that is answered with anything but another 429.
"""

import math


class Cooldown:
    """The cooldown of all requests of a client.

    `until` is the time at which it ends, `asked` whether the panel asked for it; it is on until the probe is
    answered.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._own = 0.0
        self._probe = 0
        self.until = 0.0
        self.asked = self.is_on = False

    def wait(self, now: float) -> float:
        """Seconds until a request may be sent; infinite while the probe is in flight."""
        if self.until > now:
            return self.until - now
        return math.inf if self._probe else 0.0

    def is_probe(self, number: int) -> bool:
        """Whether that request is the probe."""
        return number == self._probe

    def begin(
        self, now: float, number: int, first: float, asked: float | None, longest: float | None = None
    ) -> None:
        """A request was rate limited: wait for as long as the panel asks, else for `first` seconds.

        The latter doubles each time that a probe is rate limited, up to `longest`, and counts as well if the
        panel asked for less than that before such a probe.
        """
        is_probe = self.is_probe(number)
        self._own = max(first, min(longest or self._longest, 2 * self._own)) if is_probe else first
        self._probe = 0
        own = self._own if asked is None or is_probe else 0.0
        seconds = max(own, asked or 0.0)
        self.asked = asked is not None and seconds == asked
        self.until = now + seconds
        self.is_on = seconds > 0

    def hold(self, now: float, asked: float) -> None:
        """Send nothing for so long, as the panel asks."""
        if asked > 0 and now + asked > self.until:
            self.until = now + asked
            self.asked = self.is_on = True

    def shorten(self, until: float) -> None:
        """End it at that time, unless it ends before, or the panel asked for it."""
        if not self.asked:
            self.until = min(self.until, until)

    def sent(self, number: int) -> None:
        """A request is sent; during a cooldown it is the probe."""
        if self.is_on:
            self._probe = number

    def accepted(self, number: int) -> None:
        """A request was not rate limited."""
        if number == self._probe:
            self.end()

    def abandoned(self, number: int) -> None:
        """A request ended without a reply: if it was the probe, the next one takes its part."""
        if number == self._probe:
            self._probe = 0

    def end(self) -> None:
        """End it: all may be sent."""
        self.until = self._own = 0.0
        self._probe = 0
        self.asked = self.is_on = False
