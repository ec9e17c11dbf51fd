"""How every call travels: in its turn, in a slot, within the deadline, and again where that is safe."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from agencia_async._answers import doubted, errors_in, raise_if_whole
from agencia_async._batch import closed
from agencia_async._pace import Limit, Pace, Slots
from agencia_async._protocol import Call, Repeat
from agencia_async._refusals import Refusals
from agencia_async._reply import decipher
from agencia_async._retry import Retrier, RetryPolicy
from agencia_async._transport import Wire
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    TransportError,
)

T = TypeVar("T")
Exchange = Callable[[], Awaitable[T]]
"""One attempt: sends the request and gives what its reply says."""

_LEAST_FOR_A_WRITE = 1.0
_LARGE = 2**18
"""Bytes; to read a larger reply would hold up the event loop for too long, so a thread does it."""
_LONGEST_PAUSE = 3600.0
"""Seconds; what a panel asks for beyond this is taken for a mistake."""


def now() -> float:
    """The event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()


def _for_ever() -> float:
    return math.inf


class Sender:
    """Sends the calls of one client.

    `accepted` is set as soon as a first request ended in anything but a refusal of the account;
    `most_ids` is how many ids the panel takes in one request, as far as is known, and `halving_pays`
    tells whether to halve a refused batch has ever been in vain.
    """

    def __init__(  # noqa: PLR0913 - what the constructor of the client is given
        self,
        wire: Wire,
        *,
        policy: RetryPolicy,
        limit: Limit | None,
        account: str,
        concurrency: int,
        timeout: float,
        refusals: Refusals,
        most_ids: int,
    ) -> None:
        self._wire = wire
        self._policy = policy
        self._retrier = Retrier(policy)
        self._pace = Pace(limit, account, now)
        self._slots = Slots(concurrency)
        self._timeout = timeout
        # A write is not begun when there is hardly time left for its answer: its outcome would be unknown.
        self._least = min(_LEAST_FOR_A_WRITE, policy.deadline / 10)
        self._refusals = refusals
        self.most_ids = most_ids
        self.halving_pays = True
        self._loop: asyncio.AbstractEventLoop | None = None
        self.accepted = asyncio.Event()
        self.requests_sent = 0
        self.closed = False

    def enter(self) -> None:
        """Refuse a call on a closed client, or from another event loop than the first call's."""
        if self.closed:
            raise closed()
        self.check_loop()
        self._loop = asyncio.get_running_loop()

    def check_loop(self) -> None:
        """Refuse another event loop than that of the first call."""
        if self._loop is not None and self._loop is not asyncio.get_running_loop():
            raise ConfigurationError("the client belongs to another event loop; make one for each loop")

    async def send(self, call: Call[T], around: Callable[[Exchange[T]], Awaitable[T]] | None = None) -> T:
        """One request and its repetitions, until there is a value or an error.

        `around` is given each attempt once nothing holds it back any more, and makes it.
        """
        self.enter()
        deadline = now() + self._policy.deadline
        attempts = 0

        def left() -> float:
            return deadline - now()

        async def exchange() -> T:
            nonlocal attempts
            self.enter()  # the client may have been closed meanwhile
            if left() <= (0 if call.repeat is Repeat.ALWAYS else self._least):
                raise TransportError("the deadline passed before it could be sent", sent="no")
            attempts += 1
            return await self._exchange(call, min(self._timeout, left()))

        async def attempt() -> T:
            nonlocal deadline
            await self._pace.resume(left)
            began = now()
            # To wait for one's own limit, or behind others who do, is no delay of the panel's.
            async with self._slots.one(_for_ever if self._pace.limited else left):
                deadline += now() - began if self._pace.limited else 0
                await self._pace.resume(left)
                deadline += await self._pace.turn()
                await self._pace.resume(left)
                return await (around(exchange) if around else exchange())

        try:
            value, uncertain = await self._retrier.run(attempt, repeat=call.repeat, left=left)
        except AgenciaError as error:
            error.action, error.attempts = call.action, attempts
            raise
        if uncertain and call.repeat is Repeat.IF_TOLD:
            value = doubted(value)
        for failed in errors_in(value):
            failed.action, failed.attempts = call.action, attempts
            self._wire.blot(failed)
        return value

    async def _exchange(self, call: Call[T], seconds: float) -> T:
        self.requests_sent += 1
        try:
            reply = await self._wire.send(call.form, timeout=seconds, write=call.repeat is not Repeat.ALWAYS)
            read = partial(decipher, call.reader, reply, self._refusals)
            value = read() if len(reply.body) < _LARGE else await asyncio.to_thread(read)
            raise_if_whole(value)
        except AgenciaError as error:
            self._wire.blot(error)
            if isinstance(error, RateLimitedError):
                asked = self._policy.first_wait if error.retry_after is None else error.retry_after
                self._pace.pause(min(asked, _LONGEST_PAUSE))
            if not isinstance(error, AuthenticationError):
                self.accepted.set()
            raise
        self.accepted.set()
        return value

    async def aclose(self) -> None:
        """Send nothing more, and close the connections."""
        self.closed = True
        try:
            await self._pace.aclose()
        finally:
            await self._wire.aclose()
