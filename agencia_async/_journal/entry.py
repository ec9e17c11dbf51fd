"""What a journal holds of an order."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from attrs import frozen

from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, OrderStatus
from agencia_async.orders import Order

_LONGEST = 200


class JournalState(StrEnum):
    """What is known of an order.

    - `NEW`: recorded, and being sent just now, or never sent;
    - `PLACED`: the panel took it; it is never sent again;
    - `REFUSED`: it was not bought, and may be sent again under its reference;
    - `UNKNOWN`: it may or may not have been bought; it is never sent again by itself.
    """

    NEW = "new"
    PLACED = "placed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class JournalEntry:
    """One order of a journal.

    Attributes:
        reference: the caller's own name for the order.
        state: what is known of it.
        order: what was ordered.
        order_id: its id at the panel; None unless it is placed.
        error: the panel's text, or what else went wrong; None where nothing did.
        panel: the address of the panel that it was sent to.
        by_hand: has a person resolved it, without a check at the panel so far?
        created: when its reference was first recorded, in UTC.
        updated: when its state last changed, in UTC.
    """

    reference: str
    state: JournalState
    order: Order
    order_id: Id | None = None
    error: str | None = None
    panel: str
    by_hand: bool = False
    created: datetime
    updated: datetime


@frozen(kw_only=True)
class Finding:
    """What could be found out about one order that needs a person's eye.

    Attributes:
        entry: the order.
        advice: in plain words: what is known, and what is to be decided.
        status: what the panel says of it, where it could be asked.
    """

    entry: JournalEntry
    advice: str
    status: OrderStatus | None = None


def check_reference(reference: object) -> None:
    """Refuse what cannot name an order."""
    if not isinstance(reference, str) or not reference.strip() or not reference.isprintable():
        raise ConfigurationError(f"a reference is a line of text that is not empty, not {reference!r}")
    if len(reference) > _LONGEST:
        raise ConfigurationError(f"a reference has at most {_LONGEST} characters, not {len(reference)}")


def written(moment: datetime) -> str:
    """A moment as the journal writes it; sorted as text it is sorted by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def clock(moment: datetime) -> str:
    """A moment as a message tells it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def describe(form: Mapping[str, str]) -> str:
    """What a person looks for at the panel."""
    about = form.get("link") or form.get("username")
    return f"service {form['service']}" + (f", {about}" if about else "")
