"""What all calls of a client share: the gate, the wire, and what was learnt of the panel."""

import asyncio
from functools import partial
from typing import TypeVar

from agencia_async._concurrency.tasks import closed
from agencia_async._limits.gate import Gate
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async._protocol.headers import Quota, quota
from agencia_async._protocol.outcomes import raise_if_whole
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from agencia_async._transport.wire import Wire
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
)

T = TypeVar("T")

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


class Channel:
    """Sends one request after the other for one client, and learns from the replies.

    `accepted` is set as soon as a first request ended in anything but a refusal of the account;
    `most_ids` is how many ids the panel takes in one request, as far as is known, and `halving_pays`
    tells whether to halve a refused batch has ever been in vain.
    """

    def __init__(self, wire: Wire, gate: Gate, refusals: Refusals, most_ids: int) -> None:
        self._wire = wire
        self.gate = gate
        self._recent_429s = refusals
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

    async def exchange(self, call: Call[T], number: int, seconds: float) -> T:
        """What the reply to a request says; the request has a number of the gate's."""
        self.requests_sent += 1
        told = None
        try:
            reply = await self._wire.send(call.form, timeout=seconds, write=call.retry_mode is not RetryMode.ALWAYS)
            if self._looks or reply.status == _TOO_MANY:
                told = self._told(reply)
            read = partial(decipher, call.reader, reply, self._recent_429s)
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
            self.gate.quota_received(told)
        return told

    def _failed(self, number: int, error: AgenciaError, told: Quota | None) -> None:
        """Learn what an error tells of the account and of its limit."""
        self.redact(error)
        if isinstance(error, RateLimitedError):
            if error.retry_after is None and told and not told.remaining:
                error.retry_after = told.seconds
            asked = error.retry_after
            self.gate.rate_limited(number, None if asked is None else min(asked, _LONGEST_PAUSE))
        else:
            self.gate.accepted(number)
        if not isinstance(error, AuthenticationError):
            self.accepted.set()

    def redact(self, error: AgenciaError) -> None:
        """Take the key out of an error's message, should the panel have echoed it."""
        self._wire.redact(error)

    async def aclose(self) -> None:
        """Send nothing more, and close the connections."""
        self.closed = True
        try:
            await self.gate.aclose(closed)
        finally:
            await self._wire.aclose()
