"""How every call travels: in its turn, in a slot, within the deadline, and again where that is safe."""

import asyncio
from typing import TypeVar

from agencia_async._batch import closed
from agencia_async._pace import Pace, RateLimit, Slots
from agencia_async._protocol import Call, Repeat, decipher, errors_in
from agencia_async._retry import Retrier, RetryPolicy
from agencia_async._transport import Wire
from agencia_async.errors import AgenciaError, AuthenticationError, ConfigurationError, RateLimitedError

T = TypeVar("T")


def now() -> float:
    """The event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()


class Sender:
    """Sends the calls of one client.

    `accepted` is set as soon as a first request ended in anything but a refusal of the account.
    """

    def __init__(
        self, wire: Wire, *, policy: RetryPolicy, limit: RateLimit | None, concurrency: int, timeout: float
    ) -> None:
        self._wire = wire
        self._policy = policy
        self._retrier = Retrier(policy)
        self._pace = Pace(limit, now)
        self._slots = Slots(concurrency)
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self.accepted = asyncio.Event()
        self.requests_sent = 0
        self.closed = False

    def enter(self) -> None:
        """Refuse a call on a closed client, or from another event loop than the first call's."""
        if self.closed:
            raise closed()
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ConfigurationError("the client belongs to another event loop; make one for each loop")

    async def send(self, call: Call[T]) -> T:
        """One request and its repetitions, until there is a value or an error."""
        self.enter()
        deadline = now() + self._policy.deadline
        attempts = 0

        def left() -> float:
            return deadline - now()

        async def attempt() -> T:
            nonlocal attempts, deadline
            self.enter()
            deadline += await self._pace.turn()  # to wait for one's own limit is no delay of the panel's
            await self._pace.resume(left)
            async with self._slots.one(left):
                attempts += 1
                return await self._exchange(call, min(self._timeout, left()))

        try:
            value = await self._retrier.run(attempt, repeat=call.repeat, left=left)
        except AgenciaError as error:
            error.action, error.attempts = call.action, attempts
            raise
        for failed in errors_in(value):
            failed.action, failed.attempts = call.action, attempts
        return value

    async def _exchange(self, call: Call[T], seconds: float) -> T:
        self.requests_sent += 1
        try:
            reply = await self._wire.send(call.form, timeout=seconds, write=call.repeat is not Repeat.ALWAYS)
            value = decipher(call, reply)
        except AgenciaError as error:
            if isinstance(error, RateLimitedError):
                asked = self._policy.first_wait if error.retry_after is None else error.retry_after
                self._pace.pause(min(asked, self._policy.deadline))
            if not isinstance(error, AuthenticationError):
                self.accepted.set()
            raise
        self.accepted.set()
        return value

    async def aclose(self) -> None:
        """Send nothing more, and close the connections."""
        self.closed = True
        await self._wire.aclose()
