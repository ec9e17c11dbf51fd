"""The entries of a journal, and the findings of a reconciliation."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal
from unicodedata import normalize

from attrs import frozen

from agencia_async._plain.record import Record
from agencia_async.errors import InvalidInputError
from agencia_async.models import Id, OrderStatus
from agencia_async.orders import Order

FindingKind = Literal["unknown", "confirmed", "not_found", "unverified", "other_panel"]

_LONGEST = 200
_COUNTED = re.compile(r"#\d+\Z")


class JournalState(StrEnum):
    """The state of an order in the journal.

    - `NEW`: recorded; in flight, or never sent;
    - `PLACED`: accepted by the panel; never sent again;
    - `REFUSED`: rejected, nothing was bought; may be sent again under its reference;
    - `UNKNOWN`: may or may not have been bought; never sent again automatically.
    """

    NEW = "new"
    PLACED = "placed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Refusal(Record):
    """A refused order in the history of a reference whose order was changed afterwards.

    Attributes:
        order: the refused order.
        panel: the URL of the panel that it was sent to.
        error: the panel's text, or another error message.
        updated: when it was refused, in UTC.
    """

    order: Order
    panel: str
    error: str | None = None
    updated: datetime


@frozen(kw_only=True)
class JournalEntry(Record):
    """One order in a journal.

    Attributes:
        reference: the caller's own name for the order, its idempotency key.
        state: its state.
        order: the order.
        order_id: its id at the panel; None unless it is placed.
        order_ids: all its ids at the panel: several if the panel split the order; empty unless it is placed.
        error: the panel's text, or another error message; None without an error.
        panel: the URL of the panel that it was sent to.
        resolved_manually: whether it was resolved manually, and not verified at the panel yet.
        was_verified: whether the id of a manual resolution was verified at the panel, this one or an earlier
            one; then the order cannot become not placed.
        refusals: how often the panel has refused it.
        history: earlier orders under this reference that were refused and then changed, oldest first.
        warning: a possible problem, such as an id that another order has as well, or None.
        duplicate_of: the reference of an order for the same service and link at the same panel that was in
            flight, or was placed in the ten minutes before; None without one.
        created: when the reference was first recorded, in UTC.
        updated: when the state last changed, in UTC.
    """

    reference: str
    state: JournalState
    order: Order
    order_id: Id | None = None
    error: str | None = None
    panel: str
    resolved_manually: bool = False
    was_verified: bool = False
    order_ids: tuple[Id, ...] = ()
    refusals: int = 0
    history: tuple[Refusal, ...] = ()
    warning: str | None = None
    duplicate_of: str | None = None
    created: datetime
    updated: datetime

    @property
    def by_hand(self) -> bool:
        """Deprecated alias of `resolved_manually`, until 1.0."""
        return self.resolved_manually


@frozen(kw_only=True)
class Finding(Record):
    """What a reconciliation found about one order.

    Attributes:
        entry: the order's entry.
        advice: what is known, and what is left to decide manually, as English text.
        status: its status at the panel, if known.
        kind: `unknown`: the outcome of the order is unknown. For the id of a manual resolution: `confirmed`:
            the panel has an order with it; `not_found`: it has none; `unverified`: it could not be asked.
            `other_panel`: any order that belongs to another panel than that of the client.
        error: why the id could not be verified.
        cost: what an unknown order costs by the current catalogue, if known.
        currency: of `cost` and the balances.
        balance: the balance now, for an unknown order.
        balance_before: the last balance that was recorded before an unknown order, if any.
        balance_before_at: when it was recorded, in UTC.
        other_orders: how many other orders of this journal may have been charged between the two balances.
    """

    _derived: ClassVar[Mapping[str, Any]] = {"needs_decision": bool}

    entry: JournalEntry
    advice: str
    status: OrderStatus | None = None
    kind: FindingKind = "unknown"
    error: str | None = None
    cost: Decimal | None = None
    currency: str | None = None
    balance: Decimal | None = None
    balance_before: Decimal | None = None
    balance_before_at: datetime | None = None
    other_orders: int | None = None

    @property
    def needs_decision(self) -> bool:
        """Whether something is left to do, as for every kind but `confirmed`."""
        return self.kind != "confirmed"


def checked_reference(reference: object) -> str:
    """A valid reference, in Unicode's composed form (NFC)."""
    fault = None
    composed = composed_reference(reference) if isinstance(reference, str) else ""
    if not composed.strip() or not composed.isprintable():
        fault = f"reference must be a non-empty line of text, got {reference!r}"
    elif composed != composed.strip():
        fault = f"reference must not begin or end with a blank, got {reference!r}"
    elif len(composed) > _LONGEST:
        fault = f"reference must have at most {_LONGEST} characters, got {len(composed)}"
    if fault is not None:
        raise InvalidInputError(fault, field="reference")
    return composed


def composed_reference(reference: str) -> str:
    """A reference as it is stored: in NFC, so that two spellings of one text are one reference."""
    return normalize("NFC", reference)


def is_same_panel(panel: str, other: str) -> bool:
    """Whether two URLs name one panel."""
    return bare(panel) == bare(other)


def bare(panel: str) -> str:
    """The URL of a panel by which it is compared."""
    return panel.rstrip("/")


def idempotency_key(reference: str, refusals: int) -> str:
    """What a panel recognises a repeated order by: the reference, and how often it was refused.

    No two references have one key: a reference that ends as if it were counted is counted from the start.
    """
    return f"{reference}#{refusals}" if refusals or _COUNTED.search(reference) else reference


def written(moment: datetime) -> str:
    """A time as the journal stores it; text order is chronological order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def clock(moment: datetime) -> str:
    """A time as shown in a message."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
