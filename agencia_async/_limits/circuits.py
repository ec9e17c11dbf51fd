"""The circuit breakers of a client, and its own probe: whether the panel is there."""

import logging
import math
from collections.abc import Callable  # noqa: TC003 - as everywhere else

from agencia_async._limits.breaker import Breaker, Circuit
from agencia_async._limits.queue import Waiter, WaitingQueue
from agencia_async._limits.write_breaker import WriteBreaker
from agencia_async.errors import AgenciaError

_log = logging.getLogger("agencia_async")


class Circuits:
    """Which of those who wait may be sent, by what is known of the panel.

    Args:
        breaker: of all requests.
        writes: of writes.

    Attributes:
        in_flight: the requests in flight by number, and whether they are writes.
        is_silent: nothing was answered for too long; whoever waits has failed.
        start_probe: starts a task that sends a `balance` of the client's own.
    """

    def __init__(self, breaker: Breaker, writes: WriteBreaker) -> None:
        self._breaker = breaker
        self._writes = writes
        self.in_flight: dict[int, bool] = {}
        self.is_silent = False
        self.start_probe: Callable[[], None] = lambda: None
        self._own: Waiter | None = None
        self._own_number = 0
        self._has_own = False
        self._overloads: list[int] = []

    @property
    def is_open(self) -> bool:
        """Whether the panel is away."""
        return self._breaker.is_open

    @property
    def state(self) -> Circuit:
        """Of the breaker of all requests: "closed", "open" or "half_open"."""
        return self._breaker.circuit

    def outage(self, now: float) -> tuple[float, float] | None:
        """Seconds for which the panel has been away, and until the next probe; None if it is not away."""
        breaker = self._breaker
        return (breaker.away_for(now), breaker.next_probe_in(now)) if breaker.is_open else None

    def is_free(self, now: float) -> bool:
        """Whether nothing is delayed, except by the slots."""
        return self._breaker.is_free and self._writes.is_free(now)

    def is_full_of_writes(self, now: float) -> bool:
        """Whether no other write may be in flight."""
        return not self._writes.allows(sum(self.in_flight.values()), now)

    # --- who may be sent ------------------------------------------------------------------------------

    def refusal(self, now: float, *, write: bool) -> AgenciaError | None:
        """Why a request that comes now fails at once; None if it does not."""
        if self._breaker.fails_at_once(now):
            return self._breaker.error(now)
        return self.ended_writes(now) if write else None

    def next(self, queue: WaitingQueue, now: float) -> Waiter | None:
        """Whose turn it is, if anybody's."""
        if not self._breaker.allows(len(self.in_flight), now):
            return None
        if self._breaker.is_open:
            is_own = self._breaker.wants_own or self._own is not None
            return self._own if is_own else queue.first(reads=True, writes=False)
        return queue.first(reads=True, writes=not self.is_full_of_writes(now))

    def sent(self, number: int, *, write: bool) -> None:
        """A request is sent."""
        self.in_flight[number] = write
        self._breaker.sent(number)
        if write:
            self._writes.sent(number)

    def released(self, number: int) -> None:
        """A request is over, whatever its outcome."""
        del self.in_flight[number]
        self._breaker.abandoned(number)
        if number == self._own_number:
            self._has_own, self._own_number = False, 0

    def event_at(self, now: float) -> float:
        """When something changes for those who wait, though nothing happens."""
        times = [self._writes.next_at(now)]
        if self._breaker.is_open:
            times += [self._breaker.probe_at, *([] if self.is_silent else [self._breaker.silent_at])]
        return min((at for at in times if at > now), default=math.inf)

    # --- those who wait in vain -----------------------------------------------------------------------

    def failure(self, now: float) -> AgenciaError:
        """Why somebody waited in vain while the panel was away."""
        return self._breaker.error(now)

    def falls_silent(self, now: float) -> bool:
        """Whether, from now on, nothing was answered for too long."""
        if not self._breaker.is_open or self.is_silent or now < self._breaker.silent_at:
            return False
        self.is_silent = True
        return True

    def ended_writes(self, now: float) -> AgenciaError | None:
        """Why all writes that wait fail; None if they do not."""
        return self._writes.error() if self._writes.fails_at_once(now) else None

    # --- the client's own probe -----------------------------------------------------------------------

    def probe_if_due(self, queue: WaitingQueue, now: float) -> None:
        """Start a probe of the client's own, if one is due and no read waits that can be it."""
        if self._has_own:
            return
        has_reads = queue.first(reads=True, writes=False) is not None
        if self._breaker.is_open:
            is_due = self._breaker.allows(0, now) and (self._breaker.wants_own or not has_reads)
        else:
            is_due = (
                not has_reads and now >= self._writes.probe_at and self._writes.needs_answer(self.in_flight)
            )
        if is_due:
            self._has_own = True
            self.start_probe()

    def own_waits(self, waiter: Waiter) -> None:
        """The client's own probe waits at the gate."""
        self._own = waiter

    def own_waited(self, number: int = 0) -> None:
        """It waits no longer, and has this number; 0 if it is not sent."""
        self._own = None
        self._own_number = number
        self._has_own = number > 0

    # --- outcomes -------------------------------------------------------------------------------------

    def is_probe(self, number: int) -> bool:
        """Whether this request shows whether the panel is back."""
        return number == self._breaker.probe

    def answered(self, number: int, now: float, *, is_failure: bool = False) -> list[int]:
        """A request was answered, if only by an error of the panel's server (`is_failure`).

        Returns the requests that got a 503 just before: these are a limit, like 429s.
        """
        away = self._breaker.answered(number, now)
        if away is not None:
            self.is_silent = False
            _log.info("the panel answers again, after %.1f s", away)
        if not is_failure:
            self._writes.answered(number, is_write=self.in_flight.get(number, False))
        elif number == self._own_number:
            self._writes.probe_failed(now)
        overloads, self._overloads = self._overloads, []
        return overloads

    def unanswered(
        self, number: int, now: float, why: str, *, is_overload: bool
    ) -> tuple[float, float] | None:
        """A request was not answered; `is_overload`: by a 503.

        Returns what a limit of the web server lets through, if that is known by now: requests per second,
        and in how many seconds.
        """
        is_own = number == self._own_number
        if is_own:
            self._writes.probe_failed(now)
        opens = self._breaker.failed(number, now, why, is_own=is_own)
        if opens:
            _log.warning("the panel does not answer (%s): waiting for it", why)
            self._overloads.clear()
        if not is_overload:
            return None
        if not self._breaker.is_open:
            self._overloads.append(number)
        return self._breaker.pressure(now) if opens or self.in_flight.get(number) else None

    def unknown(self, number: int, now: float, why: str) -> None:
        """The outcome of a write is unknown."""
        if self._writes.unknown(number, now, why):
            _log.error("no more writes for a while: %s", self._writes.error())

    def collided(self, now: float) -> None:
        """A write was answered by nothing; a sign that panels give if several are in flight."""
        if sum(self.in_flight.values()) > 1 and self._writes.collided(now):
            _log.warning("an order collided with others in flight: they are sent one at a time for a while")
