"""The gate that every request passes: slots, priorities, rate limits, cooldowns and circuit breakers.

A request that finds a free slot and nothing that delays it passes at once. All others queue: urgent ones
(writes, single calls) before bulk reads, which get one turn in ten, so that they do not starve. Each slot
goes to the first that may be sent: an event dispatches (`_dispatch`), or a timer if only time is missing.

A waiter is *queued*, then *granted* its number or *failed*; it leaves the queue at that moment, so that
none is granted twice. Under a configured limit the first one is *reserving*: it makes a reservation, and
stays queued meanwhile. The reservation belongs to the gate, not to that waiter: whoever is first when it may
be used gets it. Edge cases:

- Cancelled while queued: it is removed. If it was reserving, the next one reserves.
- Cancelled when granted, before it could run: the slot is released at once, the reservation is lost.
- A reservation, but an empty queue: it is kept until its time, for whoever comes by then.
- A reservation within a cooldown: it is dropped, or it would be used late, together with the next one.
- An urgent request comes while another is reserving: the urgent one gets that reservation.

Cooldowns and outages count towards the deadline of a waiter, waiting for a slot or a permit does not. For a
patient one (of a bulk call) nothing counts: it fails only when the panel is silent.
"""

import asyncio
import logging
import math
from collections.abc import Callable

from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.alarm import Alarm
from agencia_async._limits.circuits import Circuits
from agencia_async._limits.queue import Deadlines, Waiter, WaitingQueue, new_future
from agencia_async._limits.rate_limit import Reservations
from agencia_async._protocol.headers import Quota
from agencia_async.errors import AgenciaError, RateLimitedError, twin

_log = logging.getLogger("agencia_async")

_RESERVE = 0
"""What a waiter gets instead of its number when it is to make a reservation."""
_AGAIN = 1.0  # seconds until a reservation that cannot be made is tried again
_ROUNDING = 1e-6  # seconds by which a timer may be early


class Gate:
    """Decides when each request of a client is sent.

    Args:
        slots: how many requests may be in flight at once.
        adaptive: the discovered limit.
        clock: the event loop's, in seconds.
        limit: opens the reservations of a configured limit, if there is one.
        circuits: what is known of the panel: whether it answers, and whether writes may be sent.
    """

    def __init__(
        self,
        slots: int,
        adaptive: AdaptiveLimit,
        clock: Callable[[], float],
        circuits: Circuits,
        limit: Callable[[], Reservations] | None = None,
    ) -> None:
        self._slots = self._free = slots
        self._limit = adaptive
        self._clock = clock
        self._is_configured = limit is not None
        self._open_reservations = limit
        self._reservations: Reservations | None = None
        self.circuits = circuits
        self._is_open = not self._is_configured
        self._last = 0
        self._queue = WaitingQueue()
        self._deadlines = Deadlines(clock)
        self._due: float | None = None
        self._is_reserving = self._is_paced = False
        self._alarm = Alarm(self._woken)
        self._until: float = 0.0

    @property
    def queued(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    @property
    def pace(self) -> float | None:
        """Requests per second that a discovered limit lets through; None while none is known."""
        return None if self._limit.cubic is None else self._limit.cubic.pace

    def cooldown(self, now: float) -> float | None:
        """Seconds for which nothing is sent after a 429; None if there is no cooldown."""
        return self._limit.until - now if self._limit.until > now else None

    # --- acquire and release ------------------------------------------------------------------------

    def try_acquire(self, *, write: bool = False) -> int:
        """The number of a request that may be sent at once; 0 if it has to wait."""
        if self._is_open and self._free and not (write and self.circuits.is_full_of_writes(self._clock())):
            self._free -= 1
            self._last += 1
            self.circuits.sent(self._last, write=write)
            return self._last
        return 0

    async def acquire(
        self, left: float, *, urgent: bool, write: bool = False, patient: bool = False
    ) -> tuple[int, float]:
        """Wait; the number of the request, and the seconds of waiting that do not count.

        Raises:
            RateLimitedError: a cooldown ends after the deadline, which is `left` counted seconds away.
            TransportError: the panel is away, or writes are not sent at the moment; nothing was sent.
        """
        now, counted = self._clock(), self._deadlines.now()
        refusal = self.circuits.refusal(now, write=write)
        if refusal is not None:
            raise refusal
        until = math.inf if patient else counted + left
        waiter = Waiter(until, is_urgent=urgent, is_write=write)
        self._queue.add(waiter)
        self._deadlines.add(waiter, len(self._queue))
        number = await self._granted(waiter)
        waited = self._clock() - now
        return number, waited if patient else waited - (self._deadlines.now() - counted)

    async def acquire_own(self) -> int:
        """The number of the client's own probe, whose task was started."""
        own, number = Waiter(math.inf, is_urgent=True, is_write=False), 0
        self.circuits.own_waits(own)
        self._queue.add(own, is_first=True)
        try:
            number = await self._granted(own)
        finally:
            self.circuits.own_waited(number)
        return number

    async def _granted(self, waiter: Waiter) -> int:
        try:
            if waiter.until <= self._in_vain():
                self._fail_for_cooldown(waiter)
            self._dispatch()
            number = _RESERVE
            while number == _RESERVE:
                while waiter.is_reserving and not waiter.future.done():
                    await self._reserve(waiter)
                number = await waiter.future
        except BaseException:
            self._abandon(waiter)
            raise
        return number

    def release(self, number: int) -> None:
        """A request is over, whatever its outcome."""
        self._free += 1
        self.circuits.released(number)
        if not self._is_open:
            self._limit.abandoned(number)
        if self._queue:
            self._dispatch()

    # --- outcomes -------------------------------------------------------------------------------------

    def accepted(self, number: int, *, is_failure: bool = False) -> None:
        """The panel answered, not with a 429; `is_failure`: its server failed, or it is unreadable."""
        now = self._clock()
        self._limit.accepted(number, now)
        for overload in self.circuits.answered(number, now, is_failure=is_failure):
            self._rate_limited(overload, now, None)
        if not self._is_open:
            self._update()
            self._dispatch()

    def quota_received(self, quota: Quota) -> None:
        """The headers of a reply report a quota; `accepted` or `rate_limited` is called next."""
        others = self._slots - self._free - 1
        self._limit.quota_received(quota.remaining, quota.seconds, others, self._clock())
        self._update()

    def rate_limited(self, number: int, asked: float | None) -> None:
        """The panel answered 429, and `asked` to wait for so many seconds (None: it does not say)."""
        now = self._clock()
        self.circuits.answered(number, now)
        self._rate_limited(number, now, asked)
        self._update()
        self._dispatch()

    def unanswered(self, number: int, why: str, *, is_overload: bool) -> None:
        """The panel did not answer; `is_overload`: by a 503, which may be a limit of the web server."""
        now = self._clock()
        self._limit.abandoned(number)
        was_probe = self.circuits.is_probe(number)
        if pressure := self.circuits.unanswered(number, now, why, is_overload=is_overload):
            self._limit.overloaded(*pressure, now)
        if was_probe and self.circuits.is_silent:
            self._fail_all(now)
        self._update()
        self._dispatch()

    def unknown(self, number: int, why: str, *, collided: bool = False) -> None:
        """The outcome of a write is unknown; `accepted` or `unanswered` was told before."""
        if collided:
            self.circuits.collided(self._clock())
        self.circuits.unknown(number, self._clock(), why)
        self._update()
        self._dispatch()

    def _rate_limited(self, number: int, now: float, asked: float | None) -> None:
        busy = self._slots - self._free
        self._limit.rate_limited(number, last=self._last, in_flight=busy, now=now, asked=asked)

    def _update(self) -> None:
        """Apply what is known of the panel now."""
        limit, now = self._limit, self._clock()
        self._is_open = limit.free and not self._is_configured and self.circuits.is_free(now)
        is_paused = limit.cooldown.is_on or limit.until > now
        counts = self.circuits.is_open or (is_paused and limit.counts(now))
        if counts is not self._deadlines.is_running:
            self._deadlines.run(is_running=counts)
            self._until = math.nan  # the set of those who wait in vain may have changed
        if limit.until != self._until:
            self._until = limit.until
            for waiter in self._deadlines.passed(self._in_vain()):
                self._fail_for_cooldown(waiter)
        if (limit.cubic is not None) is not self._is_paced:
            self._is_paced = limit.cubic is not None
            if limit.cubic:
                _log.info("discovered a rate limit of about %.3g requests per second", limit.cubic.pace)
            else:
                _log.info("the discovered rate limit no longer applies")

    # --- the queue ------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Grant slots to all that may be sent now, and fail those that are too late."""
        now = self._clock()
        self._fail_late(now)
        at = math.inf
        while self._free and not self._is_reserving and (waiter := self.circuits.next(self._queue, now)):
            at = now + self._limit.wait(now)
            if at <= now and self._is_configured:
                if self._due is None:
                    self._send_to_reserve(waiter)
                    return
                at = self._due
            if at > now:
                if self._due is not None and self._due < at:
                    self._due = None  # within a cooldown
                break
            at = math.inf
            self._grant(waiter, now)
        if self._queue:
            self.circuits.probe_if_due(self._queue, now)
            self._alarm.set(min(at, self._deadlines.next_at(), self.circuits.event_at(now)))

    def _grant(self, waiter: Waiter, now: float) -> None:
        self._due = None
        self._free -= 1
        self._last += 1
        self._limit.sent(self._last, now)
        self.circuits.sent(self._last, write=waiter.is_write)
        self._queue.granted(waiter)
        waiter.future.set_result(self._last)
        self._update()

    def _woken(self) -> None:
        self._dispatch()
        if self._due is not None and not self._queue:
            if self._due > self._clock():
                self._alarm.set(self._due)  # behind a cooldown
            else:
                self._due = None  # not needed by anyone

    def _send_to_reserve(self, waiter: Waiter) -> None:
        """Have it make a reservation; then it waits for another future."""
        self._is_reserving = waiter.is_reserving = True
        future, waiter.future = waiter.future, new_future()
        future.set_result(_RESERVE)

    async def _reserve(self, waiter: Waiter) -> None:
        """Make the next reservation under the configured limit."""
        if self._reservations is None:
            assert self._open_reservations is not None  # noqa: S101 - else nothing is reserved
            self._reservations = self._open_reservations()
        wait = await self._reservations.reserve()
        if wait is None:
            await asyncio.wait([waiter.future], timeout=_AGAIN)  # unless it fails
            return
        self._due = self._clock() + wait
        self._is_reserving = waiter.is_reserving = False
        if not self._queue:
            self._alarm.set(self._due)  # to drop it then
        self._dispatch()

    def _abandon(self, waiter: Waiter) -> None:
        """Its caller was cancelled, or it has failed: release what it held."""
        self._queue.drop(waiter)
        if waiter.is_reserving:
            self._is_reserving = False
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            self.release(future.result())
        future.cancel()  # so that its deadline is forgotten
        self._dispatch()

    # --- those who wait in vain -----------------------------------------------------------------------

    def _in_vain(self) -> float:
        """Deadlines up to this lie before the end of the cooldown."""
        cooldown = self._limit.until - self._clock()
        is_bound = cooldown > 0 and (self._deadlines.is_running or self._limit.is_asked)
        return self._deadlines.now() + cooldown if is_bound else -math.inf

    def _fail_late(self, now: float) -> None:
        """Fail those whose deadline has passed, or who wait for nothing."""
        for waiter in self._deadlines.passed(self._deadlines.now() + _ROUNDING):
            self._expire(waiter, now)
        if self.circuits.falls_silent(now + _ROUNDING):
            self._fail_all(now)
        ended = self.circuits.ended_writes(now)
        while ended and (write := self._queue.first(reads=False, writes=True)):
            self._fail(write, twin(ended))

    def _fail_all(self, now: float) -> None:
        """Nothing was answered for too long."""
        for waiter in self._queue:
            self._fail(waiter, self.circuits.failure(now))

    def _fail_for_cooldown(self, waiter: Waiter) -> None:
        cooldown = self._limit.until - self._clock()
        why = "the panel asked to wait" if self._limit.is_asked else "cooldown after 429 replies:"
        self._fail(
            waiter, RateLimitedError(f"rate limited: {why} {cooldown:.0f} s more", retry_after=cooldown)
        )

    def _expire(self, waiter: Waiter, now: float) -> None:
        if self.circuits.is_open:
            self._fail(waiter, self.circuits.failure(now))
        else:
            self._fail(waiter, RateLimitedError("rate limited until the deadline"))

    def _fail(self, waiter: Waiter, error: AgenciaError) -> None:
        self._queue.drop(waiter)
        if not waiter.future.done():  # else cancelled in this iteration of the event loop
            waiter.future.set_exception(error)

    async def aclose(self, error: Callable[[], AgenciaError]) -> None:
        """Send nothing more; all that wait fail with the error."""
        for waiter in self._queue:
            self._fail(waiter, error())
        self._alarm.cancel()
        if self._reservations is not None:
            await self._reservations.aclose()
