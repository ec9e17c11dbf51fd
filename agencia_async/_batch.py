"""Tasks: a bounded number of workers over a lazy source, and a coalescer of single calls.

The only module that starts tasks. It knows nothing of ids or panels.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Generic, TypeVar

from agencia_async.errors import ConfigurationError, twin

T = TypeVar("T")
B = TypeVar("B")


def closed() -> ConfigurationError:
    """The error of a call on a client that is closed, or that was closed under it."""
    return ConfigurationError("the client is closed")


class Tasks:
    """The tasks of one client: started here, and all over when `aclose` returns."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self.closed = False

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it in a task of its own."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def aclose(self) -> None:
        """Cancel what still runs and wait for its end."""
        self.closed = True
        await end(list(self._running))


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Run(Generic[B, T]):
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
        go: asyncio.Event,
        tasks: Tasks,
    ) -> None:
        self._source = source
        self._work = work
        self._limit = workers
        self._go = go
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
            await self._go.wait()
        hiring = True
        while (batch := await self._next()) is not None:
            if hiring and len(self._tasks) < self._limit:
                self._hire()
            hiring = False
            consumed = asyncio.Event()
            result = await self._work(batch)
            self._go.set()
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


class Coalescer(Generic[T]):
    """Lets single calls that come at about the same time travel together.

    Each caller has a future of its own: one that is cancelled touches no other, and a batch that
    nobody waits for any more is not sent.
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
        self._timer: asyncio.TimerHandle | None = None

    async def get(self, key: str) -> T:
        """The value of a key, fetched together with those asked for within the window.

        Raises:
            AgenciaError: the key's own error, or that of the whole batch.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        if len(self._waiting) >= self._size:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._window, self._flush)
        return await future

    def close(self) -> None:
        """Send nothing more; those who wait get a `ConfigurationError`."""
        if self._timer is not None:
            self._timer.cancel()
        for futures in self._waiting.values():
            _settle(futures, closed())
        self._waiting.clear()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        wanted = {
            key: futures for key, futures in waiting.items() if not all(future.done() for future in futures)
        }
        if wanted:
            task = self._tasks.start(self._deliver(wanted))
            # A task that is cancelled before its first step runs none of its code: only this tells of it.
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
        _settle(futures, answers[key])


def _settle(futures: Sequence[asyncio.Future[T]], answer: T | Exception) -> None:
    for future in futures:
        if future.done():  # its caller was cancelled
            continue
        if isinstance(answer, Exception):
            future.set_exception(twin(answer))
        else:
            future.set_result(answer)
