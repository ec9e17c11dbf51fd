"""The rows of orders, read and written for a whole group at once.

The states of a row: `new` while a session sends it (`session` is its id), `new` without a session if it
was never sent, then `placed`, `refused` or `unknown`. A row is claimed by writing a new `token` into it; only
the owner of that token may send the order and write its outcome.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import evolve, frozen
from sqlalchemy import Connection, Row, bindparam, select

from agencia_async._journal.entry import JournalEntry, JournalState, written
from agencia_async._journal.schema import orders
from agencia_async._orders.fields import id_from_text
from agencia_async.models import Id
from agencia_async.orders import Order

_AT_ONCE: Final = 500


@frozen
class Find:
    """A query for the entry of a reference."""

    reference: str


@frozen
class Claim:
    """A claim to send an order under a reference, with a unique token."""

    reference: str
    order: Order
    panel: str
    token: str


@frozen
class Settle:
    """The outcome of a claim, whose entry it was."""

    token: str
    entry: JournalEntry
    state: JournalState
    order_id: Id | None = None
    error: str | None = None


@frozen
class Entered:
    """An entry, and the session that is sending it."""

    entry: JournalEntry
    session: str | None


def rows_of(connection: Connection, references: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows of these references."""
    wanted = list(dict.fromkeys(references))
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = select(orders).where(orders.c.reference.in_(wanted[start : start + _AT_ONCE]))
        found |= {row.reference: row for row in connection.execute(some)}
    return found


def claim_all(
    connection: Connection,
    claims: Sequence[Claim],
    rows: Mapping[str, Row[Any]],
    *,
    session: str,
    now: datetime,
) -> dict[str, JournalEntry | None]:
    """The entries of claims, by token; None for an order that may not be sent now."""
    made: dict[str, JournalEntry | None] = {}
    fresh: list[dict[str, Any]] = []
    # In the same order everywhere: no two processes can deadlock on each other's rows.
    for claim in sorted(claims, key=lambda claim: claim.reference):
        row = rows.get(claim.reference)
        if row is None:
            fresh.append(_fresh(claim, session, written(now)))
            made[claim.token] = _new(claim, now, now)
        elif _is_free(row, claim) and _take(connection, row, claim, session, now):
            made[claim.token] = _new(claim, datetime.fromisoformat(row.created), now)
        else:
            made[claim.token] = None
    if fresh:
        connection.execute(orders.insert(), fresh)
    return made


def settle_all(
    connection: Connection, settles: Sequence[Settle], now: datetime
) -> dict[str, JournalEntry | None]:
    """The entries after their outcomes, by token; None if the row was claimed again."""
    mine = orders.update().where(orders.c.token == bindparam("its")).values(session=None, by_hand=False)
    # What was resolved manually in the meantime does not become unknown again.
    open_yet = (orders.c.state == JournalState.NEW) | (orders.c.state == JournalState.UNKNOWN)
    unknown = [settle for settle in settles if settle.state is JournalState.UNKNOWN]
    known = [settle for settle in settles if settle.state is not JournalState.UNKNOWN]
    for some, change in ((known, mine), (unknown, mine.where(open_yet))):
        if some:
            connection.execute(change, [_outcome(settle, written(now)) for settle in some])
    there = _tokens(connection, [settle.token for settle in settles])
    return {settle.token: _settled(settle, now) if settle.token in there else None for settle in settles}


def entry_of(row: Row[Any]) -> JournalEntry:
    """The entry in a row."""
    form: Mapping[str, str] = json.loads(row.form)
    return JournalEntry(
        reference=row.reference,
        state=JournalState(row.state),
        order=Order.restored(row.kind, form),
        order_id=None if row.order_id is None else id_from_text(row.order_id),
        error=row.error,
        panel=row.panel,
        resolved_manually=row.by_hand,
        created=datetime.fromisoformat(row.created),
        updated=datetime.fromisoformat(row.updated),
    )


def _storable(text: str) -> str:
    """A panel's text, without what some database cannot store."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _tokens(connection: Connection, tokens: Sequence[str]) -> set[str]:
    there = select(orders.c.token).where(orders.c.token.in_(tokens))
    return set(connection.scalars(there))


def _outcome(settle: Settle, moment: str) -> dict[str, Any]:
    """The columns that an outcome changes, and the token of its row."""
    return {
        "its": settle.token,
        "state": settle.state,
        "order_id": None if settle.order_id is None else str(settle.order_id),
        "error": settle.error and _storable(settle.error),
        "updated": moment,
    }


def _settled(settle: Settle, now: datetime) -> JournalEntry:
    return evolve(settle.entry, state=settle.state, order_id=settle.order_id, error=settle.error, updated=now)


def _fresh(claim: Claim, session: str, moment: str) -> dict[str, Any]:
    """The row of a new reference."""
    form = json.dumps(claim.order.form())
    values = {"reference": claim.reference, "kind": type(claim.order).__name__, "form": form}
    return {**values, **_sent(claim, session, moment), "created": moment}


def _sent(claim: Claim, session: str, moment: str) -> dict[str, Any]:
    """The columns of a row whose order is in flight."""
    return {
        "state": JournalState.NEW,
        "order_id": None,
        "error": None,
        "panel": claim.panel,
        "by_hand": False,
        "session": session,
        "token": claim.token,
        "updated": moment,
    }


def _new(claim: Claim, created: datetime, now: datetime) -> JournalEntry:
    return JournalEntry(
        reference=claim.reference,
        state=JournalState.NEW,
        order=claim.order,
        panel=claim.panel,
        created=created,
        updated=now,
    )


def _is_free(row: Row[Any], claim: Claim) -> bool:
    """Whether the order in this row may be sent under this claim."""
    if json.loads(row.form) != claim.order.form():
        return False
    if row.state == JournalState.UNKNOWN:
        return bool(row.token == claim.token)
    return bool(row.state == JournalState.REFUSED or (row.state == JournalState.NEW and row.session is None))


def _take(connection: Connection, row: Row[Any], claim: Claim, session: str, now: datetime) -> bool:
    """Write a claim into a row, unless another session has changed it in the meantime."""
    unchanged = (orders.c.number == row.number, orders.c.token == row.token, orders.c.state == row.state)
    change = orders.update().where(*unchanged).values(_sent(claim, session, written(now)))
    return connection.execute(change).rowcount == 1
