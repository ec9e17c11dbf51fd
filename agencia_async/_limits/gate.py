"""The gate that every request passes: concurrency slots, priorities, rate limits and cooldowns.

A request that finds a free slot, no limit and no cooldown passes at once. All others wait in a priority
queue, first in, first out: urgent ones (writes, single calls) before bulk reads, which still get one slot in
ten, so that they do not starve. The gate grants one slot after the other to the first in the queue. It has no
task of its own: each event dispatches (`_dispatch`), and so does a timer if only time is missing.

A waiter is *queued*, then *granted* its number or *failed*; it leaves the queue at that moment, so that
none is granted twice. Under a configured limit the first one is *reserving*: it makes a reservation, and
stays queued meanwhile. The reservation belongs to the gate, not to that waiter: whoever is first when it may
be used gets it. Edge cases:

- Cancelled while queued: it is removed. If it was reserving, the next one reserves.
- Cancelled when granted, before it could run: the slot is released at once, the reservation is lost.
- A reservation, but an empty queue: it is kept until its time, for whoever comes by then.
- A reservation within a cooldown: it is dropped, or it would be used late, together with the next one.
- An urgent request comes while another is reserving: the urgent one gets that reservation.
"""

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Callable

from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.rate_limit import Reservations
from agencia_async._protocol.headers import Quota
from agencia_async.errors import AgenciaError, RateLimitedError, TransportError

_log = logging.getLogger("agencia_async")

_RESERVE = 0
"""What a waiter gets instead of its number when it is to make a reservation."""
_MOST_PASSED = 9
"""Urgent requests that may overtake a waiting bulk read; then it is its turn, or it would starve."""


def _future() -> "asyncio.Future[int]":
    return asyncio.get_running_loop().create_future()


class _Waiter:
    """One request in the queue; `is_reserving` while it makes a reservation.

    `until` is its deadline, by the clock of counted time.
    """

    __slots__ = ("future", "is_reserving", "timer", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.future = _future()
        self.is_reserving = False
        self.timer: asyncio.TimerHandle | None = None


def _none() -> Reservations:
    raise AssertionError  # pragma: no cover - without a configured limit nothing is reserved


class Gate:
    """Decides when each request of a client is sent.

    Args:
        slots: how many requests may be in flight at once.
        adaptive: the discovered limit.
        clock: the event loop's, in seconds.
        limit: opens the reservations of a configured limit, if there is one.
    """

    def __init__(
        self,
        slots: int,
        adaptive: AdaptiveLimit,
        clock: Callable[[], float],
        limit: Callable[[], Reservations] | None = None,
    ) -> None:
        self._slots = self._free = slots
        self._limit = adaptive
        self._clock = clock
        self._is_configured = limit is not None
        self._open_reservations = limit or _none
        self._reservations: Reservations | None = None
        self._is_open = not self._is_configured
        self._last = 0
        self._urgent: OrderedDict[_Waiter, None] = OrderedDict()
        self._bulk: OrderedDict[_Waiter, None] = OrderedDict()
        self._passed = 0
        self._due: float | None = None
        self._is_reserving = False
        self._timer: asyncio.TimerHandle | None = None
        # The clock of the time that counts towards deadlines: its last reading, when that was, does it run.
        self._counted = self._read = 0.0
        self._counts = not self._is_configured
        self._until: float = 0.0
        self._is_paced = False

    # --- acquire and release ------------------------------------------------------------------------

    def try_acquire(self) -> int:
        """The number of a request that may be sent at once; 0 if it has to wait."""
        if self._is_open and self._free:
            self._free -= 1
            self._last += 1
            return self._last
        return 0

    async def acquire(self, left: float, *, urgent: bool) -> tuple[int, float]:
        """Wait; the number of the request, and the seconds of waiting that do not count.

        Raises:
            RateLimitedError: a cooldown ends after the deadline, which is `left` counted seconds away.
            TransportError: no slot came free before the deadline; nothing was sent.
        """
        now, counted = self._clock(), self._counted_now()
        waiter = _Waiter(counted + left)
        (self._urgent if urgent else self._bulk)[waiter] = None
        try:
            self._set_timer(waiter)
            if waiter.until <= self._in_vain():
                self._fail_for_cooldown(waiter)
            self._dispatch()
            number = _RESERVE
            while number == _RESERVE:
                while waiter.is_reserving:
                    await self._reserve(waiter)
                number = await waiter.future
        except BaseException:
            self._abandon(waiter)
            raise
        return number, (self._clock() - now) - (self._counted_now() - counted)

    def release(self, number: int) -> None:
        """A request is over, whatever its outcome."""
        self._free += 1
        if not self._is_open:
            self._limit.abandoned(number)
        if self._urgent or self._bulk:
            self._dispatch()

    # --- replies --------------------------------------------------------------------------------------

    def accepted(self, number: int) -> None:
        """The panel answered with anything but a 429."""
        self._limit.accepted(number, self._clock())
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
        now, in_flight = self._clock(), self._slots - self._free
        self._limit.rate_limited(number, last=self._last, in_flight=in_flight, now=now, asked=asked)
        self._update()
        self._dispatch()

    def _update(self) -> None:
        """Apply what is known of the panel now."""
        limit = self._limit
        self._is_open = limit.free and not self._is_configured
        counts = (limit.cooldown.is_on or not self._is_configured) and limit.counts(self._clock())
        if counts is not self._counts:
            self._counted, self._read, self._counts = self._counted_now(), self._clock(), counts
            for waiter in self._waiters():
                self._set_timer(waiter)
            self._until = math.nan  # the set of those who wait in vain may have changed
        if limit.until != self._until:
            self._until = limit.until
            in_vain = self._in_vain()
            for waiter in [one for one in self._waiters() if one.until <= in_vain]:
                self._fail_for_cooldown(waiter)
        if (limit.cubic is not None) is not self._is_paced:
            self._is_paced = limit.cubic is not None
            if limit.cubic:
                _log.info("discovered a rate limit of about %.3g requests per second", limit.cubic.pace)
            else:
                _log.info("the discovered rate limit no longer applies")

    # --- the queue ------------------------------------------------------------------------------------

    def _waiters(self) -> list[_Waiter]:
        return [*self._urgent, *self._bulk]

    def _first(self) -> _Waiter | None:
        is_bulks_turn = self._passed >= _MOST_PASSED
        for queue in (self._bulk, self._urgent) if is_bulks_turn else (self._urgent, self._bulk):
            while queue:
                waiter = next(iter(queue))
                if not waiter.future.done():
                    return waiter
                del queue[waiter]  # cancelled in this iteration of the event loop
        return None

    def _dispatch(self) -> None:
        """Grant slots to all that may be sent now."""
        while self._free and not self._is_reserving and (waiter := self._first()):
            now = self._clock()
            at = now + self._limit.wait(now)
            if at <= now and self._is_configured:
                if self._due is None:
                    self._send_to_reserve(waiter)
                    return
                at = self._due
            if at > now:
                if self._due is not None and self._due < at:
                    self._due = None  # within a cooldown
                self._wake_at(at)
                return
            self._grant(waiter, now)

    def _grant(self, waiter: _Waiter, now: float) -> None:
        self._due = None
        self._free -= 1
        self._last += 1
        self._limit.sent(self._last, now)
        self._passed = self._passed + 1 if self._bulk and waiter not in self._bulk else 0
        self._drop(waiter)
        waiter.future.set_result(self._last)
        self._update()

    def _wake_at(self, at: float) -> None:
        """Dispatch again at that time, or before."""
        if self._timer is not None and self._timer.when() <= at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if at < math.inf:
            self._timer = asyncio.get_running_loop().call_at(at, self._woken)

    def _woken(self) -> None:
        self._timer = None
        self._dispatch()
        if self._due is not None and not (self._urgent or self._bulk):
            if self._due > self._clock():
                self._wake_at(self._due)  # behind a cooldown
            else:
                self._due = None  # not needed by anyone

    def _send_to_reserve(self, waiter: _Waiter) -> None:
        """Have it make a reservation; then it waits for another future."""
        self._is_reserving = waiter.is_reserving = True
        future, waiter.future = waiter.future, _future()
        future.set_result(_RESERVE)

    async def _reserve(self, waiter: _Waiter) -> None:
        """Make the next reservation under the configured limit."""
        if self._reservations is None:
            self._reservations = self._open_reservations()
        wait = await self._reservations.reserve()
        self._due = self._clock() + wait
        self._is_reserving = waiter.is_reserving = False
        if self._first() is None:
            self._wake_at(self._due)  # to drop it then
        self._dispatch()

    def _abandon(self, waiter: _Waiter) -> None:
        """Its caller was cancelled, or it has failed: release what it held."""
        self._drop(waiter)
        if waiter.is_reserving:
            self._is_reserving = False
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            self.release(future.result())
        self._dispatch()

    def _drop(self, waiter: _Waiter) -> None:
        self._urgent.pop(waiter, None)
        self._bulk.pop(waiter, None)
        if waiter.timer is not None:
            waiter.timer.cancel()

    # --- deadlines ------------------------------------------------------------------------------------

    def _counted_now(self) -> float:
        """The clock of the time that counts towards deadlines."""
        return self._counted + (self._clock() - self._read if self._counts else 0.0)

    def _set_timer(self, waiter: _Waiter) -> None:
        """Expire it at its deadline."""
        if waiter.timer is not None:
            waiter.timer.cancel()
            waiter.timer = None
        if self._counts:
            left = waiter.until - self._counted_now()
            waiter.timer = asyncio.get_running_loop().call_later(left, self._expire, waiter)

    def _in_vain(self) -> float:
        """Deadlines up to this lie before the end of the cooldown."""
        cooldown = self._limit.until - self._clock()
        is_bound = cooldown > 0 and (self._counts or self._limit.is_asked)
        return self._counted_now() + cooldown if is_bound else -math.inf

    def _fail_for_cooldown(self, waiter: _Waiter) -> None:
        """Fail it for a cooldown that ends after its deadline."""
        cooldown = self._limit.until - self._clock()
        why = "the panel asked to wait" if self._limit.is_asked else "cooldown after 429 replies:"
        message = f"rate limited: {why} {cooldown:.0f} s more"
        self._fail(waiter, RateLimitedError(message, retry_after=cooldown))

    def _expire(self, waiter: _Waiter) -> None:
        if self._limit.cooldown.is_on:
            self._fail(waiter, RateLimitedError("rate limited until the deadline"))
        else:
            self._fail(waiter, TransportError("no free slot until the deadline", sent="no"))

    def _fail(self, waiter: _Waiter, error: AgenciaError) -> None:
        self._drop(waiter)
        if not waiter.future.done():  # else cancelled in this iteration of the event loop
            waiter.future.set_exception(error)

    async def aclose(self, error: Callable[[], AgenciaError]) -> None:
        """Send nothing more; all that wait fail with the error."""
        for waiter in self._waiters():
            self._fail(waiter, error())
        if self._timer is not None:
            self._timer.cancel()
        if self._reservations is not None:
            await self._reservations.aclose()
