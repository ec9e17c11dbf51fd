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
        self._running: dict[asyncio.Task[None], Callable[[], bool]] = {}
        self.closed = False

    def start(
        self, work: Coroutine[Any, Any, None], *, may_end: Callable[[], bool] = lambda: True
    ) -> asyncio.Task[None]:
        """Run it in a task of its own. `may_end` tells whether it may be cancelled just now."""
        task = asyncio.create_task(work)
        self._running[task] = may_end
        task.add_done_callback(self._running.pop)
        return task

    async def aclose(self) -> None:
        """Cancel what may be cancelled and wait for the end of all."""
        self.closed = True
        running = dict(self._running)
        for task, may_end in running.items():
            if may_end():
                task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


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


class Groups(Generic[B, T]):
    """Lets what comes while a group is under way go together as the next group."""

    def __init__(
        self, work: Callable[[Sequence[B]], Awaitable[Sequence[T]]], *, size: int, tasks: Tasks
    ) -> None:
        self._work = work
        self._size = size
        self._tasks = tasks
        self._waiting: list[tuple[B, asyncio.Future[T]]] = []
        self._group: list[tuple[B, asyncio.Future[T]]] = []
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: B) -> T:
        """What the group's work gives for this item; one whose caller is cancelled in time is left out.

        Raises:
            Exception: what the work raised for the group.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._all(), may_end=lambda: False)
            self._task.add_done_callback(self._ended)
        return await future

    async def _all(self) -> None:
        while self._waiting:
            self._group, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            self._group = [(item, future) for item, future in self._group if not future.done()]
            if self._group:
                await self._one()

    async def _one(self) -> None:
        answers: Sequence[T | Exception]
        try:
            answers = await self._work([item for item, _ in self._group])
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            answers = [error] * len(self._group)
        for (_, future), answer in zip(self._group, answers, strict=True):
            _settle([future], answer)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Leave nobody waiting, if it was the end of the event loop."""
        if task.cancelled():
            for _, future in (*self._group, *self._waiting):
                future.cancel()
