"""Orders that the panel refused because one for the same link still runs: each waits for that one to end.

*held* (`refused` in the journal: nothing was bought) ── does one of the journal run for this link?
   ├── no ──────────────────► it stays refused: what runs there may be our own, with a lost answer
   └── yes ─► *waiting* for its end
                ├── the time is up, or it cannot be told ► it stays refused
                └── ended ► it is placed under its reference, as at any other run of the command
                              ├── refused for its link again ► held
                              └── placed, refused, unknown

Nothing is written for an order that is held or waits, so a crash leaves it refused, and the next run of the
command sends it. Orders for one link go one after another, and those for others beside them.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from agencia_async import AgenciaError, AsyncClient, BulkItem, DuplicateOrderError, Id, Order, OrderStatus
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
        write: is given the outcome of each, once.
        goes_on: whether more may be sent.
    """

    def __init__(
        self, wait: LinkWait | None, orders: Mapping[str, Order], write: Write, goes_on: Callable[[], bool]
    ) -> None:
        self._wait = wait
        self._orders = orders
        self._write = write
        self._goes_on = goes_on
        self._by_link: dict[str, list[BulkItem[JournalEntry]]] = {}

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
        return True

    async def place(self, client: AsyncClient, journal: "Journal") -> None:
        """Place each after the one that runs for its link."""
        if self._wait is None:
            return
        deadline = _now() + self._wait.most
        placed = _Placed(client, journal, self._by_link)
        await asyncio.gather(
            *(self._in_turn(placed, link, items, deadline) for link, items in self._by_link.items())
        )

    async def _in_turn(
        self, placed: "_Placed", link: str, items: "Iterable[BulkItem[JournalEntry]]", deadline: float
    ) -> None:
        """Place the orders for one link, one after another."""
        for item in items:
            outcome, order = item, self._orders[str(item.id)]
            while _is_refused_for_its_link(outcome) and self._goes_on():
                if not await placed.has_ended(link, order, deadline):
                    break
                outcome = await placed.place(str(item.id), order)
            self._write(outcome)


class _Placed:
    """The placed orders of a journal for these links."""

    def __init__(self, client: AsyncClient, journal: "Journal", links: Iterable[str]) -> None:
        self._client = client
        self._journal = journal
        self._panel = journal_class().panel_of(client)
        self._entries: dict[str, dict[str, JournalEntry]] = {link: {} for link in links}
        self._read: datetime | None = None
        self._reading = asyncio.Lock()

    async def has_ended(self, link: str, order: Order, deadline: float) -> bool:
        """Whether what runs for a link has ended by then; False if none is in the journal."""
        try:
            await self._look()
            running = await self._running(link, order)
            waits = [self._client.wait(number, max(0.0, deadline - _now())) for number in running]
            await asyncio.gather(*waits)
        except (AgenciaError, TimeoutError):
            return False
        return bool(running)

    async def _look(self) -> None:
        """Read what was placed since the last look."""
        async with self._reading:
            began = datetime.now(UTC)
            async with aclosing(self._journal.entries("placed", since=self._read)) as entries:
                async for entry in entries:
                    link = _link(entry.order)
                    if link in self._entries and is_at(entry, self._panel):
                        self._entries[link][entry.reference] = entry
            self._read = began - _OVERLAP

    async def _running(self, link: str, order: Order) -> list[Id]:
        """The ids of those that run; only those for the same service, if there are any."""
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
