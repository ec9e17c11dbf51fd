"""The circuit breaker of writes: an unknown outcome costs money, so a few of them must stop the rest.

Pure: it is given events and their times. A write ends *answered* (done or refused) or *unknown*, whatever the
reason; other ends say nothing. What says that a server failed is no answer. States:

- *closed*: writes are sent, as many at once as the window allows: all slots in the beginning. An answered
  write widens the window by one.
- *held*: after an unknown write no other one is sent, until something that was sent later was answered: the
  window is then one. If nothing else is in flight or waits, a `balance` of the client's own is sent for that.
  After eight unknown writes in a row the next one also has to wait for a while, which grows each time.
- *ended*: after eight unknown writes in a row, two of which were sent alone after an answer, or without an
  answer for as long as a call may take (`patience`): the writes that wait fail, and so does every one that
  comes within 30 s. Then one may be sent, again after an answer.

An answered write ends all of this. `serial` is separate: where writes collide (an empty reply to an `add`
while others were in flight), they are sent one at a time for ten minutes; the time doubles each time that
they collide after it, up to an hour.
"""

import math
from collections.abc import Iterable

from agencia_async.errors import TransportError

_FEW = 8
"""Unknown writes in a row that say more than that a connection broke."""
_ALONE = 2
"""Unknown writes in a row that were sent alone, after an answer."""
_ENDED = 30.0
"""Seconds."""
_FIRST, _GROWTH, _LONGEST = 0.5, 1.3, 5.0
"""Seconds until the next look or the next write, the growth of that, and its maximum."""
_SERIAL, _LONGEST_SERIAL = 600.0, 3600.0
"""Seconds for which writes are sent one at a time after they collided."""


class WriteBreaker:
    """Whether writes may be sent, and how many at once.

    Args:
        slots: the full window.
        patience: seconds without an answer after which no write waits any longer.
    """

    def __init__(self, slots: int, patience: float) -> None:
        self._slots = self._window = slots
        self._patience = patience
        self._held_by = self._last_answered = 0
        self._gives_up_at = math.inf
        self._streak = self._alone = self._probe = 0
        self._why = ""
        self._not_before = self._again_at = 0.0
        self._interval = _FIRST
        self._serial_until = self._serial_for = 0.0
        self.probe_at = 0.0

    def is_free(self, now: float) -> bool:
        """Whether it delays nothing but what is beyond the slots."""
        is_full = self._window >= self._slots and now >= self._serial_until
        return is_full and not self._held_by and not self._streak

    def allows(self, in_flight: int, now: float) -> bool:
        """Whether a write may be sent, with so many of them in flight."""
        if self._held_by or now < max(self._not_before, self._again_at):
            return False
        return in_flight < (1 if now < self._serial_until else min(self._slots, self._window))

    def fails_at_once(self, now: float) -> bool:
        """Whether writes that wait, or come now, fail."""
        if now >= self._gives_up_at:
            self._end(now)
        return now < self._again_at

    def needs_answer(self, in_flight: Iterable[int]) -> bool:
        """Whether it is held, and nothing in flight can end that."""
        return self._held_by > 0 and all(number < self._held_by for number in in_flight)

    def next_at(self, now: float) -> float:
        """When those who wait may be sent, or fail, or an answer be looked for; infinite if never."""
        times = [self._serial_until, self._not_before, self._gives_up_at]
        times += [self.probe_at] if self._held_by else []
        return min((at for at in times if at > now), default=math.inf)

    def sent(self, number: int) -> None:
        """A write is sent; after an unknown one it is alone."""
        if self._streak:
            self._probe = number

    def answered(self, number: int, *, is_write: bool) -> None:
        """A request was answered."""
        self._last_answered = max(self._last_answered, number)
        if self._held_by and number > self._held_by:
            self._held_by = 0
            self._gives_up_at = math.inf
        if is_write:
            self._streak = self._alone = 0
            self._again_at = self._not_before = 0.0
            self._interval = _FIRST
            if not self._held_by:
                self._window = min(self._slots, self._window + 1)

    def unknown(self, number: int, now: float, why: str) -> bool:
        """A write has an unknown outcome; returns whether this ends the writes that wait."""
        self._streak += 1
        self._window = 1
        self._why = why
        self._alone += number == self._probe
        if self._last_answered < number:
            self._hold(number, now)
        if self._streak < _FEW:
            return False
        if self._streak == _FEW or number == self._probe:
            self._not_before = self._later(now)
        if self._alone < _ALONE:
            return False
        self._end(now)
        return True

    def _hold(self, number: int, now: float) -> None:
        if not self._held_by:
            self.probe_at = now
            self._gives_up_at = now + self._patience
        self._held_by = max(self._held_by, number)

    def _later(self, now: float) -> float:
        wait, self._interval = self._interval, min(_LONGEST, self._interval * _GROWTH)
        return now + wait

    def _end(self, now: float) -> None:
        self._again_at = now + _ENDED
        self._gives_up_at = self._again_at + self._patience if self._held_by else math.inf

    def probe_failed(self, now: float) -> None:
        """A request of the client's own brought no answer."""
        self.probe_at = self._later(now)

    def collided(self, now: float) -> bool:
        """Writes collided; returns whether this is new."""
        if now < self._serial_until:
            return False
        self._serial_for = min(_LONGEST_SERIAL, 2 * self._serial_for) or _SERIAL
        self._serial_until = now + self._serial_for
        return True

    def error(self) -> TransportError:
        """Why a write was not sent."""
        last = f"each of the last {self._streak} writes is" if self._streak > 1 else "the last write is"
        return TransportError(f"not sent: the outcome of {last} unknown ({self._why})", sent="no")
