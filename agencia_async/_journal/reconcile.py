"""What can be found out about orders that need a person's eye; nothing is decided here."""

from decimal import Decimal

from agencia_async._journal.entry import Finding, JournalEntry, JournalState, clock, describe
from agencia_async._journal.store import Store
from agencia_async.catalogue import Catalogue
from agencia_async.client import AsyncClient
from agencia_async.errors import AgenciaError, ConfigurationError, NotFoundError
from agencia_async.models import Balance, BulkItem, Id, OrderStatus


async def reconcile(store: Store, client: AsyncClient, panel: str) -> list[Finding]:
    """A finding for each order that is unknown, or was resolved by hand and not checked yet."""
    unknown = [entry async for entry in store.entries(JournalState.UNKNOWN)]
    by_hand = [entry async for entry in store.entries(JournalState.PLACED, by_hand=True)]
    here = [entry for entry in unknown if entry.panel == panel]
    found = [_elsewhere(entry) for entry in (*by_hand, *unknown) if entry.panel != panel]
    found += await _verify(store, client, [entry for entry in by_hand if entry.panel == panel])
    if here:
        balance = await client.balance()
        catalogue = await _catalogue(client)
        found += [await _weigh(store, entry, balance, catalogue) for entry in here]
        await store.note(panel, balance)
    return found


def _elsewhere(entry: JournalEntry) -> Finding:
    advice = f"{entry.reference!r} was sent to {entry.panel}: reconcile it with a client of that panel."
    return Finding(entry=entry, advice=advice)


async def _verify(store: Store, client: AsyncClient, entries: list[JournalEntry]) -> list[Finding]:
    """Ask the panel for the ids that were given by hand."""
    ids: list[Id] = [entry.order_id for entry in entries if entry.order_id is not None]
    items = list(await client.status_many(ids))
    return [await _verified(store, entry, item) for entry, item in zip(entries, items, strict=True)]


async def _verified(store: Store, entry: JournalEntry, item: BulkItem[OrderStatus]) -> Finding:
    name = f"{entry.reference!r} was resolved by hand as order {entry.order_id}"
    if item.error is None:
        await store.verified(entry.reference)
        status = item.unwrap()
        charge = (
            "" if status.charge is None else f", charge {status.charge:f} {status.currency or ''}".rstrip()
        )
        advice = (
            f"{name}, and the panel has an order of that number: {status.status}{charge}. "
            f"Whether it is of {describe(entry.order.form())}, only its page at the panel tells."
        )
        return Finding(entry=entry, advice=advice, status=status)
    if isinstance(item.error, NotFoundError):
        advice = (
            f"{name}, but the panel does not know that number. A fresh order may be unknown for a while; "
            "if it stays so, resolve it again, with the right number or as not placed."
        )
    else:
        advice = f"{name}, which could not be checked: {item.error}"
    return Finding(entry=entry, advice=advice)


async def _catalogue(client: AsyncClient) -> Catalogue:
    try:
        return await client.catalogue()
    except AgenciaError:  # it would only have told the price
        return Catalogue([])


async def _weigh(store: Store, entry: JournalEntry, balance: Balance, catalogue: Catalogue) -> Finding:
    """What speaks for and against an order that is unknown."""
    todo = (
        f"Look at the panel for an order of {describe(entry.order.form())} from that time. If it is there, "
        "resolve this one with its order_id; if not, with placed=False, and it can be placed again."
    )
    advice = [
        f"Whether {entry.reference!r} was placed is unknown since {clock(entry.updated)}: {entry.error}.",
        *_cost(entry, catalogue),
        await _money(store, entry, balance),
        todo,
    ]
    return Finding(entry=entry, advice=" ".join(advice))


def _cost(entry: JournalEntry, catalogue: Catalogue) -> list[str]:
    try:
        return [f"By today's catalogue it costs {catalogue.cost(entry.order):f}."]
    except ConfigurationError:
        return []


async def _money(store: Store, entry: JournalEntry, now: Balance) -> str:
    holds = f"{_amount(now.balance, now.currency)} now"
    noted = await store.noted_before(entry.panel, entry.created)
    if noted is None:
        return f"The account holds {holds}; what it held before is not known."
    before = f"{_amount(noted.balance, noted.currency)} at {clock(noted.taken)}"
    others = noted.orders_since - 1
    if others:
        return (
            f"The account held {before} and holds {holds}, which proves nothing: "
            f"{others} other order{'s' * (others != 1)} of this journal may have been paid for in between."
        )
    return (
        f"The account held {before} and holds {holds}, and this journal placed nothing else in between: if "
        "nothing else was paid for and nothing was refunded, the difference tells."
    )


def _amount(amount: Decimal, currency: str) -> str:
    return f"{amount:f} {currency}".rstrip()
