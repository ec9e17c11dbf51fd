"""A worker pool: a bounded number of workers over a lazy source."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, closed, end

T = TypeVar("T")
B = TypeVar("B")


class WorkerPool(Generic[B, T]):
    """Processes a source of batches with a bounded number of workers.

    A worker takes its next batch only when the result of its last one was consumed (backpressure), so at most
    `workers` batches are held at any time, however slow the consumer is. The second worker starts once
    `may_start` is set: the first request shows whether the account is accepted at all.
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
        self._source_error: BaseException | None = None

    async def results(self) -> AsyncGenerator[T, None]:
        """The results in order of completion; leaving early cancels what is in flight.

        Raises:
            BaseException: whatever the work raised, at once; whatever the source raised, after the
                results of all batches before.
        """
        try:
            self._start_worker()
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
                # Let the worker send its next request before the next result is yielded. Otherwise workers
                # that were answered together would send together, for ever, in lockstep.
                await asyncio.sleep(0)
            if self._source_error is not None:
                raise self._source_error
        finally:
            await end(self._tasks)
            await self._source.aclose()

    def _start_worker(self) -> None:
        task = self._owner.start(self._worker(first=not self._tasks))
        # A task that is cancelled before its first step runs none of its code: only this sees it.
        task.add_done_callback(self._worker_done)
        self._tasks.append(task)

    def _worker_done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._done.put_nowait(closed() if self._owner.closed else asyncio.CancelledError())
        else:
            self._done.put_nowait(task.exception())

    async def _worker(self, *, first: bool) -> None:
        """Process batches until there are none; each worker starts the next one with its first batch."""
        if not first:
            await self._may_start.wait()
        is_first_batch = True
        while (batch := await self._next()) is not None:
            if is_first_batch and len(self._tasks) < self._limit:
                self._start_worker()
            is_first_batch = False
            consumed = asyncio.Event()
            result = await self._work(batch)
            self._may_start.set()
            self._done.put_nowait((result, consumed))
            await consumed.wait()

    async def _next(self) -> B | None:
        """The next batch; None after the last one, or after an error of the source."""
        async with self._reading:
            try:
                return await anext(self._source, None)
            except Exception as error:  # noqa: BLE001 - raised again in the consumer
                self._source_error = error
                return None
