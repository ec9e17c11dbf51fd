"""What all calls of a client share: the gate, the wire, and what is known of the panel."""

import asyncio
from collections.abc import Callable  # noqa: TC003 - as everywhere else
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import TypeVar

from attrs import asdict

from agencia_async._calls.batch_support import BatchSupport
from agencia_async._calls.counters import Counters
from agencia_async._calls.observer import Observer
from agencia_async._concurrency.tasks import Tasks, closed
from agencia_async._limits.breaker import PROBE_TIMEOUT
from agencia_async._limits.gate import Gate
from agencia_async._models.stats import Stats
from agencia_async._protocol.calls import BALANCE, Call
from agencia_async._protocol.headers import Quota, quota
from agencia_async._protocol.outcomes import errors_in, raise_if_whole
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from agencia_async._transport.foreign import ForeignError
from agencia_async._transport.unclosed import watch
from agencia_async._transport.wire import Wire
from agencia_async.errors import (
    AgenciaError,
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    TransportError,
)
from agencia_async.hooks import AttemptInfo

T = TypeVar("T")

_LARGE = 2**18
"""Bytes; parsing a larger reply would block the event loop for too long, so a thread does it."""
_TOO_MANY = 429
_OVERLOADED = 503
_REDIRECT = 300
_AWAY = {502, 503, 504, *range(520, 531)}
"""HTTP statuses that a gateway sends in place of the panel."""
_HEADER_CHECKS = 10
"""Replies without quota headers after which these are no longer looked for, to save time."""
_LONGEST_COOLDOWN = 3600.0
"""Seconds; if a panel asks for more, that is taken for a mistake."""


def now() -> float:
    """The event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()


def is_away(error: AgenciaError) -> bool:
    """Whether an error means that the panel is not there: no connection, no reply, or that of a gateway."""
    is_gone = error.http_status is None or error.http_status in _AWAY
    return is_gone and isinstance(error, TransportError) and error.is_of_network


class Channel:
    """Sends the requests of one client, and learns from the replies.

    `accepted` is set once a request ended in anything but an authentication error; `most_ids` is how many
    ids a request may hold by the client's settings.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what the calls share
        self, wire: Wire, gate: Gate, refusals: Refusals, most_ids: int, tasks: Tasks, observer: Observer
    ) -> None:
        self._wire = wire
        self.observer = observer
        self._tasks = tasks
        self.gate = gate
        self._refusals = refusals
        self.most_ids = most_ids
        self._batches: dict[str, BatchSupport] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unwatch: Callable[[], object] = lambda: None
        self.accepted = asyncio.Event()
        self.counters = Counters()
        self._header_checks = _HEADER_CHECKS
        self.closed = False
        gate.circuits.start_probe = self._start_probe

    def enter(self) -> None:
        """Raise on a closed client, or in another event loop than that of the first call."""
        if self.closed:
            raise closed()
        self.check_loop()
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._unwatch = watch(self, self._wire, self._loop)

    @property
    def is_orphaned(self) -> bool:
        """Whether the event loop of its calls has been closed, so that nothing of them can be waited for."""
        return self._loop is not None and self._loop.is_closed()

    def check_loop(self) -> None:
        """Raise in another event loop than that of the first call."""
        if self._loop is not None and self._loop is not asyncio.get_running_loop():
            raise ConfigurationError(
                "the client belongs to another event loop; create one client for each event loop"
            )

    def batches(self, action: str) -> BatchSupport:
        """What is known of an action's batches."""
        if action not in self._batches:
            self._batches[action] = BatchSupport(action, self.most_ids)
        return self._batches[action]

    @property
    def cut_at(self) -> int:
        """How many ids any action answers before it leaves out the others in silence."""
        return min((known.cut_at for known in self._batches.values()), default=self.most_ids)

    def stats(self, configured: float | None) -> Stats:
        """What the client has done and is doing; `configured` is the pace of the limit that it was given."""
        paces = [pace for pace in (configured, self.gate.pace) if pace is not None]
        circuits = self.gate.circuits
        at = self._loop.time() if self._loop else 0.0
        away_for, retry_in = circuits.outage(at) or (None, self.gate.cooldown(at))
        return Stats(
            **asdict(self.counters),
            in_flight=len(circuits.in_flight),
            queued=self.gate.queued,
            pace=min(paces, default=None),
            circuit=circuits.state,
            away_for=away_for,
            retry_in=retry_in,
        )

    async def exchange(  # noqa: PLR0913 - a request, and what is known of it
        self,
        call: Call[T],
        number: int,
        seconds: float,
        *,
        is_cut: bool = False,
        is_repeatable: bool = False,
        limit: int | None = None,
        seen: AttemptInfo | None = None,
    ) -> T:
        """Send a request, with its number at the gate; the value that the reply holds.

        `is_cut`: it has less time than requests have, so that a timeout tells nothing of the panel.
        `is_repeatable`: it may be sent again whatever comes of it, so that its outcome is not unknown.
        `limit`: how many bytes its reply may have, by default the client's. `seen`: what the hooks see of it.
        """
        self.counters.requests += 1
        until = now() + seconds
        reported = reply = None
        try:
            write = call.retry_mode.is_write
            reply = await self._wire.send(call.form, timeout=seconds, write=write, limit=limit, is_cut=is_cut)
            if seen is not None:
                seen.http_status, seen.reply_bytes = reply.status, len(reply.body)
                seen.headers = reply.safe_headers()
            if self._header_checks or reply.status == _TOO_MANY:
                reported = self._quota(reply)
            read = partial(decipher, call.reader, reply, self._refusals)
            value = read() if len(reply.body) < _LARGE else await asyncio.to_thread(read)
            value = self._refusals.states.told(value)
            for failed in errors_in(value):
                failed.http_status = reply.status
            raise_if_whole(value)
        except AgenciaError as error:
            is_unknown = call.retry_mode.is_write and error.sent != "no" and not is_repeatable
            is_failure = is_unknown or (isinstance(error, TransportError) and error.is_of_network)
            is_cut = is_cut and now() >= until
            self._failed(number, error, reported, is_cut=is_cut, is_failure=is_failure)
            if is_unknown:
                self._unknown(number, error, reply)
            raise
        self.gate.accepted(number)
        self.accepted.set()
        return value

    def _quota(self, reply: Reply) -> Quota | None:
        """The quota that the headers report, if any."""
        reported = quota(reply.headers)
        self._header_checks = _HEADER_CHECKS if reported else max(0, self._header_checks - 1)
        if reported and reported.seconds <= _LONGEST_COOLDOWN:
            self.gate.quota_received(reported)
        return reported

    def _failed(
        self, number: int, error: AgenciaError, reported: Quota | None, *, is_cut: bool, is_failure: bool
    ) -> None:
        """Learn from an error about the account, its rate limit, and whether the panel is there."""
        self.redact(error)
        if isinstance(error, RateLimitedError):
            self.counters.rate_limited += 1
            if error.retry_after is None and reported and not reported.remaining:
                error.retry_after = reported.seconds
            asked = error.retry_after
            self.gate.rate_limited(number, None if asked is None else min(asked, _LONGEST_COOLDOWN))
        elif is_away(error):
            if not is_cut:
                self.gate.unanswered(number, error.message, is_overload=error.http_status == _OVERLOADED)
        else:
            self.gate.accepted(number, is_failure=is_failure)
        if not isinstance(error, AuthenticationError):
            self.accepted.set()

    def _unknown(self, number: int, error: AgenciaError, reply: Reply | None) -> None:
        """Learn from a write whose outcome is unknown."""
        is_empty = reply is not None and reply.status < _REDIRECT and not reply.body.strip()
        self.gate.unknown(number, error.message, collided=is_empty)

    def _start_probe(self) -> None:
        if not self._tasks.closed:
            self._tasks.start(self._probe(), context=Context())  # it is nobody's in particular

    async def _probe(self) -> None:
        """Look whether the panel answers, with a request that changes nothing."""
        observed = self.observer.call(BALANCE)
        with suppress(AgenciaError), observed.running():
            with observed.waiting():
                number = await self.gate.acquire_own()
            try:
                with observed.attempt() as seen:
                    await self.exchange(BALANCE, number, PROBE_TIMEOUT, seen=seen)
            except ForeignError as wrapped:  # the event loop shows it: there is no caller
                self.gate.accepted(number, is_failure=True)
                raise wrapped.original from None
            finally:
                self.gate.release(number)

    def redact(self, error: AgenciaError) -> None:
        """Redact the API key in an error's message: the panel may have echoed it."""
        self._wire.redact(error)

    async def aclose(self) -> None:
        """Send nothing more, and close the connections."""
        self.closed = True
        try:
            await self.gate.aclose(closed)
        finally:
            await self._wire.aclose()
        self._unwatch()
