"""One call on its way: its attempts, and the time that they have left."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from attrs import frozen

from agencia_async._calls.channel import Channel, now
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async.errors import TransportError

T = TypeVar("T")
Attempt = Callable[[], Awaitable[T]]
"""One attempt: sends the request and gives what its reply says."""


@frozen
class Times:
    """What a call has time for, in seconds.

    Attributes:
        attempt: for one attempt, from connecting to the last byte.
        deadline: for the call as a whole.
        least: without so much left, a write is not begun: its outcome would be unknown.
    """

    attempt: float
    deadline: float
    least: float


class Execution(Generic[T]):
    """One call: `around` is given each attempt once nothing holds it back any more, and makes it."""

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
            self._channel.enter()  # closed since the last attempt, it would let nobody go
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
            raise TransportError("the deadline passed before it could be sent", sent="no")
        self.attempts += 1
        return await self._channel.exchange(self._call, self._number, min(self._times.attempt, left))
