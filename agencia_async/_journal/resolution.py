"""The manual resolution of one order: which states allow it, and what it writes.

the row says                              order_id=7              placed=False
unknown                                   placed, manually        refused, manually
placed, manually, not confirmed           placed, manually        refused, manually
placed, manually, confirmed by the panel  placed, manually        ✗ it would be bought again
the same, its id replaced since           placed, manually        ✗ it would be bought again
refused, manually, not sent since         placed, manually        refused, manually
placed or refused by the panel's answer   ✗                       ✗
new (in flight, or never sent)            ✗                       ✗

A refused order may be sent again: the claim makes it new, and with that the manual resolution is over. An
outcome that comes late, from a session that counted as dead, replaces a manual resolution, as it is the
panel's answer; only an unknown one does not.

How a row says so: the id of a person is a list of one in `order_ids` (the panel's own single id has none),
and `by_hand` until `reconcile` has confirmed it; `verified` once an id that was confirmed is replaced, so
that a typo does not undo the confirmation. An order that a person did not find has the error `NOT_PLACED`.
Each claim and each outcome overwrites all four.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from agencia_async._journal.entry import JournalEntry, JournalState, bare, written
from agencia_async._journal.entry_rows import entry_of, is_given, is_verified
from agencia_async._journal.migration import NOT_PLACED
from agencia_async._journal.rows import number_key, warn, warning_of
from agencia_async._journal.schema import orders
from agencia_async._journal.storable import storable
from agencia_async._models.ids import id_key
from agencia_async.errors import InvalidInputError
from agencia_async.models import Id


def resolve(
    connection: Connection, reference: str, order_id: Id | None, *, now: datetime, journal: str
) -> JournalEntry | InvalidInputError:
    """The entry after a manual resolution, recorded; or why there is none.

    Args:
        connection: the transaction.
        reference: the reference of the order.
        order_id: its id, or None if it was not placed.
        now: the current time.
        journal: the name of the journal, for messages.
    """
    query = select(orders).where(orders.c.reference == reference)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        return InvalidInputError(f"no order {reference!r} in {journal}", field="reference")
    if (fault := _fault(row, order_id)) is not None:
        return fault
    other = None if order_id is None else _holder(connection, row, order_id)
    if other is not None and not _repeats_ids(connection, row.panel):
        return _taken(other, order_id)
    entry = _written(connection, row, order_id, now)
    _warn_again(connection, row)
    if order_id is None or other is None:
        return entry
    return warn(connection, entry, other.reference, order_id, manually=is_given(other))


def _fault(row: Row[Any], order_id: Id | None) -> InvalidInputError | None:
    """Why this order cannot be resolved so."""
    was_not_found = row.state == JournalState.REFUSED and row.error == NOT_PLACED
    if row.state == JournalState.UNKNOWN or was_not_found:
        return None
    if not is_given(row):
        return InvalidInputError(
            f"order {row.reference!r} is {row.state}, only unknown and manually resolved orders can be "
            "resolved",
            field="reference",
        )
    if order_id is None and is_verified(row):
        which = "an earlier id of it" if row.by_hand else f"its id, {row.order_id}"
        return InvalidInputError(
            f"order {row.reference!r} is placed, and the panel has confirmed {which}: it can only be "
            "resolved with another id. If it was never placed, place it under a new reference",
            field="placed",
        )
    return None


def _holder(connection: Connection, row: Row[Any], order_id: Id) -> Row[Any] | None:
    """Another order that has this id at the same panel, however it is written."""
    number = _plain(order_id)
    others = select(orders).where(
        orders.c.number != row.number,
        orders.c.state == JournalState.PLACED,
        func.rtrim(orders.c.panel, "/") == bare(row.panel),
        orders.c.order_id.contains(number, autoescape=True) | orders.c.order_ids.is_not(None),
    )
    for other in connection.execute(others.order_by(orders.c.number)):
        if number in map(_plain, entry_of(other).order_ids):
            return other
    return None


def _plain(order_id: Id) -> str:
    """An id as ids are compared here: `0108`, `+108` and `108.0` are 108."""
    text = id_key(storable(str(order_id)))
    digits = text.removeprefix("+")
    return digits.lstrip("0") or "0" if digits.isascii() and digits.isdecimal() else text


def _warn_again(connection: Connection, row: Row[Any]) -> None:
    """Correct the warnings of others that this order, as it was, has their id."""
    if row.order_id is None:
        return
    begins = orders.c.warning.startswith(warning_of(row.reference), autoescape=True)
    for warned in connection.execute(select(orders).where(begins)).all():
        mine = orders.c.number == warned.number
        connection.execute(orders.update().where(mine).values(warning=None))
        entry = entry_of(warned)
        for number in entry.order_ids:
            if (other := _holder(connection, warned, number)) is not None:
                warn(connection, entry, other.reference, number, manually=is_given(other))
                break


def _repeats_ids(connection: Connection, panel: str) -> bool:
    """Whether the panel itself has given one id to several orders."""
    by_panel = ~orders.c.by_hand & (orders.c.order_ids.is_(None) | orders.c.order_ids.contains(","))
    repeated = (
        select(orders.c.bought)
        .where(orders.c.bought.is_not(None), func.rtrim(orders.c.panel, "/") == bare(panel), by_panel)
        .group_by(orders.c.bought)
        .having(func.count() > 1)
        .limit(1)
    )
    return connection.scalar(repeated) is not None


def _taken(other: Row[Any], order_id: Id | None) -> InvalidInputError:
    if is_given(other):
        return InvalidInputError(
            f"{order_id} is the id of order {other.reference!r}, which was resolved manually; nothing was "
            "changed. If that one is wrong, resolve it again first",
            field="order_id",
        )
    return InvalidInputError(
        f"{order_id} is the id of order {other.reference!r}; nothing was changed", field="order_id"
    )


def _written(connection: Connection, row: Row[Any], order_id: Id | None, now: datetime) -> JournalEntry:
    """The entry after the resolution, recorded."""
    placed = order_id is not None
    values = {
        "state": JournalState.PLACED if placed else JournalState.REFUSED,
        "order_id": str(order_id) if placed else None,
        "order_ids": json.dumps([storable(str(order_id))]) if placed else None,
        "error": None if placed else NOT_PLACED,
        "by_hand": placed,
        "verified": placed and is_verified(row),
        "bought": None if order_id is None else number_key(row.panel, order_id),
        "warning": None,
        "updated": written(now),
    }
    mine = orders.c.number == row.number
    connection.execute(orders.update().where(mine).values(values))
    return entry_of(connection.execute(select(orders).where(mine)).one())
