"""The entries of a journal, and the findings of a reconciliation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from attrs import frozen

from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, OrderStatus
from agencia_async.orders import Order

_LONGEST = 200


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
class JournalEntry:
    """One order in a journal.

    Attributes:
        reference: the caller's own name for the order, its idempotency key.
        state: its state.
        order: what was ordered.
        order_id: its id at the panel; None unless it is placed.
        error: the panel's text, or another error message; None without an error.
        panel: the URL of the panel that it was sent to.
        resolved_manually: it was resolved manually, and is not verified at the panel yet.
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
    created: datetime
    updated: datetime

    @property
    def by_hand(self) -> bool:
        """Deprecated alias of `resolved_manually`, until 1.0."""
        return self.resolved_manually


@frozen(kw_only=True)
class Finding:
    """What a reconciliation found about one order.

    Attributes:
        entry: the order.
        advice: what is known, and what is left to decide manually, in plain English.
        status: its status at the panel, if known.
    """

    entry: JournalEntry
    advice: str
    status: OrderStatus | None = None


def check_reference(reference: object) -> None:
    """Check for a valid reference."""
    if not isinstance(reference, str) or not reference.strip() or not reference.isprintable():
        raise ConfigurationError(f"reference must be a non-empty line of text, got {reference!r}")
    if len(reference) > _LONGEST:
        raise ConfigurationError(f"reference must have at most {_LONGEST} characters, got {len(reference)}")


def written(moment: datetime) -> str:
    """A time as the journal stores it; text order is chronological order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def clock(moment: datetime) -> str:
    """A time as shown in a message."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def describe(form: Mapping[str, str]) -> str:
    """A short description of an order, to find it at the panel."""
    about = form.get("link") or form.get("username")
    return f"service {form['service']}" + (f", {about}" if about else "")
