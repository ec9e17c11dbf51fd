"""The execution of one call: its attempts, and the time left until its deadline."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from attrs import frozen

from agencia_async._calls.channel import Channel, now
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async.errors import TransportError

T = TypeVar("T")
Attempt = Callable[[], Awaitable[T]]
"""One attempt: sends the request and returns the value of its reply."""


@frozen
class Times:
    """The time limits of a call, in seconds.

    Attributes:
        attempt: for one attempt, from connecting to the last byte.
        deadline: for the whole call.
        least: a write is not started with less than this left: its outcome would be unknown.
    """

    attempt: float
    deadline: float
    least: float


class Execution(Generic[T]):
    """The execution of one call.

    `around` wraps each attempt: it is called once the gate is passed, and makes the attempt.
    """

    __slots__ = ("_around", "_call", "_channel", "_deadline", "_number", "_times", "_urgent", "attempts")

    def __init__(
        self,
        channel: Channel,
        times: Times,
        call: Call[T],
        around: Callable[[Attempt[T]], Awaitable[T]] | None,
        *,
        urgent: bool,
    ) -> None:
        self._channel = channel
        self._times = times
        self._call = call
        self._around = around
        self._urgent = urgent
        self._deadline = now() + times.deadline
        self._number = self.attempts = 0

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - now()

    async def attempt(self) -> T:
        """Pass the gate, and make one attempt."""
        gate = self._channel.gate
        number = gate.try_acquire()
        if not number:
            self._channel.enter()  # if it was closed since the last attempt, the gate grants nothing
            number, uncounted = await gate.acquire(self.left(), urgent=self._urgent)
            self._deadline += uncounted
        self._number = number
        try:
            return await (self._around(self._exchange) if self._around else self._exchange())
        finally:
            gate.release(number)

    async def _exchange(self) -> T:
        left = self.left()
        self._channel.enter()  # the client may have been closed meanwhile
        if left <= (0 if self._call.retry_mode is RetryMode.ALWAYS else self._times.least):
            raise TransportError("the deadline passed before the request was sent", sent="no")
        self.attempts += 1
        return await self._channel.exchange(self._call, self._number, min(self._times.attempt, left))
