"""The rows of orders, read and written for a whole group at once.

The states of a row: `new` while a session sends it (`session` is its id), `new` without a session if it was
never sent, then `placed`, `refused` or `unknown`. A row is claimed by writing a new `token` into it; only
the owner of that token may send the order and write its outcome. A refused row may be claimed for another
order or panel: what it stood for goes into its history.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import Factory, evolve, field, frozen
from sqlalchemy import ColumnElement, Connection, Row, bindparam, select

from agencia_async._journal.entry import JournalEntry, JournalState, Refusal, bare, written
from agencia_async._journal.entry_rows import entry_of, history_text, is_given
from agencia_async._journal.schema import orders
from agencia_async._journal.storable import digest, storable
from agencia_async._orders.fields import id_from_text
from agencia_async._orders.order import Order
from agencia_async.models import Id

_AT_ONCE: Final = 500
_WINDOW: Final = timedelta(minutes=10)
"""How far back an order for the same service and link is noticed."""
_LONGEST_KIND: Final = 200


@frozen
class Find:
    """A query for the entry of a reference."""

    reference: str


def _form_of(claim: "Claim") -> Mapping[str, str]:
    return claim.order.form()


def _target_of(claim: "Claim") -> str | None:
    about = claim.form.get("link") or claim.form.get("username")
    return digest(bare(claim.panel), claim.form["service"], about) if about else None


def _keys_of(settle: "Settle") -> Mapping[str, Id]:
    return {number_key(settle.entry.panel, number): number for number in settle.order_ids}


@frozen
class Claim:
    """A claim to send an order under a reference, with a unique token.

    Attributes:
        refusals: how often the reference was refused before, which the panel may be told.
        form: the form fields of the order.
        target: the digest of panel, service and link; None without a link.
    """

    reference: str
    order: Order
    panel: str
    token: str
    refusals: int = 0
    form: Mapping[str, str] = field(init=False, default=Factory(_form_of, takes_self=True))
    target: str | None = field(init=False, default=Factory(_target_of, takes_self=True))


@frozen
class Settle:
    """The outcome of a claim, whose entry it was.

    Attributes:
        was_answered: it was refused by the panel itself.
        keys: the digests of panel and number, with the number of each.
    """

    token: str
    entry: JournalEntry
    state: JournalState
    order_ids: tuple[Id, ...] = ()
    error: str | None = None
    was_answered: bool = False
    keys: Mapping[str, Id] = field(init=False, default=Factory(_keys_of, takes_self=True))

    @property
    def bought(self) -> str | None:
        """The digest of panel and first number; None without a number."""
        return next(iter(self.keys), None)


@frozen
class Entered:
    """An entry, and the session that is sending it."""

    entry: JournalEntry
    session: str | None


def number_key(panel: str, order_id: Id) -> str:
    """The digest by which a number that comes twice is noticed."""
    return digest(bare(panel), storable(str(order_id)))


def rows_of(connection: Connection, references: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows of these references."""
    wanted = list(dict.fromkeys(references))
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = select(orders).where(orders.c.reference.in_(wanted[start : start + _AT_ONCE]))
        found |= {row.reference: row for row in connection.execute(some)}
    return found


# --- claims -----------------------------------------------------------------------------------------------


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
    near = _Neighbours(connection, claims, now)
    # In the same order everywhere: no two processes can deadlock on each other's rows.
    for claim in sorted(claims, key=lambda claim: claim.reference):
        row = rows.get(claim.reference)
        if row is None and not claim.refusals:
            entry = _new(claim, near.of(claim), now)
            fresh.append({**_sent(entry, claim, session), "created": written(now)})
            made[claim.token] = entry
        elif row is not None and is_free(row, claim):
            entry = _entry_again(row, claim, near, now)
            made[claim.token] = entry if _take(connection, row, _sent(entry, claim, session)) else None
        else:
            made[claim.token] = None
    if fresh:
        connection.execute(orders.insert(), fresh)
    return made


_LAST: Final = (
    select(orders.c.reference)
    .where(orders.c.target == bindparam("its_target"), orders.c.updated >= bindparam("since"))
    .where(orders.c.state != JournalState.REFUSED)
    .order_by(orders.c.updated.desc())
    .limit(1)
)


class _Neighbours:
    """The orders for the same service and link that were sent lately."""

    def __init__(self, connection: Connection, claims: Sequence[Claim], now: datetime) -> None:
        self._found: dict[str, str] = {}
        for target in {claim.target for claim in claims if claim.target}:
            last = connection.execute(_LAST, {"its_target": target, "since": written(now - _WINDOW)}).scalar()
            if last is not None:
                self._found[target] = last

    def of(self, claim: Claim) -> str | None:
        """The reference of the last one, or None."""
        target = claim.target
        if target is None:
            return None
        other = self._found.get(target)
        self._found[target] = claim.reference
        return other if other != claim.reference else None


def is_free(row: Row[Any], claim: Claim) -> bool:
    """Whether the order in this row may be sent under this claim."""
    if row.state == JournalState.REFUSED:
        return bool(row.token == claim.token or row.refusals == claim.refusals)
    is_same = bare(row.panel) == bare(claim.panel) and json.loads(row.form) == claim.form
    if not is_same or row.state == JournalState.PLACED:
        return False
    if row.state == JournalState.UNKNOWN:
        return bool(row.token == claim.token)
    return row.session is None and row.refusals == claim.refusals


def _entry_again(row: Row[Any], claim: Claim, near: _Neighbours, now: datetime) -> JournalEntry:
    """The entry of a reference that is claimed once more."""
    before = entry_of(row)
    history = before.history
    if bare(before.panel) != bare(claim.panel) or before.order.form() != claim.form:
        last = Refusal(order=before.order, panel=before.panel, error=before.error, updated=before.updated)
        history = (*history, last)
    duplicate_of = before.duplicate_of if row.token == claim.token else near.of(claim)
    return evolve(_new(claim, duplicate_of, now), history=history, created=before.created)


def _take(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> bool:
    """Write a claim into a row, unless another session has changed it in the meantime."""
    unchanged = (orders.c.number == row.number, orders.c.token == row.token, orders.c.state == row.state)
    return connection.execute(orders.update().where(*unchanged).values(**values)).rowcount == 1


def _new(claim: Claim, duplicate_of: str | None, now: datetime) -> JournalEntry:
    """An entry whose order is in flight."""
    return JournalEntry(
        reference=claim.reference,
        state=JournalState.NEW,
        order=claim.order,
        panel=claim.panel,
        refusals=claim.refusals,
        duplicate_of=duplicate_of,
        created=now,
        updated=now,
    )


def _sent(entry: JournalEntry, claim: Claim, session: str) -> dict[str, Any]:
    """The columns of a row whose order is in flight."""
    return {
        "reference": entry.reference,
        "kind": type(entry.order).__name__[:_LONGEST_KIND],
        "form": json.dumps(dict(claim.form)),
        "state": JournalState.NEW,
        "order_id": None,
        "error": None,
        "panel": entry.panel,
        "by_hand": False,
        "verified": False,
        "session": session,
        "token": claim.token,
        "updated": written(entry.updated),
        "order_ids": None,
        "refusals": entry.refusals,
        "history": history_text(entry.history),
        "warning": None,
        "duplicate_of": entry.duplicate_of,
        "target": claim.target,
        "bought": None,
    }


# --- outcomes ---------------------------------------------------------------------------------------------


def settle_all(
    connection: Connection, settles: Sequence[Settle], now: datetime
) -> dict[str, JournalEntry | None]:
    """The entries after their outcomes, by token; None if the row was claimed again."""
    its = (orders.c.reference == bindparam("its_reference")) & (orders.c.token == bindparam("its_token"))
    mine = orders.update().where(its).values(session=None, by_hand=False, verified=False)
    # What was resolved manually in the meantime does not become unknown again.
    open_yet = (orders.c.state == JournalState.NEW) | (orders.c.state == JournalState.UNKNOWN)
    unknown = [settle for settle in settles if settle.state is JournalState.UNKNOWN]
    known = [settle for settle in settles if settle.state is not JournalState.UNKNOWN]
    for some, change in ((known, mine), (unknown, mine.where(open_yet))):
        if some:
            connection.execute(change, [_outcome(settle, written(now)) for settle in some])
    tokens, sold, given = _there(connection, settles)
    made: dict[str, JournalEntry | None] = {}
    for settle in settles:
        entry = _settled(settle, now) if settle.token in tokens else None
        for key, number in settle.keys.items():
            earlier = sold.setdefault(key, settle.entry.reference)
            if entry is not None and entry.warning is None and earlier != entry.reference:
                entry = warn(connection, entry, earlier, number, manually=earlier in given)
        made[settle.token] = entry
    return made


def _there(connection: Connection, settles: Sequence[Settle]) -> tuple[set[str], dict[str, str], set[str]]:
    """The tokens that are there, which other orders have one of the numbers, and which a person gave."""
    references = {settle.entry.reference for settle in settles}
    numbers = [key for settle in settles for key in settle.keys]
    which: ColumnElement[bool] = orders.c.reference.in_(references)
    if numbers:
        which |= orders.c.bought.in_(numbers)
    rows = connection.execute(select(*_WHOSE).where(which)).all()
    others = [row for row in rows if row.reference not in references and row.bought]
    sold = {row.bought: row.reference for row in others}
    return {row.token for row in rows}, sold, {row.reference for row in others if is_given(row)}


_WHOSE: Final[Sequence[ColumnElement[Any]]] = (
    orders.c.reference,
    orders.c.token,
    orders.c.bought,
    orders.c.by_hand,
    orders.c.order_id,
    orders.c.order_ids,
)


def warning_of(earlier: str) -> str:
    """How a warning begins that another order has the same number."""
    return f"{earlier!r} has the same id, "


def warn(
    connection: Connection, entry: JournalEntry, earlier: str, number: Id, *, manually: bool
) -> JournalEntry:
    """The entry with a warning, recorded, that another one has its number, which a person may have given."""
    cause = (
        "it was resolved manually, maybe with a wrong id" if manually else "this panel's ids may be of no use"
    )
    warning = f"{warning_of(earlier)}{number}: {cause}"
    mine = orders.c.reference == entry.reference
    connection.execute(orders.update().where(mine).values(warning=warning))
    return evolve(entry, warning=warning)


def _outcome(settle: Settle, moment: str) -> dict[str, Any]:
    """The columns that an outcome changes, and those that name its row."""
    numbers = [str(number) for number in settle.order_ids]
    return {
        "its_reference": settle.entry.reference,
        "its_token": settle.token,
        "state": settle.state,
        "order_id": numbers[0] if numbers else None,
        "order_ids": json.dumps([storable(number) for number in numbers]) if len(numbers) > 1 else None,
        "error": settle.error,
        "refusals": settle.entry.refusals + settle.was_answered,
        "bought": settle.bought,
        "updated": moment,
    }


def _settled(settle: Settle, now: datetime) -> JournalEntry:
    """The entry as it would be read."""
    numbers = tuple(id_from_text(storable(str(number))) for number in settle.order_ids)
    return evolve(
        settle.entry,
        state=settle.state,
        order_id=numbers[0] if numbers else None,
        order_ids=numbers,
        error=settle.error and storable(settle.error),
        refusals=settle.entry.refusals + settle.was_answered,
        updated=now,
    )
