"""The journal: each order is placed once under its reference, whatever crashes in between.

```python
async with Journal("orders.db") as journal, AsyncClient("KEY") as client:
    entry = await journal.place(client, "invoice-42", order)
```

An order is on disk before its request leaves, and its outcome before the caller gets it. The key is never
written.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Literal, Self

from agencia_async._bulk.account_guard import AccountGuard
from agencia_async._bulk.chunks import each
from agencia_async._calls.submission import OrderSubmission
from agencia_async._checks import check_money
from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._journal.entry import Finding, JournalEntry, JournalState, check_reference
from agencia_async._journal.placing import Placing, Sleep, another
from agencia_async._journal.reconcile import reconcile
from agencia_async._journal.store import Store
from agencia_async._orders.order import check_order
from agencia_async.client import AsyncClient
from agencia_async.errors import ConfigurationError, twin
from agencia_async.models import Balance, BulkItem, Id, id_text
from agencia_async.orders import Order

__all__ = ["Finding", "Journal", "JournalEntry", "JournalState"]

_BEAT = 20.0

Pairs = Iterable[tuple[str, Order]] | AsyncIterable[tuple[str, Order]]


class Journal:
    """A journal of orders, in a database.

    Use it in `async with`, or call `aclose` at the end; it opens by itself with the first call. Any number
    of processes may share one journal.

    Args:
        database: the path of an SQLite file, made where there is none; or a URL of SQLAlchemy's, such as
            `postgresql+asyncpg://user@host/name`.
        now: tells the time; UTC of this machine unless given.
        sleep: waits so many seconds; `asyncio.sleep` unless given.

    Raises:
        ConfigurationError: there is no such kind of database, or its driver is not installed. When it is
            opened: the file is another program's, of a later version, or cannot be written.
    """

    def __init__(
        self,
        database: str | os.PathLike[str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._store = Store(database, now)
        self._sleep = sleep
        self._tasks = Tasks()
        self._opening = asyncio.Lock()
        self._is_closed = False
        self._running: dict[str, tuple[Placing, SingleFlight[JournalEntry]]] = {}
        self._heart: asyncio.Task[None] | None = None

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
        return f"<Journal {self._store.name}>"

    async def aclose(self) -> None:
        """Wait for the outcome of what is being sent, call off what is not, and close the database."""
        self._tasks.closed = True
        flights = [flight for _, flight in self._running.values()]
        for flight in flights:
            flight.cancel(_closed())
        for flight in flights:
            await flight.ended()
        await self._tasks.aclose()
        async with self._opening:
            if not self._is_closed:
                self._is_closed = True
                await self._store.aclose()

    # --- placing ------------------------------------------------------------------------------------

    async def place(
        self, client: AsyncClient, reference: str, order: Order, *, max_charge: Decimal | None = None
    ) -> JournalEntry:
        """Place an order under a reference, once; returns its entry.

        The same reference again gives the recorded entry, and sends nothing. What was refused is sent
        again. A caller that is cancelled does not stop a request that has left: its outcome is recorded.

        Args:
            client: sends the order.
            reference: the caller's own name for the order, at most 200 characters.
            order: what to order.
            max_charge: as for `AsyncClient.add`; not asked of an order that is placed already.

        Raises:
            OutcomeUnknownError: the panel may or may not have taken it, now or when it was sent before.
            PanelError: the panel refused it; nothing was bought.
            ConfigurationError: the reference stands for another order, or the journal cannot be written;
                nothing was sent.
        """
        check_reference(reference)
        check_order(order)
        if max_charge is not None:
            check_money("max_charge", max_charge)
            if not await self._is_placed(reference):
                (await client.catalogue()).check(order, max_charge)
        await self._open()
        submission = _submission(client)
        submission.sender.channel.enter()
        while (running := self._running.get(reference)) is not None and running[1].is_cancelled:
            await running[1].ended()
        if running is None:
            running = self._start(submission, reference, order)
        elif running[0].form != order.form():
            raise another(reference)
        return await running[1].result()

    async def place_iter(
        self, client: AsyncClient, pairs: Pairs
    ) -> AsyncGenerator[BulkItem[JournalEntry], None]:
        """Place any number of orders, at most the client's `max_concurrency` at once; as they come.

        The pairs of reference and order are read lazily. Each ends in one item, whose id is the reference
        and whose value is the entry. Leaving the loop early calls off what has not left yet.

        Raises:
            AuthenticationError: the account was refused before anything succeeded.
            ConfigurationError: something among the pairs is no pair of a reference and an order.
        """
        await self._open()
        submission = _submission(client)
        submission.sender.channel.enter()
        door = AccountGuard()

        async def one(pair: tuple[str, Order]) -> BulkItem[JournalEntry]:
            reference, order = pair

            async def place() -> BulkItem[JournalEntry]:
                return BulkItem(reference, await self.place(client, reference, order))

            return await door.run(place, lambda error: BulkItem(reference, error=twin(error)))

        source = _checked(pairs)
        run = WorkerPool(
            source,
            one,
            workers=submission.workers,
            may_start=submission.sender.channel.accepted,
            tasks=submission.tasks,
        )
        async with aclosing(run.results()) as items:
            async for item in items:
                yield item

    # --- looking and resolving ----------------------------------------------------------------------

    async def get(self, reference: str) -> JournalEntry | None:
        """The entry of a reference, or None where there is none."""
        await self._open()
        return await self._store.find(reference)

    async def entries(
        self, state: Literal["new", "placed", "refused", "unknown"] | JournalState | None = None
    ) -> AsyncGenerator[JournalEntry, None]:
        """The entries, all or those of one state, in the order in which they were recorded."""
        if state is not None and state not in set(JournalState):
            raise ConfigurationError(f"a state is one of {', '.join(JournalState)}, not {state!r}")
        await self._open()
        async with aclosing(self._store.entries(state and JournalState(state))) as entries:
            async for entry in entries:
                yield entry

    async def resolve(
        self, reference: str, *, order_id: Id | None = None, placed: bool | None = None
    ) -> JournalEntry:
        """Record what a person found out about an order that is unknown.

        Args:
            reference: the order's.
            order_id: its id at the panel; `reconcile` checks it.
            placed: False if the panel does not have it. It is `refused` then, and may be placed again.

        Raises:
            ConfigurationError: there is no such order, or it is not unknown.
        """
        if (order_id is not None) == (placed is False):
            raise ConfigurationError("give the order_id, or placed=False")
        await self._open()
        if order_id is None:
            return await self._store.resolve(
                reference, JournalState.REFUSED, None, "not placed, as found by hand"
            )
        id_text(order_id)
        return await self._store.resolve(reference, JournalState.PLACED, order_id, None)

    async def note_balance(self, client: AsyncClient) -> Balance:
        """What the account holds, kept so that `reconcile` can tell it beside what it holds later."""
        await self._open()
        balance = await client.balance()
        await self._store.note(_submission(client).panel, balance)
        return balance

    async def reconcile(self, client: AsyncClient) -> list[Finding]:
        """Check what can be checked of the orders that are unknown or were resolved by hand.

        An id given by hand is verified by `status`. Of an order that is unknown it is told what the account
        held before and holds now, where nothing else was placed through this journal in between. Nothing
        is decided: what a person must decide is said in plain words.

        Raises:
            AgenciaError: the panel could not be asked.
        """
        await self._open()
        return await reconcile(self._store, client, _submission(client).panel)

    # --- how it is done -----------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._tasks.closed:
            raise _closed()
        async with self._opening:
            await self._store.open()

    async def _is_placed(self, reference: str) -> bool:
        entry = await self.get(reference)
        return entry is not None and entry.state is JournalState.PLACED

    def _start(
        self, submission: OrderSubmission, reference: str, order: Order
    ) -> tuple[Placing, SingleFlight[JournalEntry]]:
        def done() -> None:
            del self._running[reference]

        placing = Placing(self._store, submission, reference, order, self._sleep)
        flight = SingleFlight(placing.run, submission.tasks, done=done)
        self._running[reference] = placing, flight
        if self._heart is None or self._heart.done():
            self._heart = self._tasks.start(self._beat())
        return self._running[reference]

    async def _beat(self) -> None:
        """Show other processes that this one lives, as long as anything is being sent."""
        while self._running:
            await self._sleep(_BEAT)
            with suppress(ConfigurationError):  # whoever writes next will tell of it
                await self._store.sign()


def _closed() -> ConfigurationError:
    return ConfigurationError("the journal is closed")


def _submission(client: AsyncClient) -> OrderSubmission:
    return client._submission  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - not for users


async def _checked(
    pairs: Iterable[object] | AsyncIterable[object],
) -> AsyncGenerator[tuple[str, Order], None]:
    async with aclosing(each(pairs)) as source:
        async for pair in source:
            match pair:
                case (str(reference), Order() as order):
                    yield reference, order
                case _:
                    raise ConfigurationError(f"a pair of a reference and an order is needed, not {pair!r}")
