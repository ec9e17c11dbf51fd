"""One order on its way: recorded, sent, and its outcome recorded, whoever stops waiting for it.

find ── placed ──────────────► the entry, nothing is sent
│  └── unknown ─────────────► OutcomeUnknownError, nothing is sent
│  └── sent by another ─────► wait, find again
└── none, refused, new
│  when a slot is free:
claim ── lost to another ► wait, find again
│  committed: the request leaves; from here on nothing calls it off
├── accepted ──────────► placed
├── refused, not sent ─► refused (a further attempt claims it anew)
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

_LOOK_AGAIN: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds between two looks at an order that another process is sending; the last for ever."""
_WRITE_AGAIN: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds before an outcome that could not be written is written again."""


class _TakenError(Exception):
    """Somebody else is sending the order."""


class Placing:
    """Places one order.

    Attributes:
        form: what is sent, by which another order under the same reference is told from this one.
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
        looks = 0
        while True:
            entry, is_elsewhere = await self._store.settled(self._reference)
            if entry is not None and self._is_placed(entry):
                return entry
            if is_elsewhere:
                await self._sleep(_LOOK_AGAIN[min(looks, len(_LOOK_AGAIN) - 1)])
                looks += 1
            else:
                with suppress(_TakenError):
                    return await self._send(flight)

    def _is_placed(self, entry: JournalEntry) -> bool:
        if entry.order.form() != self.form:
            raise another(self._reference)
        if entry.state is JournalState.UNKNOWN:
            raise OutcomeUnknownError(
                f"whether {self._reference!r} was placed is unknown since {clock(entry.updated)}"
                f" ({entry.error}); look at the panel, then resolve it"
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
        """Commit that the order is being sent.

        Raises:
            ConfigurationError: that cannot be written; nothing was sent.
        """
        try:
            entry = await self._store.claim(self._claim)
        except asyncio.CancelledError:
            with flight.shielded():  # a client that closes would cancel it once more
                await self._withdraw()
            raise
        except ConfigurationError:  # it may be written all the same, if only its confirmation was lost
            with suppress(ConfigurationError):
                await self._withdraw()
            raise
        if entry is None:
            raise _TakenError
        self._last = entry

    async def _recorded(self, exchange: Attempt[Id]) -> Id:
        """Send the order, and commit what became of it."""
        try:
            number = await exchange()
        except ConfigurationError:  # the client was closed at this very moment
            await self._withdraw()
            raise
        except AgenciaError as error:
            self._in_doubt = self._in_doubt or error.sent != "no"
            state = JournalState.UNKNOWN if self._in_doubt else JournalState.REFUSED
            await self._write(self._outcome(state, error=str(error) or type(error).__name__), error)
            raise
        except asyncio.CancelledError:  # the event loop ends: as far as it still runs
            await self._store.settle(self._outcome(JournalState.UNKNOWN, error="the program was ended"))
            raise
        await self._write(self._outcome(JournalState.PLACED, order_id=number))
        return number

    async def _withdraw(self) -> None:
        """Record that an attempt was not made; an earlier one may have been, and its outcome is unknown."""
        if not self._in_doubt:
            await self._store.withdraw(self._claim.token)
            return
        try:
            await self._store.settle(self._outcome(JournalState.UNKNOWN, error="it was not sent again"))
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
        """Commit an outcome, with patience.

        Raises:
            OutcomeUnknownError: it cannot be written, so that it will be unknown from the journal.
        """
        known = outcome.error if outcome.order_id is None else f"order {outcome.order_id}"
        told = ""
        for pause in (0.0, *_WRITE_AGAIN):
            if pause:
                _log.warning("%s; again in %.1f s", told, pause)
                await self._sleep(pause)
            try:
                self._last = await self._store.settle(outcome)
            except ConfigurationError as fault:
                told = f"{self._reference!r} is {outcome.state} ({known}), which cannot be recorded: {fault}"
            else:
                return
        self._store.lose(self._reference)
        _log.error("%s", told)
        raise OutcomeUnknownError(told, cause=cause)


def another(reference: str) -> ConfigurationError:
    """The error of a reference that stands for another order."""
    return ConfigurationError(f"the reference {reference!r} stands for another order; nothing was sent")
