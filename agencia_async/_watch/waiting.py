"""Waits for single ids: however many there are, one watcher asks for them all."""

import asyncio
from collections.abc import Callable
from typing import Generic

from agencia_async._concurrency.tasks import Tasks, closed, settle
from agencia_async._models.ids import id_text
from agencia_async._watch.watched import S
from agencia_async._watch.watcher import Watcher
from agencia_async.models import Id


class Waits(Generic[S]):
    """All who wait for the end of an id, with the same patience for unknown ones.

    Each has a future of its own: that one is cancelled, or too late, concerns no other. An id that nobody
    waits for any longer is not asked for. Its watcher ends when there is none left, and another one begins.
    """

    def __init__(self, new: Callable[[], Watcher[S]], tasks: Tasks) -> None:
        self._new = new
        self._tasks = tasks
        self._futures: dict[str, list[asyncio.Future[S]]] = {}
        self._watcher: Watcher[S] | None = None

    async def result(self, given: Id, key: str) -> S:
        """The final status of an id.

        Raises:
            AgenciaError: the id's own error, or what ended the watcher.
        """
        future: asyncio.Future[S] = asyncio.get_running_loop().create_future()
        if self._watcher is None:
            self._watcher = self._new()
            self._watcher.add(given)
            self._tasks.start(self._settle(self._watcher)).add_done_callback(self._ended)
        else:
            self._watcher.add(given)
        self._futures.setdefault(key, []).append(future)
        try:
            return await future
        finally:
            self._left(key, future)

    def _left(self, key: str, future: asyncio.Future[S]) -> None:
        futures = self._futures.get(key, [])
        if future in futures:
            futures.remove(future)
            if not futures:
                self._forget(key)

    def _forget(self, key: str) -> None:
        del self._futures[key]
        if self._watcher is not None:  # pragma: no branch - while somebody waits there is one
            self._watcher.discard(key)

    async def _settle(self, watcher: Watcher[S]) -> None:
        """Give each its answer, until nobody waits."""
        error: Exception = closed()
        try:
            async for change in watcher:
                if change.is_final:
                    key = id_text(change.id)
                    settle(self._futures.pop(key, []), change.error or change.unwrap())
                    watcher.discard(key)
        except Exception as failure:  # noqa: BLE001 - raised again in each caller
            error = failure
        self._end(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._end(closed())

    def _end(self, error: Exception) -> None:
        """The watcher has ended, and with it whoever still waits."""
        self._watcher = None
        waiting, self._futures = self._futures, {}
        for futures in waiting.values():
            settle(futures, error)
