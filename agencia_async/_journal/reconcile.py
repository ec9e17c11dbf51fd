"""Reconciliation: evidence about orders that have to be resolved manually. It decides nothing."""

from decimal import Decimal
from typing import Final

from attrs import evolve

from agencia_async._journal.entry import Finding, JournalEntry, JournalState, clock, is_same_panel
from agencia_async._journal.snapshots import Snapshot
from agencia_async._journal.store import Store
from agencia_async._orders.order import description
from agencia_async.catalogue import Catalogue
from agencia_async.client import AsyncClient
from agencia_async.errors import AgenciaError, ConfigurationError, NotFoundError
from agencia_async.models import Balance, BulkItem, Id, OrderStatus


async def reconcile(store: Store, client: AsyncClient, panel: str) -> list[Finding]:
    """A finding for each order that is unknown, or was resolved manually and is not verified yet."""
    await store.expire_dead()
    unknown = [entry async for entry in store.entries(JournalState.UNKNOWN)]
    resolved = [entry async for entry in store.entries(JournalState.PLACED, resolved_manually=True)]
    here = [entry for entry in unknown if is_same_panel(entry.panel, panel)]
    found = [_elsewhere(entry) for entry in (*resolved, *unknown) if not is_same_panel(entry.panel, panel)]
    found += await _verify(store, client, [entry for entry in resolved if is_same_panel(entry.panel, panel)])
    if here:
        balance = await client.balance()
        catalogue = await _catalogue(client)
        found += [await _compare(store, entry, balance, catalogue) for entry in here]
        await store.record_balance(panel, balance)
    return found


def _elsewhere(entry: JournalEntry) -> Finding:
    advice = f"{entry.reference!r} was sent to {entry.panel}: reconcile it with a client for that panel."
    return Finding(entry=entry, advice=advice, kind="other_panel")


async def _verify(store: Store, client: AsyncClient, entries: list[JournalEntry]) -> list[Finding]:
    """Verify the ids of manual resolutions at the panel."""
    ids: list[Id] = [entry.order_id for entry in entries if entry.order_id is not None]
    items = list(await client.status_many(ids))
    return [await _verified(store, entry, item) for entry, item in zip(entries, items, strict=True)]


async def _verified(store: Store, entry: JournalEntry, item: BulkItem[OrderStatus]) -> Finding:
    name = f"{entry.reference!r} was resolved manually as order {entry.order_id}"
    if item.error is None:
        await store.verified(entry)
        status = item.unwrap()
        charge = (
            "" if status.charge is None else f", charge {status.charge:f} {status.currency or ''}".rstrip()
        )
        advice = (
            f"{name}, and the panel has an order with that id: {status.status}{charge}. "
            f"Check on the panel's website that it is for {description(entry.order.form())}; if it is not, "
            "resolve it again, with the right id."
        )
        return Finding(entry=entry, advice=advice, status=status, kind="confirmed")
    if isinstance(item.error, NotFoundError):
        advice = (
            f"{name}, but the panel does not know that id. A new order may be unknown for a while; if it "
            f"stays so, resolve it again, with the right id{_OTHERWISE[entry.was_verified]}"
        )
        return Finding(entry=entry, advice=advice, kind="not_found", error=str(item.error))
    advice = f"{name}, which could not be verified: {item.error}"
    return Finding(entry=entry, advice=advice, kind="unverified", error=str(item.error))


_OTHERWISE: Final = {
    False: " or as not placed.",
    True: ". As the panel has confirmed an earlier id of it, it cannot be resolved as not placed: if it was "
    "never placed, place it under a new reference.",
}
"""What else can be done about an order whose id the panel does not know, by whether it was verified."""


async def _catalogue(client: AsyncClient) -> Catalogue:
    try:
        return await client.catalogue()
    except AgenciaError:  # it is only needed for the price
        return Catalogue([])


async def _compare(store: Store, entry: JournalEntry, balance: Balance, catalogue: Catalogue) -> Finding:
    """The evidence for and against an unknown order."""
    snapshot = await store.balance_before(entry.panel, entry.created)
    finding = Finding(
        entry=entry,
        advice="",
        cost=_cost(entry, catalogue),
        currency=balance.currency or None,
        balance=balance.balance,
        balance_before=None if snapshot is None else snapshot.balance,
        balance_before_at=None if snapshot is None else snapshot.taken,
        other_orders=None if snapshot is None else snapshot.orders_since - 1,
    )
    return evolve(finding, advice=_advice(finding, snapshot))


def _cost(entry: JournalEntry, catalogue: Catalogue) -> Decimal | None:
    try:
        return catalogue.cost(entry.order)
    except ConfigurationError:
        return None


def _advice(finding: Finding, snapshot: Snapshot | None) -> str:
    entry = finding.entry
    cost = "" if finding.cost is None else f"By the current catalogue it costs {finding.cost:f}. "
    return (
        f"The outcome of {entry.reference!r} is unknown since {clock(entry.updated)}: "
        f"{(entry.error or '').rstrip('.')}. {cost}{_money(finding, snapshot)} "
        f"Look on the panel's website for an order for {description(entry.order.form())} from that time. If "
        "it exists, resolve this one with its order_id; if not, with placed=False, and it can be placed "
        "again."
    )


def _money(finding: Finding, snapshot: Snapshot | None) -> str:
    current = f"{_amount(finding.balance, finding.currency)} now"
    if snapshot is None:
        before = "there is no snapshot from before. Record one with note_balance before you place orders"
        return f"The balance is {current}; {before}."
    before = f"{_amount(snapshot.balance, snapshot.currency)} at {clock(snapshot.taken)}"
    others = snapshot.orders_since - 1
    if others:
        return (
            f"The balance was {before} and is {current}, which proves nothing: "
            f"{others} other order{'s' * (others != 1)} of this journal may have been charged in between."
        )
    return (
        f"The balance was {before} and is {current}, and this journal placed nothing else in between: unless "
        "something else was charged or refunded, the difference shows whether it was placed."
    )


def _amount(amount: Decimal | None, currency: str | None) -> str:
    return f"{amount:f} {currency or ''}".rstrip()
