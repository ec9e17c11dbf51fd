"""Request coalescing: single calls within a short window are sent as one batch."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context, ContextVar, copy_context
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, closed, settle

T = TypeVar("T")

CALLERS: ContextVar[tuple[Context, ...]] = ContextVar("agencia_async_callers", default=())
"""The contexts of those whose calls a batch carries, in the order in which they came."""


class Coalescer(Generic[T]):
    """Batches single calls that come within `window` seconds.

    Each caller has a future of its own: cancelling one does not affect the others, and a batch whose
    callers are all cancelled is not sent. It runs in a copy of the context of its first caller.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[str]], Awaitable[Mapping[str, T | Exception]]],
        *,
        size: int,
        window: float,
        tasks: Tasks,
    ) -> None:
        self._fetch = fetch
        self._size = size
        self._window = window
        self._tasks = tasks
        self._waiting: dict[str, list[asyncio.Future[T]]] = {}
        self._callers: list[tuple[asyncio.Future[T], Context]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def get(self, key: str) -> T:
        """The value of a key, fetched in one batch with the others of the window.

        Raises:
            AgenciaError: the key's own error, or that of the whole batch.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        self._callers.append((future, copy_context()))
        if len(self._waiting) >= self._size:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._window, self._flush)
        return await future

    def close(self) -> None:
        """Send nothing more; waiting callers get a `ConfigurationError`."""
        if self._timer is not None:
            self._timer.cancel()
        for futures in self._waiting.values():
            settle(futures, closed())
        self._waiting.clear()
        self._callers.clear()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        callers = [context for future, context in self._callers if not future.done()]
        self._callers.clear()
        wanted = {
            key: futures for key, futures in waiting.items() if not all(future.done() for future in futures)
        }
        if wanted:
            context = callers[0].copy()
            context.run(CALLERS.set, tuple(callers))
            task = self._tasks.start(self._deliver(wanted), context=context)
            # A task that is cancelled before its first step runs none of its code: only this sees it.
            task.add_done_callback(lambda _: _settle_all(wanted, dict.fromkeys(wanted, closed())))

    async def _deliver(self, wanted: dict[str, list[asyncio.Future[T]]]) -> None:
        answers: Mapping[str, T | Exception]
        try:
            answers = await self._fetch(list(wanted))
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            answers = dict.fromkeys(wanted, error)
        _settle_all(wanted, answers)


def _settle_all(
    wanted: Mapping[str, Sequence[asyncio.Future[T]]], answers: Mapping[str, T | Exception]
) -> None:
    for key, futures in wanted.items():
        settle(futures, answers[key])
