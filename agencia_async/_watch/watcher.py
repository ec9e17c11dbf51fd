"""The watcher: what a program adds ids to, and takes their changes from."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, Self

from attrs import frozen

from agencia_async._concurrency.tasks import closed, copied, end
from agencia_async._models.ids import id_text, id_texts
from agencia_async._models.watching import Change, WatchStats
from agencia_async._watch.polling import Asking, Poller
from agencia_async._watch.register import Register, Rules
from agencia_async._watch.snapshot import Kind, read_snapshot, written_snapshot
from agencia_async._watch.watched import Known, S, Watched
from agencia_async.errors import ConfigurationError
from agencia_async.models import Id

Record = Callable[[Sequence[Watched[Any]]], Awaitable[Mapping[str, Known[Any]]]]
"""Records changes; returns what is recorded then, by key."""


@frozen
class WatchTerms(Generic[S]):
    """What a watcher is made of.

    Attributes:
        asking: how it asks.
        kind: what it watches: orders or refills.
        rules: how.
        known: a snapshot.
        follow: whether it goes on when all have ended.
        record: records what has changed, before it is told; None without a journal.
    """

    asking: Asking[S]
    kind: Kind[S]
    rules: Rules
    known: Mapping[str, Any] | None = None
    follow: bool = False
    record: Record | None = None


class Watcher(Generic[S]):
    """Watches ids, and yields each of their changes once: `async for change in watcher`.

    If an id changes again before its last change was read, only the newest is kept. The loop ends when every
    added id has ended; after more ids were added, it can be started again. With `follow`, it ends only on
    `aclose`. Use the watcher in `async with`, or call `aclose` at the end.
    """

    def __init__(self, terms: WatchTerms[S]) -> None:
        asking = terms.asking
        self._terms = terms
        self._known = {} if terms.known is None else read_snapshot(terms.known, terms.kind, asking.clock())
        self._register: Register[S] = Register(terms.rules)
        self._news = asyncio.Event()
        self._polling = Poller(
            asking, self._register, terms.rules.intervals.least, self._changed, follow=terms.follow
        )
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Watcher of {self._register.open} {self._terms.kind.plural}>"

    # --- ids ------------------------------------------------------------------------------------------

    def add(self, *ids: Id) -> None:
        """Watch these ids as well; nothing changes for those that are already watched.

        Raises:
            InvalidInputError: an id is invalid; none was added.
            ConfigurationError: the client or the watcher is closed.
        """
        keys = id_texts(ids)
        now = self._terms.asking.clock()
        for given, key in zip(ids, keys, strict=True):
            self.resume(given, key, self._known.get(key) or Known(now))

    def resume(self, given: Id, key: str, known: Known[S]) -> None:
        """Watch an id of which something is known."""
        self._terms.asking.enter()
        if self._is_closed:
            raise ConfigurationError("the watcher is closed")
        if key not in self._register:
            asking = self._terms.asking
            self._register.add(given, key, known, asking.clock() + asking.window)
            self._start()
            self._news.set()

    def discard(self, *ids: Id) -> None:
        """Stop watching these ids, and forget their status; ids that are not watched are ignored."""
        for given in ids:
            key = id_text(given)
            self._known.pop(key, None)
            self._register.discard(key)
        self._polling.wake()
        self._news.set()

    def _start(self) -> None:
        if self._register.open and (self._task is None or self._task.done()) and self._error is None:
            self._task = self._terms.asking.tasks.start(self._polling.run())
            # A task that is cancelled before its first step runs none of its code: only this sees it.
            self._task.add_done_callback(self._ended)
        self._polling.wake()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._error = closed() if self._terms.asking.tasks.closed else None
        elif task.exception() is not None:
            self._error = task.exception()  # type: ignore[assignment]
        self._news.set()

    # --- changes ----------------------------------------------------------------------------------------

    async def _changed(self, changed: Sequence[Watched[S]]) -> None:
        if changed and self._terms.record is not None:
            recorded = await self._terms.record(changed)
            for one in changed:
                self._register.adopt(one, recorded[one.key], self._terms.asking.clock())
        self._register.offer(changed)
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change[S]:
        """The next change.

        Raises:
            AuthenticationError: the account was rejected.
            ConfigurationError: the client was closed.
        """
        while (change := self._register.next()) is None:
            if self._error is not None:
                raise copied(self._error)
            if self._is_closed or not (self._terms.follow or self._register.open):
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return change

    # --- what is known ------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The changes of each id that were read so far, as plain data for `json.dumps`.

        A later watcher that gets it as `known` continues from here: it yields only what has changed since,
        and nothing for ids that have ended. Its times are those of this machine's clock. Discarded ids are
        not in it.
        """
        return written_snapshot(self._register, self._terms.kind, self._terms.asking.clock())

    def stats(self) -> WatchStats:
        """The counters and the current state of this watcher."""
        polling = self._polling
        return WatchStats(
            watched=self._register.open,
            untold=self._register.untold,
            states={state: count for state, count in self._register.states.items() if count},
            requests=polling.requests,
            unseen=self._register.unseen,
            next_look=polling.next_look,
            away=polling.away,
            error=polling.error,
        )

    async def aclose(self) -> None:
        """Stop watching; a loop over the changes ends."""
        self._is_closed = True
        self._news.set()
        if self._task is not None:
            await end([self._task])
