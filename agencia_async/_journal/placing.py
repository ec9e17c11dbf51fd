"""The placing of one order: recorded, sent, and its outcome recorded, even if its callers are cancelled.

find ── another panel, another order, and not refused ─► ConfigurationError, nothing is sent
│  └── placed ──────────────────► the entry, nothing is sent
│  └── unknown ─────────────────► OutcomeUnknownError, nothing is sent
│  └── in flight elsewhere ─────► wait, find again
└── none, new, refused
│  once the gate is passed:
claim ── lost to another session, or refused once more meanwhile ► wait, find again
│    └── the database cannot be used, its file is elsewhere ─────► JournalError, nothing is sent
│  committed: the request is sent; from here on it cannot be cancelled
├── accepted ──────────► placed: bound to its order and panel for ever
├── rejected, not sent ► refused (a retry of this attempt claims it again)
└── anything else ─────► unknown: bound to its order and panel until a person resolves it

Who owns what: a reference belongs to the panel (its URL) and the order that it was claimed with, until that
was refused. Then the next claim may be for another order or panel; what was refused goes into the history of
the entry. The claim belongs to the session that wrote its token, and a session to one event loop of one
process (`session.py`, `owner.py`). A panel with an idempotency key is told the reference and how often it
has refused it: all requests of one claim have one key, and a corrected order has another one than the order
before.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from shlex import quote
from typing import Final
from uuid import uuid4

from attrs import evolve

from agencia_async._bulk.chunks import each
from agencia_async._calls.execution import Attempt
from agencia_async._calls.submission import OrderSubmission
from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._journal.entry import JournalEntry, JournalState, clock, idempotency_key, is_same_panel
from agencia_async._journal.rows import Claim, Settle
from agencia_async._journal.store import Store
from agencia_async._transport.foreign import ForeignError
from agencia_async.errors import (
    AgenciaError,
    ConfigurationError,
    InvalidInputError,
    OutcomeUnknownError,
    PanelError,
)
from agencia_async.models import Id
from agencia_async.orders import Order

Sleep = Callable[[float], Awaitable[None]]

_log = logging.getLogger("agencia_async")

_POLL_INTERVALS: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds between polls of an order that another process is sending; the last one repeats."""
_WRITE_RETRIES: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds before each retry of writing an outcome."""
_LONGEST_ERROR: Final = 100
"""Characters of an earlier error within a message."""
_ROOM: Final = 320
"""Characters of a message for a reference, an error and a command, so that none of them is cut."""


def utc_now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


class _TakenError(Exception):
    """Another session has claimed the order."""


class Placing:
    """Places one order.

    Attributes:
        form: the form fields, by which a different order under the same reference is recognised.
        panel: the URL of the panel, by which the same is done for panels.
    """

    def __init__(
        self, store: Store, submission: OrderSubmission, reference: str, order: Order, sleep: Sleep
    ) -> None:
        self.form = order.form()
        self.panel = submission.panel
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
                    return await self._send(flight, entry)

    def _is_placed(self, entry: JournalEntry) -> bool:
        if entry.state is JournalState.REFUSED:
            return False
        self.check_same(entry.panel, entry.order)
        if entry.state is JournalState.UNKNOWN:
            name = self._reference
            error = (entry.error or "")[:_LONGEST_ERROR]
            command = _or_command(name, self._store.name, _ROOM - 2 * len(repr(name)) - len(error))
            raise OutcomeUnknownError(
                f"the outcome of {name!r} is unknown since {clock(entry.updated)} ({error}): check the "
                f"panel, then resolve it with journal.resolve({name!r}, ...){command}"
            )
        return entry.state is JournalState.PLACED

    def check_same(self, panel: str, order: Order) -> None:
        """Check that this panel and order are those of the reference.

        Raises:
            ConfigurationError: it is another panel.
            InvalidInputError: it is another order.
        """
        if not is_same_panel(panel, self.panel):
            raise ConfigurationError(
                f"reference {self._reference!r} belongs to an order at {panel}, not at {self.panel}; nothing "
                "was sent"
            )
        if order.form() != self.form:
            raise InvalidInputError(
                f"reference {self._reference!r} is already used for a different order; nothing was sent",
                field="reference",
            )

    async def _send(self, flight: SingleFlight[JournalEntry], entry: JournalEntry | None) -> JournalEntry:
        refusals = 0 if entry is None else entry.refusals
        self._claim = evolve(self._claim, refusals=refusals)

        async def around(exchange: Attempt[tuple[Id, ...]]) -> tuple[Id, ...]:
            await self._claimed(flight)
            with flight.shielded():
                return await self._recorded(exchange)

        await self._submission.submit_all(self._order, idempotency_key(self._reference, refusals), around)
        return self._entry()

    async def _claimed(self, flight: SingleFlight[JournalEntry]) -> None:
        """Commit the claim to send the order.

        Raises:
            JournalError: it cannot be written; nothing was sent.
        """
        try:
            entry = await self._store.claim(self._claim)
        except asyncio.CancelledError:
            with flight.shielded():  # closing the client would cancel it again
                await self._withdraw()
            raise
        except AgenciaError:  # it may have been committed, if only the confirmation was lost
            with suppress(AgenciaError):
                await self._withdraw()
            raise
        if entry is None:
            raise _TakenError
        self._last = entry

    async def _recorded(self, exchange: Attempt[tuple[Id, ...]]) -> tuple[Id, ...]:
        """Send the order, and commit its outcome."""
        try:
            numbers = await exchange()
        except (ConfigurationError, ForeignError):  # the client was closed, or code of the caller's failed
            await self._withdraw()
            raise
        except AgenciaError as error:
            await self._write(self._failure(error), error)
            raise
        except asyncio.CancelledError:  # the event loop shuts down: best effort
            await self._store.settle(self._outcome(JournalState.UNKNOWN, "the program was terminated"))
            raise
        await self._write(evolve(self._outcome(JournalState.PLACED), order_ids=numbers))
        return numbers

    def _failure(self, error: AgenciaError) -> Settle:
        self._in_doubt = self._in_doubt or error.sent != "no"
        state = JournalState.UNKNOWN if self._in_doubt else JournalState.REFUSED
        was_answered = state is JournalState.REFUSED and isinstance(error, PanelError)
        return evolve(self._outcome(state, str(error) or type(error).__name__), was_answered=was_answered)

    async def _withdraw(self) -> None:
        """Record that an attempt was not made; if an earlier one was, the outcome is unknown."""
        if not self._in_doubt:
            await self._store.withdraw(self._claim.token)
            return
        try:
            await self._store.settle(self._outcome(JournalState.UNKNOWN, "it was not retried"))
        except AgenciaError:
            self._store.lose(self._reference)
            raise

    def _outcome(self, state: JournalState, error: str | None = None) -> Settle:
        return Settle(self._claim.token, self._entry(), state, error=error)

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
        known = outcome.error if not outcome.order_ids else f"order {outcome.order_ids[0]}"
        message = ""
        for wait in (0.0, *_WRITE_RETRIES):
            if wait:
                _log.warning("%s; retrying in %.1f s", message, wait)
                await self._sleep(wait)
            try:
                self._last = await self._store.settle(outcome)
            except AgenciaError as error:
                message = (
                    f"{self._reference!r} is {outcome.state} ({known}), but recording it failed: {error}"
                )
            else:
                return
        self._store.lose(self._reference)
        _log.error("%s", message)
        raise OutcomeUnknownError(message, cause=cause)


def _or_command(reference: str, journal: str, room: int) -> str:
    """The command that resolves an order, for a message; empty if the message would change or cut it."""
    words = [*(["--"] if reference.startswith("-") else []), quote(reference)]
    option = "URL" if "://" in journal else quote(journal)
    command = f" or: agencia journal resolve --journal {option} --order-id ID {' '.join(words)}"
    is_exact = command.isascii() and command.isprintable() and "  " not in command
    return command if is_exact and len(command) <= room and journal != ":memory:" else ""


async def checked_pairs(
    pairs: Iterable[object] | AsyncIterable[object],
) -> AsyncGenerator[tuple[str, Order], None]:
    """The pairs; raises `ConfigurationError` at the first that is none."""
    async with aclosing(each(pairs)) as source:
        async for pair in source:
            match pair:
                case (str(reference), Order() as order):
                    yield reference, order
                case _:
                    raise ConfigurationError(f"pairs must contain (reference, order) tuples, got {pair!r}")
