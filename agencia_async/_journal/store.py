"""The operations of a journal on its database."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from attrs import frozen
from sqlalchemy import Connection, Row, Select, func, select, true

from agencia_async._concurrency.group_commit import GroupCommit
from agencia_async._concurrency.tasks import Tasks
from agencia_async._journal.database import Database
from agencia_async._journal.entry import JournalEntry, JournalState, written
from agencia_async._journal.rows import (
    Claim,
    Entered,
    Find,
    Settle,
    claim_all,
    entry_of,
    rows_of,
    settle_all,
)
from agencia_async._journal.schema import balances, orders, prepare
from agencia_async._journal.session import Session
from agencia_async.errors import ConfigurationError
from agencia_async.models import Balance, Id

T = TypeVar("T")
Do = Callable[[Connection], T]

_GROUP: Final = 500
_PAGE: Final = 500


@frozen
class Snapshot:
    """A balance at some time, and how many orders were sent or resolved since then."""

    taken: datetime
    balance: Decimal
    currency: str
    orders_since: int


class Store:
    """The journal in one database. Concurrent operations share a transaction (group commit).

    Args:
        database: a path, or an SQLAlchemy URL.
        now: returns the current time.
    """

    def __init__(self, database: str | os.PathLike[str], now: Callable[[], datetime]) -> None:
        self._now = now
        self._session = Session(now)
        self._is_open = False
        self._lost: set[str] = set()
        self._unsent: set[str] = set()
        self._database = Database(database)
        self.name = self._database.name
        self._groups: GroupCommit[Any, Any] = GroupCommit(self._together, size=_GROUP, tasks=Tasks())

    # --- opening and closing ------------------------------------------------------------------------

    async def open(self) -> None:
        """Create the tables if needed, register the session, and find orphaned orders; once."""
        if self._is_open:
            await self._write_backlog()
            return

        def enter(connection: Connection) -> None:
            prepare(connection, self.name)
            self._session.heartbeat(connection)
            self._session.expire_dead(connection)

        await self._do(enter)
        self._is_open = True

    async def aclose(self) -> None:
        """End the session, and close the connections."""
        try:
            if self._is_open:
                await self._write_backlog()
                await self._do(self._session.leave)
        finally:
            await self._database.aclose()

    def lose(self, reference: str) -> None:
        """Remember that an outcome could not be written; the order is marked as unknown once that works."""
        self._lost.add(reference)

    async def _write_backlog(self) -> None:
        """Write what could not be written before."""
        for token in list(self._unsent):
            with suppress(ConfigurationError):
                await self._free(token)
        for reference in list(self._lost):
            with suppress(ConfigurationError):  # it still fails
                await self._forget(reference)
                self._lost.discard(reference)

    async def _forget(self, reference: str) -> None:
        await self._do(lambda connection: self._session.forget(connection, reference))

    async def heartbeat(self) -> None:
        """Record that this session is alive."""
        await self._do(self._session.heartbeat)

    # --- orders -------------------------------------------------------------------------------------

    async def find(self, reference: str) -> JournalEntry | None:
        """The entry of this reference."""
        found = await self._found(reference)
        return None if found is None else found.entry

    async def settled(self, reference: str) -> tuple[JournalEntry | None, bool]:
        """The entry of this reference, and whether another live session is sending it."""
        found = await self._found(reference)
        if found is not None and self._is_elsewhere(found):
            await self._do(self._session.expire_dead)
            found = await self._found(reference)
        if found is not None and found.entry.state is JournalState.NEW and found.session == self._session.id:
            await self._forget(reference)
            found = await self._found(reference)
        if found is None:
            return None, False
        return found.entry, self._is_elsewhere(found)

    async def claim(self, claim: Claim) -> JournalEntry | None:
        """Record that an order is being sent; the entry, or None if it may not be sent now."""
        return cast("JournalEntry | None", await self._groups.do(claim))

    async def settle(self, settle: Settle) -> JournalEntry:
        """Record the outcome of a claim.

        Raises:
            ConfigurationError: it cannot be written, or the reference was claimed again in the meantime.
        """
        entry = cast("JournalEntry | None", await self._groups.do(settle))
        if entry is None:
            raise ConfigurationError("the reference was claimed again in the meantime")
        return entry

    async def withdraw(self, token: str) -> None:
        """Record that a claim was never sent: now, or once that can be written.

        Raises:
            ConfigurationError: it cannot be written now.
        """
        self._unsent.add(token)
        await self._free(token)

    async def _free(self, token: str) -> None:
        mine = (orders.c.token == token) & (orders.c.session == self._session.id)
        change = orders.update().where(mine).values(session=None)
        await self._do(lambda connection: connection.execute(change))
        self._unsent.discard(token)

    async def resolve(
        self, reference: str, state: JournalState, order_id: Id | None, error: str | None
    ) -> JournalEntry:
        """Record a manual resolution.

        Raises:
            ConfigurationError: there is no such order, or it is not unknown.
        """
        values = {
            "state": state,
            "order_id": None if order_id is None else str(order_id),
            "error": error,
            "by_hand": state is JournalState.PLACED,
            "updated": written(self._now()),
        }

        def write(connection: Connection) -> Row[Any] | str:
            row = rows_of(connection, [reference]).get(reference)
            if row is None:
                return f"no order {reference!r} in {self.name}"
            if row.state != JournalState.UNKNOWN and not row.by_hand:
                return f"order {reference!r} is {row.state}, only unknown orders can be resolved"
            connection.execute(orders.update().where(orders.c.number == row.number).values(values))
            return connection.execute(select(orders).where(orders.c.number == row.number)).one()

        row = await self._do(write)
        if isinstance(row, str):
            raise ConfigurationError(row)
        return entry_of(row)

    async def verified(self, reference: str) -> None:
        """Record that the panel has confirmed a manually resolved order."""
        change = orders.update().where(orders.c.reference == reference).values(by_hand=False)
        await self._do(lambda connection: connection.execute(change))

    async def entries(
        self, state: JournalState | None, *, resolved_manually: bool = False
    ) -> AsyncGenerator[JournalEntry, None]:
        """The entries in the order in which they were recorded, read page by page."""
        wanted = true() if state is None else orders.c.state == state
        if resolved_manually:
            wanted &= orders.c.by_hand
        last = 0
        while True:
            page = select(orders).where(wanted, orders.c.number > last).order_by(orders.c.number).limit(_PAGE)
            rows = await self._do(_all_of(page))
            for row in rows:
                yield entry_of(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1].number

    # --- balances -----------------------------------------------------------------------------------

    async def record_balance(self, panel: str, balance: Balance) -> None:
        """Record a balance snapshot."""
        row = {
            "panel": panel,
            "taken": written(self._now()),
            "balance": f"{balance.balance:f}",
            "currency": balance.currency,
        }
        await self._do(lambda connection: connection.execute(balances.insert().values(row)))

    async def balance_before(self, panel: str, moment: datetime) -> Snapshot | None:
        """The last balance snapshot before a time, and how many orders were in flight since then."""

        def look(connection: Connection) -> Snapshot | None:
            earlier = (balances.c.panel == panel) & (balances.c.taken <= written(moment))
            last = select(balances).where(earlier).order_by(balances.c.number.desc()).limit(1)
            row = connection.execute(last).one_or_none()
            if row is None:
                return None
            since = (orders.c.panel == panel) & (orders.c.updated >= row.taken)
            placed = orders.c.state != JournalState.REFUSED
            count = connection.scalar(select(func.count()).select_from(orders).where(since, placed)) or 0
            return Snapshot(datetime.fromisoformat(row.taken), Decimal(row.balance), row.currency, count)

        return await self._do(look)

    # --- internals ----------------------------------------------------------------------------------

    def _is_elsewhere(self, found: Entered) -> bool:
        return found.entry.state is JournalState.NEW and found.session not in {None, self._session.id}

    async def _found(self, reference: str) -> Entered | None:
        return cast("Entered | None", await self._groups.do(Find(reference)))

    async def _do(self, do: Do[T]) -> T:
        return cast("T", await self._groups.do(do))

    async def _together(self, work: Sequence[Any]) -> list[Any]:
        reads = all(isinstance(item, Find) for item in work)
        return await self._database.run(lambda connection: self._all(connection, work), reads=reads)

    def _all(self, connection: Connection, work: Sequence[Any]) -> list[Any]:
        """Execute the operations of a group: claims first, as a withdrawal always comes after its claim."""
        claims = [item for item in work if isinstance(item, Claim)]
        settles = [item for item in work if isinstance(item, Settle)]
        asked = [item.reference for item in work if isinstance(item, Find | Claim)]
        rows = rows_of(connection, asked)
        made: dict[str, JournalEntry | None] = {}
        if claims:
            self._session.heartbeat(connection)
            made = claim_all(connection, claims, rows, session=self._session.id, now=self._now())
        if settles:
            made |= settle_all(connection, settles, self._now())
        results: list[Any] = []
        for item in work:
            if isinstance(item, Find):
                row = rows.get(item.reference)
                results.append(row and Entered(entry_of(row), row.session))
            elif isinstance(item, Claim | Settle):
                results.append(made[item.token])
            else:
                results.append(item(connection))
        return results


def _all_of(page: Select[Any]) -> Callable[[Connection], Sequence[Row[Any]]]:
    return lambda connection: connection.execute(page).all()
