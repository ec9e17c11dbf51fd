"""The gate that every request passes: so many at once, in their turn, and as fast as the panel allows.

Whoever finds no limit, no pause and a free slot goes through at once. All others wait in one queue: the
urgent ones (writes, single calls) before bulk reads, which get one turn in ten even so, and among their like
in the order in which they came. The gate grants one slot after the other to whoever stands first. It has no
task of its own: each event looks whether somebody may go (`_look`), and where that is only a matter of time,
a timer does.

A waiter is *queued*, then *granted* its number or *failed*; it leaves the queue at that moment, so that
nobody is granted twice. The one that stands first may be *sent* for a place of the limit: it stays
queued while it asks. The place belongs to the gate, not to who asked: whoever stands first when it may be
used gets it. What can go wrong, and what is done:

- Cancelled while queued: it is taken out. Was it asking for a place, the next one is sent.
- Cancelled when granted, before it could run: the slot is given back at once, the place is lost.
- A place is there, but nobody waits any more: it is kept until its time, for whoever comes by then.
- A place is there that lies within a pause: it is given up, as it would be used late, beside the next one.
- An urgent request comes while another asks for a place: it gets that place.
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

_ASK = 0
"""What a waiter gets in place of its number when it is sent for a place."""
_MOST_PASSED = 9
"""Urgent requests that go before a bulk read which waits; then it goes itself, lest it wait for ever."""


def _future() -> "asyncio.Future[int]":
    return asyncio.get_running_loop().create_future()


class _Waiter:
    """One request that waits; `is_sent` holds while it is sent for a place.

    `until` is when its patience ends, by the clock of what counts.
    """

    __slots__ = ("future", "is_sent", "timer", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.future = _future()
        self.is_sent = False
        self.timer: asyncio.TimerHandle | None = None


def _none() -> Reservations:
    raise AssertionError  # pragma: no cover - without a limit no place is asked for


class Gate:
    """Lets the requests of one client go.

    `limit` opens the places of a limit that is known; None where none is.
    """

    def __init__(
        self,
        slots: int,
        found: AdaptiveLimit,
        clock: Callable[[], float],
        limit: Callable[[], Reservations] | None = None,
    ) -> None:
        self._slots = self._free = slots
        self._limit = found
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
        self._is_asking = False
        self._timer: asyncio.TimerHandle | None = None
        # The clock of what counts towards deadlines: its last reading, when that was, does it run.
        self._counted = self._read = 0.0
        self._counts = not self._is_configured
        self._until: float = 0.0
        self._is_paced = False

    # --- the way through ----------------------------------------------------------------------------

    def try_acquire(self) -> int:
        """The number of a request that may leave at once; 0 where it must wait for its turn."""
        if self._is_open and self._free:
            self._free -= 1
            self._last += 1
            return self._last
        return 0

    async def acquire(self, left: float, *, urgent: bool) -> tuple[int, float]:
        """Wait; the number of the request, and the seconds of waiting that do not count.

        Raises:
            RateLimitedError: a pause ends after the deadline, in `left` seconds that count.
            TransportError: no slot came free before the deadline; nothing was sent.
        """
        now, counted = self._clock(), self._counted_now()
        waiter = _Waiter(counted + left)
        (self._urgent if urgent else self._bulk)[waiter] = None
        try:
            self._set_timer(waiter)
            if waiter.until <= self._in_vain():
                self._fail_for_pause(waiter)
            self._dispatch()
            number = _ASK
            while number == _ASK:
                while waiter.is_sent:
                    await self._reserve(waiter)
                number = await waiter.future
        except BaseException:
            self._abandon(waiter)
            raise
        return number, (self._clock() - now) - (self._counted_now() - counted)

    def release(self, number: int) -> None:
        """A request is over, whatever came of it."""
        self._free += 1
        if not self._is_open:
            self._limit.abandoned(number)
        if self._urgent or self._bulk:
            self._dispatch()

    # --- what the panel answers -----------------------------------------------------------------------

    def accepted(self, number: int) -> None:
        """The panel answered with anything but a refusal for the rate."""
        self._limit.accepted(number, self._clock())
        if not self._is_open:
            self._update()
            self._dispatch()

    def told(self, quota: Quota) -> None:
        """A reply tells how many requests are left; that it is accepted or refused is told next."""
        others = self._slots - self._free - 1
        self._limit.told(quota.remaining, quota.seconds, others, self._clock())
        self._update()

    def refused(self, number: int, asked: float | None) -> None:
        """The panel refused for the rate, and asks for a pause of so many seconds, or says nothing."""
        now, in_flight = self._clock(), self._slots - self._free
        self._limit.refused(number, last=self._last, in_flight=in_flight, now=now, asked=asked)
        self._update()
        self._dispatch()

    def _update(self) -> None:
        """What follows from what is known of the panel now."""
        found = self._limit
        self._is_open = found.free and not self._is_configured
        counts = (found.cooldown.is_on or not self._is_configured) and found.counts(self._clock())
        if counts is not self._counts:
            self._counted, self._read, self._counts = self._counted_now(), self._clock(), counts
            for waiter in self._waiters():
                self._set_timer(waiter)
            self._until = math.nan  # other waiters may be in vain now
        if found.until != self._until:
            self._until = found.until
            in_vain = self._in_vain()
            for waiter in [one for one in self._waiters() if one.until <= in_vain]:
                self._fail_for_pause(waiter)
        if (found.cubic is not None) is not self._is_paced:
            self._is_paced = found.cubic is not None
            if found.cubic:
                _log.info("the panel seems to allow %.3g requests a second", found.cubic.pace)
            else:
                _log.info("the panel seems to have no limit, or another one")

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
                del queue[waiter]  # cancelled in this very turn of the event loop
        return None

    def _dispatch(self) -> None:
        """Let go whoever may."""
        while self._free and not self._is_asking and (waiter := self._first()):
            now = self._clock()
            at = now + self._limit.wait(now)
            if at <= now and self._is_configured:
                if self._due is None:
                    self._send_to_reserve(waiter)
                    return
                at = self._due
            if at > now:
                if self._due is not None and self._due < at:
                    self._due = None  # within a pause
                self._wake_at(at)
                return
            self._grant(waiter, now)

    def _grant(self, waiter: _Waiter, now: float) -> None:
        self._due = None
        self._free -= 1
        self._last += 1
        self._limit.left(self._last, now)
        self._passed = self._passed + 1 if self._bulk and waiter not in self._bulk else 0
        self._drop(waiter)
        waiter.future.set_result(self._last)
        self._update()

    def _wake_at(self, at: float) -> None:
        """Look again at that time, or before."""
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
        if self._due is not None and self._due <= self._clock() and not (self._urgent or self._bulk):
            self._due = None  # nobody came for it

    def _send_to_reserve(self, waiter: _Waiter) -> None:
        """Have it ask for a place; it waits on by another future."""
        self._is_asking = waiter.is_sent = True
        future, waiter.future = waiter.future, _future()
        future.set_result(_ASK)

    async def _reserve(self, waiter: _Waiter) -> None:
        """Bring the next place of the limit."""
        if self._reservations is None:
            self._reservations = self._open_reservations()
        wait = await self._reservations.reserve()
        self._due = self._clock() + wait
        self._is_asking = waiter.is_sent = False
        if self._first() is None:
            self._wake_at(self._due)  # to give it up then
        self._dispatch()

    def _abandon(self, waiter: _Waiter) -> None:
        """Its caller was cancelled, or it has failed: nobody else is to lose anything by it."""
        self._drop(waiter)
        if waiter.is_sent:
            self._is_asking = False
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            self.release(future.result())
        self._dispatch()

    def _drop(self, waiter: _Waiter) -> None:
        self._urgent.pop(waiter, None)
        self._bulk.pop(waiter, None)
        if waiter.timer is not None:
            waiter.timer.cancel()

    # --- patience -------------------------------------------------------------------------------------

    def _counted_now(self) -> float:
        """The clock of what counts towards deadlines."""
        return self._counted + (self._clock() - self._read if self._counts else 0.0)

    def _set_timer(self, waiter: _Waiter) -> None:
        """See that it waits no longer than it may."""
        if waiter.timer is not None:
            waiter.timer.cancel()
            waiter.timer = None
        if self._counts:
            left = waiter.until - self._counted_now()
            waiter.timer = asyncio.get_running_loop().call_later(left, self._expire, waiter)

    def _in_vain(self) -> float:
        """Whose patience ends by then cannot wait for the end of the pause."""
        cooldown = self._limit.until - self._clock()
        is_bound = cooldown > 0 and (self._counts or self._limit.is_asked)
        return self._counted_now() + cooldown if is_bound else -math.inf

    def _fail_for_pause(self, waiter: _Waiter) -> None:
        """Fail it for a pause that lasts longer than its patience."""
        cooldown = self._limit.until - self._clock()
        who = "the panel asked for" if self._limit.is_asked else "its refusals led to"
        message = f"{who} a pause that lasts {cooldown:.0f} s more"
        self._fail(waiter, RateLimitedError(message, retry_after=cooldown))

    def _expire(self, waiter: _Waiter) -> None:
        if self._limit.cooldown.is_on:
            self._fail(waiter, RateLimitedError("the panel refused for its rate until the deadline"))
        else:
            self._fail(waiter, TransportError("all connections were busy until the deadline", sent="no"))

    def _fail(self, waiter: _Waiter, error: AgenciaError) -> None:
        self._drop(waiter)
        if not waiter.future.done():  # else cancelled in this very turn of the event loop
            waiter.future.set_exception(error)

    async def aclose(self, error: Callable[[], AgenciaError]) -> None:
        """Let nobody go any more; those who wait get the error."""
        for waiter in self._waiters():
            self._fail(waiter, error())
        if self._timer is not None:
            self._timer.cancel()
        if self._reservations is not None:
            await self._reservations.aclose()
