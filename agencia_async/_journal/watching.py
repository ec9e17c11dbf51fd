"""Watches the placed orders of a journal, and records what is seen of them.

seen ── recorded, with a number ─► told ── the next one is taken ─► marked as told
        └── the process ends: told after a restart       └── the process ends: told again, with that number

So each change is recorded once and told at least once, and by its number a consumer can tell that it had it
already. Another program that watches the same orders may record first: then its change is told here, unless
the request of this one began later. Marks are written in the background, many in one transaction: after a
kill a few are told again. The last change that a loop took before it was left counts as not told, as it may
have failed in it.

A number that a person has corrected meanwhile, so that no order has it any more, is forgotten: before a
change of it is recorded, or a few seconds later.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from attrs import evolve
from sqlalchemy import Connection, Row

from agencia_async._calls.channel import now
from agencia_async._concurrency.tasks import Tasks, end
from agencia_async._journal.placing import Sleep
from agencia_async._journal.rows import number_key
from agencia_async._journal.store import Store
from agencia_async._journal.watched_rows import (
    Seen,
    id_of,
    mark_told,
    record_all,
    rows_to_watch,
    status_in,
    without_order,
)
from agencia_async._models.ids import id_text
from agencia_async._watch.watched import Known, Watched
from agencia_async._watch.watcher import Record, Watcher
from agencia_async.client import AsyncClient
from agencia_async.errors import AgenciaError, JournalError
from agencia_async.models import Change, Id, OrderStatus, WatchStats

_LOOK_EACH = 5.0
"""Seconds between two looks for orders that were placed or corrected meanwhile."""


class OpenJournal(NamedTuple):
    """What a watcher needs of an open journal.

    Attributes:
        enter: opens it; raises if it cannot be used.
        store: its operations.
        tasks: its tasks.
        sleep: waits so many seconds.
        watchers: what is closed with it.
    """

    enter: Callable[[], Awaitable[None]]
    store: Store
    tasks: Tasks
    sleep: Callable[[float], Awaitable[object]]
    watchers: set[Watcher[OrderStatus]]


class Watchers(Protocol):
    """Makes a watcher that records what it sees."""

    def __call__(self, record: Record, *, follow: bool) -> Watcher[OrderStatus]:
        """The watcher."""
        ...


class JournalWatcher:
    """Watches the orders of a journal: `async for change in watcher`, within `async with watcher`.

    Call `told` for each change that has been handled; the next watcher yields all others again.
    """

    def __init__(self, opened: OpenJournal, panel: str, watcher: Watchers, *, follow: bool) -> None:
        self._panel = panel
        self._enter, self._store, self._tasks, self._sleep, self._watchers = opened
        self._follow = follow
        self._keys: dict[str, Id] = {}
        self._told: dict[str, Change[OrderStatus]] = {}
        self._marking: asyncio.Task[None] | None = None
        self._search: list[asyncio.Task[None]] = []
        self._watcher = watcher(self._record, follow=follow)

    async def __aenter__(self) -> Self:
        await self._enter()
        self._watchers.add(self._watcher)
        try:
            await self._look()
        except BaseException:
            await self._end()
            raise
        self._search.append(self._tasks.start(self._looking()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await end(self._search)
            await self._mark_rest()
        finally:
            await self._end()

    async def _end(self) -> None:
        self._watchers.discard(self._watcher)
        await self._watcher.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change[OrderStatus]:
        """The next change, already recorded in the journal.

        Raises:
            AuthenticationError: the account was rejected.
            ConfigurationError: the client or the journal was closed.
            JournalError: the journal cannot be written.
        """
        try:
            return await anext(self._watcher)
        except StopAsyncIteration:
            await self._enter()  # it ends as well if the journal is closed
            raise

    def stats(self) -> WatchStats:
        """The counters and the current state of this watcher."""
        return self._watcher.stats()

    def told(self, change: Change[OrderStatus]) -> None:
        """Mark a change as handled, so that it does not come again; this is written in the background."""
        self._keep({number_key(self._panel, change.id): change})
        if change.is_final:
            self._watcher.discard(change.id)
        if self._marking is None or self._marking.done():
            self._marking = self._tasks.start(self._mark(), may_end=lambda: False)

    # --- which orders -------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Watch what was placed, and is not watched here yet."""
        known = frozenset(self._keys)
        look = partial(rows_to_watch, panel=self._panel, known=known, now=self._store.now())
        rows = await self._store.do(look)
        ahead = time.time() - now()
        for row in rows:
            given = self._keys[row.key] = id_of(row)
            self._watcher.resume(given, id_text(given), _known(row, ahead))

    async def _looking(self) -> None:
        while True:
            await self._sleep(_LOOK_EACH)
            with suppress(JournalError):  # the next change that is recorded raises it
                self._forget(await self._store.do(partial(without_order, panel=self._panel)))
                if self._follow:
                    await self._look()

    def _forget(self, keys: Iterable[str]) -> None:
        """Stop watching numbers that no order has any more: a person has corrected them."""
        for key in keys:
            if key in self._keys:
                self._watcher.discard(self._keys.pop(key))

    # --- what is seen and told ----------------------------------------------------------------------------

    async def _record(self, changed: Sequence[Watched[OrderStatus]]) -> dict[str, Known[OrderStatus]]:
        await self._enter()
        ahead = time.time() - now()
        by_key = {number_key(self._panel, one.key): one for one in changed}
        seen = [_seen(key, one, ahead) for key, one in by_key.items()]
        gone, recorded = await self._store.do(
            partial(_recorded, panel=self._panel, changes=seen, now=self._store.now())
        )
        self._forget(gone)
        return {by_key[key].key: by_key[key].known for key in gone} | {
            by_key[key].key: evolve(by_key[key].known, number=there)
            if isinstance(there, int)
            else _known(there, ahead)
            for key, there in recorded.items()
        }

    async def _mark(self) -> None:
        while self._told:
            told, self._told = self._told, {}
            try:
                await self._store.do(partial(mark_told, told=told))
            except JournalError:  # they are told again after a restart
                self._keep(told)
                return
            for key, change in told.items():
                if change.is_final:
                    self._keys.pop(key, None)

    def _keep(self, told: Mapping[str, Change[OrderStatus]]) -> None:
        """Mark these later, unless a newer change of the order is marked."""
        for key, change in told.items():
            if key not in self._told or self._told[key].number <= change.number:
                self._told[key] = change

    async def _mark_rest(self) -> None:
        if self._marking is not None:
            await asyncio.gather(self._marking, return_exceptions=True)
        await self._mark()


class WatchingJournal:
    """The part of a journal that watches its orders."""

    _store: Store
    _tasks: Tasks
    _sleep: Sleep
    _watchers: set[Watcher[OrderStatus]]

    async def watch(
        self,
        client: AsyncClient,
        follow: bool = False,  # noqa: FBT001, FBT002 - as announced
        *,
        min_interval: float | None = None,
        max_interval: float | None = None,
        unknown_for: float | None = None,
    ) -> AsyncGenerator[Change[OrderStatus], None]:
        """Watch all placed orders of the client's panel until they end, as `AsyncClient.watch` does.

        Each change is recorded before it is yielded, and counts as handled when the next one is requested. So
        after a crash the loop continues where it was: no change is lost, and one that comes again has the
        same `number`.

        Args:
            client: the client that polls the panel.
            follow: when all orders have ended, wait for orders that are placed later.
            min_interval: as for `AsyncClient.watch`.
            max_interval: as for `AsyncClient.watch`.
            unknown_for: as for `AsyncClient.watch`.

        Raises:
            AuthenticationError: the account was rejected.
            ConfigurationError: the client or the journal was closed.
            JournalError: the journal cannot be written.
        """
        async with self.watcher(
            client,
            min_interval=min_interval,
            max_interval=max_interval,
            unknown_for=unknown_for,
            follow=follow,
        ) as watcher:
            async for change in watcher:
                yield change
                watcher.told(change)

    def watcher(
        self,
        client: AsyncClient,
        *,
        min_interval: float | None = None,
        max_interval: float | None = None,
        unknown_for: float | None = None,
        follow: bool = False,
    ) -> JournalWatcher:
        """The object behind `watch`, on which the caller marks the changes as handled, with `told`.

        Args:
            client: the client that polls the panel.
            min_interval: as for `AsyncClient.watch`.
            max_interval: as for `AsyncClient.watch`.
            unknown_for: as for `AsyncClient.watch`.
            follow: as for `watch`.
        """
        submission, watching = client._submission, client._watching  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - not for users
        new = partial(
            watching.recorded,
            min_interval=min_interval,
            max_interval=max_interval,
            unknown_for=unknown_for,
        )
        opened = OpenJournal(self._open, self._store, self._tasks, self._sleep, self._watchers)
        return JournalWatcher(opened, submission.panel, new, follow=follow)

    if TYPE_CHECKING:

        async def _open(self) -> None:
            """Open it; raises if it cannot be used."""


def _known(row: Row[Any], ahead: float) -> Known[OrderStatus]:
    since = datetime.fromisoformat(row.since).timestamp() - ahead
    return Known(
        min(since, now()),
        status_in(row.status),
        None if row.error is None else AgenciaError.from_dict(json.loads(row.error)),
        row.number,
        status_in(row.told),
        row.told_number,
    )


def _recorded(
    connection: Connection, panel: str, changes: Sequence[Seen], now: datetime
) -> tuple[set[str], dict[str, int | Row[Any]]]:
    """The keys that no order has any more, and what is recorded of the other changes."""
    gone = without_order(connection, panel, [change.key for change in changes])
    return gone, record_all(connection, [change for change in changes if change.key not in gone], now)


def _seen(key: str, one: Watched[OrderStatus], ahead: float) -> Seen:
    since, requested = (datetime.fromtimestamp(ahead + at, UTC) for at in (one.since, one.requested))
    return Seen(key, one.number, since, requested, one.status, one.error)
