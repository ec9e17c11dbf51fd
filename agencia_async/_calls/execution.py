"""The execution of one call: its attempts, and the time left until its deadline."""

import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from attrs import frozen

from agencia_async._calls.channel import Channel, is_away, now
from agencia_async._calls.observer import ObservedCall
from agencia_async._limits.breaker import PROBE_TIMEOUT
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async.errors import AgenciaError, TransportError
from agencia_async.hooks import AttemptInfo

T = TypeVar("T")
Attempt = Callable[[], Awaitable[T]]
"""One attempt: sends the request and returns the value of its reply."""


@frozen
class CallTerms:
    """What holds for the calls of one sender.

    Attributes:
        attempt: seconds for one attempt, from connecting to the last byte.
        deadline: seconds for the whole call.
        least: seconds; a write is not started with less than this left: its outcome would be unknown.
        limit: the most bytes of a reply.
        repeats: whether a call of this mode is sent again, though the panel may have acted on it.
    """

    attempt: float
    deadline: float
    least: float
    limit: int
    repeats: Callable[[RetryMode], bool]


class Execution(Generic[T]):
    """The execution of one call.

    `around` wraps each attempt: it is called once the gate is passed, and makes the attempt. A patient one
    waits at the gate for as long as the panel answers at all: waiting does not count towards its deadline.
    If it is observed, the hooks are told of its waiting and its attempts.
    """

    __slots__ = (
        *("_around", "_call", "_channel", "_deadline", "_is_over", "_is_probe", "_number", "_observed"),
        *("_patient", "_terms", "_urgent", "attempts"),
    )

    def __init__(  # noqa: PLR0913 - a call, and how it is made
        self,
        channel: Channel,
        terms: CallTerms,
        call: Call[T],
        around: Callable[[Attempt[T]], Awaitable[T]] | None,
        *,
        urgent: bool,
        patient: bool,
        observed: ObservedCall | None = None,
    ) -> None:
        self._observed = observed
        self._channel = channel
        self._terms = terms
        self._call = call
        self._around = around
        self._urgent = urgent
        self._patient = patient
        self._is_over = self._is_probe = False
        self._deadline = now() + terms.deadline
        self._number = self.attempts = 0

    def left(self) -> float:
        """Seconds until the deadline; none if the gate said that waiting is in vain."""
        return -math.inf if self._is_over else self._deadline - now()

    async def attempt(self) -> T:
        """Pass the gate, and make one attempt. A probe that is not answered is none."""
        gate = self._channel.gate
        while True:
            self._number = gate.try_acquire(write=self._call.retry_mode.is_write) or await self._wait()
            self._is_probe = gate.circuits.is_probe(self._number)
            try:
                return await (self._around(self._exchange) if self._around else self._exchange())
            except TransportError as error:
                if not self._is_probe or not is_away(error):
                    raise
            finally:
                gate.release(self._number)

    async def _wait(self) -> int:
        if self._observed is None:
            return await self._acquire()
        with self._observed.waiting():
            return await self._acquire()

    async def _acquire(self) -> int:
        self._channel.enter()  # if it was closed since the last attempt, the gate grants nothing
        try:
            number, uncounted = await self._channel.gate.acquire(
                self.left(), urgent=self._urgent, write=self._call.retry_mode.is_write, patient=self._patient
            )
        except AgenciaError:
            self._is_over = True
            raise
        self._deadline += uncounted
        return number

    def _count(self) -> None:
        counters = self._channel.counters
        if self.attempts > 1:
            counters.retries += 1
        else:
            counters.ids += len(self._call.reader.ids)

    async def _exchange(self) -> T:
        left = self.left()
        self._channel.enter()  # the client may have been closed meanwhile
        if left <= (self._terms.least if self._call.retry_mode.is_write else 0):
            self._is_over = True
            raise TransportError("the deadline passed before the request was sent", sent="no")
        self.attempts += 1
        self._count()
        longest = min(self._terms.attempt, PROBE_TIMEOUT) if self._is_probe else self._terms.attempt
        seconds = min(longest, left)
        if self._observed is None:
            return await self._send(seconds, is_cut=seconds < longest)
        with self._observed.attempt() as seen:
            return await self._send(seconds, is_cut=seconds < longest, seen=seen)

    def _send(self, seconds: float, *, is_cut: bool, seen: AttemptInfo | None = None) -> Awaitable[T]:
        return self._channel.exchange(
            self._call,
            self._number,
            seconds,
            is_cut=is_cut,
            is_repeatable=self._terms.repeats(self._call.retry_mode),
            limit=self._terms.limit,
            seen=seen,
        )
