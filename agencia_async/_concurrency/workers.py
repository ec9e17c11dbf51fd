"""Tasks: a bounded number of workers over a lazy source, and a coalescer of single calls.

The only module that starts tasks. It knows nothing of ids or panels.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, closed, end

T = TypeVar("T")
B = TypeVar("B")


class WorkerPool(Generic[B, T]):
    """Works through a source of batches with a bounded number of workers.

    A worker takes its next batch only when the result of its last one was consumed, so no more than
    `workers` batches are held at any time, however slow the consumer is. The second worker starts once
    `go` is set: the first request shows whether the account is accepted at all.
    """

    def __init__(
        self,
        source: AsyncGenerator[B, None],
        work: Callable[[B], Awaitable[T]],
        *,
        workers: int,
        may_start: asyncio.Event,
        tasks: Tasks,
    ) -> None:
        self._source = source
        self._work = work
        self._limit = workers
        self._may_start = may_start
        self._owner = tasks
        self._tasks: list[asyncio.Task[None]] = []
        self._done: asyncio.Queue[tuple[T, asyncio.Event] | BaseException | None] = asyncio.Queue()
        self._reading = asyncio.Lock()
        self._fault: BaseException | None = None

    async def results(self) -> AsyncGenerator[T, None]:
        """The results as they come; leaving early cancels what is under way.

        Raises:
            BaseException: whatever the work raised, at once; whatever the source raised, after the
                results of all that was taken from it before.
        """
        try:
            self._hire()
            over = 0
            while over < len(self._tasks):
                done = await self._done.get()
                if isinstance(done, BaseException):
                    raise done
                if done is None:
                    over += 1
                    continue
                result, consumed = done
                yield result
                consumed.set()
                # The worker sends before the next result is looked at. Otherwise those who were answered
                # together would send together, for ever, and each wait for what is done for all of them.
                await asyncio.sleep(0)
            if self._fault is not None:
                raise self._fault
        finally:
            await end(self._tasks)
            await self._source.aclose()

    def _hire(self) -> None:
        task = self._owner.start(self._worker(first=not self._tasks))
        # A task that is cancelled before its first step runs none of its code: only this tells of it.
        task.add_done_callback(self._over)
        self._tasks.append(task)

    def _over(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._done.put_nowait(closed() if self._owner.closed else asyncio.CancelledError())
        else:
            self._done.put_nowait(task.exception())

    async def _worker(self, *, first: bool) -> None:
        """Take batches until there are none; whoever finds a first one calls in the next worker."""
        if not first:
            await self._may_start.wait()
        hiring = True
        while (batch := await self._next()) is not None:
            if hiring and len(self._tasks) < self._limit:
                self._hire()
            hiring = False
            consumed = asyncio.Event()
            result = await self._work(batch)
            self._may_start.set()
            self._done.put_nowait((result, consumed))
            await consumed.wait()

    async def _next(self) -> B | None:
        """The next batch; None after the last one, or after a fault of the source."""
        async with self._reading:
            try:
                return await anext(self._source, None)
            except Exception as fault:  # noqa: BLE001 - raised again in the consumer
                self._fault = fault
                return None
