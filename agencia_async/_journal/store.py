"""The operations of a journal on its database."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, Row, Select, select, true

from agencia_async._concurrency.group_commit import GroupCommit
from agencia_async._concurrency.tasks import Tasks
from agencia_async._journal.database import Database, ItemError
from agencia_async._journal.entry import JournalEntry, JournalState, clock, written
from agencia_async._journal.entry_rows import entry_of
from agencia_async._journal.location import Location
from agencia_async._journal.opening import Opening
from agencia_async._journal.resolution import resolve
from agencia_async._journal.rows import (
    Claim,
    Entered,
    Find,
    Settle,
    claim_all,
    rows_of,
    settle_all,
)
from agencia_async._journal.schema import orders
from agencia_async._journal.session import Session
from agencia_async._journal.snapshots import Snapshot, balance_before, record_balance
from agencia_async.errors import AgenciaError, ConfigurationError, JournalError
from agencia_async.models import Balance, Id

T = TypeVar("T")
Do = Callable[[Connection], T]

_log = logging.getLogger("agencia_async")

_GROUP: Final = 500
_PAGE: Final = 500


class Store:
    """The journal in one database. Concurrent operations share a transaction (group commit).

    Args:
        location: where it is.
        now: returns the current time.
        adopt: whether a copy is adopted.

    Attributes:
        name: its name, without a password.
        memory_ends: when the memory of the copy may end that was adopted; None if none was.
    """

    def __init__(self, location: Location, now: Callable[[], datetime], *, adopt: bool = False) -> None:
        self._now = now
        self._adopt = adopt
        self._is_open = False
        self._lost: set[str] = set()
        self._unsent: set[str] = set()
        self._database = Database(location)
        self.name: str = self._database.name
        self.fault: str = self._database.fault
        self.memory_ends: datetime | None = None
        self._session = Session(now)
        self._groups: GroupCommit[Any, Any] = GroupCommit(self._together, size=_GROUP, tasks=Tasks())

    # --- opening and closing ------------------------------------------------------------------------

    async def open(self) -> None:
        """Create the tables if needed, register the session, and find orphaned orders; once."""
        if self._is_open:
            await self._write_backlog()
            return
        self._session = Session(self._now)  # after a fork each process has one of its own
        if self._database.has_stray_log() and not self._adopt:
            raise ConfigurationError(f"{self.name} is missing, but its log {self.name}-wal is there")
        opening = Opening(self.name, self._database.look, self._session, self._adopt)
        self.memory_ends = await self.do(opening.prepare)
        await self._database.speed_up()
        await self.do(self._enter)
        await self._database.mark()
        self._is_open = True
        if self.memory_ends is not None:
            _log.warning(
                "adopted %s; orders placed after %s may be missing in it", self.name, clock(self.memory_ends)
            )

    def _enter(self, connection: Connection) -> None:
        self._session.heartbeat(connection)
        self._session.expire_dead(connection)

    async def aclose(self) -> None:
        """End the session, and close the connections."""
        try:
            if self._is_open:
                await self._write_backlog()
                await self.do(self._session.leave)
        finally:
            await self._database.aclose()

    async def backup(self, target: Path) -> None:
        """Copy the whole journal into a new file."""
        await self._database.backup(target)

    def lose(self, reference: str) -> None:
        """Remember that an outcome could not be written; the order is marked as unknown once that works."""
        self._lost.add(reference)

    async def _write_backlog(self) -> None:
        """Write what could not be written before."""
        for token in list(self._unsent):
            with suppress(JournalError):
                await self._free(token)
        for reference in list(self._lost):
            with suppress(JournalError):  # it still fails
                await self._forget(reference)
                self._lost.discard(reference)

    async def _forget(self, reference: str) -> None:
        await self.do(lambda connection: self._session.forget(connection, reference))

    async def heartbeat(self) -> None:
        """Record that this session is alive."""
        await self.do(self._session.heartbeat)

    # --- orders -------------------------------------------------------------------------------------

    async def find(self, reference: str) -> JournalEntry | None:
        """The entry of this reference."""
        found = await self._found(reference)
        return None if found is None else found.entry

    async def settled(self, reference: str) -> tuple[JournalEntry | None, bool]:
        """The entry of this reference, and whether another live session is sending it."""
        found = await self._found(reference)
        if found is not None and self._is_elsewhere(found):
            await self.expire_dead()
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
            JournalError: it cannot be written, or the reference was claimed again in the meantime.
        """
        entry = cast("JournalEntry | None", await self._groups.do(settle))
        if entry is None:
            raise JournalError("the reference was claimed again in the meantime")
        return entry

    async def withdraw(self, token: str) -> None:
        """Record that a claim was never sent: now, or once that can be written.

        Raises:
            JournalError: it cannot be written now.
        """
        self._unsent.add(token)
        await self._free(token)

    async def _free(self, token: str) -> None:
        mine = (orders.c.token == token) & (orders.c.session == self._session.id)
        change = orders.update().where(mine).values(session=None)
        await self.do(lambda connection: connection.execute(change))
        self._unsent.discard(token)

    async def expire_dead(self) -> None:
        """Mark the orphaned orders of dead sessions as unknown."""
        await self.do(self._session.expire_dead)

    async def resolve(self, reference: str, order_id: Id | None) -> JournalEntry:
        """Record a manual resolution: its number, or None if it was not placed.

        Raises:
            InvalidInputError: there is no such order, its state does not allow it, or another order has the
                number.
        """
        await self.expire_dead()
        entry = await self.do(  # which raises the error that it may return, and the rest of the group goes on
            lambda connection: resolve(connection, reference, order_id, now=self._now(), journal=self.name)
        )
        return cast("JournalEntry", entry)

    async def verified(self, entry: JournalEntry) -> None:
        """Record that the panel has confirmed the id of a manually resolved order."""
        mine = (orders.c.reference == entry.reference) & (orders.c.order_id == str(entry.order_id))
        change = orders.update().where(mine).values(by_hand=False)
        await self.do(lambda connection: connection.execute(change))

    async def entries(
        self, state: JournalState | None, *, resolved_manually: bool = False, since: datetime | None = None
    ) -> AsyncGenerator[JournalEntry, None]:
        """The entries in the order in which they were recorded, read page by page."""
        wanted = true() if state is None else orders.c.state == state
        if resolved_manually:
            wanted &= orders.c.by_hand
        if since is not None:
            wanted &= orders.c.updated >= written(since)
        last = 0
        while True:
            page = select(orders).where(wanted, orders.c.number > last).order_by(orders.c.number).limit(_PAGE)
            rows = await self.do(_all_of(page))
            for row in rows:
                yield entry_of(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1].number

    # --- balances -----------------------------------------------------------------------------------

    async def record_balance(self, panel: str, balance: Balance) -> None:
        """Record a balance snapshot."""
        await self.do(partial(record_balance, panel=panel, balance=balance, now=self._now()))

    async def balance_before(self, panel: str, moment: datetime) -> Snapshot | None:
        """The last balance snapshot before a time, and how many orders were in flight since then."""
        return await self.do(partial(balance_before, panel=panel, moment=moment))

    # --- for those who watch ------------------------------------------------------------------------

    def now(self) -> datetime:
        """The current time."""
        return self._now()

    async def do(self, do: Do[T]) -> T:
        """The result of a piece of work, in a transaction that others may share."""
        return cast("T", await self._groups.do(do))

    # --- internals ----------------------------------------------------------------------------------

    def _is_elsewhere(self, found: Entered) -> bool:
        return found.entry.state is JournalState.NEW and found.session not in {None, self._session.id}

    async def _found(self, reference: str) -> Entered | None:
        return cast("Entered | None", await self._groups.do(Find(reference)))

    async def _together(self, work: Sequence[Any]) -> Sequence[Any]:
        """The results of a group; if one of its values cannot be written, of each item on its own."""
        try:
            return await self._run(work)
        except ItemError as error:
            failure = error
        if len(work) == 1:
            raise JournalError(failure.message)
        results: list[Any] = []
        for item in work:
            try:
                results += await self._run([item])
            except AgenciaError as error:
                results.append(JournalError(error.message) if isinstance(error, ItemError) else error)
        return results

    async def _run(self, work: Sequence[Any]) -> list[Any]:
        reads = all(isinstance(item, Find) for item in work)
        claims = any(isinstance(item, Claim) for item in work)
        beats = claims and self._session.is_due
        results = await self._database.run(
            lambda connection: self._all(connection, work, beats=beats), reads=reads, claims=claims
        )
        if beats:
            self._session.beaten()
        return results

    def _all(self, connection: Connection, work: Sequence[Any], *, beats: bool) -> list[Any]:
        """Execute the operations of a group: claims first, as a withdrawal always comes after its claim."""
        settles = [item for item in work if isinstance(item, Settle)]
        asked = [item.reference for item in work if isinstance(item, Find | Claim)]
        rows = rows_of(connection, asked)
        if beats:
            self._session.heartbeat(connection)
        made = self._claimed(connection, [item for item in work if isinstance(item, Claim)], rows)
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

    def _claimed(
        self, connection: Connection, claims: Sequence[Claim], rows: Mapping[str, Row[Any]]
    ) -> dict[str, Any]:
        """The entry of each claim, or None; or an error, if it would not be found later."""
        if not claims:
            return {}
        if self._database.is_elsewhere():
            gone = f"{self.name} was moved, removed or replaced while it was open; nothing was sent"
            return {claim.token: JournalError(gone) for claim in claims}
        return dict(claim_all(connection, claims, rows, session=self._session.id, now=self._now()))


def _all_of(page: Select[Any]) -> Callable[[Connection], Sequence[Row[Any]]]:
    return lambda connection: connection.execute(page).all()
