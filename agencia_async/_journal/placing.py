"""The placing of one order: recorded, sent, and its outcome recorded, even if its callers are cancelled.

find ── placed ──────────────────► the entry, nothing is sent
│  └── unknown ─────────────────► OutcomeUnknownError, nothing is sent
│  └── in flight elsewhere ─────► wait, find again
└── none, refused, new
│  once the gate is passed:
claim ── lost to another session ► wait, find again
│  committed: the request is sent; from here on it cannot be cancelled
├── accepted ──────────► placed
├── rejected, not sent ► refused (a retry claims it again)
└── anything else ─────► unknown
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from uuid import uuid4

from agencia_async._calls.execution import Attempt
from agencia_async._calls.submission import OrderSubmission
from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._journal.entry import JournalEntry, JournalState, clock
from agencia_async._journal.rows import Claim, Settle
from agencia_async._journal.store import Store
from agencia_async.errors import AgenciaError, ConfigurationError, OutcomeUnknownError
from agencia_async.models import Id
from agencia_async.orders import Order

Sleep = Callable[[float], Awaitable[None]]

_log = logging.getLogger("agencia_async")

_POLL_INTERVALS: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds between polls of an order that another process is sending; the last one repeats."""
_WRITE_RETRIES: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds before each retry of writing an outcome."""


class _TakenError(Exception):
    """Another session has claimed the order."""


class Placing:
    """Places one order.

    Attributes:
        form: the form fields, by which a different order under the same reference is recognised.
    """

    def __init__(
        self, store: Store, submission: OrderSubmission, reference: str, order: Order, sleep: Sleep
    ) -> None:
        self.form = order.form()
        self._store = store
        self._submission = submission
        self._order = order
        self._reference = reference
        self._sleep = sleep
        self._claim = Claim(reference, order, submission.panel, uuid4().hex)
        self._last: JournalEntry | None = None
        self._in_doubt = False

    async def run(self, flight: SingleFlight[JournalEntry]) -> JournalEntry:
        """The entry of the order, which is placed.

        Raises:
            AgenciaError: as `AsyncClient.add` does.
        """
        polls = 0
        while True:
            entry, is_elsewhere = await self._store.settled(self._reference)
            if entry is not None and self._is_placed(entry):
                return entry
            if is_elsewhere:
                await self._sleep(_POLL_INTERVALS[min(polls, len(_POLL_INTERVALS) - 1)])
                polls += 1
            else:
                with suppress(_TakenError):
                    return await self._send(flight)

    def _is_placed(self, entry: JournalEntry) -> bool:
        if entry.order.form() != self.form:
            raise another(self._reference)
        if entry.state is JournalState.UNKNOWN:
            raise OutcomeUnknownError(
                f"the outcome of {self._reference!r} is unknown since {clock(entry.updated)}"
                f" ({entry.error}): check the panel, then resolve it manually"
            )
        return entry.state is JournalState.PLACED

    async def _send(self, flight: SingleFlight[JournalEntry]) -> JournalEntry:
        async def around(exchange: Attempt[Id]) -> Id:
            await self._claimed(flight)
            with flight.shielded():
                return await self._recorded(exchange)

        await self._submission.submit(self._order, self._reference, around)
        return self._entry()

    async def _claimed(self, flight: SingleFlight[JournalEntry]) -> None:
        """Commit the claim to send the order.

        Raises:
            ConfigurationError: it cannot be written; nothing was sent.
        """
        try:
            entry = await self._store.claim(self._claim)
        except asyncio.CancelledError:
            with flight.shielded():  # closing the client would cancel it again
                await self._withdraw()
            raise
        except ConfigurationError:  # it may have been committed, if only the confirmation was lost
            with suppress(ConfigurationError):
                await self._withdraw()
            raise
        if entry is None:
            raise _TakenError
        self._last = entry

    async def _recorded(self, exchange: Attempt[Id]) -> Id:
        """Send the order, and commit its outcome."""
        try:
            number = await exchange()
        except ConfigurationError:  # the client was closed at this moment
            await self._withdraw()
            raise
        except AgenciaError as error:
            self._in_doubt = self._in_doubt or error.sent != "no"
            state = JournalState.UNKNOWN if self._in_doubt else JournalState.REFUSED
            await self._write(self._outcome(state, error=str(error) or type(error).__name__), error)
            raise
        except asyncio.CancelledError:  # the event loop shuts down: best effort
            await self._store.settle(self._outcome(JournalState.UNKNOWN, error="the program was terminated"))
            raise
        await self._write(self._outcome(JournalState.PLACED, order_id=number))
        return number

    async def _withdraw(self) -> None:
        """Record that an attempt was not made; if an earlier one was, the outcome is unknown."""
        if not self._in_doubt:
            await self._store.withdraw(self._claim.token)
            return
        try:
            await self._store.settle(self._outcome(JournalState.UNKNOWN, error="it was not retried"))
        except ConfigurationError:
            self._store.lose(self._reference)
            raise

    def _outcome(
        self, state: JournalState, *, order_id: Id | None = None, error: str | None = None
    ) -> Settle:
        return Settle(self._claim.token, self._entry(), state, order_id, error)

    def _entry(self) -> JournalEntry:
        """The entry as it was last committed."""
        if self._last is None:  # pragma: no cover - nothing is sent, and no id comes, before a claim
            raise AssertionError
        return self._last

    async def _write(self, outcome: Settle, cause: AgenciaError | None = None) -> None:
        """Commit an outcome, with retries.

        Raises:
            OutcomeUnknownError: it cannot be written, so the journal will say that it is unknown.
        """
        known = outcome.error if outcome.order_id is None else f"order {outcome.order_id}"
        message = ""
        for wait in (0.0, *_WRITE_RETRIES):
            if wait:
                _log.warning("%s; retrying in %.1f s", message, wait)
                await self._sleep(wait)
            try:
                self._last = await self._store.settle(outcome)
            except ConfigurationError as error:
                message = (
                    f"{self._reference!r} is {outcome.state} ({known}), but recording it failed: {error}"
                )
            else:
                return
        self._store.lose(self._reference)
        _log.error("%s", message)
        raise OutcomeUnknownError(message, cause=cause)


def another(reference: str) -> ConfigurationError:
    """The error of a reference that is used for a different order."""
    return ConfigurationError(
        f"reference {reference!r} is already used for a different order; nothing was sent"
    )
