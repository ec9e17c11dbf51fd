"""The rows of watched orders, read and written for many at once.

A number of a placed order has no row until it is watched first. A change is recorded before it is told: its
number is then above `told_number`, until whoever watches has taken the next one. A row is done when its order
has ended (`final`) and that was told.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, select

from agencia_async._journal.entry import JournalState, bare, written
from agencia_async._journal.rows import number_key
from agencia_async._journal.schema import orders, watched
from agencia_async._models.watching import Change
from agencia_async._orders.fields import id_from_text
from agencia_async._plain.plain import plain
from agencia_async._watch.snapshot import ORDERS
from agencia_async._watch.watched import facts
from agencia_async.errors import AgenciaError
from agencia_async.models import Id, OrderStatus

_AT_ONCE: Final = 500


@frozen
class Seen:
    """A change of a watched order, as it is recorded.

    Attributes:
        key: the digest of panel and number of the order.
        number: the number of the change.
        since: when the state changed last.
        requested: when the request for it began.
    """

    key: str
    number: int
    since: datetime
    requested: datetime
    status: OrderStatus | None
    error: AgenciaError | None

    @property
    def is_final(self) -> bool:
        """Whether the order has ended."""
        return self.error is not None or (self.status is not None and self.status.is_final)

    def columns(self, number: int, now: datetime) -> dict[str, Any]:
        """What it changes in its row, under this number."""
        row: Mapping[str, Any] = {} if self.status is None else self.status.to_dict()
        return {
            "its_key": self.key,
            "state": row.get("state"),
            "charge": row.get("charge"),
            "remains": None if row.get("remains") is None else str(row["remains"]),
            "since": written(self.since),
            "updated": written(now),
            "final": self.is_final,
            "number": number,
            "status": self.text,
            "error": self.error_text,
        }

    @property
    def text(self) -> str | None:
        """The status, as a row holds it."""
        return text_of(self.status)

    @property
    def error_text(self) -> str | None:
        """The error, as a row holds it."""
        return None if self.error is None else json.dumps(plain(self.error))


def text_of(status: OrderStatus | None) -> str | None:
    """A status, as a row holds it."""
    return None if status is None else json.dumps(status.to_dict())


# --- which are watched ------------------------------------------------------------------------------------


def rows_to_watch(connection: Connection, panel: str, known: frozenset[str], now: datetime) -> list[Row[Any]]:
    """The rows of a panel that are not done, but for those of the `known` keys.

    What was placed and is not watched yet gets its row. A number that no order has any more, because a person
    has corrected it, is not watched.
    """
    wanted = _unwatched(connection, bare(panel))
    there = _rows(connection, list(wanted))
    common = {"updated": written(now), "final": False, "number": 0, "told_number": 0}
    fresh = [{"key": key, **values, **common} for key, values in wanted.items() if key not in there]
    if fresh:
        connection.execute(watched.insert(), fresh)
    is_open = ~watched.c.final | (watched.c.told_number < watched.c.number)
    has_order = exists().where(orders.c.bought == watched.c.key).label("has_order")
    open_ones = connection.execute(
        select(watched.c.key, has_order).where(is_open, watched.c.panel == bare(panel))
    )
    keys = [row.key for row in open_ones if row.has_order or row.key in wanted]
    return list(_rows(connection, [key for key in keys if key not in known]).values())


def without_order(connection: Connection, panel: str, keys: Sequence[str] | None = None) -> set[str]:
    """The keys that are not done, and whose number no order has any more: of some, or of a whole panel."""
    is_open = ~watched.c.final | (watched.c.told_number < watched.c.number)
    has_order = exists().where(orders.c.bought == watched.c.key)
    query = select(watched.c.key).where(is_open, watched.c.panel == bare(panel), ~has_order)
    found: set[str] = set()
    if keys is None:
        found.update(connection.scalars(query))
    for start in range(0, len(keys or ()), _AT_ONCE):
        some = watched.c.key.in_((keys or ())[start : start + _AT_ONCE])
        found.update(connection.scalars(query.where(some)))
    if found:  # only the first number of an order that was split is found by its key
        found -= _numbers(connection, bare(panel), orders.c.order_ids.is_not(None)).keys()
    return found


def _unwatched(connection: Connection, panel: str) -> dict[str, dict[str, Any]]:
    """What is known of the numbers that may have no row, by key."""
    is_watched = exists().where(watched.c.key == orders.c.bought)
    return _numbers(connection, panel, ~is_watched | orders.c.order_ids.is_not(None))


def _numbers(connection: Connection, panel: str, which: ColumnElement[bool]) -> dict[str, dict[str, Any]]:
    """What is known of the numbers of these placed orders, by key."""
    query = select(orders.c.order_id, orders.c.order_ids, orders.c.updated).where(
        which,
        orders.c.state == JournalState.PLACED,
        orders.c.order_id.is_not(None),
        func.rtrim(orders.c.panel, "/") == panel,
    )
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query):
        numbers: list[str] = json.loads(row.order_ids) if row.order_ids else [row.order_id]
        for number in numbers:
            values = {"panel": panel, "order_id": number, "since": row.updated}
            found[number_key(panel, number)] = values
    return found


def _rows(connection: Connection, keys: Sequence[str], *, lock: bool = False) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        # In the same order everywhere: no two processes can deadlock on each other's rows.
        some = (
            select(watched).where(watched.c.key.in_(keys[start : start + _AT_ONCE])).order_by(watched.c.key)
        )
        rows = connection.execute(some.with_for_update() if lock else some)
        found |= {row.key: row for row in rows}
    return found


def id_of(row: Row[Any]) -> Id:
    """The number of the order of a row."""
    return id_from_text(row.order_id)


# --- what is seen and told --------------------------------------------------------------------------------


def record_all(connection: Connection, changes: Sequence[Seen], now: datetime) -> dict[str, int | Row[Any]]:
    """Record changes; the number of each, by key.

    Another program that watches the same orders may have recorded changes meanwhile. Its row, which holds
    instead of the change, is returned if that is the same change, or one that the change may be older than.
    """
    rows = _rows(connection, sorted(change.key for change in changes), lock=True)
    recorded: dict[str, int | Row[Any]] = {}
    values: list[dict[str, Any]] = []
    for change in changes:
        row = rows[change.key]
        if row.number >= change.number and _holds(row, change):
            recorded[change.key] = row
            continue
        number = recorded[change.key] = max(row.number + 1, change.number)
        values.append(change.columns(number, now))
    if values:
        connection.execute(watched.update().where(watched.c.key == bindparam("its_key")), values)
    return recorded


def _holds(row: Row[Any], change: Seen) -> bool:
    """Whether what another program has recorded is the same as a change, or may be newer."""
    if row.final or written(change.requested) <= row.updated:
        return True
    return row.error is None and change.error is None and facts(status_in(row.status)) == facts(change.status)


def status_in(text: str | None) -> OrderStatus | None:
    """The status that a row holds."""
    return None if text is None else ORDERS.status(json.loads(text))


def mark_told(connection: Connection, told: Mapping[str, Change[OrderStatus]]) -> None:
    """Record that these changes were told, by the key of each."""
    older = (watched.c.key == bindparam("its_key")) & (watched.c.told_number < bindparam("its_number"))
    change = watched.update().where(older)
    values = [
        {
            "its_key": key,
            "its_number": told_.number,
            "told_number": told_.number,
            "told": text_of(told_.previous if told_.value is None else told_.value),
        }
        for key, told_ in told.items()
    ]
    connection.execute(change, values)
