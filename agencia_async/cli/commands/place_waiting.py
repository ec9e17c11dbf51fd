"""Orders that the panel refused because one for the same link still runs: each waits for that one to end.

*held* (`refused` in the journal: nothing was bought) ── does one of the journal run for this link, or did one
   │                                                     when this was refused?
   ├── no ──────────────────► it stays refused: what runs there may be our own, with a lost answer
   └── yes ─► *waiting* for its end
                ├── the time is up, or it cannot be told ► it stays refused
                └── ended ► it is placed under its reference, as at any other run of the command
                              ├── refused for its link again ► held
                              └── placed, refused, unknown

It is looked for when the order is refused, as it may end while the rest of the file is sent; if none is
found, again when all is sent. Nothing is written for an order that is held or waits, so a crash leaves it
refused, and the next run of the command sends it. Orders for one link go one after another, and those for
others beside them.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from agencia_async import AgenciaError, AsyncClient, BulkItem, DuplicateOrderError, Id, Order, OrderStatus
from agencia_async._concurrency.tasks import Tasks
from agencia_async._protocol.refusal_kinds import is_link_in_use
from agencia_async.cli.commands.place_plan import is_at
from agencia_async.cli.exit import UsageError
from agencia_async.cli.journal_option import journal_class

if TYPE_CHECKING:
    from agencia_async.journal import Journal, JournalEntry

Write = Callable[["BulkItem[JournalEntry]"], None]

_LONGEST: Final = timedelta(hours=1)
_OVERLAP: Final = timedelta(minutes=1)
"""By how much the clocks of those who share a journal may differ."""


@dataclass(frozen=True)
class LinkWait:
    """How orders wait for others for the same link.

    Attributes:
        most: seconds after which none waits any longer.
    """

    most: float


def link_wait(most: timedelta | None, *, is_on: bool) -> LinkWait | None:
    """How orders wait, if they do.

    Raises:
        UsageError: there is a maximum time, and nothing waits.
    """
    if is_on:
        return LinkWait((_LONGEST if most is None else most).total_seconds())
    if most is not None:
        raise UsageError("--wait-at-most requires --wait-for-link")
    return None


class HeldOrders:
    """The orders that were refused for their link.

    Args:
        wait: how they wait; None if none does.
        orders: the orders of the plan, by reference.
        placed: what the journal has placed for their links.
        write: is given the outcome of each, once.
        goes_on: whether more may be sent.
    """

    def __init__(
        self,
        wait: LinkWait | None,
        orders: Mapping[str, Order],
        placed: "PlacedForLinks",
        write: Write,
        goes_on: Callable[[], bool],
    ) -> None:
        self._wait = wait
        self._orders = orders
        self._placed = placed
        self._write = write
        self._goes_on = goes_on
        self._by_link: dict[str, list[BulkItem[JournalEntry]]] = {}
        self._tasks = Tasks()
        self._looks: list[asyncio.Task[None]] = []
        self._seen: dict[str, list[Id]] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self._by_link.values()))

    def take(self, item: "BulkItem[JournalEntry]") -> bool:
        """Hold an order back if it was refused for its link; whether it was."""
        link = _link(self._orders[str(item.id)])
        if self._wait is None or link is None or not _is_refused_for_its_link(item):
            return False
        self._by_link.setdefault(link, []).append(item)
        self._looks.append(self._tasks.start(self._look(link, str(item.id))))
        return True

    async def _look(self, link: str, reference: str) -> None:
        with suppress(AgenciaError):
            self._seen[reference] = await self._placed.running(link, self._orders[reference])

    async def place(self) -> None:
        """Place each after the one that runs for its link."""
        if self._wait is None:
            return
        deadline = _now() + self._wait.most
        await asyncio.gather(*self._looks)
        await asyncio.gather(*(self._in_turn(link, items, deadline) for link, items in self._by_link.items()))

    async def aclose(self) -> None:
        """Look for nothing more."""
        await self._tasks.aclose()

    async def _in_turn(self, link: str, items: "Iterable[BulkItem[JournalEntry]]", deadline: float) -> None:
        """Place the orders for one link, one after another."""
        has_placed = False  # then that one runs, whatever was seen before
        for item in items:
            outcome, reference = item, str(item.id)
            order, seen = self._orders[reference], [] if has_placed else self._seen.get(reference, [])
            while _is_refused_for_its_link(outcome) and self._goes_on():
                if not await self._placed.has_ended(link, order, deadline, seen):
                    break
                outcome, seen = await self._placed.place(reference, order), []
                has_placed = has_placed or outcome.ok
            self._write(outcome)


class PlacedForLinks:
    """The placed orders of a journal for the links of these orders."""

    def __init__(self, client: AsyncClient, journal: "Journal", orders: Iterable[Order]) -> None:
        self._client = client
        self._journal = journal
        self._panel = journal_class().panel_of(client)
        links = set(map(_link, orders)) - {None}
        self._entries: dict[str | None, dict[str, JournalEntry]] = {link: {} for link in links}
        self._read: datetime | None = None
        self._began: float = -math.inf
        self._reading = asyncio.Lock()

    async def has_ended(self, link: str, order: Order, deadline: float, seen: list[Id]) -> bool:
        """Whether what runs for a link has ended by then; False if none is in the journal.

        `seen` are those that ran when the order was refused; without any it is looked for them now.
        """
        try:
            running = seen or await self.running(link, order)
            waits = [self._client.wait(number, max(0.0, deadline - _now())) for number in running]
            await asyncio.gather(*waits)
        except (AgenciaError, TimeoutError):
            return False
        return bool(running)

    async def running(self, link: str, order: Order) -> list[Id]:
        """The ids of those that run for a link; only those for the same service, if there are any.

        Raises:
            AgenciaError: it cannot be told.
        """
        await self._look(_now())
        return await self._running(link, order)

    async def _look(self, at: float) -> None:
        """Read what was placed since the last look, unless that began after this time."""
        async with self._reading:
            if self._began > at:
                return
            self._began = _now()
            began = datetime.now(UTC)
            async with aclosing(self._journal.entries("placed", since=self._read)) as entries:
                async for entry in entries:
                    link = _link(entry.order)
                    if link in self._entries and is_at(entry, self._panel):
                        self._entries[link][entry.reference] = entry
            self._read = began - _OVERLAP

    async def _running(self, link: str, order: Order) -> list[Id]:
        entries = self._entries[link].values()
        service_of = {
            number: entry.order.form()["service"] for entry in entries for number in entry.order_ids
        }
        statuses = await asyncio.gather(*map(self._client.status, service_of), return_exceptions=True)
        running = [
            number
            for number, status in zip(service_of, statuses, strict=True)
            if isinstance(status, OrderStatus) and not status.is_final
        ]
        return [number for number in running if service_of[number] == order.form()["service"]] or running

    async def place(self, reference: str, order: Order) -> "BulkItem[JournalEntry]":
        """The outcome of placing an order."""
        try:
            async with aclosing(self._journal.place_iter(self._client, [(reference, order)])) as items:
                return await anext(items)
        except AgenciaError as error:
            return BulkItem(reference, error=error)


def _is_refused_for_its_link(item: "BulkItem[JournalEntry]") -> bool:
    return isinstance(item.error, DuplicateOrderError) and is_link_in_use(item.error.message)


def _link(order: Order) -> str | None:
    form = order.form()
    return form.get("link") or form.get("username")


def _now() -> float:
    return asyncio.get_running_loop().time()
