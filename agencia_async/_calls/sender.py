"""How every call travels: in its turn, in a slot, within the deadline, and again where that is safe."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

from agencia_async._calls.retry import Retrier, RetryPolicy
from agencia_async._concurrency.tasks import closed
from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.gate import Gate
from agencia_async._limits.rate_limit import Limit, Reservations
from agencia_async._protocol.calls import Call, Repeat
from agencia_async._protocol.headers import Quota, quota
from agencia_async._protocol.outcomes import as_unknown, errors_in, raise_if_whole
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from agencia_async._transport.wire import Wire
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    TransportError,
)

T = TypeVar("T")
Attempt = Callable[[], Awaitable[T]]
"""One attempt: sends the request and gives what its reply says."""

_LEAST_FOR_A_WRITE = 1.0
_LARGE = 2**18
"""Bytes; to read a larger reply would hold up the event loop for too long, so a thread does it."""
_TOO_MANY = 429
_LOOKS = 10
"""Replies whose headers are looked at in vain: to look costs as much as a small part of the request."""
_LONGEST_PAUSE = 3600.0
"""Seconds; what a panel asks for beyond this is taken for a mistake."""


def now() -> float:
    """The event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()


def _gate(slots: int, policy: RetryPolicy, limit: Callable[[], Reservations] | None) -> Gate:
    found = AdaptiveLimit(
        first_wait=policy.first_wait,
        longest_wait=policy.max_wait,
        patience=policy.deadline,
        is_configured=limit is not None,
    )
    return Gate(slots, found, now, limit)


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
        self.policy = policy
        self._retrier = Retrier(policy)
        slots = None if limit is None else partial(limit.open, now, account)
        self.gate = _gate(concurrency, policy, slots)
        self.timeout = timeout
        # A write is not begun when there is hardly time left for its answer: its outcome would be unknown.
        self.least = min(_LEAST_FOR_A_WRITE, policy.deadline / 10)
        self._refusals = refusals
        self.most_ids = most_ids
        self.halving_pays = True
        self._loop: asyncio.AbstractEventLoop | None = None
        self.accepted = asyncio.Event()
        self.requests_sent = 0
        self._looks = _LOOKS
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

    async def send(
        self,
        call: Call[T],
        around: Callable[[Attempt[T]], Awaitable[T]] | None = None,
        *,
        urgent: bool = True,
    ) -> T:
        """One request and its repetitions, until there is a value or an error.

        `around` is given each attempt once nothing holds it back any more, and makes it. What is not urgent
        lets all go first that is.
        """
        self.enter()
        journey = Execution(self, call, around, urgent)
        try:
            value, uncertain = await self._retrier.run(journey.attempt, repeat=call.repeat, left=journey.left)
        except AgenciaError as error:
            error.action, error.attempts = call.action, journey.attempts
            raise
        if uncertain and call.repeat is Repeat.IF_TOLD:
            value = as_unknown(value)
        for failed in errors_in(value):
            failed.action, failed.attempts = call.action, journey.attempts
            self._wire.redact(failed)
        return value

    async def exchange(self, call: Call[T], number: int, seconds: float) -> T:
        """What the reply to a request says; the request has a number of the gate's."""
        self.requests_sent += 1
        told = None
        try:
            reply = await self._wire.send(call.form, timeout=seconds, write=call.repeat is not Repeat.ALWAYS)
            if self._looks or reply.status == _TOO_MANY:
                told = self._told(reply)
            read = partial(decipher, call.reader, reply, self._refusals)
            value = read() if len(reply.body) < _LARGE else await asyncio.to_thread(read)
            raise_if_whole(value)
        except AgenciaError as error:
            self._failed(number, error, told)
            raise
        self.gate.accepted(number)
        self.accepted.set()
        return value

    def _told(self, reply: Reply) -> Quota | None:
        """What the headers tell of a limit. Whoever tells nothing for a while is not asked any more."""
        told = quota(reply.headers)
        self._looks = _LOOKS if told else max(0, self._looks - 1)
        if told and told.seconds < _LONGEST_PAUSE:
            self.gate.told(told)
        return told

    def _failed(self, number: int, error: AgenciaError, told: Quota | None) -> None:
        """Learn what an error tells of the account and of its limit."""
        self._wire.redact(error)
        if isinstance(error, RateLimitedError):
            if error.retry_after is None and told and not told.remaining:
                error.retry_after = told.seconds
            asked = error.retry_after
            self.gate.refused(number, None if asked is None else min(asked, _LONGEST_PAUSE))
        else:
            self.gate.accepted(number)
        if not isinstance(error, AuthenticationError):
            self.accepted.set()

    async def aclose(self) -> None:
        """Send nothing more, and close the connections."""
        self.closed = True
        try:
            await self.gate.aclose(closed)
        finally:
            await self._wire.aclose()


class Execution(Generic[T]):
    """One call on its way: its attempts, and the time that they have left."""

    __slots__ = ("_around", "_call", "_deadline", "_number", "_sender", "_urgent", "attempts")

    def __init__(
        self,
        sender: Sender,
        call: Call[T],
        around: Callable[[Attempt[T]], Awaitable[T]] | None,
        urgent: bool,  # noqa: FBT001 - from `send`
    ) -> None:
        self._sender = sender
        self._call = call
        self._around = around
        self._urgent = urgent
        self._deadline = now() + sender.policy.deadline
        self._number = self.attempts = 0

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - now()

    async def attempt(self) -> T:
        """Pass the gate, and make one attempt."""
        gate = self._sender.gate
        number = gate.try_acquire()
        if not number:
            self._sender.enter()  # closed since the last attempt, it would let nobody go
            number, uncounted = await gate.acquire(self.left(), urgent=self._urgent)
            self._deadline += uncounted
        self._number = number
        try:
            return await (self._around(self._exchange) if self._around else self._exchange())
        finally:
            gate.release(number)

    async def _exchange(self) -> T:
        sender, left = self._sender, self.left()
        sender.enter()  # the client may have been closed meanwhile
        if left <= (0 if self._call.repeat is Repeat.ALWAYS else sender.least):
            raise TransportError("the deadline passed before it could be sent", sent="no")
        self.attempts += 1
        return await sender.exchange(self._call, self._number, min(sender.timeout, left))
