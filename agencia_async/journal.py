"""The journal: idempotent orders. Each is placed at most once under its reference, even after a crash.

```python
async with Journal("orders.db") as journal, AsyncClient("KEY") as client:
    entry = await journal.place(client, "invoice-42", order)
```

An order is committed to the database before its request is sent, and its outcome before the caller gets it.
The API key is never stored.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from attrs import evolve

from agencia_async._bulk.account_guard import AccountGuard
from agencia_async._calls.submission import OrderSubmission
from agencia_async._checks import check_money
from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._journal.entry import (
    Finding,
    JournalEntry,
    JournalState,
    Refusal,
    checked_reference,
    composed_reference,
)
from agencia_async._journal.location import locate
from agencia_async._journal.owner import Owner
from agencia_async._journal.placing import Placing, Sleep, checked_pairs, utc_now
from agencia_async._journal.reconcile import reconcile
from agencia_async._journal.store import Store
from agencia_async._journal.watching import JournalWatcher, WatchingJournal
from agencia_async._models.ids import id_text
from agencia_async._orders.order import check_order
from agencia_async.client import AsyncClient
from agencia_async.errors import ConfigurationError, JournalError, twin
from agencia_async.models import Balance, BulkItem, Id
from agencia_async.orders import Order

__all__ = ["Finding", "Journal", "JournalEntry", "JournalState", "JournalWatcher", "Refusal"]

_HEARTBEAT = 20.0  # seconds
Pairs = Iterable[tuple[str, Order]] | AsyncIterable[tuple[str, Order]]


class Journal(WatchingJournal):
    """A journal of orders, in a database.

    Use it in `async with`, or call `aclose` at the end. It opens on the first call. Any number of processes
    may share one database, each with its own `Journal`, which belongs to the event loop that opened it.

    Args:
        database: the path of an SQLite file, which is created if missing; or an SQLAlchemy URL, such as
            `postgresql+asyncpg://user@host/name`.
        adopt: use the database even if it is a copy or a restored backup. Orders placed after the copy was
            taken are not in it, and would be bought again. Pass it once; then it is an independent journal.
        now: a function that returns the current time; by default this machine's, in UTC.
        sleep: an asynchronous function that waits the given number of seconds; by default `asyncio.sleep`.

    Raises:
        ConfigurationError: the kind of database is unknown, or its driver is not installed. On opening: the
            file belongs to another program or a later version, or is a copy. On any call: the journal
            belongs to another event loop or process.
        JournalError: on any call: the database cannot be used.
    """

    def __init__(
        self,
        database: str | os.PathLike[str],
        *,
        adopt: bool = False,
        now: Callable[[], datetime] = utc_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        location = locate(database)
        database = ""  # no traceback shows a password
        if isinstance(location, str):
            raise ConfigurationError(location)
        self._store = Store(location, now, adopt=adopt)
        if self._store.fault:
            raise ConfigurationError(self._store.fault)
        self._sleep = sleep
        self._tasks = Tasks()
        self._owner = Owner()
        self._opening = asyncio.Lock()
        self._is_closed = False
        self._running: dict[str, tuple[Placing, SingleFlight[JournalEntry]]] = {}
        self._heartbeat: asyncio.Task[None] | None = None
        self._watchers = set()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        store = getattr(self, "_store", None)  # none while it is half made
        return "<Journal>" if store is None else f"<Journal {store.name}>"

    @property
    def memory_ends(self) -> datetime | None:
        """In an adopted copy, the time after which orders may be missing (1970 if it is empty), or None."""
        return self._store.memory_ends

    async def aclose(self) -> None:
        """Wait for the outcomes of orders in flight, cancel those not sent yet, and close the database."""
        self._owner.check()
        self._tasks.closed = True
        flights = [flight for _, flight in self._running.values()]
        for flight in flights:
            flight.cancel(_closed())
        for flight in flights:
            await flight.ended()
        for watcher in [*self._watchers]:
            await watcher.aclose()
        await self._tasks.aclose()
        async with self._opening:
            if not self._is_closed:
                self._is_closed = True
                await self._store.aclose()

    # --- placing ------------------------------------------------------------------------------------

    async def place(
        self, client: AsyncClient, reference: str, order: Order, *, max_charge: Decimal | None = None
    ) -> JournalEntry:
        """Place an order at most once under a reference (an idempotency key); returns its entry.

        Calling it again for a placed order returns the recorded entry and sends nothing. A refused order is
        sent again, and may be changed or go to another panel; otherwise, a reference belongs to one order at
        one panel. Cancelling the caller does not stop a request in flight: its outcome is recorded.

        Args:
            client: the client that sends the order.
            reference: the caller's own name for the order, 1 to 200 printable characters, without leading or
                trailing spaces; stored in NFC.
            order: the order.
            max_charge: as for `AsyncClient.add`; not checked if the order is already placed.

        Raises:
            OutcomeUnknownError: the panel may or may not have accepted the order, now or in an earlier call.
            PanelError: the panel rejected it; nothing was bought.
            ConfigurationError: the reference is used for a different order or at another panel, or is
                invalid; nothing was sent.
            JournalError: the journal cannot be written; nothing was sent.
        """
        reference = checked_reference(reference)
        check_order(order)
        check_money("max_charge", max_charge, none=True)
        await self._check_charge(client, reference, order, max_charge)
        return await self._place(_submission(client), reference, order)

    async def _check_charge(
        self, client: AsyncClient, reference: str, order: Order, max_charge: Decimal | None
    ) -> None:
        if max_charge is not None:
            entry = await self.get(reference)
            if entry is None or entry.state is not JournalState.PLACED:
                (await client.catalogue()).check(order, max_charge)

    async def _place(self, submission: OrderSubmission, reference: str, order: Order) -> JournalEntry:
        await self._open()
        submission.sender.channel.enter()
        while (running := self._running.get(reference)) is not None and running[1].is_cancelled:
            await running[1].ended()
        if running is None:
            running = self._start(submission, reference, order)
        else:
            running[0].check_same(submission.panel, order)
        return await running[1].result()

    async def place_iter(
        self, client: AsyncClient, pairs: Pairs, *, max_charge: Decimal | None = None
    ) -> AsyncGenerator[BulkItem[JournalEntry], None]:
        """Place any number of orders concurrently; yields the outcomes as they complete.

        The (reference, order) pairs are read lazily. Each gives one item: its id is the reference, its value
        the entry. Leaving the loop early cancels orders that have not been sent yet. `max_charge` applies to
        each order, as in `place`: an order that costs more gives an item with an `InvalidInputError`.

        Raises:
            AuthenticationError: the account was rejected before anything succeeded.
            ConfigurationError: an element of `pairs` is not a (reference, order) pair.
        """
        check_money("max_charge", max_charge, none=True)
        await self._open()
        submission = evolve(_submission(client), patient=True)
        submission.sender.channel.enter()
        guard = AccountGuard()

        async def one(pair: tuple[str, Order]) -> BulkItem[JournalEntry]:
            reference, order = pair

            async def place() -> BulkItem[JournalEntry]:
                name = checked_reference(reference)
                await self._check_charge(client, name, order, max_charge)
                return BulkItem(reference, await self._place(submission, name, order))

            return await guard.run(place, lambda error: BulkItem(reference, error=twin(error)))

        source = checked_pairs(pairs)
        pool = WorkerPool(
            source,
            one,
            workers=submission.workers,
            may_start=submission.sender.channel.accepted,
            tasks=submission.tasks,
        )
        async with aclosing(pool.results()) as items:
            async for item in items:
                yield item

    @staticmethod
    def panel_of(client: AsyncClient) -> str:
        """The URL of a client's panel, in the form of `JournalEntry.panel`."""
        return _submission(client).panel

    # --- entries ------------------------------------------------------------------------------------

    async def get(self, reference: str) -> JournalEntry | None:
        """The entry of a reference, or None."""
        await self._open()
        return await self._store.find(composed_reference(reference))

    async def entries(
        self,
        state: Literal["new", "placed", "refused", "unknown"] | JournalState | None = None,
        *,
        since: datetime | None = None,
    ) -> AsyncGenerator[JournalEntry, None]:
        """All entries, or those in one state, in the order in which they were recorded.

        Args:
            state: only entries in this state.
            since: only entries whose state changed at this time or later.
        """
        if state is not None and state not in set(JournalState):
            raise ConfigurationError(f"state must be one of {', '.join(JournalState)}, got {state!r}")
        await self._open()
        async with aclosing(self._store.entries(state and JournalState(state), since=since)) as entries:
            async for entry in entries:
                yield entry

    async def resolve(
        self, reference: str, *, order_id: Id | None = None, placed: bool | None = None
    ) -> JournalEntry:
        """Resolve an unknown order manually, or change an earlier manual resolution.

        That ends when the order is sent again. Once `reconcile` has verified an id, only the id can change.

        Args:
            reference: the reference of the order.
            order_id: its id at the panel, not that of another order here, unless the panel repeats ids.
            placed: False if the panel does not have the order: it becomes `refused`, and may be placed again.

        Raises:
            ConfigurationError: the order does not exist, or its state or an argument does not allow it.
        """
        if (order_id is not None) == (placed is False):
            raise ConfigurationError("exactly one of order_id and placed=False must be given")
        await self._open()
        id_text(0 if order_id is None else order_id, "order_id")
        return await self._store.resolve(composed_reference(reference), order_id)

    async def backup(self, target: str | os.PathLike[str]) -> None:
        """Copy the journal into a new file, while it is in use (SQLite's online backup).

        Only its owner can read the new file (mode 0600). To use it as a journal, pass `adopt=True` once.

        Raises:
            ConfigurationError: the new file already exists, or the journal is not an SQLite file.
            JournalError: the new file cannot be written.
        """
        await self._open()
        await self._store.backup(Path(target))

    async def note_balance(self, client: AsyncClient) -> Balance:
        """Record a balance snapshot, which `reconcile` compares with later balances; returns the balance."""
        await self._open()
        balance = await client.balance()
        await self._store.record_balance(_submission(client).panel, balance)
        return balance

    async def reconcile(self, client: AsyncClient) -> list[Finding]:
        """Collect evidence about orders that are unknown or were resolved manually; decides nothing.

        An id from a manual resolution is verified with `status`. For an unknown order, the balances before
        and after it are compared, if nothing else was placed through this journal in between.

        Raises:
            AgenciaError: the request to the panel failed.
        """
        await self._open()
        return await reconcile(self._store, client, _submission(client).panel)

    # --- internals ----------------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._tasks.closed:
            raise _closed()
        self._owner.enter()
        async with self._opening:
            await self._store.open()

    def _start(
        self, submission: OrderSubmission, reference: str, order: Order
    ) -> tuple[Placing, SingleFlight[JournalEntry]]:
        def done() -> None:
            del self._running[reference]

        placing = Placing(self._store, submission, reference, order, self._sleep)
        flight = SingleFlight(placing.run, submission.tasks, done=done)
        self._running[reference] = placing, flight
        if self._heartbeat is None or self._heartbeat.done():
            self._heartbeat = self._tasks.start(self._beat())
        return self._running[reference]

    async def _beat(self) -> None:
        """Send heartbeats to the other processes, while orders are in flight."""
        while self._running:
            await self._sleep(_HEARTBEAT)
            with suppress(JournalError):  # the next write raises it
                await self._store.heartbeat()


def _closed() -> ConfigurationError:
    return ConfigurationError("the journal is closed")


def _submission(client: AsyncClient) -> OrderSubmission:
    return client._submission  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - not for users
